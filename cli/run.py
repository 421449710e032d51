"""`tipoff run`, and how any command asks for a run: of the coordinator meant, or of this machine's world."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import click

from cli import common, show
from cli.common import Day, out
from cli.progress import NightProgress
from cli.suggest import Choice
from client.answers import DryRun, Run
from client.api import Client, connect
from client.runs import LOCAL_LOOK, REMOTE_LOOK, follow, summary
from shared.basketball.slate import Mode, eastern_date
from shared.registries.pipeline import STEPS


@click.command()
@click.option(
    "--date", "day", type=Day(), help="The slate; default: the latest there is, of a coordinator elsewhere today's."
)
@common.mode_option(Mode.OVERNIGHT.value)
@click.option("--from-phase", type=click.IntRange(1, 6), help="Do this phase and the later ones again.")
@click.option(
    "--redo", multiple=True, type=Choice(tuple(STEPS)), help="Do this step again, and what needs it; may be repeated."
)
@click.option("--force", is_flag=True, help="Do everything again.")
@click.option("--dry-run", is_flag=True, help="Only say which steps would be done.")
@common.coordinator_options
def run(
    *, day: date | None, mode: str, from_phase: int | None, redo: tuple[str, ...], force: bool, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Process one slate: start it, resume it, or do it again: all of it, from a phase, or a step and what needs it."""
    if redo and (force or from_phase is not None):
        raise click.UsageError("--redo names steps: leave out --force and --from-phase")
    options: dict[str, Any] = {"from_phase": from_phase, "force": force, **({"redo": list(redo)} if redo else {})}
    if dry_run:
        show_dry(would_start(day, Mode(mode), options), as_json=as_json)
        return
    result = ask(day, Mode(mode), options)
    night = summary(result)
    if as_json:
        common.print_json(result)
    else:
        out.print(f"run {night['run_id']}: {night['status']}")
        schedule = night["tables"].get("raw.games", {})
        if schedule.get("expected") == 0:
            out.print(f"no games on {night['game_date']}: nothing to predict")
        show.reasons([night])
    show.failure([night])
    raise click.exceptions.Exit(common.EXIT_CODES[result["status"]])


def show_dry(answer: DryRun, *, as_json: bool) -> None:
    """Which steps would be done, in order."""
    if as_json:
        common.print_json(answer)
        return
    after = {} if answer["run"] is None else answer["run"]["steps"]
    begins = [name for name, step in after.items() if step["status"] not in ("done", "degraded")]
    out.print("would do: " + (", ".join(begins) or "nothing, it is done"))


def ask(day: date | None, mode: Mode, options: Mapping[str, Any]) -> Run:
    """Ask for a run and follow it to its end."""

    async def asked() -> Run:
        async with coordinator_of(day, mode, dry_run=False) as (client, about, every):
            run = await client.start_run(mode=mode.value, **about, **options)
            with NightProgress("night of") as progress:
                return await follow(client, run, progress, every=every)

    return common.settle(asked())


def would_start(day: date | None, mode: Mode, options: Mapping[str, Any]) -> DryRun:
    """What `ask` would start; nothing is made or changed."""

    async def asked() -> DryRun:
        async with coordinator_of(day, mode, dry_run=True) as (client, about, _):
            return await client.would_start(mode=mode.value, **about, **options)

    return common.settle(asked())


@asynccontextmanager
async def coordinator_of(
    day: date | None, mode: Mode, *, dry_run: bool
) -> AsyncIterator[tuple[Client, dict[str, Any], float]]:
    """(client, what the request says of its slate, seconds between looks).

    A coordinator elsewhere runs a slate of the past retrospectively, and today's as of now.
    """
    base, endpoint = common.home(), common.remote()
    if endpoint is not None:
        past = day is not None and day < eastern_date(datetime.now(UTC))
        async with connect(endpoint) as client:
            yield client, {"game_date": day, "retrospective": past}, REMOTE_LOOK
        return
    from cli.worlds import refuse_outside  # noqa: PLC0415 - the simulated world, of no use with a coordinator elsewhere
    from devstack.world import World  # noqa: PLC0415 - as above

    world = World.open(base)
    day = day if day is not None else world.latest
    refuse_outside(world.history, day, day, served=world.stack is not None)
    async with world.at(day, mode, dry_run=dry_run) as client:
        yield client, {"game_date": day, "retrospective": True}, LOCAL_LOOK
