"""`tipoff cost`: what nights have cost, by service and step, and Cloud Run's share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

import click
from rich.table import Table

from cli import common
from cli.common import Day, out
from cli.paged import Paged, narrow
from client.answers import Run
from client.api import Client
from deploy.prices import cloud_run_usd, gibibytes
from deploy.services import SERVICES
from shared.registries.pipeline import STEPS

_MIB = 2**20


@click.command()
@click.option("--date", "day", type=Day(), help="The slate; default: the latest.")
@click.option("--from", "first", type=Day(), help="First slate of several.")
@click.option("--to", "last", type=Day(), help="Last slate of several.")
@common.coordinator_options
def cost(day: date | None, first: date | None, last: date | None, *, as_json: bool) -> None:
    """What slates have cost, by service and step, and Cloud Run's share. Embedded: what Google would bill."""
    if (first is None) != (last is None) or (day is not None and first is not None):
        raise click.UsageError("give --date, or --from with --to")
    if first is not None and last is not None and first > last:
        raise click.UsageError(f"--to {last} is before --from {first}")
    slates = (day, day) if day is not None else (first, last)
    query = {name: str(slate) for name, slate in zip(("first", "last"), slates, strict=True) if slate is not None}
    rows, runs = common.ask(partial(_asked, query=query))
    shares = cloud_run(rows, runs)
    if as_json:
        common.print_json([*rows, *shares])
        return
    if not rows:
        out.print("no costs recorded: `tipoff run` makes some")
        return
    days = sorted({row["game_date"] for row in rows})
    total = sum(row["usd"] for row in [*rows, *shares])
    over = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}, {len(days)} slates"
    shown = Paged(f"{over}: {total:.4f} US dollars, {total / len(days):.4f} a slate, Cloud Run's share estimated")
    for (slate, mode), steps in groupby(rows, key=lambda row: (row["game_date"], row["mode"])):
        shown.add("")
        shown.add(_table(slate, mode, list(steps)))
        services = [share for share in shares if (share["game_date"], share["mode"]) == (slate, mode)]
        if services:
            shown.add("")
            shown.add(_estimated(services))
    shown.show()


async def _asked(client: Client, query: dict[str, str]) -> tuple[list[dict[str, Any]], list[Run]]:
    """What the statements cost, and the runs of the same slates."""
    rows: list[dict[str, Any]] = await client.get("costs", **query)
    slates = sorted({row["game_date"] for row in rows})
    runs = await client.runs(first=slates[0], last=slates[-1]) if slates else []
    return rows, runs


def cloud_run(rows: Iterable[Mapping[str, Any]], runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Cloud Run's share of the slates and modes of some costs, by service: an estimate from the seconds of their steps.

    At most, for a step counts as if it had an instance of its own; what is no step (events, starts) is not in it.
    """
    wanted = {(row["game_date"], row["mode"]) for row in rows}
    seconds: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for run in runs:
        for name, step in run["steps"].items():
            if (run["game_date"], run["mode"]) in wanted and name in STEPS:
                seconds[run["game_date"], run["mode"], STEPS[name].service] += step["seconds"]
    return [
        {
            "game_date": slate,
            "mode": mode,
            "service": service,
            "purpose": "cloud_run",
            "seconds": round(taken, 3),
            "vcpu_seconds": round(taken * SERVICES[service].cpu, 3),
            "gib_seconds": round(taken * gibibytes(SERVICES[service]), 3),
            "usd": cloud_run_usd(SERVICES[service], taken),
        }
        for (slate, mode, service), taken in seconds.items()
    ]


def _estimated(shares: list[dict[str, Any]]) -> Table:
    names = ("seconds", "vCPU seconds", "GiB seconds", "US dollars")
    table = common.table("service", *names, left=("service",), title="Cloud Run, an estimate by its price list")
    summed = ("seconds", "vcpu_seconds", "gib_seconds", "usd")
    total = {"service": "total", **{name: sum(share[name] for share in shares) for name in summed}}
    for share in [*shares, total]:
        table.add_row(
            share["service"], f"{share['seconds']:.2f}", f"{share['vcpu_seconds']:.2f}", f"{share['gib_seconds']:.2f}",
            f"{share['usd']:.6f}",
        )  # fmt: skip
    return table


def _table(slate: str, mode: str | None, rows: list[dict[str, Any]]) -> Table:
    left = ("service", "step")
    names = ("tries", "MiB", "slot ms", "USD", "s")
    title = f"{slate} {mode if mode is not None else 'without a slate'}"
    table = common.table(*left, *names, left=left, title=title, gap=1)
    narrow(table, "step", 28)
    for row in [*rows, _total(rows)]:
        attempts, seconds = row["attempts"], row["seconds"]
        table.add_row(
            row["service"], row["step"] or row["purpose"], "" if attempts is None else str(attempts),
            f"{row['bytes_billed'] / _MIB:,.0f}", f"{row['slot_ms']:,}",
            f"{row['usd']:.4f}", "" if seconds is None else f"{seconds:.1f}",
        )  # fmt: skip
    return table


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    summed = ("attempts", "bytes_processed", "bytes_billed", "slot_ms", "usd", "seconds", "row_count")
    sums = {name: sum(row[name] for row in rows if row[name] is not None) for name in summed}
    return {"service": "total", "purpose": "", "step": "", **sums}
