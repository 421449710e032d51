"""DuckDB as an engine for asyncio: opening, tables from the registry, statements off the event loop, errors mapped."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from shared.embedded.result_cache import WriteCounts
from shared.embedded.schema import DUCKDB_TYPES, apply, inspect
from shared.errors import Outdated, Permanent, Transient, first_line
from shared.ports import Row
from shared.tables import Table
from shared.tables.rows import refuse_instants
from shared.tables.schema import difference

T = TypeVar("T")
Connection = duckdb.DuckDBPyConnection

CONCURRENCY = 4
"""Statements at once: as many threads. Further ones wait their turn, which does not count against their time limit."""
MEMORY = "1GB"
"""What the engine may keep in memory: a season's pages would fill the machine, and a night reads few of them."""


ROW_GROUP = 8192
"""Rows that are kept, and skipped, together: the engine's partitions. Its own 122,880 would be four seasons of box
scores, all of them read for one night."""


class Duck:
    """One database. Raises what `open_database` raises."""

    def __init__(
        self, path: Path | None, tables: Mapping[str, Table], time_limit: float, *, read_only: bool = False
    ) -> None:
        self._path = path
        self._database = open_database(path, tables) if not read_only or path is None else open_to_read(path, tables)
        self._opening = asyncio.Lock()
        self._time_limit = time_limit
        self.writes = WriteCounts()
        self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="warehouse")
        self._turns = asyncio.Semaphore(CONCURRENCY)

    async def run(
        self,
        work: Callable[[Connection], T],
        subject: str,
        time_limit: float | None = None,
        *,
        writes: Collection[str] | None = None,
    ) -> T:
        """Run `work` in a thread, on a connection of its own; `subject` names it in errors.

        `time_limit` in seconds, None: the database's own. `writes`: the tables it may write to, None: any.

        Cancelling, like the time limit, interrupts the running statement and sees it end: nothing runs on unseen.

        Raises:
            Transient: the time limit passed, or the machine is short of memory or disk.
            Permanent: the engine rejected it.
        """
        limit = time_limit if time_limit is not None else self._time_limit
        async with self._turns:
            connection = await self._connected(subject)
            job = asyncio.get_running_loop().run_in_executor(self._threads, work, connection)
            if writes != ():
                job.add_done_callback(lambda _: self.writes.note(writes))  # whoever waits may be cancelled meanwhile
            try:
                await asyncio.wait({job}, timeout=limit)
            finally:
                while not job.done():
                    connection.interrupt()
                    await asyncio.wait({job}, timeout=0.1)  # between two statements an interrupt is lost: repeat it
                error = job.exception()
                connection.close()
        if isinstance(error, duckdb.InterruptException):
            raise Transient(f"warehouse: time limit of {limit:g} s passed: {subject}") from error
        if isinstance(error, duckdb.Error):
            raise engine_failure(error, subject) from error
        return job.result()

    async def _connected(self, subject: str) -> Connection:
        """A connection of its own.

        A full disk that stops the engine from folding its log into the file makes it refuse everything from then on,
        also when there is space again, until the file is opened anew. Nothing is lost: what was written is in the log.
        """
        async with self._opening:
            try:
                try:
                    return _using(self._database.cursor())
                except duckdb.Error as error:
                    if "invalidated" not in str(error) and _attached(self._database.cursor()):
                        raise
                await asyncio.to_thread(_reattach, self._database.cursor(), self._path)
                return _using(self._database.cursor())
            except duckdb.Error as error:
                raise engine_failure(error, subject) from error

    async def close(self) -> None:
        """Wait for what runs, then release the file."""
        await asyncio.to_thread(self._threads.shutdown)
        self._database.close()


def fetch(connection: Connection, text: str, values: Mapping[str, Any]) -> list[Row]:
    """Run a SELECT; rows by column name, instants in UTC as the standard library writes it (DuckDB answers pytz's)."""
    cursor = connection.execute(text, values)
    names = [column[0] for column in cursor.description]
    instants = [column[0] for column in cursor.description if str(column[1]) == DUCKDB_TYPES["TIMESTAMP"]]
    rows = [dict(zip(names, cells, strict=True)) for cells in cursor.fetchall()]
    for name in instants:
        for row in rows:
            if row[name] is not None:
                row[name] = row[name].replace(tzinfo=UTC)
    return rows


