"""Tables of the registry as BigQuery's: partitioned, clustered, described, kept as long as it says."""

from collections.abc import Mapping
from typing import Any

from google.cloud import bigquery

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
SELECTED: Mapping[Type, set[str]] = {
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


def api_type(field: bigquery.SchemaField) -> str:
    """The API answers old names or new ones."""
    name: Any = field.field_type
    type_: str = TYPES.get(name, str(name))
    return f"ARRAY of {type_}" if field.mode == "REPEATED" else type_
