"""`--format`: rows as JSON, CSV or Parquet, on stdout or in a file, for whoever reads them with a program."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli import common
from client.answers import File
from shared.registries.api import CSV, PARQUET

MEDIA: Final[Mapping[str, str]] = {"csv": CSV, "parquet": PARQUET}
"""Formats that the coordinator makes, and what it calls them."""
FORMATS = (*MEDIA, "json")
F = TypeVar("F", bound=Callable[..., object])


def options(command: F) -> F:
    """Add `--format` and `--output`."""
    output = click.option(
        "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write them here, not to stdout."
    )
    return click.option("--format", "format_", type=click.Choice(FORMATS), help="Every column of the rows, so.")(
        output(command)
    )


def asked(format_: str | None, output: Path | None, *, as_json: bool) -> str | None:
    """The format that was asked for, by an option or the file's name; None: people read it."""
    if as_json and format_ not in (None, "json"):
        raise click.UsageError(f"--json is --format json: leave out either it or --format {format_}")
    kind = format_ if format_ is not None else "json" if as_json else None
    if kind is None and output is not None:
        kind = output.suffix.removeprefix(".")
        if kind not in FORMATS:
            raise click.UsageError(f"--output {output} needs --format: one of {', '.join(FORMATS)}")
    if kind == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: give --output FILE")
    return kind


def as_file(rows: Sequence[dict[str, Any]]) -> File:
    """Rows as JSON."""
    return File(f"{common.as_json_text(rows)}\n".encode(), len(rows))


def write(file: File, kind: str, output: Path | None) -> None:
    """Write rows of a format to `output`, and say how many they are; without it to stdout."""
    if output is None:
        click.echo(file.body if kind == "parquet" else file.body.decode(), nl=False)
        return
    with common.writing(output):
        output.write_bytes(file.body)
    common.err.print(f"{file.rows:,} rows in {output}", soft_wrap=True, markup=False)
