"""Checked rows as an Arrow table, for bulk insertion."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from shared.errors import Permanent
from shared.ports import Row
from shared.tables import Column, Table, Type
from shared.tables import rows as checked

_ARROW: dict[Type, Any] = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}


def to_arrow(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """A `pyarrow.Table` of the table's columns, in its order; a missing nullable column is null.

    Raises:
        Permanent: naming table, column and the row's key, for an unknown column or a value that breaks its column.
    """
    checked.check_names(table, rows)
    return pa.table({column.name: _array(table, column, rows) for column in table.columns})


def first_of_each_key(table: Table, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    """Positions, as a `pyarrow.Array`, of the rows (checked before) that no earlier row shares its key with."""
    return pa.array(checked.first_of_each_key(table, rows), pa.int64())


def _array(table: Table, column: Column, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - pyarrow publishes no types
    values = checked.column_values(table, column, rows)
    try:
        return pa.array(values, _ARROW[column.type])
    except (pa.ArrowInvalid, OverflowError, UnicodeError) as error:
        raise Permanent(f"{table.name}.{column.name} does not fit {column.type}: {error}") from error
