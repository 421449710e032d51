"""Tables of the registry as BigQuery's: partitioned, clustered, described, kept as long as it says."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud import bigquery

from shared.errors import Permanent
from shared.tables import Table, Type

DAY_MS = 86_400_000

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
    made.time_partitioning = bigquery.TimePartitioning(
        field=table.partition, expiration_ms=None if table.retention_days is None else table.retention_days * DAY_MS
    )
    if table.cluster:  # the client cannot set what was once set to None
        made.clustering_fields = list(table.cluster)
    return made


def check_selected(table: Table, found: Sequence[bigquery.SchemaField]) -> None:
    """Check the columns a SELECT made against the registry.

    Raises:
        Permanent: other columns than the table's, or another type.
    """
    types = {field.name: api_type(field) for field in found}
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


def api_type(field: bigquery.SchemaField) -> str:
    """The API answers old names or new ones."""
    name: Any = field.field_type
    type_: str = TYPES.get(name, str(name))
    return f"ARRAY of {type_}" if field.mode == "REPEATED" else type_
