"""DuckDB behind the port: the file, the limits, the registry."""

import asyncio
import resource
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from shared.embedded.duck import engine_failure
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Outdated, Permanent, Transient
from shared.tables import TABLES
from tests.contract.fakes import TABLES as SMALL
from tests.contract.fakes import THINGS, TOTALS

_NUMBERS = "UNNEST(GENERATE_ARRAY(1, 10000))"
ENDLESS = f"SELECT COUNT(*) AS n FROM {_NUMBERS} AS a, {_NUMBERS} AS b, {_NUMBERS} AS c WHERE a + b < c"  # noqa: S608 - constants
ROW = {"game_date": date(2024, 3, 10), "unit": "a", "count": 1}


async def test_every_table_of_the_registry_can_be_made_and_read() -> None:
    """Names, types and keys of `shared/tables` are what the engine takes."""
    warehouse = DuckDBWarehouse()
    for table in TABLES.values():
        rows = await warehouse.query(f"SELECT * FROM {table.name}")  # noqa: S608 - names of the registry
        assert len(rows) == (table.name == "ops.migrations"), table.name  # how it was made is on record
        assert all(not table.column(name).nullable for name in table.key), table.name
    await warehouse.close()


async def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    """The file, and the folder it is in, are made when first needed."""
    path = tmp_path / "home" / "warehouse.duckdb"
    for expected in (1, 0):
        warehouse = DuckDBWarehouse(path, SMALL)
        assert await warehouse.append(THINGS.name, [ROW]) == expected
        await warehouse.close()


