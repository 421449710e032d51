"""BallDontLie's box scores, and how it writes games, teams and people. Its ids are its own, its minutes whole."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.periods import REGULATION, scores
from devstack.upstream.wire import Answer, nba_city, nba_name, share, split_name, utc
from shared.basketball.identity import TEAMS

UNAUTHORISED = Answer(b"Unauthorized", status=401, content_type="text/plain")
_DIVISIONS = {
    "Atlantic": ("East", "BOS BKN NYK PHI TOR"),
    "Central": ("East", "CHI CLE DET IND MIL"),
    "Southeast": ("East", "ATL CHA MIA ORL WAS"),
    "Northwest": ("West", "DEN MIN OKC POR UTA"),
    "Pacific": ("West", "GSW LAC LAL PHX SAC"),
    "Southwest": ("West", "DAL HOU MEM NOP SAS"),
}
DIVISION_OF = {
    tricode: (conference, division)
    for division, (conference, members) in _DIVISIONS.items()
    for tricode in members.split()
}
_COUNTS = {name: name for name in ("oreb", "dreb", "reb", "ast", "stl", "blk", "pf", "pts")} | {"turnover": "tov"}


def box_scores(history: History, query: Mapping[str, str], now: datetime) -> Answer:
    """The final games of `date`; 400 for no date."""
    try:
        day = date.fromisoformat(query.get("date", ""))
    except ValueError:
        return Answer.json({"error": "date must be YYYY-MM-DD"}, status=400)
    history = history.at(now)
    return Answer.json({"data": [_game(history, game, now) for game in history.on(day) if game.is_final(now)]})


def player_id(nba_id: int) -> int:
    """An id of BallDontLie's own: the same for a player in every history, different for different players."""
    return nba_id * 7919 % 10_000_019  # a prime above every NBA id: no two collide


def game_id(nba_id: str) -> int:
    """An id of BallDontLie's own for a game."""
    return 1_000_000_000 + int(nba_id)


def heading(game: Game, now: datetime) -> dict[str, Any]:
    """What every endpoint says of a game: a scheduled one's status is its tip-off, and it has no time."""
    points = scores(game, now)
    if game.is_final(now):
        status, period, time = "Final", REGULATION + game.overtimes, "Final"
    elif game.tip <= now:
        status, period, time = "1st Qtr", 1, "Q1 12:00"
    else:
        status, period, time = utc(game.tip), 0, None
    return {
        "date": game.game_date.isoformat(),
        "season": int(game.season[:4]),
        "status": status,
        "period": period,
        "time": time,
        "postseason": game.season_type == "playoffs",
        "home_team_score": points[game.home],
        "visitor_team_score": points[game.away],
    }


def team(tricode: str) -> dict[str, Any]:
    """What every endpoint says of a team."""
    known = TEAMS[tricode]
    conference, division = DIVISION_OF[tricode]
    return {
        "id": known.bdl_id,
        "conference": conference,
        "division": division,
        "city": nba_city(known),
        "name": known.name,
        "full_name": nba_name(known),
        "abbreviation": tricode,
    }


def person(nba_id: int, name: str) -> dict[str, Any]:
    """What every endpoint says of a player."""
    first, last = split_name(name)
    return {
        "id": player_id(nba_id),
        "first_name": first,
        "last_name": last,
        **dict.fromkeys(("position", "height", "weight", "jersey_number", "college", "country"), ""),
        **dict.fromkeys(("draft_year", "draft_round", "draft_number")),
    }


def _game(history: History, game: Game, now: datetime) -> dict[str, Any]:
    people = history.players(game.game_id) + history.absences(game.game_id)
    return {
        **heading(game, now),
        "home_team": _side(game.home, people),
        "visitor_team": _side(game.away, people),
    }


def _side(tricode: str, people: Sequence[Row]) -> dict[str, Any]:
    return {**team(tricode), "players": [_player(row) for row in people if row["team"] == tricode]}


def _player(row: Row) -> dict[str, Any]:
    statistics: dict[str, Any] = {"min": _minutes(row)}
    for made, attempted, portion in (("fgm", "fga", "fg_pct"), ("fg3m", "fg3a", "fg3_pct"), ("ftm", "fta", "ft_pct")):
        hits, tries = row.get(made, 0), row.get(attempted, 0)
        statistics |= {made: hits, attempted: tries, portion: share(hits, tries, 7) or 0}
    statistics |= {name: row.get(column, 0) for name, column in _COUNTS.items()}
    return {**statistics, "player": person(row["player_id"], row["player_name"])}


def _minutes(row: Row) -> str | None:
    """Whole minutes, two digits; "00" is who did not play, so a few seconds are "01"."""
    if "status" in row:
        return "00"
    return None if row["minutes"] is None else f"{max(1, round(row['minutes'])):02d}"
