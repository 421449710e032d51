"""Rows against the registry: what may be written is the same whatever engine it is written to."""

import math
from collections.abc import Container, Mapping, Sequence
from datetime import date, datetime
from typing import Any

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
_VALUES_MATTER = {"FLOAT64", "TIMESTAMP"}
"""Types whose values must be looked at one by one; for the others the set of Python types tells."""


def declared(tables: Mapping[str, Table], name: str) -> Table:
    """The table called so, `Permanent` if there is none."""
    if name not in tables:
        raise Permanent(f"unknown table {name!r}", remedy="declare it in shared/tables")
    return tables[name]


def check_names(table: Table, rows: Sequence[Row]) -> None:
    """Raise `Permanent`, naming the row, if one has a column that the table has not."""
    names = {column.name for column in table.columns}
    for row in rows:
        if not row.keys() <= names:
            unknown = min(row.keys() - names)
            raise Permanent(f"{table.name} has no column {unknown!r} (row {key_text(table, row)})")


def column_values(table: Table, column: Column, rows: Sequence[Row]) -> list[Any]:
    """The rows' values of one column; a missing nullable one is None.

    Raises:
        Permanent: naming table, column and the row's key, for a value that breaks the column.
    """
    values = [row.get(column.name) for row in rows]
    if column.type in _VALUES_MATTER or not set(map(type, values)) <= set(_PYTHON[column.type]):
        for row, value in zip(rows, values, strict=True):
            problem = _problem(column, value)
            if problem is not None:
                raise Permanent(f"{table.name}.{column.name} {problem} (row {key_text(table, row)})")
    return values


def check_selected(table: Table, types: Mapping[str, str], allowed: Mapping[Type, Container[str]]) -> None:
    """Check the columns that a SELECT made, by name with the engine's types; `allowed` are those a column may come as.

    Raises:
        Permanent: other columns than the table's, or another type.
    """
    declared = {column.name: column.type for column in table.columns}
    if types.keys() != declared.keys():
        missing, unknown = sorted(declared.keys() - types.keys()), sorted(types.keys() - declared.keys())
        raise Permanent(f"{table.name}: the SELECT lacks columns {missing} and has unknown columns {unknown}")
    for name, made in types.items():
        type_ = declared[name]
        if made.partition("(")[0] not in allowed[type_]:
            raise Permanent(f"{table.name}.{name} is {type_}, the SELECT makes it {made}", remedy=f"CAST it AS {type_}")


def refuse_strays(table: Table, strays: int, written: int, scope: str) -> None:
    """Raise `Permanent` if rows lie outside the scope: they would be left behind by the next replacement."""
    if strays:
        raise Permanent(f"{table.name}: {strays} of {written} rows lie outside the scope they replace ({scope})")


def refuse_duplicates(table: Table, found: Sequence[Row]) -> None:
    """Raise `Permanent` if there is a key that is there `times` times."""
    if found:
        times, key = found[0]["times"], key_text(table, found[0])
        raise Permanent(f"{table.name} would have {times} rows with the key {key}")


def refuse_instants(kinds: Mapping[str, str], instant: str) -> None:
    """Raise `Permanent` if a column of `Warehouse.columns` is of the engine's type `instant`."""
    refused = [name for name, kind in kinds.items() if kind == instant]
    if refused:
        raise Permanent(f"columns gives no instants: leave out {refused[0]}, or ask for it with query")


def first_of_each_key(table: Table, rows: Sequence[Row]) -> list[int]:
    """Positions of the rows (checked before) that no earlier row shares its key with."""
    first: dict[tuple[Any, ...], int] = {}
    for position, row in enumerate(rows):
        first.setdefault(tuple(row[name] for name in table.key), position)
    return list(first.values())


def key_text(table: Table, row: Row) -> str:
    """The row's key, for people."""
    return ", ".join(f"{name}={row.get(name)}" for name in table.key)


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
