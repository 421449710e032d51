"""The NBA CDN's live box score: absent before tip-off, all zeros while the game runs, complete once it is final.

Everyone listed is in it: those who did not play with the reason, as far as it is known before the game. A team's
statistics are its players' sums. What a history does not know is served empty (jersey numbers, officials).
"""

from datetime import datetime
from typing import Any

from devstack.columns import Row
from devstack.facts import Game
from devstack.history import History
from devstack.schema import COUNTS
from devstack.upstream.injured import injured_list, reason_of
from devstack.upstream.periods import REGULATION, periods, scores
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
_INJURED = {"inactive": "INACTIVE_INJURY", "dnd": "DND_INJURY"}
"""What is said instead of one who is on the injured list."""


def box_score(history: History, game_id: str, now: datetime) -> Answer:
    """The box score as published at `now`; 403 for a game that has not begun or does not exist."""
    game = history.games.get(game_id)
    if game is None or now < game.tip:
        return DENIED
    history = history.at(now)
    final = game.is_final(now)
    played, teams = history.players(game_id) if final else [], history.teams(game_id) if final else {}
    people = played + sorted(_others(history, game, final=final), key=lambda row: row["player_id"])
    arena, city, state = venue(game.arena)
    status, text = status_of(game, now)
    count = REGULATION + game.overtimes if final else 1
    tip_et = game.tip.astimezone(EASTERN).isoformat()
    corrected = history.corrected_at(game_id) if final else None
    published = corrected if corrected is not None else game.final_at if final else game.tip
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
            "regulationPeriods": REGULATION,
            "period": count,
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
            "homeTeam": _team(game, game.home, count, people, teams, now),
            "awayTeam": _team(game, game.away, count, people, teams, now),
        },
    }
    return Answer.json(body, headers={"Last-Modified": http_date(published)})


def _others(history: History, game: Game, *, final: bool) -> list[Row]:
    """Who has no statistics: those absent, and while the game runs everyone else, for who will play is not known."""
    injured = injured_list(history).on(game.game_date)
    absent = []
    for row in history.absences(game.game_id):
        if final or row["status"] in KNOWN_BEFORE_TIP:
            note = injured[row["player_id"]]["note"] if row["player_id"] in injured else ""
            absent.append({**row, "reason": reason_of(note)})
        else:
            absent.append({"player_id": row["player_id"], "player_name": row["player_name"], "team": row["team"]})
    dressed = [] if final else history.players(game.game_id)
    return absent + [{name: row[name] for name in ("player_id", "player_name", "team")} for row in dressed]


def _team(
    game: Game, tricode: str, count: int, people: list[Row], teams: dict[str, Row], now: datetime
) -> dict[str, Any]:
    team, points = TEAMS[tricode], scores(game, now)
    score = points[tricode]
    against = sum(points.values()) - score
    own = [row for row in people if row["team"] == tricode]
    row = _totals([person for person in own if "minutes" in person], teams.get(tricode, {"pts": score}))
    minutes = 5 * (12 * REGULATION + 5 * game.overtimes) if game.is_final(now) else 0
    return {
        "teamId": team.nba_id,
        "teamName": team.name,
        "teamCity": nba_city(team),
        "teamTricode": tricode,
        "score": score,
        "inBonus": "0",
        "timeoutsRemaining": 0,
        "periods": periods(score, count),
        "players": [_player(person, order) for order, person in enumerate(own, start=1)],
        "statistics": team_statistics(row, against, minutes),
    }


def _totals(played: list[Row], recorded: Row) -> Row:
    """The players' sums; where a player's number is not known, or no player is, what was recorded of the team."""
    sums: Row = {}
    for name in COUNTS:
        numbers = [row[name] for row in played]
        if numbers and None not in numbers:
            sums[name] = sum(numbers)
    return {**recorded, **sums}


def _player(person: Row, order: int) -> dict[str, Any]:
    """One of: a box score row, a row of the absences with its reason, or only who he is while the game runs."""
    first, family = split_name(person["player_name"])
    absence, played = person.get("status"), "minutes" in person
    statistics = player_statistics(person) if played else player_statistics({})
    head: dict[str, Any] = {"status": "INACTIVE" if absence in KNOWN_BEFORE_TIP else "ACTIVE"}
    if absence in _INJURED and person["reason"]:
        head |= {"notPlayingReason": _INJURED[absence], "notPlayingDescription": person["reason"].title()}
    elif absence is not None:
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
