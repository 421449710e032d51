"""Rows against the registry: checked before anything is written, then made an Arrow table for bulk insertion."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from shared.errors import Permanent
from shared.ports import Row
from shared.tables import Column, Table, Type

_PYTHON: dict[Type, tuple[type, ...]] = {
    "STRING": (str,),
    "INT64": (int,),
    "FLOAT64": (float, int),
    "BOOL": (bool,),
    "DATE": (date,),
    "TIMESTAMP": (datetime,),
}
_ARROW: dict[Type, Any] = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}
_VALUES_MATTER = {"FLOAT64", "TIMESTAMP"}
"""Types whose values must be looked at one by one; for the others the set of Python types tells."""


def to_arrow(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """A `pyarrow.Table` of the table's columns, in its order; a missing nullable column is null.

    Raises:
        Permanent: naming table, column and the row's key, for an unknown column or a value that breaks its column.
    """
    names = {column.name for column in table.columns}
    for row in rows:
        if not row.keys() <= names:
            unknown = min(row.keys() - names)
            raise Permanent(f"{table.name} has no column {unknown!r} (row {key_text(table, row)})")
    return pa.table({column.name: _array(table, column, rows) for column in table.columns})


def first_of_each_key(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """Positions, as a `pyarrow.Array`, of the rows (checked before) that no earlier row shares its key with."""
    first: dict[tuple[Any, ...], int] = {}
    for position, row in enumerate(rows):
        first.setdefault(tuple(row[name] for name in table.key), position)
    return pa.array(first.values(), pa.int64())


def key_text(table: Table, row: Row) -> str:
    """The row's key, for people."""
    return ", ".join(f"{name}={row.get(name)}" for name in table.key)


def _array(table: Table, column: Column, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    values = [row.get(column.name) for row in rows]
    if column.type in _VALUES_MATTER or not set(map(type, values)) <= set(_PYTHON[column.type]):
        for row, value in zip(rows, values, strict=True):
            problem = _problem(column, value)
            if problem is not None:
                raise Permanent(f"{table.name}.{column.name} {problem} (row {key_text(table, row)})")
    try:
        return pa.array(values, _ARROW[column.type])
    except (pa.ArrowInvalid, OverflowError, UnicodeError) as error:
        raise Permanent(f"{table.name}.{column.name} does not fit {column.type}: {error}") from error


def _problem(column: Column, value: object) -> str | None:
    if value is None:
        return None if column.nullable else "is missing"
    fits = isinstance(value, _PYTHON[column.type])
    # A bool is an int to Python and a datetime a date; to the warehouse they are not.
    if isinstance(value, bool):
        fits = column.type == "BOOL"
    elif isinstance(value, datetime):
        fits = column.type == "TIMESTAMP"
    if not fits:
        return f"is {column.type}, not {type(value).__name__} {value!r}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}: not a finite number"
    if isinstance(value, datetime) and value.utcoffset() is None:
        return f"is the naive instant {value.isoformat()}: give it a time zone"
    return None
