"""The NBA CDN's live box score: absent before tip-off, all zeros while the game runs, complete once it is final.

What a history does not know is served empty (jersey numbers, officials); period scores are the final score divided
evenly, so that they add up.
"""

from datetime import datetime
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.upstream.schedule import game_code, status_of
from devstack.upstream.statistics import player_statistics, team_statistics
from devstack.upstream.wire import Answer, http_date, initialled, nba_city, split_name, utc, venue
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN

DENIED = Answer(
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    status=403,
    content_type="application/xml",
)
"""What the CDN's bucket says of an object that is not there (yet)."""

KNOWN_BEFORE_TIP = ("inactive", "nwt", "suspended")
"""Absences on the inactive list; the others (dnp_*, dnd) are decided during the game."""
_REASONS = {
    "inactive": "INACTIVE_COACH",
    "nwt": "NWT_NOT_WITH_TEAM",
    "suspended": "INACTIVE_LEAGUE_SUSPENSION",
    "dnd": "DND_INJURY",
}
_REGULATION = 4


def box_score(history: History, game_id: str, now: datetime) -> Answer:
    """The box score as published at `now`; 403 for a game that has not begun or does not exist."""
    game = history.games.get(game_id)
    if game is None or now < game.tip:
        return DENIED
    final = game.is_final(now)
    played, teams = history.players(game_id) if final else [], history.teams(game_id) if final else {}
    dressed = [] if final else [{**row, "listed": True} for row in history.players(game_id)]
    absent = history.absences(game_id)
    people = played + sorted(dressed + absent, key=lambda row: row["player_id"])
    arena, city, state = venue(game.arena)
    status, text = status_of(game, now)
    periods = _REGULATION + game.overtimes if final else 1
    tip_et = game.tip.astimezone(EASTERN).isoformat()
    published = game.final_at if final else game.tip
    body = {
        "meta": {
            "version": 1,
            "code": 200,
            "request": f"http://nba.cloud/games/{game_id}/boxscore?Format=json",
            "time": published.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f"),
        },
        "game": {
            "gameId": game_id,
            "gameTimeLocal": tip_et,
            "gameTimeUTC": utc(game.tip),
            "gameTimeHome": tip_et,
            "gameTimeAway": tip_et,
            "gameEt": tip_et,
            "duration": 0,
            "gameCode": game_code(game),
            "gameStatusText": text,
            "gameStatus": status,
            "regulationPeriods": _REGULATION,
            "period": periods,
            "gameClock": "PT00M00.00S" if final else "PT12M00.00S",
            "attendance": 0,
            "sellout": "0",
            "arena": {
                "arenaId": 0,
                "arenaName": arena,
                "arenaCity": city,
                "arenaState": state,
                "arenaCountry": "US",
                "arenaTimezone": "America/New_York",
            },
            "officials": [],
            "homeTeam": _team(game, game.home, periods, people, teams, final=final),
            "awayTeam": _team(game, game.away, periods, people, teams, final=final),
        },
    }
    return Answer.json(body, headers={"Last-Modified": http_date(published)})


def _team(
    game: Game, tricode: str, periods: int, people: list[Row], teams: dict[str, Row], *, final: bool
) -> dict[str, Any]:
    team = TEAMS[tricode]
    own, other = (game.home_points, game.away_points) if tricode == game.home else (game.away_points, game.home_points)
    score = own if final and own is not None else 0
    against = other if final and other is not None else 0
    row = teams.get(tricode, {"pts": score})
    if final and None not in (
        fouls := [person["pf"] for person in people if person["team"] == tricode and "pf" in person]
    ):
        # The history has teams and players from two sources: of a foul of a bench they disagree (0022001004).
        row = {**row, "pf": sum(fouls)}
    minutes = 5 * (12 * _REGULATION + 5 * game.overtimes) if final else 0
    return {
        "teamId": team.nba_id,
        "teamName": team.name,
        "teamCity": nba_city(team),
        "teamTricode": tricode,
        "score": score,
        "inBonus": "0",
        "timeoutsRemaining": 0,
        "periods": [_period(number, periods, score) for number in range(1, periods + 1)],
        "players": [
            _player(person, order)
            for order, person in enumerate((one for one in people if one["team"] == tricode), start=1)
        ],
        "statistics": team_statistics(row, against, minutes),
    }


def _period(number: int, periods: int, score: int) -> dict[str, Any]:
    even, rest = divmod(score, periods)
    kind = "REGULAR" if number <= _REGULATION else "OVERTIME"
    return {"period": number, "periodType": kind, "score": even + (1 if number <= rest else 0)}


def _player(person: Row, order: int) -> dict[str, Any]:
    """One of: a box score row, a dressed player of a game under way ("listed"), a row of the absences ("status")."""
    first, family = split_name(person["player_name"])
    absence = person.get("status")
    played = absence is None and "listed" not in person
    statistics = player_statistics(person) if played else player_statistics({})
    head: dict[str, Any] = {"status": "INACTIVE" if absence in KNOWN_BEFORE_TIP else "ACTIVE"}
    if absence is not None:
        head["notPlayingReason"] = _REASONS.get(absence, str(absence).upper())
    return {
        **head,
        "order": order,
        "personId": person["player_id"],
        "jerseyNum": "",
        "starter": "1" if played and person["starter"] else "0",
        "oncourt": "0",
        "played": "1" if played else "0",
        "statistics": statistics,
        "name": person["player_name"],
        "nameI": initialled(person["player_name"]),
        "firstName": first,
        "familyName": family,
    }
