"""The registry's tables in BigQuery: inspected, made, and brought up to date where they stand.

Columns come, go and are relaxed by ALTER TABLE, which can be run again; the rest is one `tables.update` of metadata.
Nothing is rewritten, nothing is scanned. A new clustering holds for rows written from then on; BigQuery sorts the
others as it rewrites their partitions
(https://cloud.google.com/bigquery/docs/manage-clustered-tables).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from google.cloud import bigquery
from google.cloud.exceptions import NotFound

from shared.cloud.bigquery_jobs import Jobs, by_row
from shared.cloud.bigquery_tables import DAY_MS, TYPES, api_type, definition
from shared.cloud.errors import at_once
from shared.ports import Row
from shared.tables import STAGING, STAGING_HOURS, Table
from shared.tables.change_sets import grouped, record
from shared.tables.schema import Change, Found, FoundColumn, Kind, difference, known_type, obstacles, refuse


class Schema:
    """The tables of one project. Every method raises what `Jobs` raises."""

    def __init__(self, jobs: Jobs, project: str, tables: Mapping[str, Table]) -> None:
        self._jobs = jobs
        self._project = project
        self._tables = tables

    async def plan(self) -> list[Change]:
        """What differs."""
        return difference(self._tables, await self._found(self._tables))

    async def missing(self, names: Sequence[str]) -> list[str]:
        """What keeps statements on these tables from working, the dataset of rows on their way included."""
        tables = {name: self._tables[name] for name in names}
        staging = await self._jobs.call(partial(_get_dataset, f"{self._project}.{STAGING}"), STAGING)
        changes = obstacles(tables, difference(tables, await self._found(tables)))
        return [*([] if staging else [f"{STAGING}: create the dataset"]), *map(str, changes)]

    async def _found(self, names: Iterable[str]) -> dict[str, Found]:
        """The tables that are there, all asked for at once."""
        tables = await at_once(self._jobs.call(partial(_get, f"{self._project}.{name}"), name) for name in names)
        return {name: found_of(table) for name, table in zip(names, tables, strict=True) if table is not None}

    async def apply(self, at: datetime) -> tuple[list[Change], list[Row]]:
        """Make the differences; returns them, and the rows that `ops.migrations` is to have.

        Raises:
            Permanent: a difference that cannot be mended where it stands; nothing was changed.
        """
        changes = await self.plan()
        refuse(changes, f"project {self._project}")
        await self._datasets()
        rows = []
        for change_set, left in grouped(changes):
            for name in dict.fromkeys(change.table for change in left):
                await self._make(self._tables[name], [change for change in left if change.table == name])
            if left:
                rows.append(record(change_set, left, at))
        return changes, rows

    async def _make(self, table: Table, changes: list[Change]) -> None:
        wanted = definition(self._project, table)
        if any(change.kind == "create" for change in changes):
            await self._jobs.call(
                lambda client, bounds: client.create_table(wanted, exists_ok=True, **bounds), table.name
            )
            return
        for change in changes:
            if change.kind in ("column", "drop", "relax"):
                await self._jobs.query(alteration(table, change), (), f"{change}", by_row)
        there = await self._jobs.call(partial(_get, f"{self._project}.{table.name}"), table.name)
        if there is not None:
            fields = updated(there, wanted, {change.kind for change in changes})
            await self._jobs.call(lambda client, bounds: client.update_table(there, fields, **bounds), table.name)

    async def _datasets(self) -> None:
        for name in [*sorted({table.partition(".")[0] for table in self._tables}), STAGING]:
            dataset = bigquery.Dataset(f"{self._project}.{name}")
            if name == STAGING:
                dataset.default_table_expiration_ms = STAGING_HOURS * 3_600_000
            await self._jobs.call(partial(_create_dataset, dataset), name)


def found_of(table: bigquery.Table) -> Found:
    """A table as BigQuery describes it."""
    partitioning = table.time_partitioning
    keeps = None if partitioning is None else partitioning.expiration_ms
    return Found(
        {
            field.name: FoundColumn(
                known_type(api_type(field), TYPES),
                field.mode != "REQUIRED",
                field.description if field.description is not None else "",
            )
            for field in table.schema
        },
        table.description if table.description is not None else "",
        None if partitioning is None else partitioning.field,
        tuple(table.clustering_fields) if table.clustering_fields is not None else (),
        None if keeps is None else int(keeps) // DAY_MS,
    )


def alteration(table: Table, change: Change) -> str:
    """The statement that adds a column, lets one be null, or drops the retired ones.

    A column that is REQUIRED cannot be added to a table: it comes in as NULLABLE (`shared.tables.schema`).
    """
    if change.kind == "column":
        type_ = table.column(change.column).type
        return f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {change.column} {type_}"
    if change.kind == "drop":
        return f"ALTER TABLE {table.name} {', '.join(f'DROP COLUMN IF EXISTS {name}' for name in table.retired)}"
    return f"ALTER TABLE {table.name} ALTER COLUMN {change.column} DROP NOT NULL"


def updated(there: bigquery.Table, wanted: bigquery.Table, kinds: Collection[Kind]) -> list[str]:
    """Put what is wanted into the table as it is there, modes excepted; returns the fields to send."""
    fields = []
    if not {"column", "relax", "describe"}.isdisjoint(kinds):
        modes = {field.name: field.mode for field in there.schema}
        order = {name: position for position, name in enumerate(modes)}
        there.schema = [
            # An emulator's metadata may not know yet of a column that ALTER TABLE has just added.
            bigquery.SchemaField(
                field.name,
                field.field_type,
                "NULLABLE" if field.mode == "NULLABLE" else modes.get(field.name, "NULLABLE"),
                description=field.description,
            )
            for field in sorted(wanted.schema, key=lambda field: order.get(field.name, len(order)))
        ]
        there.description = wanted.description
        fields += ["schema", "description"]
    if "cluster" in kinds:
        there.clustering_fields = wanted.clustering_fields
        fields.append("clustering_fields")
    if "retain" in kinds:
        there.time_partitioning = wanted.time_partitioning
        fields.append("time_partitioning")
    return fields


def _get_dataset(name: str, client: bigquery.Client, bounds: dict[str, Any]) -> bool:
    try:
        client.get_dataset(name, **bounds)
    except NotFound:
        return False
    return True


def _get(name: str, client: bigquery.Client, bounds: dict[str, Any]) -> bigquery.Table | None:
    try:
        return client.get_table(name, **bounds)
    except NotFound:
        return None


def _create_dataset(dataset: bigquery.Dataset, client: bigquery.Client, bounds: dict[str, Any]) -> None:
    client.create_dataset(dataset, exists_ok=True, **bounds)
