"""`tipoff backfill`: past slates, many of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli import common, show
from cli.common import Day, out
from devstack import daemon
from devstack.backfill import CONCURRENCY, SCRAPING, Cell, missing
from devstack.backfill import backfill as fill
from devstack.client import Client, connect
from devstack.daemon import RunningStack
from devstack.driver import last_cutoff, worst
from devstack.history import History
from devstack.league import open_history
from devstack.stack import Stack, running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace, current
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock
from shared.registries.pipeline import STEPS


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
@common.json_option
def backfill(  # noqa: PLR0913 - one argument per option
    *, first: date, last: date, mode: str, targets: tuple[str, ...], path: Path | None, concurrency: int, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Bring past slates to a step, several at once. Asking again resumes; one that fails does not stop the others."""
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}")
    dates = days(first, last)
    work = _backfill(common.home(), path, dates, Mode(mode), targets, concurrency=concurrency, dry_run=dry_run)
    cells, nights = common.settle(work)
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


def _show_cells(cells: Sequence[Cell], *, as_json: bool) -> None:
    if as_json:
        common.print_json([{"game_date": cell.game_date, "step": cell.step} for cell in cells])
        return
    for cell in cells:
        out.print(f"{cell.game_date}  {cell.step}")
    out.print(f"would run {len(cells)} cells" if cells else "nothing to run: it is all there")


async def _backfill(
    base: Path,
    path: Path | None,
    dates: Sequence[date],
    mode: Mode,
    targets: Sequence[str],
    *,
    concurrency: int,
    dry_run: bool,
) -> tuple[list[Cell], list[dict[str, Any]]]:
    """The cells that were missing, and what became of the slates (nothing on a dry run)."""
    workspace, history = _world(base, path)
    _refuse_outside(history, dates)
    if dry_run and not workspace.path.is_dir():  # a dry run makes nothing where nothing is
        return missing({}, dates, targets), []
    async with _stack(base, workspace, history, history.source if path is not None else None) as (stack, client):
        cells = missing(await _runs(client, dates, mode), dates, targets)
        if dry_run:
            return cells, []
        with show.SeasonProgress(f"backfill {mode.value}", len(dates)) as progress:
            nights = await fill(
                stack,
                client,
                dates,
                mode,
                targets,
                instant=lambda day: last_cutoff(history, day, mode),
                observe=progress,
                concurrency=concurrency,
            )
    return cells, nights


def _world(base: Path, path: Path | None) -> tuple[Workspace, History]:
    """The workspace to fill and its history: the current one, or with --history the one kept for that history."""
    if path is None:
        workspace = current(base)
        workspace = workspace if workspace is not None else Workspace(base, "local")
        return workspace, open_history(workspace.read_session().get("history"))
    if not path.is_dir():
        raise click.BadParameter(f"{path} is not a folder: name a folder of Parquet tables", param_hint="--history")
    history = open_history(str(path.resolve()))
    return Workspace(base, f"history-{history.fingerprint[:12]}"), history


def _refuse_outside(history: History, dates: Sequence[date]) -> None:
    known = f"{history.source} has slates from {min(history.dates)} to {history.last_date}"
    if dates[-1] > history.last_date:
        raise click.UsageError(f"{dates[-1]} is in the future: {known}")
    if dates[0] < min(history.dates):
        raise click.UsageError(f"{dates[0]} is too early: {known}")


@asynccontextmanager
async def _stack(
    base: Path, workspace: Workspace, history: History, given: str | None
) -> AsyncIterator[tuple[Stack | RunningStack, Client]]:
    """The running stack if it is this workspace's, else one of this command's own; its clock stands where it stood."""
    there = daemon.running_stack(base)
    if there is not None and there.workspace == workspace.name:
        async with connect(there.url, there.api_key) as client:
            yield there, client
        return
    workspace.make()
    with workspace.lock():
        session: dict[str, Any] = {"finished": True, "history": given, "nights": []} | workspace.read_session()
        stood = workspace.clock()
        clock = VirtualClock(stood if stood is not None else last_cutoff(history, min(history.dates), Mode.BACKFILL))
        async with (
            running(workspace, history, clock, FaultProfile.named("none"), scraping=SCRAPING) as stack,
            connect(stack.urls["coordinator"], stack.api_key) as client,
        ):
            yield stack, client
            reached = clock.now() if stood is None else max(stood, clock.now())
        workspace.write_session(session | {"clock": reached.isoformat()})


async def _runs(client: Client, dates: Sequence[date], mode: Mode) -> dict[date, Mapping[str, Any]]:
    rows = await client.get("runs", first=dates[0].isoformat(), last=dates[-1].isoformat(), mode=mode.value)
    return {date.fromisoformat(run["game_date"]): run for run in rows}
