"""The NBA CDN's live box score, `boxscore_<game id>.json`."""

from functools import partial
from typing import Any

from services.scraper.domain.box import COUNTS, Absence, Box, Line, counts, optional_number
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
    label,
    listing,
    member,
    optional_text,
    shown,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import BOX_SCORES, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import FINAL
from shared.basketball.identity import tricode
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
    return BOXSCORE.request(game_id, f"/static/json/liveData/boxscore/boxscore_{game_id}.json")