def fetch_columns(connection: Connection, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Run a SELECT; columns by name: numbers and truth values as float64 arrays with NaN for null, others as lists."""
    import numpy as np  # noqa: PLC0415 - whoever reads rows need not load it

    cursor = connection.execute(text, values)
    kinds = {column[0]: str(column[1]) for column in cursor.description}
    refuse_instants(kinds, DUCKDB_TYPES["TIMESTAMP"])
    numbers = {DUCKDB_TYPES[kind] for kind in ("INT64", "FLOAT64", "BOOL")} | {"INTEGER", "HUGEINT", "FLOAT"}
    arrays = cursor.fetchnumpy()
    return {
        name: np.ma.filled(np.ma.asarray(arrays[name], dtype=np.float64), np.nan)
        if kind in numbers
        else _plain(arrays[name], kind)
        for name, kind in kinds.items()
    }


def _plain(array: Any, kind: str) -> list[Any]:  # noqa: ANN401 - numpy's array, masked or not
    values = array.astype("datetime64[D]").tolist() if kind == "DATE" else array.tolist()
    return list(values)


def engine_failure(error: duckdb.Error, subject: str) -> Transient | Permanent:
    """An engine's error as one of Tipoff's kinds, in one line."""
    message = f"warehouse: {first_line(str(error))}: {subject}"
    if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error):
        return Transient(message, remedy="free space on the disk, or point TIPOFF_HOME elsewhere")
    if isinstance(error, duckdb.TransactionException):
        return Transient(message)
    return Permanent(message)


def open_database(path: Path | None, tables: Mapping[str, Table]) -> Connection:
    """Open (or make) the file, None for one in memory, with every table as the registry says: brought up to date.

    Raises:
        Permanent: another process has it, it is no warehouse, or a table in it differs in a way that cannot be mended.
        Transient: the disk is full.
    """
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        database = duckdb.connect(":memory:")
        _attach(database, path)
        _using(database)
    except OSError as error:
        raise Permanent(f"cannot make the folder of the warehouse {path}: {error.strerror}") from error
    except duckdb.Error as error:
        if "Conflicting lock" in str(error):
            raise Permanent(
                f"the warehouse {path} is in use by another process",
                remedy="stop it (`tipoff dev down`), or let it run the command",
            ) from error
        raise engine_failure(error, f"opening {path}") from error
    try:
        _prepare(database, tables, f"the warehouse {path}")
    except duckdb.Error as error:
        database.close()
        raise engine_failure(error, f"preparing {path}") from error
    except Permanent:
        database.close()
        raise
    return database


def open_to_read(path: Path, tables: Mapping[str, Table]) -> Connection:
    """Open a file that others may read meanwhile, and nobody writes.

    Raises:
        Outdated: it is not there, or its tables are not as the registry says; opened to be written, it is made so.
        Permanent: another process writes it, or it is no warehouse.
    """
    if not path.exists():
        raise Outdated(f"there is no warehouse {path}")
    database = duckdb.connect(":memory:")
    try:
        _attach(database, path, options=", READ_ONLY")
        _using(database)
        _set_up(database)
        outdated = difference(tables, inspect(database))
    except duckdb.Error as error:
        database.close()
        raise engine_failure(error, f"opening {path}") from error
    if outdated:
        database.close()
        raise Outdated(f"the warehouse {path} is of another version")
    return database


def copy(connection: Connection, path: Path) -> None:
    """Write one snapshot of the database into a new file; a copy that fails leaves none."""
    _attach(connection, path, "copy")
    try:
        connection.execute("COPY FROM DATABASE warehouse TO copy; DETACH copy")
    except duckdb.Error:  # an interrupt at its time limit, too
        with suppress(duckdb.Error):
            connection.execute("DETACH copy")
        path.unlink(missing_ok=True)
        raise


def _attach(database: Connection, path: Path | None, name: str = "warehouse", options: str = "") -> None:
    place = ":memory:" if path is None else str(path).replace("'", "''")
    database.execute(f"ATTACH '{place}' AS {name} (ROW_GROUP_SIZE {ROW_GROUP}{options})")


def _attached(database: Connection) -> bool:
    return database.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = 'warehouse'").fetchone() is not None


def _reattach(database: Connection, path: Path | None) -> None:
    if _attached(database):
        database.execute("DETACH warehouse")
    _attach(database, path)


def _using(connection: Connection) -> Connection:
    connection.execute("USE warehouse")
    return connection


def _prepare(database: Connection, tables: Mapping[str, Table], where: str) -> None:
    _set_up(database)
    apply(database, tables, where)


def _set_up(database: Connection) -> None:
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    # Several threads add floating point numbers in whatever order they finish; one thread gives the same sum each time.
    database.execute("SET GLOBAL threads = 1")
    database.execute(f"SET GLOBAL memory_limit = '{MEMORY}'")
    # As BigQuery: 1.0 / 0, LN(0) and SQRT(-1) are errors, not infinite.
    database.execute("SET GLOBAL ieee_floating_point_ops = false")
