"""Results that are kept: the same while nothing they rest on is written to, and never an old one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from functools import partial

import pytest

from shared.embedded.duck import Connection
from shared.embedded.result_cache import MAX_RESULTS, MAX_ROWS, ResultCache, key_of
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.ports import Job
from tests.contract.fakes import TABLES, THINGS, TOTALS

DAY = date(2024, 3, 10)
UNITS = "SELECT unit FROM contract.things WHERE count >= @count ORDER BY unit"
SCOPE = "unit != ''"
THING = {"game_date": DAY, "unit": "a", "count": 1}
TOTAL = {"game_date": DAY, "total": 1, "mean": None}


@pytest.fixture
async def warehouse() -> AsyncIterator[DuckDBWarehouse]:
    made = DuckDBWarehouse(None, TABLES)
    await made.append(THINGS.name, [THING])
    yield made
    await made.close()


async def read(warehouse: DuckDBWarehouse, count: int = 1) -> tuple[list[object], bool]:
    """The units, and whether they were read anew."""
    job = Job()
    rows = await warehouse.query(UNITS, {"count": count}, job)
    assert (job.cost.rows, job.cost.jobs) == (len(rows), 1)
    return [row["unit"] for row in rows], job.cost.bytes_processed > 0


async def test_what_was_asked_is_not_read_again(warehouse: DuckDBWarehouse) -> None:
    """Nor billed; with other parameters it is another question, and an answer is the caller's own."""
    assert await read(warehouse) == (["a"], True)
    assert await read(warehouse) == (["a"], False)
    assert (await read(warehouse, 0))[1]
    [row] = await warehouse.query(UNITS, {"count": 1})
    row["unit"] = "changed"
    assert await read(warehouse) == (["a"], False)


WRITES: dict[str, tuple[Callable[[DuckDBWarehouse], Awaitable[object]], list[str]]] = {
    "append": (lambda warehouse: warehouse.append(THINGS.name, [THING | {"unit": "b"}]), ["a", "b"]),
    "replace": (lambda warehouse: warehouse.replace(THINGS.name, [], scope=SCOPE), []),
    "transform": (
        lambda warehouse: warehouse.transform(
            THINGS.name, "SELECT * REPLACE ('c' AS unit) FROM contract.things", scope=SCOPE
        ),
        ["c"],
    ),
    "around the port": (
        lambda warehouse: warehouse._duck.run(lambda engine: engine.execute("DELETE FROM contract.things"), "delete"),
        [],
    ),
}


@pytest.mark.parametrize("write", WRITES)
async def test_what_was_written_to_is_read_again(warehouse: DuckDBWarehouse, write: str) -> None:
    """However it was written: a row that has gone is gone."""
    await read(warehouse)
    does, units = WRITES[write]
    await does(warehouse)
    assert (await read(warehouse))[0] == units


async def test_a_write_that_fails_leaves_the_answer_right(warehouse: DuckDBWarehouse) -> None:
    """It may have come as far as the commit: the next one reads."""
    await read(warehouse)
    with pytest.raises(Permanent):
        await warehouse.replace(THINGS.name, [THING, THING], scope=SCOPE)
    assert await read(warehouse) == (["a"], True)


async def test_a_write_whose_waiter_is_cancelled_counts(warehouse: DuckDBWarehouse) -> None:
    """It is committed all the same."""
    await read(warehouse)
    committed, seen = threading.Event(), threading.Event()

    def write(engine: Connection) -> None:
        engine.execute(f"INSERT INTO {THINGS.name} (game_date, unit, count) VALUES ('{DAY}', 'b', 1)")  # noqa: S608 - the test's own
        committed.set()
        seen.wait(10)

    writing = asyncio.ensure_future(warehouse._duck.run(write, "a write", writes=(THINGS.name,)))
    await asyncio.to_thread(committed.wait, 10)
    writing.cancel()
    seen.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await read(warehouse) == (["a", "b"], True)


async def test_other_tables_do_not_matter(warehouse: DuckDBWarehouse) -> None:
    """A statement rests on the tables that it names."""
    await read(warehouse)
    await warehouse.append(TOTALS.name, [TOTAL])
    assert await read(warehouse) == (["a"], False)


def test_long_answers_and_old_ones_are_not_kept() -> None:
    """Memory is bounded: the answer that was asked for longest ago goes first."""
    answers = ResultCache()
    answers.keep("long", [{"n": 1}] * (MAX_ROWS + 1))
    assert answers.get("long") is None
    for number in range(MAX_RESULTS):
        answers.keep(number, [{"n": number}])
    assert answers.get(0) == [{"n": 0}]
    answers.keep("new", [])
    assert (answers.get(0), answers.get(1), answers.get("new")) == ([{"n": 0}], None, [])


def test_parameters_of_other_types_are_other_questions() -> None:
    """1, 1.0, "1" and True are not one."""
    key = partial(key_of, "SELECT @n")
    assert len({key({"n": value}, ()) for value in (1, 1.0, "1", True, [1], None)}) == 6
