"""Rows as files, whole or part by part: CSV (RFC 4180) and Parquet. What is missing is empty, or null."""

import csv
import io
import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Literal, Protocol

from pydantic_core import to_jsonable_python

from shared.registries.api import CSV
from shared.tables import TABLES

Kind = Literal["text", "number", "count", "flag", "date", "instant"]
Rows = Sequence[Mapping[str, Any]]
_KINDS: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, "flag"), (int, "count"), (float, "number"), (datetime, "instant"), (date, "date"),
)  # fmt: skip
"""Of values: a bool is an int, too, and an instant a date, so that the order matters."""
_TYPES: Final[Mapping[str, Kind]] = {
    "BOOL": "flag", "INT64": "count", "FLOAT64": "number", "TIMESTAMP": "instant", "DATE": "date",
}  # fmt: skip


class Writer(Protocol):
    """A file in the making."""

    def part(self, rows: Rows) -> bytes:
        """The bytes of some rows more."""
        ...

    def end(self) -> bytes:
        """The last bytes."""
        ...


class _Csv:
    """A header, then a line for each row."""

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        self._columns = columns
        self._sink = io.BytesIO()
        self._text = io.TextIOWrapper(self._sink, "utf-8", newline="", write_through=True)
        self._lines = csv.writer(self._text)
        if columns:
            self._lines.writerow(columns)

    def part(self, rows: Rows) -> bytes:
        cells = [_cells([row[name] for row in rows], kind) for name, kind in self._columns.items()]
        self._lines.writerows(zip(*cells, strict=True))
        return _taken(self._sink)

    def end(self) -> bytes:
        return _taken(self._sink)


class _Parquet:
    """A row group for each part."""

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - only who asks for the file needs it
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        types = {
            "text": pa.string(), "number": pa.float64(), "count": pa.int64(), "flag": pa.bool_(),
            "date": pa.date32(), "instant": pa.timestamp("us", tz="UTC"),
        }  # fmt: skip
        self._table = pa.table
        self._columns = columns
        self._schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
        self._sink = io.BytesIO()
        self._writer = pq.ParquetWriter(self._sink, self._schema)

    def part(self, rows: Rows) -> bytes:
        made = {name: [_typed(row[name], kind) for row in rows] for name, kind in self._columns.items()}
        self._writer.write_table(self._table(made, self._schema))
        return _taken(self._sink)

    def end(self) -> bytes:
        self._writer.close()
        return _taken(self._sink)


def writer(media: str, columns: Mapping[str, Kind]) -> Writer:
    """One for a media type: CSV or Parquet."""
    return _Csv(columns) if media == CSV else _Parquet(columns)


def whole(media: str, rows: Rows) -> bytes:
    """All rows as one file, with the columns of the first; without rows it has no columns."""
    made = writer(media, columns_of(rows))
    return made.part(rows) + made.end()


async def in_parts(media: str, parts: AsyncIterator[Rows], columns: Mapping[str, Kind]) -> AsyncIterator[bytes]:
    """Rows as one file, as they come."""
    made = writer(media, columns)
    async for rows in parts:
        yield made.part(rows)
    yield made.end()


def columns_of(rows: Rows) -> dict[str, Kind]:
    """The columns of the first row by what is in them; where that is nothing, as the tables have them by that name."""
    return {name: _kind(name, [row[name] for row in rows]) for name in (rows[0] if rows else ())}


def _kind(name: str, values: Sequence[object]) -> Kind:
    found = {_kind_of(type_) for type_ in {type(value) for value in values if value is not None}}
    if not found:
        return _known().get(name, "text")
    if found <= {"count", "number"}:
        return "number" if "number" in found else "count"
    return found.pop() if len(found) == 1 else "text"


def _kind_of(type_: type) -> Kind:
    return next((kind for known, kind in _KINDS if issubclass(type_, known)), "text")


@cache
def _known() -> Mapping[str, Kind]:
    """Column -> kind, of those that are of one type in every table."""
    types: dict[str, set[str]] = {}
    for table in TABLES.values():
        for column in table.columns:
            types.setdefault(column.name, set()).add(column.type)
    return {name: _TYPES.get(found.pop(), "text") for name, found in types.items() if len(found) == 1}


def _cells(values: Sequence[object], kind: Kind) -> Iterable[object]:
    """A column as CSV has it; counts and flags are written as they are."""
    return values if kind in ("count", "flag") else map(_written, values)


def _written(value: Any) -> Any:  # noqa: ANN401 - of any column
    """In CSV dates and instants are written as in JSON."""
    return to_jsonable_python(value) if isinstance(value, date) else _finite(value)


def _typed(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - of any column
    value = _finite(value)
    return str(_written(value)) if kind == "text" and value is not None else value


def _finite(value: Any) -> Any:  # noqa: ANN401 - of any column
    """What is no finite number is null, as in JSON."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _taken(sink: io.BytesIO) -> bytes:
    """What was written since; a writer counts on by itself."""
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
