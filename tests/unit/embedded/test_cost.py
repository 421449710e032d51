"""What the embedded warehouse says a statement would have cost."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from shared.embedded.duck import ROW_GROUP
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.ports import Job, Row
from tests.contract.fakes import TABLES, THINGS, TOTALS

DAY = date(2024, 3, 10)
ROWS_PER_DAY = 1000
MEGABYTE = 2**20


@pytest.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb", TABLES)
    yield warehouse
    await warehouse.close()


def day(offset: int) -> list[Row]:
    return [{"game_date": DAY + timedelta(days=offset), "unit": str(n), "count": n} for n in range(ROWS_PER_DAY)]


async def bytes_of(warehouse: DuckDBWarehouse, sql: str) -> int:
    job = Job()
    await warehouse.query(sql, {"day": DAY}, job)
    return job.cost.bytes_processed


async def test_columns_that_are_not_read_cost_nothing(warehouse: DuckDBWarehouse) -> None:
    """A table is stored by column: eight bytes for each number that is looked at."""
    await warehouse.append(THINGS.name, [*day(0), *day(1)])
    assert await bytes_of(warehouse, "SELECT SUM(count) AS n FROM contract.things") == 2 * 8 * ROWS_PER_DAY
    both = "SELECT SUM(count) AS n FROM contract.things WHERE game_date = @day"
    assert await bytes_of(warehouse, both) == 2 * 16 * ROWS_PER_DAY


async def test_a_night_costs_the_same_however_long_history_is(warehouse: DuckDBWarehouse) -> None:
    """Row groups of other dates are not read, as partitions are not: of 150 dates at most the night's groups."""
    one_night = "SELECT SUM(count) AS n FROM contract.things WHERE game_date = @day"
    for block in range(3):
        rows = [row for offset in range(50) for row in day(block * 50 + offset)]
        await warehouse.append(THINGS.name, rows)
    everything = await bytes_of(warehouse, "SELECT SUM(count) AS n FROM contract.things")
    assert everything == 8 * 150 * ROWS_PER_DAY
    assert await bytes_of(warehouse, one_night) <= 16 * 2 * ROW_GROUP


async def test_billing_rounds_up_as_bigquerys(warehouse: DuckDBWarehouse) -> None:
    """At least ten megabytes a table; a statement that reads none is free."""
    await warehouse.append(THINGS.name, day(0))
    job = Job()
    await warehouse.query("SELECT SUM(count) AS n FROM contract.things", job=job)
    assert job.cost.bytes_billed == 10 * MEGABYTE
    free = Job()
    await warehouse.query("SELECT 1 AS one", job=free)
    assert (free.cost.bytes_billed, free.cost.jobs) == (0, 1)


async def test_a_transform_over_its_bytes_changes_nothing(warehouse: DuckDBWarehouse) -> None:
    """It is refused by number, before anything is published."""
    await warehouse.append(THINGS.name, day(0))
    select = "SELECT game_date, SUM(count) AS total, AVG(score) AS mean FROM contract.things GROUP BY game_date"
    with pytest.raises(Permanent, match=rf"{10 * MEGABYTE} bytes are over the job's limit of {MEGABYTE}"):
        await warehouse.transform(TOTALS.name, select, scope="TRUE", job=Job(maximum_bytes=MEGABYTE))
    assert await warehouse.query("SELECT * FROM contract.totals") == []


async def test_a_jobs_timeout_counts(warehouse: DuckDBWarehouse) -> None:
    """A statement that takes longer is interrupted, and the account says nothing of it."""
    numbers = "UNNEST(GENERATE_ARRAY(1, 10000))"
    endless = f"SELECT COUNT(*) AS n FROM {numbers} AS a, {numbers} AS b, {numbers} AS c WHERE a + b < c"  # noqa: S608 - constants
    with pytest.raises(Exception, match=r"time limit of 0\.05 s"):
        await warehouse.query(endless, job=Job(timeout=0.05))
