"""`tipoff watch`: a run, live, until it ends."""

from datetime import date

import click

from cli import common
from cli.common import out
from cli.progress import NightProgress
from cli.slates import slate
from cli.suggest import near
from client.answers import Run
from client.api import Client
from client.runs import LOCAL_LOOK, REMOTE_LOOK, follow, summary
from shared.basketball.slate import Mode
from shared.errors import Permanent


@click.command()
@click.argument("run", required=False)
@common.coordinator_options
def watch(run: str | None, *, as_json: bool) -> None:
    """Follow a run until it ends: RUN is its id, or a date; default: the one at work, else the latest.

    Exit codes as of `tipoff run`.
    """
    lives = common.settle(common.coordinator()) is not None

    async def asked(client: Client) -> Run:
        found = await _found(client, run)
        if found["status"] != "running":
            return found
        if not lives:
            again = f"`tipoff run --date {found['game_date']} --mode {found['mode']}` resumes it"
            raise Permanent(f"run {found['run_id']} is not done, and nothing runs here that could", remedy=again)
        every = LOCAL_LOOK if common.elsewhere() is None else REMOTE_LOOK
        if as_json or not out.is_terminal:
            return await follow(client, found, _Lines(quiet=as_json), every=every)
        with NightProgress("night of") as progress:
            return await follow(client, found, progress, every=every)

    ended = common.ask(asked)
    if as_json:
        common.print_json(ended)
    else:
        out.print(f"{ended['game_date']} {ended['mode']}: run {ended['run_id']}, {ended['status']}", markup=False)
        for name, reason in summary(ended)["reasons"].items():
            out.print(f"{name}: {reason}", markup=False)
    raise click.exceptions.Exit(common.EXIT_CODES[ended["status"]])


class _Lines:
    """A line for each step that settles."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._said: set[tuple[str, str]] = set()

    def __call__(self, run: Run) -> None:
        """Take in the run as it stands."""
        for name, step in run["steps"].items():
            key = (name, step["status"])
            if step["status"] not in ("pending", "running") and key not in self._said and not self._quiet:
                why = f": {step['reason']}" if step["reason"] else ""
                out.print(f"{name} {step['status']}, {step['seconds']:.1f} s{why}", markup=False)
            self._said.add(key)


async def _found(client: Client, wanted: str | None) -> Run:
    """The run that is meant."""
    if wanted is None:
        at_work = (await client.get("idle"))["at_work"]
        if at_work:
            return await client.run(at_work[0])
        of = await slate(client)
        return await client.run(f"{of.day}.{of.mode}")
    try:
        of = await slate(client, date.fromisoformat(wanted))
    except ValueError:  # no date
        pass
    else:
        return await client.run(f"{of.day}.{of.mode}")
    runs = {run["run_id"]: run for run in await client.runs()}
    keys = {run["id"]: run for run in runs.values()}
    if wanted in runs or wanted in keys:
        return runs[wanted] if wanted in runs else keys[wanted]
    close = near(wanted, [*runs])
    known = f"did you mean {' or '.join(close)}?" if close else f"name a date, or DATE.MODE: one of {', '.join(Mode)}"
    raise Permanent(f"no run {wanted!r}", remedy=known)
