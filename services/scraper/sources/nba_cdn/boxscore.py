"""The NBA CDN's live box score, `boxscore_<game id>.json`."""

from datetime import date, datetime
from functools import partial
from typing import Any

from services.scraper.domain.box import COUNTS, Absence, Box, Line, counts, optional_number
from services.scraper.domain.games import Game
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    document,
    each,
    flag,
    game_id,
    instant,
    label,
    listing,
    member,
    optional_text,
    shown,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import BOX_SCORES, SCHEDULED_GAME, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import FINAL
from shared.basketball.identity import tricode
from shared.basketball.slate import season_type_of
from shared.errors import Permanent

_KEYS = (
    "points",
    "reboundsTotal",
    "reboundsOffensive",
    "reboundsDefensive",
    "assists",
    "fieldGoalsMade",
    "fieldGoalsAttempted",
    "threePointersMade",
    "threePointersAttempted",
    "freeThrowsMade",
    "freeThrowsAttempted",
    "steals",
    "blocks",
    "turnovers",
    "foulsPersonal",
)
_TOTALS = {name: key for name, key in zip(COUNTS, _KEYS, strict=True) if name != "rebounds"} | {
    "rebounds": "reboundsPersonal"  # a team's reboundsTotal counts those that are nobody's
}


def parse_boxscore(body: bytes) -> Parsed[Box]:
    """One record: the game's box score. Players listed as not having played are its absences.

    Raises:
        Fault: not a box score.
    """
    payload = document(body)
    try:
        game = member(payload, "game")
        played = game_id(member(game, "gameId"))
        final = whole(member(game, "gameStatus"), "gameStatus") == FINAL
        entries: list[Line | Absence] = []
        refused: list[Refusal] = []
        score: dict[str, int] = {}
        totals: dict[str, dict[str, int]] = {}
        for side in ("homeTeam", "awayTeam"):
            team = member(game, side)
            code = tricode(text(team, "teamTricode"))
            score[code] = whole(member(team, "score"), f"{side} score")
            totals[code] = _totals(team)
            players = listing(team, "players")
            found: list[Line | Absence]
            found, unreadable = each(players, partial(_entry, team=code), lambda raw: label(raw, "name", "personId"))
            entries += found
            refused += unreadable
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a box score: {error}") from None
    if len(score) == 1:
        raise Fault("malformed", f"not a box score: {next(iter(score))} plays itself")
    lines = tuple(entry for entry in entries if isinstance(entry, Line))
    absences = tuple(entry for entry in entries if isinstance(entry, Absence))
    box = Box(played, final, lines, tuple(refused), score, absences, totals)
    return Parsed((box,), (), len(lines) + len(refused) if final else 1, stamp_of(payload))


def _totals(team: Any) -> dict[str, int]:  # noqa: ANN401 - JSON
    """What the payload says of the team as a whole; null and absent fields say nothing."""
    stats = team.get("statistics", {})
    if not isinstance(stats, dict):
        raise BadRecord(f"the team's statistics are {shown(stats)}")
    given = {name: (key, stats[key]) for name, key in _TOTALS.items() if key in stats}
    totals = {name: whole(value, f"the team's {key}") for name, (key, value) in given.items() if value is not None}
    if stats.get("minutes") is not None:
        totals["minutes"] = round(minutes(stats["minutes"]))
    return totals


def _entry(raw: Any, team: str) -> Line | Absence:  # noqa: ANN401 - JSON
    stats = member(raw, "statistics")
    if not flag(member(raw, "played"), "played"):
        return _absence(raw, stats, team)
    return Line(
        player_id=whole(member(raw, "personId"), "personId"),
        player_name=text(raw, "name"),
        team=team,
        starter=flag(member(raw, "starter"), "starter"),
        minutes=minutes(member(stats, "minutes")),
        plus_minus=optional_number(stats.get("plusMinusPoints")),
        **counts(stats, _KEYS),
    )


def _absence(raw: Any, stats: Any, team: str) -> Absence:  # noqa: ANN401 - JSON
    played = optional_text(stats, "minutes")
    if played is not None and minutes(played) > 0:
        raise BadRecord(f"has not played, but {played}")
    reasons = (optional_text(raw, "notPlayingReason"), optional_text(raw, "status"), "did not play")
    return Absence(
        player_id=whole(member(raw, "personId"), "personId"),
        player_name=text(raw, "name"),
        team=team,
        # Before the game is over nobody has a reason yet; ACTIVE says that he may still play.
        reason=next(reason for reason in reasons if reason is not None),
        description=optional_text(raw, "notPlayingDescription"),
    )


BOXSCORE = Endpoint("nba_cdn", "boxscore", BOX_SCORES, parse_boxscore, rank=1)


def boxscore(game_id: str) -> Request[Box]:
    """One game's box score; the CDN answers 403 while there is no such file."""
    return BOXSCORE.request(game_id, _path(game_id))


def _path(game_id: str) -> str:
    return f"/static/json/liveData/boxscore/boxscore_{game_id}.json"


def parse_played(body: bytes) -> Parsed[Game]:
    """One record: the final game as the schedule would tell it, for a season that nobody gives a schedule of.

    Raises:
        Fault: not a box score, or one of a game that is not final.
    """
    payload = document(body)
    try:
        game = member(payload, "game")
        unit = game_id(member(game, "gameId"))
        final = whole(member(game, "gameStatus"), "gameStatus") == FINAL
        home, away = member(game, "homeTeam"), member(game, "awayTeam")
        played = Game(
            game_id=unit,
            season=f"20{unit[3:5]}-{(int(unit[3:5]) + 1) % 100:02d}",
            season_type=season_type_of(unit),
            game_date=_code_date(text(game, "gameCode")),
            tip_utc=instant(member(game, "gameTimeUTC"), "gameTimeUTC"),
            home_team=tricode(text(home, "teamTricode")),
            away_team=tricode(text(away, "teamTricode")),
            neutral_site=False,  # a box score does not say
            postponed=False,
            score=(whole(member(home, "score"), "home score"), whole(member(away, "score"), "away score")),
        )
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a final game: {error}") from None
    if not final:
        raise Fault("malformed", f"game {unit} is not final")
    return Parsed((played,), (), 1, stamp_of(payload))


def _code_date(code: str) -> date:
    """The Eastern date of a code like "20231024/LALDEN"."""
    try:
        return datetime.strptime(code[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date without a time
    except ValueError:
        raise BadRecord(f"gameCode is {shown(code)}, without a date") from None


PLAYED = Endpoint("nba_cdn", "boxscore", SCHEDULED_GAME, parse_played, rank=3)


def played(game_id: str) -> Request[Game]:
    """One final game, of a season that nobody gives a schedule of."""
    return PLAYED.request(game_id, _path(game_id))
