"""The NBA CDN's live box score, `boxscore_<game id>.json`."""

from functools import partial
from typing import Any

from services.scraper.domain.box import Box, Line, counts, optional_number
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    document,
    each,
    label,
    listing,
    member,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.endpoint import BOX_SCORES, Endpoint, Request
from services.scraper.sources.nba_cdn.schedule import FINAL
from shared.basketball.identity import canonical_game_id, tricode
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


def parse_boxscore(body: bytes) -> Parsed[Box]:
    """One record: the game's box score. Players listed as not having played are none of its lines.

    Raises:
        Fault: not a box score.
    """
    payload = document(body)
    try:
        game = member(payload, "game")
        game_id = canonical_game_id(member(game, "gameId"))
        final = whole(member(game, "gameStatus"), "gameStatus") == FINAL
        lines: list[Line] = []
        refused: list[Refusal] = []
        score: dict[str, int] = {}
        for side in ("homeTeam", "awayTeam"):
            team = member(game, side)
            code = tricode(text(team, "teamTricode"))
            score[code] = whole(member(team, "score"), f"{side} score")
            found, unreadable = each(
                listing(team, "players"), partial(_line, team=code), lambda raw: label(raw, "name", "personId")
            )
            lines += found
            refused += unreadable
    except (BadRecord, Permanent) as error:
        raise Fault("malformed", f"not a box score: {error}") from None
    box = Box(game_id, final, tuple(lines), tuple(refused), score)
    return Parsed((box,), (), len(lines) + len(refused) if final else 1, stamp_of(payload))


def _line(raw: Any, team: str) -> Line | None:  # noqa: ANN401 - JSON
    stats = member(raw, "statistics")
    if raw.get("played") not in ("1", 1, True):
        return None
    return Line(
        player_id=whole(member(raw, "personId"), "personId"),
        player_name=text(raw, "name"),
        team=team,
        starter=raw.get("starter") in ("1", 1, True),
        minutes=minutes(member(stats, "minutes")),
        plus_minus=optional_number(stats.get("plusMinusPoints")),
        **counts(stats, _KEYS),
    )


BOXSCORE = Endpoint("nba_cdn", "boxscore", BOX_SCORES, parse_boxscore, rank=1)


def boxscore(game_id: str) -> Request[Box]:
    """One game's box score; the CDN answers 403 while there is no such file."""
    return BOXSCORE.request(game_id, f"/static/json/liveData/boxscore/boxscore_{game_id}.json")
