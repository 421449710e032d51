"""`tipoff backfill`: past slates, many of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli import common, show
from cli.common import Day, out
from cli.progress import SeasonProgress
from client.api import Client, connect
from client.backfill import CONCURRENCY, Cell, missing
from client.backfill import backfill as fill
from client.runs import REMOTE_LOOK, worst
from shared.basketball.slate import Mode, days
from shared.registries.pipeline import STEPS

_Filled = tuple[list[Cell], list[dict[str, Any]]]


@click.command()
@click.option("--from", "first", type=Day(), required=True, help="First slate.")
@click.option("--to", "last", type=Day(), required=True, help="Last slate.")
@common.mode_option(Mode.BACKFILL.value)
@click.option(
    "--to-step",
    "targets",
    type=click.Choice([*STEPS]),
    multiple=True,
    default=("export",),
    show_default=True,
    help="Step to reach, with everything it stands on; may be given again.",
)
@click.option("--history", "path", type=click.Path(path_type=Path), help="Folder of Parquet tables to fill from.")
@click.option(
    "--concurrency", type=click.IntRange(1, 16), default=CONCURRENCY, show_default=True, help="Slates at once."
)
@click.option("--dry-run", is_flag=True, help="Only list the cells, date x step, that would run.")
@common.coordinator_options
def backfill(  # noqa: PLR0913 - one argument per option
    *, first: date, last: date, mode: str, targets: tuple[str, ...], path: Path | None, concurrency: int, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Bring past slates to a step, several at once. Asking again resumes; one that fails does not stop the others."""
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    work = _Work(days(first, last), Mode(mode), targets, concurrency, dry_run)
    endpoint = common.remote()
    if endpoint is not None and path is not None:
        raise click.UsageError(f"--history is for this machine's world: the coordinator at {endpoint.url} has its own")
    cells, nights = common.settle(work.done(path))
    if dry_run:
        _show_cells(cells, as_json=as_json)
        return
    report = {
        "mode": mode,
        "from": first,
        "to": last,
        "cells": len(cells),
        "status": worst(nights),
        "nights": nights,
    }
    if as_json:
        common.print_json(report)
    else:
        ended = [night["status"] for night in nights]
        counts = ", ".join(f"{ended.count(status)} {status}" for status in common.EXIT_CODES if status in ended)
        out.print(f"{len(nights)} slates, {len(cells)} cells: {counts}")
        show.reasons(nights)
    show.failure(nights)
    raise click.exceptions.Exit(common.EXIT_CODES[str(report["status"])])


@asynccontextmanager
async def coordinator_of_slates(
    dates: Sequence[date], mode: Mode, path: Path | None = None, *, dry_run: bool
) -> AsyncIterator[tuple[Client, dict[str, Any]]]:
    """(client, how it brings slates to a step: see `client.backfill.backfill`).

    A coordinator elsewhere knows its own time. This machine's world has its clock at each slate in turn, and then where
    it stood, or further.
    """
    endpoint = common.remote()
    if endpoint is not None:
        async with connect(endpoint) as client:
            yield client, {"every": REMOTE_LOOK}
        return
    from cli.worlds import folder, refuse_outside  # noqa: PLC0415 - of no use with a coordinator elsewhere
    from devstack.world import World  # noqa: PLC0415 - as above

    world = World.open(common.home(), folder(path))
    refuse_outside(world.history, dates[0], dates[-1], served=world.stack is not None)
    async with world.through(dates, mode, dry_run=dry_run) as (client, turns):
        yield client, {"turns": turns}


@dataclass(frozen=True, slots=True)
class _Work:
    """What to bring where: the cells that were missing and, but on a dry run, the nights."""

    dates: Sequence[date]
    mode: Mode
    targets: Sequence[str]
    concurrency: int
    dry_run: bool

    async def done(self, path: Path | None) -> _Filled:
        """By the coordinator meant."""
        async with coordinator_of_slates(self.dates, self.mode, path, dry_run=self.dry_run) as (client, how):
            return await self._by(client, **how)

    async def _by(self, client: Client, **how: Any) -> _Filled:  # noqa: ANN401 - of `fill`
        window = {"first": str(self.dates[0]), "last": str(self.dates[-1]), "mode": self.mode.value}
        runs = {date.fromisoformat(run["game_date"]): run for run in await client.runs(**window)}
        cells = missing(runs, self.dates, self.targets)
        if self.dry_run:
            return cells, []
        with SeasonProgress(f"backfill {self.mode.value}", len(self.dates)) as progress:
            return cells, await fill(
                client, self.dates, self.mode, self.targets, observe=progress, concurrency=self.concurrency, **how
            )


def _show_cells(cells: Sequence[Cell], *, as_json: bool) -> None:
    if as_json:
        common.print_json([{"game_date": cell.game_date, "step": cell.step} for cell in cells])
        return
    for cell in cells:
        out.print(f"{cell.game_date}  {cell.step}")
    out.print(f"would run {len(cells)} cells" if cells else "nothing to run: it is all there")
