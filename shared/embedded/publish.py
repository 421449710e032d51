"""Atomic publication in DuckDB: the rows in a scope give way to those of the relation `incoming`, or nothing changes.

Failure 16 is what this makes impossible: a DELETE and an INSERT that were two transactions, and nobody who looked for
duplicates afterwards.
"""

# ruff: noqa: S608 - names come from the registry, values are bound, and scopes are code, not input

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import duckdb

from shared.embedded.duck import Connection, fetch
from shared.embedded.rows import to_arrow
from shared.embedded.schema import DUCKDB_TYPES
from shared.embedded.sql import to_duckdb
from shared.tables import Table, Type
from shared.tables import rows as checked

_INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")} | {
    "INTEGER",
    "UINTEGER",
}
_SELECTED: dict[Type, set[str]] = {
    "STRING": {"VARCHAR"},
    "INT64": _INTEGERS,
    "FLOAT64": {"DOUBLE", "FLOAT", "DECIMAL"} | _INTEGERS,
    "BOOL": {"BOOLEAN"},
    "DATE": {"DATE"},
    "TIMESTAMP": {"TIMESTAMP WITH TIME ZONE"},
}
"""What a SELECT's column may be to become a table's: what BigQuery would coerce, and no more."""


def publish(connection: Connection, table: Table, scope: str, params: Mapping[str, Any]) -> int:
    """Replace in one transaction; returns how many rows were written.

    Raises:
        Permanent: a written row lies outside the scope (it would be left behind by the next replacement), or its key is
            there twice.
    """
    names = ", ".join(column.name for column in table.columns)
    # The line break ends a comment that the scope may end with.
    delete = to_duckdb(f"DELETE FROM {table.name} WHERE ({scope}\n)")
    connection.begin()
    try:
        connection.execute(delete.text, delete.bind(params))
        inserted = connection.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM incoming")
        written = int(inserted.fetchall()[0][0])
        _refuse_strays(connection, table, scope, params, written)
        _refuse_duplicates(connection, table)
        connection.commit()
    except BaseException:
        # A failed commit has rolled back already.
        with suppress(duckdb.TransactionException):
            connection.rollback()
        raise
    return written


def check_selected(connection: Connection, table: Table) -> None:
    """Check the relation `incoming`, made by a SELECT, against the registry.

    Raises:
        Permanent: other columns than the table's, another type, or a row with a null or a number that is not finite
            where there may be none.
    """
    made = {name: type_ for name, type_, *_ in connection.execute("DESCRIBE incoming").fetchall()}
    checked.check_selected(table, made, _SELECTED)
    nulls = [f"{column.name} IS NULL" for column in table.columns if not column.nullable]
    infinite = [f"NOT isfinite(CAST({column.name} AS DOUBLE))" for column in table.columns if column.type == "FLOAT64"]
    cast = ", ".join(f"CAST({column.name} AS {DUCKDB_TYPES[column.type]}) AS {column.name}" for column in table.columns)
    broken = fetch(
        connection, f"SELECT {cast} FROM incoming WHERE {' OR '.join([*nulls, *infinite, 'FALSE'])} LIMIT 1", {}
    )
    to_arrow(table, broken)  # names what is wrong with the row


def _refuse_strays(connection: Connection, table: Table, scope: str, params: Mapping[str, Any], written: int) -> None:
    in_scope = to_duckdb(f"SELECT COUNT(*) AS n FROM {table.name} WHERE ({scope}\n)")
    kept = fetch(connection, in_scope.text, in_scope.bind(params))[0]["n"]
    checked.refuse_strays(table, written - kept, written, scope)


def _refuse_duplicates(connection: Connection, table: Table) -> None:
    key = ", ".join(table.key)
    # Within what is written and against what was there before, outside the scope.
    twice = fetch(
        connection,
        f"SELECT {key}, COUNT(*) AS times FROM {table.name} SEMI JOIN incoming USING ({key}) "
        "GROUP BY ALL HAVING COUNT(*) > 1 ORDER BY ALL LIMIT 1",
        {},
    )
    checked.refuse_duplicates(table, twice)
