"""What BigQuery's adapter does beyond the contract: tables from the registry, and writers that meet."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from devstack.emulators import bigquery as launcher
from shared.cloud.bigquery_jobs import by_row
from shared.cloud.warehouse import BigQueryWarehouse
from shared.errors import Permanent, Transient
from shared.ports import Params, Row
from shared.tables import TABLES, Column, Table
from tests.contract.fakes import TABLES as FEW
from tests.contract.fakes import THINGS
from tests.integration.bigquery import bigquery, endpoint

pytestmark = pytest.mark.network

DAY = date(2024, 3, 10)
ON_DAY: Params = {"day": DAY}
ALL = "SELECT unit, count FROM contract.things ORDER BY unit, count"


def thing(unit: str, count: int = 1) -> Row:
    return {"game_date": DAY, "unit": unit, "count": count}


@pytest.fixture
async def warehouse() -> AsyncIterator[BigQueryWarehouse]:
    async with bigquery(FEW) as warehouse:
        yield warehouse


@pytest.fixture
def meet(warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let another process insert a unit in the very moment after the next write."""

    def arrange(unit: str) -> None:
        query: Callable[..., Awaitable[object]] = warehouse._jobs.query
        waiting = [f"INSERT INTO contract.things (game_date, unit, count) VALUES (DATE '2024-03-10', '{unit}', 7)"]  # noqa: S608 - a test's own words

        async def meeting(sql: str, *rest: object) -> object:
            answer = await query(sql, *rest)
            if sql.startswith(("INSERT", "MERGE")) and waiting:
                await query(waiting.pop(), [], "the other process", by_row)
            return answer

        monkeypatch.setattr(warehouse._jobs, "query", meeting)

    return arrange


async def test_appends_that_meet_leave_one_row(warehouse: BigQueryWarehouse, meet: Callable[[str], None]) -> None:
    """Two statements that only insert do not wait for each other in BigQuery; the one that comes second tidies up."""
    await warehouse.append(THINGS.name, [thing("other")])
    meet("a")
    await warehouse.append(THINGS.name, [thing("a"), thing("b")])
    assert [row["unit"] for row in await warehouse.query(ALL)] == ["a", "b", "other"]


async def test_f16_replacements_that_meet_are_done_again(
    warehouse: BigQueryWarehouse, meet: Callable[[str], None]
) -> None:
    """The duplicate is noticed, the message comes again, and then there is one row."""
    meet("a")
    with pytest.raises(Transient, match=r"another writer published the key .*unit=a"):
        await warehouse.replace(THINGS.name, [thing("a")], scope="game_date = @day", params=ON_DAY)
    await warehouse.replace(THINGS.name, [thing("a")], scope="game_date = @day", params=ON_DAY)
    assert await warehouse.query(ALL) == [{"unit": "a", "count": 1}]


async def test_f16_a_key_outside_the_scope_is_not_published_again(warehouse: BigQueryWarehouse) -> None:
    """The scope's rows may not repeat the keys of the others."""
    await warehouse.append(THINGS.name, [thing("a", 1)])
    with pytest.raises(Permanent, match="unit=a"):
        await warehouse.replace(THINGS.name, [thing("a", 2)], scope="count = 2")
    assert await warehouse.query(ALL) == [{"unit": "a", "count": 1}]


async def test_nothing_stays_in_staging(warehouse: BigQueryWarehouse) -> None:
    """Neither after a write nor after one that failed."""
    await warehouse.append(THINGS.name, [thing("a")])
    with pytest.raises(Permanent):
        await warehouse.transform(THINGS.name, "SELECT 1 AS wrong", scope="TRUE")
    tables = await warehouse._jobs.call(
        lambda client, bounds: [table.table_id for table in client.list_tables("tipoff_staging", **bounds)], "staging"
    )
    assert tables == []


