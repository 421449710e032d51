"""Nights of real seasons."""

from datetime import date
from pathlib import Path

from devstack.history import History
from shared.basketball.slate import Mode, days
from tests.oracle.world import Nights, World, collect, merged

SPANS = (
    (date(2023, 10, 24), date(2023, 10, 25), date(2023, 4, 5), date(2023, 10, 26)),
    (date(2023, 12, 8), date(2023, 12, 9), date(2023, 10, 27), date(2023, 12, 10)),
    (date(2024, 3, 10), date(2024, 3, 10), date(2024, 1, 30), date(2024, 3, 11)),
)
"""First and last slate, first and last day of the history around them: opening night, the cup's final, timed lines."""


def real(data: Path) -> World:
    """A world of real nights, from the folder of the history."""
    history = History.open(data)
    tables = merged(collect(history, days(first, last), since, until) for first, last, since, until in SPANS)
    spans = [Nights(first, last, mode) for mode in (Mode.OVERNIGHT, Mode.SAME_DAY) for first, last, *_ in SPANS]
    return World(tables, spans)
