"""Tables of the registry as BigQuery's: partitioned, clustered, described."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from google.cloud import bigquery

from shared.cloud.bigquery_jobs import Jobs
from shared.errors import Permanent
from shared.tables import Table, Type

STAGING = "tipoff_staging"
"""The dataset of rows on their way into a table."""
_STAGING_HOURS = 1

TYPES: Mapping[Type, str] = {
    "STRING": "STRING",
    "INT64": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
}
"""The API's own names."""
_SELECTED: Mapping[Type, set[str]] = {
    **{name: {api} for name, api in TYPES.items()},
    "FLOAT64": {"FLOAT", "INTEGER", "NUMERIC", "BIGNUMERIC"},
}
"""What a SELECT's column may be to become a table's: what BigQuery coerces."""


def schema(table: Table) -> list[bigquery.SchemaField]:
    """The table's columns."""
    return [
        bigquery.SchemaField(
            column.name,
            TYPES[column.type],
            mode="NULLABLE" if column.nullable else "REQUIRED",
            description=column.description,
        )
        for column in table.columns
    ]


def definition(project: str, table: Table) -> bigquery.Table:
    """The table as `client.create_table` takes it: one partition per day of its partition column."""
    made = bigquery.Table(f"{project}.{table.name}", schema=schema(table))
    made.description = table.description
    made.time_partitioning = bigquery.TimePartitioning(field=table.partition)
    made.clustering_fields = list(table.cluster) if table.cluster else None
    return made


async def ensure(jobs: Jobs, project: str, location: str | None, tables: Mapping[str, Table]) -> None:
    """Create the datasets and tables that are not there yet.

    Raises:
        Permanent: a table is there with other columns.
    """
    for name in [*sorted({table.partition(".")[0] for table in tables}), STAGING]:
        dataset = bigquery.Dataset(f"{project}.{name}")
        if location is not None:
            dataset.location = location
        if name == STAGING:
            # What a killed process leaves behind goes by itself.
            dataset.default_table_expiration_ms = _STAGING_HOURS * 3_600_000
        await jobs.call(partial(_create_dataset, dataset), name)
    for table in tables.values():
        found = await jobs.call(partial(_create_table, definition(project, table)), table.name)
        _compare(table, found.schema)


def check_selected(table: Table, found: Sequence[bigquery.SchemaField]) -> None:
    """Check the columns a SELECT made against the registry.

    Raises:
        Permanent: other columns than the table's, or another type.
    """
    types = {field.name: _api_type(field) for field in found}
    declared = {column.name: column for column in table.columns}
    if types.keys() != declared.keys():
        missing, unknown = sorted(declared.keys() - types.keys()), sorted(types.keys() - declared.keys())
        raise Permanent(f"{table.name}: the SELECT lacks columns {missing} and has unknown columns {unknown}")
    for name, type_ in types.items():
        column = declared[name]
        if type_ not in _SELECTED[column.type]:
            raise Permanent(
                f"{table.name}.{name} is {column.type}, the SELECT makes it {type_}", remedy=f"CAST it AS {column.type}"
            )


def _create_dataset(dataset: bigquery.Dataset, client: bigquery.Client, bounds: dict[str, Any]) -> None:
    client.create_dataset(dataset, exists_ok=True, **bounds)


def _create_table(table: bigquery.Table, client: bigquery.Client, bounds: dict[str, Any]) -> bigquery.Table:
    return client.create_table(table, exists_ok=True, **bounds)


def _compare(table: Table, found: Sequence[bigquery.SchemaField]) -> None:
    there = {(field.name, _api_type(field), field.mode != "REQUIRED") for field in found}
    declared = {(column.name, TYPES[column.type], column.nullable) for column in table.columns}
    if there != declared:
        names = ", ".join(sorted({name for name, *_ in there ^ declared}))
        raise Permanent(
            f"table {table.name} was made by another revision (columns {names} differ)", remedy="`tipoff schema plan`"
        )


def _api_type(field: bigquery.SchemaField) -> str:
    """The API answers old names or new ones."""
    name: Any = field.field_type
    type_: str = TYPES.get(name, str(name))
    return f"ARRAY of {type_}" if field.mode == "REPEATED" else type_