async def test_every_table_of_the_registry_can_be_made() -> None:
    """Partitioned, clustered and described; making them again changes nothing."""
    async with bigquery(TABLES) as warehouse:
        await warehouse.ensure()
        made = await warehouse._jobs.call(
            lambda client, bounds: client.get_table("raw.player_box_scores", **bounds), "raw.player_box_scores"
        )
    declared = TABLES["raw.player_box_scores"]
    assert made.time_partitioning.field == "game_date"
    assert tuple(made.clustering_fields) == declared.cluster
    assert made.description == declared.description
    assert [(field.name, field.description) for field in made.schema] == [
        (column.name, column.description) for column in declared.columns
    ]


@asynccontextmanager
async def revisions(changed: Table) -> AsyncIterator[BigQueryWarehouse]:
    """A project with a row in the tables of the contract suite, seen by a revision that has changed one of them."""
    project = f"test-{uuid.uuid4().hex}"
    before = BigQueryWarehouse(project, tables=FEW, endpoint=endpoint())
    await before.ensure()
    await before.append(THINGS.name, [thing("old")])
    await before.close()
    after = BigQueryWarehouse(project, tables={changed.name: changed}, endpoint=endpoint())
    yield after
    await after.close()


async def test_what_a_revision_adds_is_added_where_the_table_stands() -> None:
    """The plan says it, applying does it, the old row is there with null, and nothing is left to do."""
    colour, age = Column("colour", "STRING", "new", nullable=True), Column("age", "INT64", "days; required from now on")
    changed = replace(THINGS, description="Renamed.", columns=(colour, *THINGS.columns, age))
    async with revisions(changed) as warehouse:
        assert [(change.kind, change.column) for change in await warehouse.plan()] == [
            ("column", "colour"),
            ("column", "age"),
            ("describe", ""),
        ]
        await warehouse.ensure()
        assert await warehouse.plan() == []
        assert await warehouse.ensure() == []
        await warehouse.append(THINGS.name, [{**thing("new"), "colour": "red", "age": 1}])
        rows = await warehouse.query("SELECT unit, colour, age FROM contract.things ORDER BY unit DESC")
        assert [tuple(row.values()) for row in rows] == [("old", None, None), ("new", "red", 1)]


async def test_a_table_of_another_revision_is_named() -> None:
    """A type cannot change where rows are: it is refused before anything is changed, with what to do."""
    columns = tuple(replace(column, type="STRING") if column.name == "count" else column for column in THINGS.columns)
    changed = replace(THINGS, columns=(*columns, Column("colour", "STRING", "new", nullable=True)))
    async with revisions(changed) as warehouse:
        with pytest.raises(Permanent, match=r"contract\.things has count as INT64, not STRING: give the new type"):
            await warehouse.ensure()
        assert len(await warehouse.plan()) == 2


async def test_a_missing_table_is_named_with_the_remedy(warehouse: BigQueryWarehouse) -> None:
    """A project where nobody ran `tipoff schema apply`."""
    with pytest.raises(Permanent, match=r"contract\.nowhere.*tipoff schema apply"):
        await warehouse.query("SELECT 1 FROM contract.nowhere")


def test_a_port_that_is_taken_is_named() -> None:
    """Here by the emulator of the other tests, whose answer must not be taken for the new one's."""
    port = int(endpoint().rpartition(":")[2])
    with pytest.raises(Permanent, match=f"port {port}"), launcher.running(port=port):
        pass


def test_an_emulator_that_ends_at_once_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the last line of what it said."""
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no memory left')")
    monkeypatch.setattr(launcher, "_START", script)
    with pytest.raises(Permanent, match="code 1: no memory left"), launcher.running():
        pass


def test_an_emulator_ends_with_whoever_started_it() -> None:
    """Also when that was killed and could not end it."""
    program = "from devstack.emulators.bigquery import running\nwith running() as url: print(url, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        address = starter.stdout.readline().decode().strip()
        starter.kill()
    port = int(address.rpartition(":")[2])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
    pytest.fail(f"it still answers on {address}")


def test_an_emulator_that_cannot_be_installed_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be made is named with the remedy."""
    monkeypatch.setenv("TIPOFF_CACHE", "/dev/null/cache")
    with pytest.raises(Permanent, match=r"/dev/null/cache.*TIPOFF_CACHE"):
        launcher.environment()
