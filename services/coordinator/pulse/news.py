"""What changed since games were predicted, and how that is put in words."""

from collections.abc import Sequence
from datetime import date, datetime

from services.coordinator.sql import sql
from shared.basketball.slate import EASTERN, Mode
from shared.ports import Ports, Row

_SHOWN = 4
"""Statuses that a reason names."""


async def changes(ports: Ports, day: date, mode: Mode, now: datetime) -> list[Row]:
    """Rows of `sql/changes.sql`: of games whose cutoff lies ahead."""
    return await ports.warehouse.query(sql("changes"), {"game_date": day, "mode": mode.value, "now": now})


def reason(found: Sequence[Row]) -> str:
    """The changes in one line: "Jayson Tatum Out 17:42, 12 quotes moved". Instants are Eastern."""
    statuses = [row for row in found if row["player_name"] is not None]
    parts = [f"{row['player_name']} {row['became']} {_at(row['known_at'])}" for row in statuses[:_SHOWN]]
    if len(statuses) > _SHOWN:
        parts.append(f"{len(statuses) - _SHOWN} more")
    moved = sum(row["quotes"] or 0 for row in found)
    if moved:
        parts.append(f"{moved} quotes moved" if moved > 1 else "1 quote moved")
    return ", ".join(parts)


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(EASTERN):%H:%M}"
