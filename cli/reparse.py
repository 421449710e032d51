"""`tipoff reparse`: scrape steps of past slates again, from the archive."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import click

from cli import common, show
from cli.backfill import coordinator_of_slates
from cli.common import Day, out
from cli.progress import SeasonProgress
from client import backfill
from client.answers import Run
from client.api import Client
from client.runs import worst
from services.scraper.sources import steps_of
from shared.basketball.slate import Mode, days, eastern_date
from shared.registries.sources import SOURCES

_Counts = dict[str, int]
_Seen = dict[tuple[str, str], _Counts]
"""(slate, step) -> its units and refused records."""


@click.command()
@click.option("--from", "first", type=Day(), required=True, help="First slate.")
@click.option("--to", "last", type=Day(), required=True, help="Last slate.")
@click.option("--source", type=click.Choice([*SOURCES]), default=None, help="Only steps that this source yields.")
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--dry-run", is_flag=True, help="Only list the steps, slate by slate, that would be done again.")
@common.coordinator_options
def reparse(first: date, last: date, source: str | None, mode: str, *, dry_run: bool, as_json: bool) -> None:
    """Parse what is archived again and load it, and do again what stands on it. No upstream is asked."""
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    steps = steps_of(source)
    report = common.settle(_reparsed(days(first, last), Mode(mode), steps, dry_run=dry_run))
    if as_json:
        common.print_json(report)
    elif dry_run:
        for cell in report["would"]:
            out.print(f"{cell['game_date']}  {cell['step']}")
        out.print(f"would read {len(report['would'])} steps from the archive")
    else:
        _show(report)
    if not dry_run:
        show.failure(report["nights"])
    raise click.exceptions.Exit(0 if dry_run else common.EXIT_CODES[report["status"]])


async def _reparsed(dates: Sequence[date], mode: Mode, steps: Sequence[str], *, dry_run: bool) -> dict[str, Any]:
    """What would be done, or what has become of it. Only what a run has collected in this mode is archived under it."""
    async with coordinator_of_slates(dates, mode, dry_run=dry_run) as (client, how):
        runs = await _runs(client, dates, mode)
        wanted = {date.fromisoformat(day): [s for s in steps if s in run["steps"]] for day, run in runs.items()}
        wanted = {day: of_run for day, of_run in wanted.items() if of_run}
        would = [{"game_date": str(day), "step": step} for day, of_run in wanted.items() for step in of_run]
        if dry_run:
            return {"would": would}
        before = await _seen(client, runs, mode)
        today = eastern_date(datetime.now(UTC)) if common.remote() is not None else None
        with SeasonProgress(f"reparse {mode.value}", len(wanted)) as progress:
            nights = await backfill.reparse(client, wanted, mode, observe=progress, today=today, **how)
        runs = await _runs(client, dates, mode)
        after = await _seen(client, runs, mode)
    changes = []
    for cell in would:
        place = cell["game_date"], cell["step"]
        compared = {name: [before[place][name], count] for name, count in after[place].items()}
        rows = runs[place[0]]["steps"][place[1]]["counts"].get("rows", 0)
        changes.append({**cell, "rows": rows, **compared})
    return {"mode": mode.value, "status": worst(nights), "steps": changes, "nights": nights}


async def _runs(client: Client, dates: Sequence[date], mode: Mode) -> dict[str, Run]:
    found = await client.runs(first=str(dates[0]), last=str(dates[-1]), mode=mode.value)
    return {run["game_date"]: run for run in found}


async def _seen(client: Client, runs: Mapping[str, Run], mode: Mode) -> _Seen:
    """How each step of each slate stands."""
    seen: _Seen = {}
    for day, run in runs.items():
        refused = Counter(row["step"] for row in await client.quarantine(game_date=day, mode=mode.value))
        for step, state in run["steps"].items():
            units = state["evidence"]
            seen[day, step] = {
                "verified": 0 if units is None else units["verified"],
                "quarantined": 0 if units is None else units["quarantined"],
                "refused": refused[step],
            }
    return seen


def _show(report: Mapping[str, Any]) -> None:
    table = common.table("slate", "step", "rows", "verified", "quarantined", "refused", left=("slate", "step"))
    for row in report["steps"]:
        counts = (_change(row[name]) for name in ("verified", "quarantined", "refused"))
        table.add_row(row["game_date"], row["step"], str(row["rows"]), *counts)
    out.print(table if report["steps"] else "nothing to read again: no run of these slates in this mode")
    show.reasons(report["nights"])


def _change(counts: Sequence[int]) -> str:
    before, after = counts
    return str(after) if before == after else f"{before} -> {after}"
