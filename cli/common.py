"""What the subcommands share: options, settings, output."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from cli.suggest import Choice
from client import chosen
from client.api import Client, Endpoint, connect_briefly
from devstack import here
from devstack.workspace import Workspace, current
from live import here as live
from live.workspace import Workspace as Folder
from shared.basketball.slate import Mode
from shared.errors import Permanent
from shared.registries import home as where

EXIT_CODES = {"complete": 0, "degraded": 3, "failed": 1}

WIDTH = 80
"""Columns of what is printed where there is no terminal."""

out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else WIDTH)
err = Console(stderr=True, highlight=False, emoji=False)

_URL = "tipoff.url"
"""Where click's context keeps --url."""

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def home() -> Path:
    """TIPOFF_HOME, with logging set up on the way: commands are quiet unless TIPOFF_LOG_LEVEL says otherwise."""
    from shared.runtime import logs  # noqa: PLC0415 - takes longer than most answers; see `place`
    from shared.runtime.settings import CommonSettings, load  # noqa: PLC0415 - as above

    settings = load(CommonSettings)
    asked = "log_level" in settings.model_fields_set
    logs.configure(settings.log_level if asked else "critical", settings.log_format if asked else "console")
    return settings.home


def place() -> Path:
    """TIPOFF_HOME, for a command that reads: what logs is not loaded, and so needs no settings."""
    if any(name in os.environ for name in ("TIPOFF_LOG_LEVEL", "TIPOFF_LOG_FORMAT")):
        return home()
    return Path(os.environ.get(where.VARIABLE, where.DEFAULT))


def settle(work: Coroutine[Any, Any, T]) -> T:
    """Run the command's coroutine."""
    return asyncio.run(work)


def json_option(command: F) -> F:
    """Add `--json` to a reading command."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(command)


def coordinator_options(command: F) -> F:
    """Add `--url`, see `remote`, and `--json` to a command that a coordinator answers."""
    return click.option(
        "--url",
        metavar="URL",
        expose_value=False,
        callback=lambda context, _, value: context.meta.update({_URL: value}),
        help="The coordinator to ask; default: TIPOFF_URL, the context in use, this machine.",
    )(json_option(command))


def history_option(command: F) -> F:
    """Add `--history` to a command that starts a world."""
    help_ = "Folder of Parquet tables instead of the generated league."
    return click.option("--history", "path", type=click.Path(path_type=Path), help=help_)(command)


def mode_option(default: str | None) -> Callable[[F], F]:
    """Add `--mode`."""
    return click.option(
        "--mode", type=Choice([mode.value for mode in Mode]), default=default, show_default=default is not None
    )


class Day(click.ParamType[date]):
    """A date written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401 - click
        """Parse, or fail as a usage error."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date: write it as YYYY-MM-DD", param, ctx)


def table(*columns: str, left: Collection[str] | None = None, gap: int = 2, title: str | None = None) -> Table:
    """A table without rules; of its columns those named in `left`, by default all, begin at the left."""
    made = Table(title=title, title_justify="left", box=None, padding=(0, gap, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name, justify="left" if left is None or name in left else "right")
    return made


@contextmanager
def writing(path: Path, what: str = "file") -> Iterator[None]:
    """Make the folder of `path`; raises `Permanent` for what cannot be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise Permanent(f"cannot write {path}: {error}", remedy=f"name a writable {what}") from error


def as_json_text(document: object) -> str:
    """One JSON document."""
    return json.dumps(document, indent=1, default=str)


def print_json(document: object) -> None:
    """The same on stdout."""
    click.echo(as_json_text(document))


def workspace(base: Path) -> Folder | None:
    """The product's in its home, else the one that a simulated world was last at work in; None: there is none."""
    return live.workspace_of(base) if live.speaks_for(base) else current(base)


def workspace_or_fail(base: Path) -> Workspace:
    """A simulated world's workspace.

    Raises:
        Permanent: nothing has been run yet.
    """
    found = current(base)
    if found is None:
        raise Permanent(
            f"nothing has been run in {base} yet", remedy="`tipoff demo` runs a night; TIPOFF_HOME names the folder"
        )
    return found


def elsewhere() -> Endpoint | None:
    """The coordinator of --url, TIPOFF_URL or the context in use; None: this machine is meant."""
    return chosen.endpoint(click.get_current_context().meta.get(_URL))


def remote() -> Endpoint | None:
    """The coordinator elsewhere that is meant, else the product's on this machine; None: its simulated worlds are.

    Raises:
        Permanent: the home is the product's (`tipoff init` was there), and it is not running.
    """
    endpoint, base = elsewhere(), place()
    if endpoint is not None or not live.speaks_for(base):
        return endpoint
    up = live.found(base)
    if up is None:
        raise Permanent("Tipoff is not running", remedy="`tipoff up --detach` starts it")
    return live.endpoint(base, up)


def is_stopped(base: Path) -> bool:
    """Whether the product's home is meant, and it does not run."""
    return elsewhere() is None and live.speaks_for(base) and live.found(base) is None


@asynccontextmanager
async def api(*, changing: bool = False) -> AsyncIterator[Client]:
    """The coordinator meant, else the running stack's, else that of whoever holds this machine's world.

    Where nobody does, its files are read as they lie, or, `changing`, a world is started for this command. Of the
    product that does not run the files are read, and what changes something is refused.
    """
    if not changing and is_stopped(place()):
        from live.reading import stopped  # noqa: PLC0415 - seconds, and of no use with a coordinator that runs

        async with stopped(home()) as client:
            yield client
        return
    endpoint = await coordinator()
    if endpoint is not None:
        async with connect_briefly(endpoint) as client:
            yield client
        return
    workspace = workspace_or_fail(home())  # what is loaded now may log
    async with _held(workspace, changing=changing) as client:
        yield client


async def coordinator() -> Endpoint | None:
    """The coordinator that runs and is meant: one elsewhere, this machine's, or that of whoever holds its world."""
    base, endpoint = place(), remote()
    if endpoint is not None:
        return endpoint
    stack = here.running_stack(base)
    return stack.endpoint if stack is not None else await here.served(workspace_or_fail(base))


@asynccontextmanager
async def _held(workspace: Workspace, *, changing: bool) -> AsyncIterator[Client]:
    if changing:
        from devstack.world import readable  # noqa: PLC0415 - seconds, and of no use with a coordinator that runs

        with workspace.lock():
            async with readable(workspace) as client:
                yield client
    else:
        from devstack.unattended import unattended  # noqa: PLC0415 - as above

        async with unattended(workspace) as client:
            yield client


def ask(question: Callable[[Client], Awaitable[T]], *, changing: bool = False) -> T:
    """What the coordinator answers; `changing`: it is asked for more than an answer."""

    async def asked() -> T:
        async with api(changing=changing) as client:
            return await question(client)

    return settle(asked())


def instant(text: str) -> datetime:
    """An aware instant from the API's text."""
    return datetime.fromisoformat(text)
