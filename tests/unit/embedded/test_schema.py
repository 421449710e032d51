"""A DuckDB file of an earlier revision: brought up to date where it stands, or refused by name."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from shared.embedded.schema import plan
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.tables import TABLES, Column
from shared.tables.change_sets import APPLIED
from tests.contract.fakes import TABLES as SMALL
from tests.contract.fakes import THINGS

ROW = {"game_date": date(2024, 3, 10), "unit": "old", "count": 1}
REGISTRY = {**SMALL, APPLIED: TABLES[APPLIED]}
COLOUR = Column("colour", "STRING", "new", nullable=True)
AGE = Column("age", "INT64", "days; required from now on")


@pytest.fixture
async def old(tmp_path: Path) -> Path:
    """A file with a row, made before changes were recorded."""
    path = tmp_path / "w.duckdb"
    warehouse = DuckDBWarehouse(path, SMALL)
    await warehouse.append(THINGS.name, [ROW])
    await warehouse.close()
    return path


async def test_additions_are_made_on_opening(old: Path) -> None:
    """Old rows are there with null, new ones have the new columns, and `ops.migrations` says what was done."""
    changed = replace(THINGS, columns=(COLOUR, *THINGS.columns, AGE), cluster=("unit",))
    warehouse = DuckDBWarehouse(old, {**REGISTRY, THINGS.name: changed})
    await warehouse.append(THINGS.name, [{**ROW, "unit": "new", "colour": "red", "age": 3}])
    rows = await warehouse.query("SELECT unit, colour, age FROM contract.things ORDER BY unit DESC")
    assert [tuple(row.values()) for row in rows] == [("old", None, None), ("new", "red", 3)]
    applied = await warehouse.query("SELECT number, changes FROM ops.migrations ORDER BY number")
    assert [row["number"] for row in applied] == [1, 4]
    assert "contract.things: add colour STRING, null in the rows there are" in json.loads(applied[0]["changes"])
    assert json.loads(applied[1]["changes"]) == ["contract.things: cluster by unit instead of nothing"]
    await warehouse.close()


async def test_a_column_added_as_required_is_still_required_of_new_rows(old: Path) -> None:
    """The registry is what rows are checked against, whatever the engine would let in."""
    warehouse = DuckDBWarehouse(old, {THINGS.name: replace(THINGS, columns=(*THINGS.columns, AGE))})
    with pytest.raises(Permanent, match=r"age is missing"):
        await warehouse.append(THINGS.name, [{**ROW, "unit": "new"}])
    await warehouse.close()


async def test_applying_again_changes_nothing(old: Path) -> None:
    """The second opening finds nothing to do and records nothing."""
    registry = {**REGISTRY, THINGS.name: replace(THINGS, columns=(*THINGS.columns, COLOUR))}
    for _ in range(2):
        await DuckDBWarehouse(old, registry).close()
        assert plan(old, registry) == []
    warehouse = DuckDBWarehouse(old, registry)
    assert await warehouse.query("SELECT COUNT(*) AS n FROM ops.migrations") == [{"n": 1}]
    await warehouse.close()


async def test_a_retired_column_is_dropped_on_opening(old: Path) -> None:
    """Its rows stay, and the ledger says what became of it."""
    retired = replace(THINGS, columns=THINGS.columns[:-1], retired=("seen_at", "never_there"))
    warehouse = DuckDBWarehouse(old, {**REGISTRY, THINGS.name: retired})
    [row] = await warehouse.query("SELECT * FROM contract.things")
    assert row == {**ROW, "score": None, "flag": None}
    [entry] = await warehouse.query("SELECT changes FROM ops.migrations WHERE number = 5")
    assert json.loads(entry["changes"]) == ["contract.things: drop what is retired: seen_at"]
    await warehouse.close()


async def test_planning_changes_nothing(old: Path, tmp_path: Path) -> None:
    """It names the changes, also of a file that is not there, and makes none."""
    changed = {THINGS.name: replace(THINGS, columns=(*THINGS.columns, COLOUR))}
    for _ in range(2):
        assert [change.kind for change in plan(old, changed)] == ["column"]
    assert [change.kind for change in plan(tmp_path / "nothing.duckdb", changed)] == ["create"]
    assert not (tmp_path / "nothing.duckdb").exists()


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        (tuple(replace(c, type="STRING") if c.name == "count" else c for c in THINGS.columns), "count as INT64"),
        (THINGS.columns[:-1], "seen_at"),
    ],
    ids=["another type", "a column dropped"],
)
async def test_what_would_lose_something_is_refused(old: Path, columns: tuple[Column, ...], named: str) -> None:
    """Table, column and remedy are named, and the additions beside it are not made either."""
    changed = {THINGS.name: replace(THINGS, columns=(*columns, COLOUR))}
    with pytest.raises(Permanent, match=rf"made by another revision: contract\.things .*{named}.*fresh one"):
        DuckDBWarehouse(old, changed)
    await DuckDBWarehouse(old, SMALL).close()
    assert plan(old, SMALL) == []


def test_a_file_from_before_there_were_comments_is_taken(tmp_path: Path) -> None:
    """The first revision's tables had columns and nothing else: that is an addition."""
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE SCHEMA contract")
        database.execute(
            "CREATE TABLE contract.things (game_date DATE NOT NULL, unit VARCHAR NOT NULL, count BIGINT NOT NULL, "
            "score DOUBLE, flag BOOLEAN, seen_at TIMESTAMP WITH TIME ZONE)"
        )
    assert [change.kind for change in plan(path, {THINGS.name: THINGS})] == ["describe"]
