"""Statements of SQL over hand-made rows: what they read holds these rows, and nothing else."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Params, Row
from shared.tables import TABLES
from tests.unit.shared.rows import SLATE

TOMORROW = SLATE + timedelta(days=1)
MODES = ("manual", "same_day")
"""A mode that sorts before "overnight", and one after it."""


@cache
def _warehouse() -> DuckDBWarehouse:
    """One in memory for the whole process: opening it costs ten times what filling and asking it does."""
    return DuckDBWarehouse(None)


async def answers(text: str, params: Params, **tables: Sequence[Row]) -> list[Row]:
    """Rows of a statement where the tables hold these rows; the keyword names a table, with `__` for the dot."""
    rows = {name.replace("__", "."): given for name, given in tables.items()}
    for name in TABLES:
        if name in text:
            await _warehouse().replace(name, rows.pop(name, ()), scope="TRUE")
    assert not rows, f"the statement reads none of {list(rows)}"
    return await _warehouse().query(text, params)


def near(row: Row, **others: Sequence[object]) -> list[Row]:
    """Rows that differ from `row` in one column each: what a predicate on that column must leave out."""
    return [row | {name: value} for name, values in others.items() for value in values]