def test_f07_what_was_committed_survives_kill(tmp_path: Path) -> None:
    """A process that is killed right after a write loses neither the write nor the file."""
    path = tmp_path / "w.duckdb"
    script = f"""
import asyncio, os, signal
from datetime import date
from pathlib import Path
from shared.embedded.warehouse import DuckDBWarehouse
from tests.contract.fakes import TABLES
async def main():
    warehouse = DuckDBWarehouse(Path({str(path)!r}), TABLES)
    await warehouse.append("contract.things", [{{"game_date": date(2024, 3, 10), "unit": "kept", "count": 1}}])
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == -9

    async def read() -> list[str]:
        warehouse = DuckDBWarehouse(path, SMALL)
        rows = await warehouse.query("SELECT unit FROM contract.things")
        await warehouse.close()
        return [row["unit"] for row in rows]

    assert asyncio.run(read()) == ["kept"]


async def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    """One line, with the remedy."""
    path = tmp_path / "w.duckdb"
    warehouse = DuckDBWarehouse(path, SMALL)
    script = (
        "from pathlib import Path\nfrom shared.embedded.warehouse import DuckDBWarehouse\n"
        f"DuckDBWarehouse(Path({str(path)!r}))"
    )
    second = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60
    )
    assert f"the warehouse {path} is in use by another process: stop it" in second.stderr
    await warehouse.close()


def test_a_file_that_is_no_warehouse_is_refused(tmp_path: Path) -> None:
    """It is not overwritten either."""
    path = tmp_path / "w.duckdb"
    path.write_text("hello " * 1000)
    with pytest.raises(Permanent, match=r"w\.duckdb"):
        DuckDBWarehouse(path, SMALL)
    assert path.read_text().startswith("hello")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "home").write_text("")
    with pytest.raises(Permanent, match="home"):
        DuckDBWarehouse(tmp_path / "home" / "w.duckdb", SMALL)


async def test_a_statement_over_the_time_limit_is_transient() -> None:
    """It is interrupted, and the warehouse goes on working."""
    warehouse = DuckDBWarehouse(None, SMALL, time_limit=0.05)
    with pytest.raises(Transient, match=r"time limit of 0\.05 s.*SELECT COUNT"):
        await warehouse.query(ENDLESS)
    assert await warehouse.query("SELECT 1 AS x") == [{"x": 1}]
    await warehouse.close()


async def test_cancelling_ends_the_statement() -> None:
    """Nothing runs on unseen: closing afterwards does not wait for it."""
    warehouse = DuckDBWarehouse(None, SMALL)
    query = asyncio.create_task(warehouse.query(ENDLESS))
    await asyncio.sleep(0)
    query.cancel()
    with pytest.raises(asyncio.CancelledError):
        await query
    await asyncio.wait_for(warehouse.close(), timeout=10)


async def test_a_write_does_not_wait_for_one_to_another_table() -> None:
    """While a long transform makes one table, rows of another are written."""
    warehouse = DuckDBWarehouse(None, SMALL)
    endless = ENDLESS.replace(
        "SELECT COUNT(*) AS n", "SELECT DATE '2024-03-10' AS game_date, COUNT(*) AS total, 0.5 AS mean"
    )
    long = asyncio.create_task(warehouse.transform(TOTALS.name, endless, scope="TRUE"))
    await asyncio.sleep(0)
    assert await warehouse.append(THINGS.name, [ROW]) == 1
    assert not long.done()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    assert await warehouse.query("SELECT * FROM contract.totals") == []
    await warehouse.close()


async def test_the_engine_does_not_block_the_event_loop() -> None:
    """While a long statement runs, short ones are answered."""
    warehouse = DuckDBWarehouse(None, SMALL)
    long = asyncio.create_task(warehouse.query(ENDLESS))
    assert await warehouse.query("SELECT 1 AS x") == [{"x": 1}]
    assert not long.done()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    await warehouse.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (duckdb.IOException('IO Error: Could not write file "w.duckdb": No space left on device'), Transient),
        (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), Transient),
        (duckdb.TransactionException("TransactionContext Error: Conflict on update!"), Transient),
        (duckdb.BinderException("Binder Error: no such column\n\nLINE 1: ..."), Permanent),
        (duckdb.IOException("IO Error: corrupt block"), Permanent),
    ],
    ids=["disk", "memory", "conflict", "binder", "corrupt"],
)
def test_engine_errors_are_mapped_in_one_line(error: duckdb.Error, kind: type[Exception]) -> None:
    """What may pass is transient, the rest permanent; each names its statement."""
    failure = engine_failure(error, "SELECT x")
    assert type(failure) is kind
    assert "SELECT x" in str(failure)
    assert "\n" not in str(failure)


async def test_a_disk_that_was_full_is_used_again(tmp_path: Path) -> None:
    """The engine, unable to fold in its log, refuses everything until its file is opened anew: nothing is lost."""
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb", SMALL)
    await warehouse._duck.run(lambda engine: engine.execute("SET GLOBAL checkpoint_threshold = '10KB'"), "set")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # stands in for the disk's end
    written, failures = [], []
    try:
        for n in range(25):
            try:
                await warehouse.append(THINGS.name, [{**ROW, "unit": f"{n}.{m}"} for m in range(500)])
                written.append(f"{n}.1")
            except (Permanent, Transient) as failure:
                failures.append(str(failure))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert any("database has been invalidated" in failure for failure in failures)
    assert await warehouse.append(THINGS.name, [{**ROW, "unit": "after"}]) == 1
    there = {row["unit"] for row in await warehouse.query("SELECT unit FROM contract.things")}
    assert {*written, "after"} <= there
    await warehouse.close()


async def test_a_scope_may_end_in_a_comment() -> None:
    """It cannot swallow what follows it."""
    warehouse = DuckDBWarehouse(None, SMALL)
    assert await warehouse.replace(THINGS.name, [ROW], scope="unit = 'a' -- the one") == 1
    await warehouse.close()


async def test_a_text_that_is_no_text_is_refused() -> None:
    """A lone surrogate, as a JSON escape can make, does not reach the file."""
    warehouse = DuckDBWarehouse(None, SMALL)
    with pytest.raises(Permanent, match=r"contract\.things\.unit"):
        await warehouse.append(THINGS.name, [{**ROW, "unit": "\ud800"}])
    await warehouse.close()


async def test_many_wide_rows_are_appended_in_bulk() -> None:
    """Thirty columns wide, in one call."""
    table = TABLES["raw.player_box_scores"]
    values = {
        "STRING": "x",
        "INT64": 1,
        "FLOAT64": 0.5,
        "BOOL": True,
        "DATE": date(2024, 3, 10),
        "TIMESTAMP": datetime.now(UTC),
    }
    row = {column.name: values[column.type] for column in table.columns}
    warehouse = DuckDBWarehouse(None, {table.name: table})
    rows = [{**row, "player_id": n} for n in range(20_000)]
    assert await warehouse.append(table.name, rows) == 20_000
    await warehouse.close()


async def test_several_read_a_file_that_nobody_writes(tmp_path: Path) -> None:
    """Beside each other; nothing is written through them, and no writer comes in meanwhile."""
    path = tmp_path / "warehouse.duckdb"
    await _filled(path)
    first, second = (DuckDBWarehouse(path, SMALL, read_only=True) for _ in range(2))
    for reader in (first, second):
        assert await reader.query(f"SELECT unit FROM {THINGS.name}") == [{"unit": "a"}]  # noqa: S608 - of the registry
    with pytest.raises(Permanent, match="read-only"):
        await first.append(THINGS.name, [ROW | {"unit": "b"}])
    await first.close()
    await second.close()


async def test_a_file_of_another_version_is_not_read(tmp_path: Path) -> None:
    """Nor one that is not there: opened to be written it is made as the registry says."""
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(Outdated, match="no warehouse"):
        DuckDBWarehouse(path, SMALL, read_only=True)
    await DuckDBWarehouse(path, {THINGS.name: THINGS}).close()
    with pytest.raises(Outdated, match="another version"):
        DuckDBWarehouse(path, SMALL, read_only=True)
    await DuckDBWarehouse(path, SMALL).close()
    await DuckDBWarehouse(path, SMALL, read_only=True).close()


async def _filled(path: Path) -> None:
    warehouse = DuckDBWarehouse(path, SMALL)
    await warehouse.append(THINGS.name, [ROW])
    await warehouse.close()
