"""`--format`: rows as JSON, CSV or Parquet, on stdout or in a file, for whoever reads them with a program."""

import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import common

FORMATS = ("csv", "parquet", "json")
F = TypeVar("F", bound=Callable[..., object])


def options(command: F) -> F:
    """Add `--format` and `--output`."""
    output = click.option(
        "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write them here, not to stdout."
    )
    return click.option("--format", "format_", type=click.Choice(FORMATS), help="Every column of the rows, so.")(
        output(command)
    )


def written(rows: Sequence[dict[str, Any]], format_: str | None, output: Path | None, *, as_json: bool) -> bool:
    """Write rows if a format was asked for; returns whether one was."""
    kind = format_ if format_ is not None else "json" if as_json else None
    if kind is None and output is not None:
        kind = output.suffix.removeprefix(".") if output.suffix.removeprefix(".") in FORMATS else None
        if kind is None:
            raise click.UsageError(f"--output {output} needs --format: one of {', '.join(FORMATS)}")
    if kind is None:
        return False
    if kind == "json" and output is None:
        common.print_json(rows)
        return True
    data = _encoded(rows, kind)
    if output is None:
        if kind == "parquet" and sys.stdout.isatty():
            raise click.UsageError("Parquet is not for a terminal: give --output FILE")
        click.echo(data if kind == "parquet" else data.decode(), nl=False)
        return True
    with common.writing(output):
        output.write_bytes(data)
    common.err.print(f"{len(rows):,} rows in {output}", soft_wrap=True, markup=False)
    return True


def _encoded(rows: Sequence[dict[str, Any]], kind: str) -> bytes:
    if kind == "csv":
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [*rows[0]] if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    if kind == "json":
        return (common.as_json_text(rows) + "\n").encode()
    import pyarrow as pa  # noqa: PLC0415 - only this format needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([*rows]), sink)
    return sink.getvalue()
