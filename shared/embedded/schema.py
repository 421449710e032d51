"""The registry's tables in a DuckDB file: inspected, made, and brought up to date where they stand.

DuckDB has no partitions, clusters or retention, and describes nothing. What the registry says of these is kept in the
table's comment, as JSON, so that a plan shows the same differences as on BigQuery; nothing is deleted by age.
"""

# ruff: noqa: S608 - names come from the registry; comments are quoted

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import duckdb

from shared.runtime.clock import WallClock
from shared.tables import Table, Type
from shared.tables.change_sets import APPLIED, grouped, record
from shared.tables.schema import Change, Found, FoundColumn, difference, known_type, refuse

Connection = duckdb.DuckDBPyConnection

DUCKDB_TYPES: dict[Type, str] = {
    "STRING": "VARCHAR",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
}


def inspect(database: Connection) -> dict[str, Found]:
    """The tables that are there, by name."""
    described = database.execute(
        "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() WHERE NOT temporary"
    ).fetchall()
    comments = {name: json.loads(comment) if comment is not None else {} for name, comment in described}
    columns: defaultdict[str, dict[str, FoundColumn]] = defaultdict(dict)
    for name, column, type_, nullable in database.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE NOT internal ORDER BY column_index"
    ).fetchall():
        description = comments.get(name, {}).get("columns", {}).get(column, "")
        columns[name][column] = FoundColumn(known_type(type_, DUCKDB_TYPES), nullable, description)
    return {
        name: Found(
            columns[name],
            comment.get("description", ""),
            # A file from before there were comments was partitioned by what it could not say.
            comment.get("partition", "game_date"),
            tuple(comment.get("cluster", ())),
            comment.get("retention_days"),
        )
        for name, comment in comments.items()
    }


def apply(database: Connection, tables: Mapping[str, Table], where: str) -> list[Change]:
    """Bring the file up to date, all or nothing; returns what was changed.

    Raises:
        Permanent: a difference that cannot be mended where it stands; nothing was changed.
    """
    changes = difference(tables, inspect(database))
    refuse(changes, where)
    if not changes:
        return []
    database.begin()
    try:
        for change_set, left in grouped(changes):
            for change in left:
                _make(database, tables[change.table], change)
            if left and APPLIED in tables:
                row = record(change_set, left, WallClock().now())
                names = ", ".join(row)
                marks = ", ".join(f"${name}" for name in row)
                database.execute(f"INSERT INTO {APPLIED} ({names}) VALUES ({marks})", row)
        database.commit()
    except BaseException:
        database.rollback()
        raise
    return changes


def plan(path: Path, tables: Mapping[str, Table]) -> list[Change]:
    """What `apply` would do to a file, which need not be there yet.

    Raises:
        duckdb.Error: it cannot be opened.
    """
    if not path.exists():
        return difference(tables, {})
    with duckdb.connect(str(path)) as database:
        return difference(tables, inspect(database))


def _make(database: Connection, table: Table, change: Change) -> None:
    if change.kind == "create":
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {table.name.partition('.')[0]}")
        columns = ", ".join(
            f"{column.name} {DUCKDB_TYPES[column.type]}{'' if column.nullable else ' NOT NULL'}"
            for column in table.columns
        )
        database.execute(f"CREATE TABLE {table.name} ({columns})")
    elif change.kind == "column":
        type_ = DUCKDB_TYPES[table.column(change.column).type]
        database.execute(f"ALTER TABLE {table.name} ADD COLUMN {change.column} {type_}")
    elif change.kind == "drop":
        for name in table.retired:
            database.execute(f"ALTER TABLE {table.name} DROP COLUMN IF EXISTS {name}")
    elif change.kind == "relax":
        database.execute(f"ALTER TABLE {table.name} ALTER COLUMN {change.column} DROP NOT NULL")
    # Describe, cluster and retain are what the comment says.
    comment = json.dumps(_comment(table)).replace("'", "''")
    database.execute(f"COMMENT ON TABLE {table.name} IS '{comment}'")


def _comment(table: Table) -> dict[str, object]:
    return {
        "description": table.description,
        "partition": table.partition,
        "cluster": table.cluster,
        "retention_days": table.retention_days,
        "columns": {column.name: column.description for column in table.columns},
    }
