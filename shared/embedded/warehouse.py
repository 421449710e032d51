"""The warehouse of the embedded profile: the port on DuckDB."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from shared.embedded import rows as checked
from shared.embedded.cost import Bill
from shared.embedded.duck import Connection, Duck, copy, fetch, fetch_columns
from shared.embedded.publish import check_selected, publish
from shared.embedded.result_cache import ResultCache, key_of
from shared.embedded.schema import inspect
from shared.embedded.sql import Statement, to_duckdb
from shared.errors import Permanent
from shared.ports import Cost, Job, Params, Row
from shared.tables import TABLES, Table
from shared.tables.rows import declared
from shared.tables.schema import difference, obstacles

T = TypeVar("T")
_NO_PARAMS: Params = {}
_COPYING = 3600.0
"""Seconds that a copy of the whole file may take."""


class DuckDBWarehouse:
    """BigQuery SQL on one DuckDB file (None: in memory), which one process can have open, or any number `read_only`.

    Reads run beside each other and beside writes; so do writes to different tables. Those to one table run one after
    the other: each sees what the last one left, and DuckDB has no conflict to refuse.

    Raises:
        Permanent: the file is in use by another process or was made by another revision.
        Transient: a statement takes longer than `time_limit` seconds, or the disk is full.
    """

    def __init__(
        self,
        path: Path | None = None,
        tables: Mapping[str, Table] = TABLES,
        *,
        time_limit: float = 120.0,
        read_only: bool = False,
    ) -> None:
        self._tables = tables
        self._duck = Duck(path, tables, time_limit, read_only=read_only)
        self._results = ResultCache()
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """Rows of a SELECT, columns in its order. Timestamps come back as aware UTC datetimes."""
        statement, values = await self._statement(sql, params)
        key = key_of(statement.text, values, self._duck.writes.state_of(statement.tables))
        kept = self._results.get(key)
        if kept is None:
            rows = await self._select(statement, values, fetch, len, job)
            self._results.keep(key, rows)
            return rows
        if job is not None:
            job.cost += Cost(rows=len(kept), jobs=1)
        return kept

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """The same SELECT by column: numbers as float64 arrays, NaN where null."""
        statement, values = await self._statement(sql, params)
        return await self._select(statement, values, fetch_columns, _height, job)

    async def _statement(self, sql: str, params: Params | None) -> tuple[Statement, dict[str, Any]]:
        """A SELECT and the values of its parameters."""
        statement = await asyncio.to_thread(to_duckdb, sql)  # a long statement's first time takes most of a second
        if not statement.is_query:
            raise Permanent(f"query takes a SELECT: {statement.source}", remedy="write with append, replace, transform")
        return statement, statement.bind(_bindable(params))

    async def _select(
        self,
        statement: Statement,
        values: Mapping[str, Any],
        read: Callable[[Connection, str, Mapping[str, Any]], T],
        count: Callable[[T], int],
        job: Job | None,
    ) -> T:
        bill = Bill(job, self._tables, statement.source)

        def work(connection: Connection) -> T:
            bill.open(connection)
            rows = read(connection, statement.text, values)
            bill.charge(connection, count(rows))
            return rows

        with bill:
            return await self._duck.run(work, statement.source, bill.timeout, writes=())

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Insert the rows whose key is not there yet; of rows with equal keys the first. Returns how many were new."""
        target = declared(self._tables, table)
        names = ", ".join(column.name for column in target.columns)
        insert = (
            f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming "  # noqa: S608 - names of the registry
            f"ANTI JOIN {table} USING ({', '.join(target.key)})"
        )

        def work(connection: Connection) -> int:
            incoming = checked.to_arrow(target, rows)
            connection.register("incoming", incoming.take(checked.first_of_each_key(target, rows)))
            return int(connection.execute(insert).fetchall()[0][0])

        return await self._write(table, work, f"append to {table}", job)

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Atomically replace the rows that `scope` selects; they must lie in the scope and have keys of their own."""
        target = declared(self._tables, table)
        values = _bindable(params)

        def work(connection: Connection) -> int:
            connection.register("incoming", checked.to_arrow(target, rows))
            return publish(connection, target, scope, values)

        return await self._write(table, work, f"replace in {table} where {scope}", job)

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Like `replace`, with the rows of a SELECT; its columns must be the table's, in any order."""
        target = declared(self._tables, table)
        statement = to_duckdb(select)
        if not statement.is_query:
            raise Permanent(f"transform takes a SELECT: {statement.source}")
        values = _bindable(params)
        bound = statement.bind(values)

        bill = Bill(job, self._tables, statement.source)

        def work(connection: Connection) -> int:
            bill.open(connection)
            connection.execute(f"CREATE TEMP TABLE incoming AS {statement.text}", bound)
            bill.charge(connection, 0)
            check_selected(connection, target)
            written = publish(connection, target, scope, values)
            bill.cost += Cost(rows=written)
            return written

        with bill:
            return await self._publish(table, work, f"transform into {table}: {statement.source}", bill.timeout)

    async def now(self, job: Job | None = None) -> datetime | None:
        """Nothing: the engine has this machine's clock. It runs a statement all the same."""
        del job  # nothing is read
        await self._duck.run(lambda connection: connection.execute("SELECT 1").fetchall(), "the clock", writes=())
        return None

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """What keeps statements on these tables from working, one line each."""
        wanted = {name: self._tables[name] for name in tables}

        def work(connection: Connection) -> list[str]:
            return [str(change) for change in obstacles(wanted, difference(wanted, inspect(connection)))]

        return await self._duck.run(work, "the tables as declared", writes=())

    async def copy(self, path: Path) -> None:
        """Write what is committed now into a new file, while reads and writes go on.

        Raises:
            Transient: it takes longer than an hour, or the disk is full.
        """
        await self._duck.run(lambda connection: copy(connection, path), f"copy to {path}", _COPYING, writes=())

    async def close(self) -> None:
        """Finish what runs and release the file."""
        async with AsyncExitStack() as nobody_writes:
            for lock in list(self._writing.values()):
                await nobody_writes.enter_async_context(lock)
            await self._duck.close()

    async def _write(self, table: str, work: Callable[[Connection], int], subject: str, job: Job | None) -> int:
        """Write rows that are given: loads are free, and what is read to publish them is not estimated."""
        written = await self._publish(table, work, subject, None if job is None else job.timeout)
        if job is not None:
            job.cost += Cost(rows=written, jobs=1)
        return written

    async def _publish(
        self, table: str, work: Callable[[Connection], int], subject: str, time_limit: float | None
    ) -> int:
        async with self._writing[table]:
            return await self._duck.run(work, subject, time_limit, writes=(table,))


def _height(columns: Mapping[str, Sequence[Any]]) -> int:
    return len(next(iter(columns.values()), ()))


def _bindable(params: Params | None) -> dict[str, Any]:
    """Parameters as DuckDB takes them.

    Raises:
        Permanent: an instant is naive.
    """
    values: dict[str, Any] = {}
    for name, value in (params if params is not None else _NO_PARAMS).items():
        if isinstance(value, datetime) and value.utcoffset() is None:
            raise Permanent(f"query parameter @{name} is the naive instant {value.isoformat()}: give it a time zone")
        values[name] = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
    return values
