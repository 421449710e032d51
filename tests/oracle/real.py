"""Nights of real seasons."""

from datetime import date
from pathlib import Path

from devstack.history import History
from shared.ports import Row
from shared.slate import Mode, days
from shared.tables import TABLES
from tests.oracle.world import Nights, World, collect

SPANS = (
    (date(2023, 10, 24), date(2023, 10, 25), date(2023, 4, 5), date(2023, 10, 26)),
    (date(2023, 12, 8), date(2023, 12, 9), date(2023, 10, 27), date(2023, 12, 10)),
    (date(2024, 3, 10), date(2024, 3, 10), date(2024, 1, 30), date(2024, 3, 11)),
)
"""First and last slate, first and last day of the history around them: opening night, the cup's final, timed lines."""


def real(data: Path) -> World:
    """A world of real nights, from the folder of the history."""
    history = History.open(data)
    tables: dict[str, dict[tuple[object, ...], Row]] = {}
    for first, last, since, until in SPANS:
        for table, rows in collect(history, days(first, last), since, until).items():
            key = TABLES[table].key
            tables.setdefault(table, {}).update({tuple(row[name] for name in key): row for row in rows})
    spans = [Nights(first, last, mode) for mode in (Mode.OVERNIGHT, Mode.SAME_DAY) for first, last, *_ in SPANS]
    return World({table: list(rows.values()) for table, rows in tables.items()}, spans)
