"""BallDontLie's `/v1/box_scores?date=`: all box scores of a date, players by the source's own ids."""

from datetime import date
from functools import partial
from typing import Any

from services.scraper.domain.box import SHORT, Box, Line, counts
from services.scraper.domain.minutes import minutes
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    Refusal,
    document,
    each,
    label,
    listing,
    member,
    shown,
    text,
    whole,
)
from services.scraper.sources.endpoint import BOX_SCORES, Endpoint, Request
from shared.basketball.identity import tricode

_KEYS = tuple("turnover" if key == "tov" else key for key in SHORT)
_ABSENT = ("", "0", "00", None)
"""`min` of a listed player who did not play."""


def parse_box_scores(body: bytes) -> Parsed[Box]:
    """One record per game; the game is told by its teams. A game that cannot be read is refused alone.

    Raises:
        Fault: not a list of box scores.
    """
    games = listing(document(body), "data")
    boxes, refused = each(games, _box, lambda raw: label(raw, "id", "date"))
    return Parsed(tuple(boxes), tuple(refused), len(games))


def _box(raw: Any) -> Box:  # noqa: ANN401 - JSON
    lines: list[Line] = []
    refused: list[Refusal] = []
    score: dict[str, int] = {}
    for side in ("home_team", "visitor_team"):
        team = member(raw, side)
        code = tricode(text(team, "abbreviation"))
        score[code] = whole(member(raw, f"{side}_score"), f"{side}_score")
        players = member(team, "players")
        if players is not None and not isinstance(players, list):
            raise BadRecord(f"players is {shown(players)}, not a list")
        found, unreadable = each(players if players is not None else (), partial(_line, team=code), _name)
        lines += found
        refused += unreadable
    if len(score) == 1:
        raise BadRecord(f"{next(iter(score))} plays itself")
    return Box(None, text(raw, "status").startswith("Final"), tuple(lines), tuple(refused), score)


def _line(raw: Any, team: str) -> Line | None:  # noqa: ANN401 - JSON
    played = member(raw, "min")
    if played in _ABSENT and not any(raw.get(key) for key in _KEYS):
        return None
    player = member(raw, "player")
    return Line(
        player_id=None,
        player_name=f"{text(player, 'first_name')} {text(player, 'last_name')}",
        team=team,
        starter=None,
        minutes=minutes(played),
        plus_minus=None,
        **counts(raw, _KEYS),
    )


def _name(raw: Any) -> str:  # noqa: ANN401 - JSON
    player = raw.get("player") if isinstance(raw, dict) else None
    if isinstance(player, dict):
        return f"{player.get('first_name')} {player.get('last_name')}"
    return label(raw)


BOX_SCORES_OF = Endpoint(
    "balldontlie",
    "box_scores",
    BOX_SCORES,
    parse_box_scores,
    rank=3,
    requests=lambda need: tuple(box_scores_of(day) for day in need.days),
)


def box_scores_of(day: date) -> Request[Box]:
    """All box scores of a date."""
    return BOX_SCORES_OF.request(day.isoformat(), "/v1/box_scores", {"date": day.isoformat()})
