"""Checked rows as an Arrow table, for bulk insertion. Arrow is imported when there is something to write."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from shared.errors import Permanent
from shared.ports import Row
from shared.tables import Column, Table, Type
from shared.tables import rows as checked


def to_arrow(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """A `pyarrow.Table` of the table's columns, in its order; a missing nullable column is null.

    Raises:
        Permanent: naming table, column and the row's key, for an unknown column or a value that breaks its column.
    """
    import pyarrow as pa  # noqa: PLC0415 - who only reads need not load it

    checked.check_names(table, rows)
    return pa.table({column.name: _array(table, column, rows) for column in table.columns})


def first_of_each_key(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """Positions, as a `pyarrow.Array`, of the rows (checked before) that no earlier row shares its key with."""
    import pyarrow as pa  # noqa: PLC0415 - who only reads need not load it

    return pa.array(checked.first_of_each_key(table, rows), pa.int64())


def _array(table: Table, column: Column, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    import pyarrow as pa  # noqa: PLC0415 - who only reads need not load it

    values = checked.column_values(table, column, rows)
    try:
        return pa.array(values, _arrow(column.type))
    except (pa.ArrowInvalid, OverflowError, UnicodeError) as error:
        raise Permanent(f"{table.name}.{column.name} does not fit {column.type}: {error}") from error


@cache
def _arrow(kind: Type) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    import pyarrow as pa  # noqa: PLC0415 - as above

    return {
        "STRING": pa.string(),
        "INT64": pa.int64(),
        "FLOAT64": pa.float64(),
        "BOOL": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us", "UTC"),
    }[kind]
