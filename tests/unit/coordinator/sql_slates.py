"""Slates and units for the statements in sql/grid: two slates, and dates beyond each bound."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ago
from tests.unit.shared.answers import TOMORROW, answers
from tests.unit.shared.rows import SLATE, game

FIRST, MIDDLE, LAST = ago(2), ago(1), SLATE
PARAMS: Params = {"first": FIRST, "last": LAST, "mode": "overnight"}
BESIDE = (ago(3), TOMORROW)
"""The dates beside the range."""
SLATES = [
    game("90", TOMORROW),
    game("91", LAST),
    game("92", LAST, home="LAL", away="UTA"),
    game("93", MIDDLE, postponed=True),
    game("94", FIRST),
    game("95", ago(3)),
]
"""BOS plays GSW on the first date and on the last; on the date between nobody does."""
WEEK = {ago(10): 5, ago(9): 1, ago(8): 2, ago(7): 1, ago(3): 1, ago(2): 1, ago(1): 1, SLATE: 5, TOMORROW: 5}
"""Date -> units. In the week before the first slate (the 9th to the 3rd day ago) 5, in that before the last (the 7th to
the 1st) 4; that of the 3rd day ago is always the one that is missing."""


async def counts(step: str, **tables: Sequence[Row]) -> list[Row]:
    """Rows of the step's statement over a warehouse with these rows."""
    return await answers(sql(f"grid/{step}"), PARAMS, **tables)


def units(*slates: tuple[date, int, int]) -> list[Row]:
    """The rows that are expected of it, from (slate, expected, verified)."""
    return [{"game_date": day, "expected": expected, "verified": verified} for day, expected, verified in slates]


OF_THE_WEEK = units((FIRST, 5, 4), (LAST, 4, 3))
QUIET = units((FIRST, 0, 0), (LAST, 0, 0))


def on(day: date) -> dict[str, Any]:
    """Of that date, overnight."""
    return {"game_date": day, "mode": "overnight"}
