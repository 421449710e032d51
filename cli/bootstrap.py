"""`tipoff bootstrap`: a new install's history, features and models, from the real upstreams."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import click

from cli import common, show
from cli.common import Day, err, out
from cli.progress import NightProgress, SeasonProgress
from client.api import Client, Endpoint, connect
from client.bootstrap import CONCURRENCY, MODES, Wish, first_day, today, unmade
from client.bootstrap import bootstrap as fill
from client.bootstrap import slates as known_slates
from client.runs import LOCAL_LOOK, REMOTE_LOOK, Observer
from live import daemon
from shared.basketball.slate import Mode

_LISTED = 10
"""Dates with missing games that are named."""


class Modes(click.ParamType[tuple[Mode, ...]]):
    """Modes, comma-separated."""

    name = "modes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Mode, ...]:  # noqa: ANN401 - click
        """Parse, or fail as a usage error."""
        if isinstance(value, tuple):
            return value
        known = [mode.value for mode in MODES]
        names = value.split(",")
        if strange := next((name for name in names if name not in known), None):
            self.fail(f"{strange!r} is none of {', '.join(known)}", param, ctx)
        return tuple(dict.fromkeys(Mode(name) for name in names))


@click.command()
@click.option("--seasons", type=click.IntRange(1, 10), default=3, show_default=True, help="Seasons, this one included.")
@click.option("--mode", "modes", type=Modes(), default=MODES, help="Modes, comma-separated; default: all that learn.")
@click.option("--until", type=Day(), help="The last slate; default: yesterday's.")
@click.option(
    "--concurrency", type=click.IntRange(1, 8), default=CONCURRENCY, show_default=True, help="Slates at once."
)
@click.option("--dry-run", is_flag=True, help="Only say how many slates would be filled in.")
@common.coordinator_options
def bootstrap(
    *, seasons: int, modes: Sequence[Mode], until: date | None, concurrency: int, dry_run: bool, as_json: bool
) -> None:
    """Load seasons of games, make the features of their slates, and train: so that tonight has learned systems.

    Interrupted and asked again it goes on. Nightly runs go on beside it.
    """
    wish = Wish(seasons, modes, until, concurrency)
    if dry_run:
        planned = common.settle(_planned(wish))
        if as_json:
            common.print_json(planned)
        else:
            out.print(_plan_line(planned))
        return
    report = common.settle(_done(wish))
    if as_json:
        common.print_json(report)
    else:
        _show(report)
    show.failure([report["history"]])
    raise click.exceptions.Exit(common.EXIT_CODES[report["status"]])


async def _done(wish: Wish) -> dict[str, Any]:
    async with _coordinator(wish.seasons) as (client, every):
        return await fill(client, replace(wish, every=every), _progress)


async def _planned(wish: Wish) -> dict[str, Any]:
    async with _coordinator(wish.seasons) as (client, _):
        until = wish.until if wish.until is not None else await today(client) - timedelta(days=1)
        first = first_day(until, wish.seasons)
        known = await known_slates(client, first, until)
        missing = {mode.value: len(await unmade(client, known.dates, mode)) for mode in wish.modes}
        return {"from": first, "until": until, "slates": len(known.dates), "to_make": missing}


@asynccontextmanager
async def _coordinator(seasons: int) -> AsyncIterator[tuple[Client, float]]:
    """(client, seconds between looks): whoever runs, else the product, started for as long as it takes."""
    base, elsewhere = common.home().resolve(), common.elsewhere()
    if elsewhere is None and daemon.found(base) is None and daemon.speaks_for(base):
        async with _product(seasons) as endpoint, connect(endpoint) as client:
            yield client, LOCAL_LOOK
        return
    async with common.api(changing=True) as client:
        yield client, LOCAL_LOOK if elsewhere is None else REMOTE_LOOK


@asynccontextmanager
async def _product(seasons: int) -> AsyncIterator[Endpoint]:
    """The product without its schedules, in its workspace."""
    from live import config  # noqa: PLC0415 - the services, and of no use where one runs
    from live.settings import LiveSettings  # noqa: PLC0415 - as above
    from live.stack import running  # noqa: PLC0415 - as above

    base = common.home().resolve()
    given = config.read(base)
    settings, file = given.services(), given.load(LiveSettings).clock_file
    scraping = settings.scraper.model_copy(update={"history_seasons": max(seasons, settings.scraper.history_seasons)})
    workspace = daemon.workspace_of(base)
    with daemon.opened(workspace, file) as clock:
        async with running(workspace.path, clock, replace(settings, scraper=scraping)) as services:
            yield Endpoint(services.urls["coordinator"], workspace.api_key)


@contextmanager
def _progress(title: str, total: int) -> Iterator[Observer]:
    """A bar with the time left for many runs, a line per phase for one; silent where nobody looks."""
    if total > 1:
        with SeasonProgress(title, total) as many:
            yield many
    else:
        with NightProgress(title) as one:
            yield one


def _plan_line(planned: Mapping[str, Any]) -> str:
    if not planned["slates"]:
        return f"no games known from {planned['from']} to {planned['until']} yet: their history comes first"
    missing = ", ".join(f"{count} in {mode}" for mode, count in planned["to_make"].items())
    return f"{planned['slates']} slates from {planned['from']} to {planned['until']}; features to make: {missing}"


def _show(report: Mapping[str, Any]) -> None:
    show.reasons([report["history"]])
    holes = report.get("holes", {})
    if holes:
        named = ", ".join(f"{day} ({games})" for day, games in list(holes.items())[:_LISTED])
        more = f" and {len(holes) - _LISTED} dates more" if len(holes) > _LISTED else ""
        out.print(f"[yellow]{sum(holes.values())} games have no box score[/]: {named}{more}")
    for mode in report["modes"]:
        out.print(f"{mode['mode']}: {mode['slates']} slates, features of {mode['made']} made now")
        for day, why in mode["failed"].items():
            out.print(f"[yellow]{day}[/]: " + "; ".join(f"{step}: {reason}" for step, reason in why.items()))
        if "trained" not in mode:
            continue
        trained = ", ".join(f"{name} ({status})" for name, status in mode["trained"].items())
        out.print(f"  trained as of {mode['as_of']}: {trained or 'nothing'}")
        if mode["without"]:
            out.print(f"  without a model: {', '.join(mode['without'])}; they start to learn from their own nights")
        if mode["note"]:
            out.print(f"  {mode['note']}")
    faults = report["history"]["faults"]
    if faults:
        listed = ", ".join(f"{count} {kind}" for kind, count in faults.items())
        err.print(f"note: sources failed while the history came, and others stood in: {listed}", soft_wrap=True)
    out.print(f"{report['status']}: {report['requests']} requests, {report['credits']} credits")
