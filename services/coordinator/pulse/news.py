"""What changed since games were predicted, and how that is put in words."""

from collections.abc import Sequence
from datetime import date, datetime

from services.coordinator.sql import sql
from shared.basketball.slate import EASTERN, Mode
from shared.ports import Ports, Row

_SHOWN = 4
"""Statuses that a reason names."""
_WORDS = {"Suspension": "suspended", "Not With Team": "not with the team"}


async def changes(ports: Ports, day: date, mode: Mode, now: datetime) -> list[Row]:
    """Rows of `sql/changes.sql`: of games whose cutoff lies ahead."""
    return await ports.warehouse.query(sql("changes"), {"game_date": day, "mode": mode.value, "now": now})


def reason(found: Sequence[Row]) -> str:
    """The changes in one line: "Jayson Tatum out since 17:42, 12 quotes moved". Instants are Eastern."""
    statuses = [row for row in found if row["player_name"] is not None]
    parts = [f"{row['player_name']} {_word(row['became'])} since {_at(row['known_at'])}" for row in statuses[:_SHOWN]]
    more = len(statuses) - _SHOWN
    if more > 0:
        parts.append(f"{more} more players" if more > 1 else "1 more player")
    moved = sum(row["quotes"] for row in found if row["quotes"] is not None)
    if moved:
        parts.append(f"{moved} quotes moved" if moved > 1 else "1 quote moved")
    return ", ".join(parts)


def _word(status: str | None) -> str:
    """As it is said within a sentence; whoever has no status any more is available."""
    return "available" if status is None else _WORDS.get(status, status.lower())


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(EASTERN):%H:%M}"
