"""Rows as files, part by part: CSV (RFC 4180) and Parquet. What is missing is empty, or null."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

Kind = Literal["text", "number", "count", "flag"]
Rows = Sequence[Mapping[str, Any]]
CSV, PARQUET = "text/csv; charset=utf-8", "application/vnd.apache.parquet"
"""Media types, as IANA has them."""


async def as_csv(parts: AsyncIterator[Rows], columns: Mapping[str, Kind]) -> AsyncIterator[bytes]:
    """A header, then a line for each row."""
    yield _lines([columns])
    async for rows in parts:
        yield _lines([[row[name] for name in columns] for row in rows])


async def as_parquet(parts: AsyncIterator[Rows], columns: Mapping[str, Kind]) -> AsyncIterator[bytes]:
    """A row group for each part."""
    import pyarrow as pa  # noqa: PLC0415 - only who asks for the file needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    types = {"text": pa.string(), "number": pa.float64(), "count": pa.int64(), "flag": pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema) as writer:
        async for rows in parts:
            made = {name: [_typed(row[name], kind) for row in rows] for name, kind in columns.items()}
            writer.write_table(pa.table(made, schema))
            yield _taken(sink)
    yield _taken(sink)


def _typed(value: Any, kind: Kind) -> Any:  # noqa: ANN401 - of any column
    return str(value) if kind == "text" and value is not None else value


def _lines(rows: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _taken(sink: io.BytesIO) -> bytes:
    """What was written since; the writer counts on by itself."""
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
