"""BallDontLie's box scores: the fallback for the NBA's own. Its player ids are its own, and its minutes are whole."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.wire import Answer, nba_city, nba_name, share, split_name
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
    return Answer.json({"data": [_game(history, game) for game in history.on(day) if game.is_final(now)]})


def player_id(nba_id: int) -> int:
    """An id of BallDontLie's own: the same for a player in every history, different for different players."""
    return nba_id * 7919 % 10_000_019  # a prime above every NBA id: no two collide


def _game(history: History, game: Game) -> dict[str, Any]:
    people = history.players(game.game_id) + history.absences(game.game_id)
    return {
        "date": game.game_date.isoformat(),
        "season": int(game.season[:4]),
        "status": "Final",
        "period": 4 + game.overtimes,
        "time": "Final",
        "postseason": game.season_type == "playoffs",
        "home_team_score": game.home_points,
        "visitor_team_score": game.away_points,
        "home_team": _team(game.home, people),
        "visitor_team": _team(game.away, people),
    }


def _team(tricode: str, people: Sequence[Row]) -> dict[str, Any]:
    team = TEAMS[tricode]
    conference, division = DIVISION_OF[tricode]
    return {
        "id": team.bdl_id,
        "conference": conference,
        "division": division,
        "city": nba_city(team),
        "name": team.name,
        "full_name": nba_name(team),
        "abbreviation": tricode,
        "players": [_player(row) for row in people if row["team"] == tricode],
    }


def _player(row: Row) -> dict[str, Any]:
    first, last = split_name(row["player_name"])
    statistics: dict[str, Any] = {"min": _minutes(row)}
    for made, attempted, portion in (("fgm", "fga", "fg_pct"), ("fg3m", "fg3a", "fg3_pct"), ("ftm", "fta", "ft_pct")):
        hits, tries = row.get(made, 0), row.get(attempted, 0)
        statistics |= {made: hits, attempted: tries, portion: share(hits, tries, 7) or 0}
    statistics |= {name: row.get(column, 0) for name, column in _COUNTS.items()}
    return {
        **statistics,
        "player": {
            "id": player_id(row["player_id"]),
            "first_name": first,
            "last_name": last,
            **dict.fromkeys(("position", "height", "weight", "jersey_number", "college", "country"), ""),
            **dict.fromkeys(("draft_year", "draft_round", "draft_number")),
        },
    }


def _minutes(row: Row) -> str | None:
    """Whole minutes, two digits; "00" is who did not play, so a few seconds are "01"."""
    if "status" in row:
        return "00"
    return None if row["minutes"] is None else f"{max(1, round(row['minutes'])):02d}"
