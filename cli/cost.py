"""`tipoff cost`: what nights have cost, by service and step."""

from datetime import date
from itertools import groupby
from typing import Any

import click
from rich.table import Table

from cli import common
from cli.common import Day, out

_MIB = 2**20


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@click.option("--from", "first", type=Day(), help="First slate of several.")
@click.option("--to", "last", type=Day(), help="Last slate of several.")
@common.coordinator_options
def cost(day: date | None, first: date | None, last: date | None, *, as_json: bool) -> None:
    """What slates have cost: bytes, slot time, money by service and step. Embedded: what BigQuery would bill."""
    if (first is None) != (last is None) or (day is not None and first is not None):
        raise click.UsageError("give --date, or --from with --to")
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--to {last} is before --from {first}")
    slates = (day, day) if day is not None else (first, last)
    query = {name: str(slate) for name, slate in zip(("first", "last"), slates, strict=True) if slate is not None}
    rows = common.ask(lambda client: client.get("costs", **query))
    if as_json:
        common.print_json(rows)
        return
    if not rows:
        out.print("no costs recorded: `tipoff run` makes some")
    for (slate, mode), steps in groupby(rows, key=lambda row: (row["game_date"], row["mode"])):
        out.print(_table(slate, mode, list(steps)))
        out.print()


def _table(slate: str, mode: str | None, rows: list[dict[str, Any]]) -> Table:
    left = ("service", "for", "step")
    names = ("attempts", "MiB read", "MiB billed", "slot ms", "US dollars", "seconds", "rows")
    title = f"{slate} {mode if mode is not None else 'without a slate'}"
    table = common.table(*left, *names, left=left, title=title)
    for row in [*rows, _total(rows)]:
        attempts, seconds = row["attempts"], row["seconds"]
        table.add_row(
            row["service"], row["purpose"], row["step"], "" if attempts is None else str(attempts),
            f"{row['bytes_processed'] / _MIB:.1f}", f"{row['bytes_billed'] / _MIB:.0f}", str(row["slot_ms"]),
            f"{row['usd']:.6f}", "" if seconds is None else f"{seconds:.2f}", str(row["row_count"]),
        )  # fmt: skip
    return table


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    summed = ("attempts", "bytes_processed", "bytes_billed", "slot_ms", "usd", "seconds", "row_count")
    sums = {name: sum(row[name] for row in rows if row[name] is not None) for name in summed}
    return {"service": "total", "purpose": "", "step": "", **sums}
