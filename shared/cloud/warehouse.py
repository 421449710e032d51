"""The warehouse of the cloud profile: the port on BigQuery's own client."""

import asyncio
import json
import os
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from shared.cloud import bigquery_publish as statements
from shared.cloud.bigquery_jobs import Jobs, Limits, by_column, by_row
from shared.cloud.bigquery_schema import Schema
from shared.cloud.bigquery_sql import bind, select
from shared.cloud.bigquery_tables import SELECTED, api_type, schema
from shared.cloud.errors import google_errors
from shared.errors import Permanent, Transient
from shared.ports import Cost, Job, Params, Row
from shared.tables import STAGING, TABLES, Table
from shared.tables import rows as checked
from shared.tables.change_sets import APPLIED
from shared.tables.schema import Change

_NO_PARAMS: Params = {}
_INT64 = range(-(2**63), 2**63)


class BigQueryWarehouse:
    """BigQuery, or an emulator of it at `endpoint` (default: the environment's BIGQUERY_EMULATOR_HOST).

    Rows go into a staging table first, by load job or SELECT, are checked there, and are published by one statement.
    Writes of one process to one table run one after the other; those of several are made safe by the checks after them.

    A None parameter and an empty array have no type of their own: they are written into the statement as NULL and [].
    """

    def __init__(
        self,
        project: str,
        *,
        tables: Mapping[str, Table] = TABLES,
        limits: Limits | None = None,
        location: str | None = None,
        endpoint: str | None = None,
        client: bigquery.Client | None = None,
    ) -> None:
        self._project = project
        self._tables = tables
        self._jobs = Jobs(
            client if client is not None else connect(project, location, endpoint),
            limits if limits is not None else Limits(),
        )
        self._schema = Schema(self._jobs, project, tables)
        self._writing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ensure(self) -> list[Change]:
        """Bring datasets and tables up to date with the registry; returns what was changed, and records it.

        Raises:
            Permanent: a difference that cannot be mended where it stands; nothing was changed.
        """
        changes, rows = await self._schema.apply(datetime.now(UTC))
        if rows and APPLIED in self._tables:
            await self.append(APPLIED, rows)
        return changes

    async def plan(self) -> list[Change]:
        """What `ensure` would change, and what it would refuse."""
        return await self._schema.plan()

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """Rows of a SELECT, columns in its order. Timestamps come back as aware UTC datetimes."""
        statement = select(sql)
        rows = await self._run(statement.text, params, statement.source, job)
        if job is not None:
            job.cost += Cost(rows=len(rows))
        return rows

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """The same SELECT by column: numbers as arrays of floats, NaN where null."""
        statement = select(sql)
        text, parameters = bind(statement.text, params if params is not None else _NO_PARAMS)
        columns, _ = await self._jobs.query(text, parameters, statement.source, by_column, job)
        if job is not None:
            job.cost += Cost(rows=len(next(iter(columns.values()), ())))
        return columns

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Insert the rows whose key is not there yet; of rows with equal keys the first. Returns how many were new."""
        target = checked.declared(self._tables, table)
        text = json_lines(target, rows)
        if not rows:
            return 0
        lines = [text[position] for position in checked.first_of_each_key(target, rows)]
        subject = f"append to {table}"
        async with self._writing[table], self._loaded(target, lines, subject, job) as staging:
            _, added = await self._jobs.query(statements.insert_new(target, staging), (), subject, by_row, job)
            if await self._published_twice(target, staging, subject, job) is not None:
                # Another process inserted the same keys in the same moment. One of the two rows has to go.
                await self._run(statements.merge_duplicates(target, staging), None, subject, job)
        if job is not None:
            job.cost += Cost(rows=added)
        return added

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Atomically replace the rows that `scope` selects; they must lie in the scope and have keys of their own."""
        target = checked.declared(self._tables, table)
        lines = json_lines(target, rows)
        subject = f"replace in {table} where {scope}"
        async with self._writing[table]:
            if not rows:
                await self._run(statements.delete_scope(target, scope), params, subject, job)
                return 0
            async with self._loaded(target, lines, subject, job) as staging:
                written = await self._publish(target, staging, scope, params, subject, job)
        if job is not None:
            job.cost += Cost(rows=written)
        return written

    async def transform(
        self, table: str, select_: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Like `replace`, with the rows of a SELECT; its columns must be the table's, in any order."""
        target = checked.declared(self._tables, table)
        statement = select(select_)
        subject = f"transform into {table}: {statement.source}"
        async with self._writing[table], self._staging(subject) as staging:
            await self._run(f"CREATE TABLE {staging} AS\n{statement.text}", params, subject, job)
            made = await self._jobs.call(
                lambda client, bounds: client.get_table(f"{self._project}.{staging}", **bounds), subject
            )
            checked.check_selected(target, {field.name: api_type(field) for field in made.schema}, SELECTED)
            json_lines(target, await self._run(statements.broken_row(target, staging), None, subject, job))
            written = await self._publish(target, staging, scope, params, subject, job)
        if job is not None:
            job.cost += Cost(rows=written)
        return written

    async def now(self, job: Job | None = None) -> datetime | None:
        """BigQuery's clock. A statement that names no table is billed nothing."""
        [row] = await self._run("SELECT CURRENT_TIMESTAMP() AS now", None, "the clock", job)
        now: datetime = row["now"]
        return now

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """What keeps statements on these tables from working, one line each. Asks for metadata, which costs nothing."""
        return await self._schema.missing(tables)

    async def close(self) -> None:
        """Finish what runs and release threads and connections."""
        await self._jobs.close()

    async def _publish(
        self, table: Table, staging: str, scope: str, params: Params | None, subject: str, job: Job | None = None
    ) -> int:
        [count] = await self._run(statements.count_strays(staging, scope), params, subject, job)
        staged = int(count["staged"])
        checked.refuse_strays(table, count["strays"], staged, scope)
        twice = await self._run(statements.staged_twice(table, staging, scope), params, subject, job)
        checked.refuse_duplicates(table, twice)
        await self._run(statements.merge_scope(table, staging, scope), params, subject, job)
        key_ = await self._published_twice(table, staging, subject, job)
        if key_ is not None:
            raise Transient(f"{table.name}: another writer published the key {key_} in the same moment: {subject}")
        return staged

    async def _published_twice(self, table: Table, staging: str, subject: str, job: Job | None = None) -> str | None:
        rows = await self._run(statements.published_twice(table, staging), None, subject, job)
        return checked.key_text(table, rows[0]) if rows else None

    @asynccontextmanager
    async def _loaded(self, table: Table, lines: Sequence[str], subject: str, job: Job | None) -> AsyncIterator[str]:
        async with self._staging(subject) as staging:
            await self._jobs.load(f"{self._project}.{staging}", schema(table), "\n".join(lines).encode(), subject, job)
            yield staging

    @asynccontextmanager
    async def _staging(self, subject: str) -> AsyncIterator[str]:
        """The name of a table of this write's own, dropped afterwards."""
        staging = f"{STAGING}.rows_{uuid.uuid4().hex}"
        try:
            yield staging
        finally:
            await self._jobs.call(
                lambda client, bounds: client.delete_table(f"{self._project}.{staging}", not_found_ok=True, **bounds),
                subject,
            )

    async def _run(self, sql: str, params: Params | None, subject: str, job: Job | None = None) -> list[Row]:
        text, parameters = bind(sql, params if params is not None else _NO_PARAMS)
        rows, _ = await self._jobs.query(text, parameters, subject, by_row, job)
        return rows


@google_errors("BigQuery", role="roles/bigquery.jobUser")
def connect(project: str, location: str | None = None, endpoint: str | None = None) -> bigquery.Client:
    """A client of BigQuery, or, without credentials, of the emulator at `endpoint` or BIGQUERY_EMULATOR_HOST.

    Datasets are made in its location, and statements run there; without one, in BigQuery's own, the US.
    """
    address = endpoint if endpoint is not None else os.environ.get("BIGQUERY_EMULATOR_HOST")
    if address is None:
        return bigquery.Client(project, location=location)
    url = address if "://" in address else f"http://{address}"
    return bigquery.Client(
        project,
        location=location,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google publishes no type for it
        client_options=ClientOptions(api_endpoint=url),
    )


def json_lines(table: Table, rows: Sequence[Row]) -> list[str]:
    """The rows, checked against the registry, as a load job takes them.

    Raises:
        Permanent: naming table, column and the row's key, for an unknown column or a value that breaks its column.
    """
    checked.check_names(table, rows)
    columns = {column.name: checked.column_values(table, column, rows) for column in table.columns}
    for column in table.columns:
        for row, value in zip(rows, columns[column.name], strict=True):
            if column.type == "INT64" and value is not None and value not in _INT64:
                key = checked.key_text(table, row)
                raise Permanent(f"{table.name}.{column.name} does not fit INT64: {value} (row {key})")
    names = list(columns)
    return [
        json.dumps(dict(zip(names, map(_json, cells), strict=True))) for cells in zip(*columns.values(), strict=True)
    ]


def _json(value: Any) -> Any:  # noqa: ANN401 - a cell of any type, as JSON knows it
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
