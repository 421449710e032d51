"""Grades of an upgraded warehouse: made before the columns of accuracy existed."""

from dataclasses import replace

import pytest

from services.coordinator.sql import sql
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Params
from shared.tables import TABLES
from tests.unit.shared.rows import SLATE, row

GRADES = "predictions.prediction_grades"
LATER = ("shadow", "inside_90", "crps", "p_over")
"""Some of the columns that an upgrade adds, null in the rows there are."""
ASKED: Params = {
    "first": SLATE,
    "last": SLATE,
    "mode": "",
    "market": "",
    "system": "",
    "tier": "",
    "lined": False,
    "by": "all",
}


@pytest.mark.parametrize("statement", ["accuracy", "accuracy_bins"])
async def test_grades_older_than_those_columns_do_not_count(statement: str) -> None:
    """They lack what is summed: counted in, they would read as intervals that never held."""
    declared = TABLES[GRADES]
    columns = tuple(replace(column, nullable=column.nullable or column.name in LATER) for column in declared.columns)
    warehouse = DuckDBWarehouse(None, {GRADES: replace(declared, columns=columns)})
    try:
        new = row(GRADES, player_id=1, market="points", brier=0.2, p_over=0.6, inside_90=True)
        old = new | {"player_id": 2} | dict.fromkeys(LATER)
        await warehouse.append(GRADES, [new, old])
        assert [one["n"] for one in await warehouse.query(sql(statement), ASKED)] == [1]
    finally:
        await warehouse.close()
