"""What the subcommands share: options, settings, output."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from devstack import daemon
from devstack.client import Client, connect
from devstack.workspace import Workspace, current
from shared.basketball.slate import Mode, eastern_instant
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent
from shared.runtime import logs
from shared.runtime.settings import CommonSettings, load

EXIT_CODES = {"complete": 0, "degraded": 3, "failed": 1}

out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False)

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def home() -> Path:
    """TIPOFF_HOME, with logging set up on the way: commands are quiet unless TIPOFF_LOG_LEVEL says otherwise."""
    settings = load(CommonSettings)
    asked = "log_level" in settings.model_fields_set
    logs.configure(settings.log_level if asked else "critical", settings.log_format if asked else "console")
    return settings.home


def settle(work: Coroutine[Any, Any, T]) -> T:
    """Run the command's coroutine."""
    return asyncio.run(work)


def json_option(command: F) -> F:
    """Add `--json` to a reading command."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(command)


def mode_option(default: str | None) -> Callable[[F], F]:
    """Add `--mode`."""
    return click.option(
        "--mode", type=click.Choice([mode.value for mode in Mode]), default=default, show_default=default is not None
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


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=1, default=str))


def workspace_or_fail(base: Path) -> Workspace:
    """The current workspace.

    Raises:
        Permanent: nothing has been run yet.
    """
    found = current(base)
    if found is None:
        raise Permanent(
            f"nothing has been run in {base} yet", remedy="`tipoff demo` runs a night; TIPOFF_HOME names the folder"
        )
    return found


@asynccontextmanager
async def api(base: Path) -> AsyncIterator[Client]:
    """The coordinator's API: the running stack's, else that of one started for this command."""
    stack = daemon.running_stack(base)
    if stack is not None:
        async with connect(stack.url, stack.api_key) as client:
            yield client
        return
    from devstack.league import open_history  # noqa: PLC0415 - seconds, and of no use beside a running stack
    from devstack.stack import running  # noqa: PLC0415 - as above
    from devstack.upstream.faults import FaultProfile  # noqa: PLC0415 - as above

    workspace = workspace_or_fail(base)
    with workspace.lock():
        history = open_history(workspace.read_session().get("history"))
        clock = VirtualClock(workspace.clock() or eastern_instant(history.last_date))
        async with (
            running(workspace, history, clock, FaultProfile.named("none")) as local,
            connect(local.urls["coordinator"], local.api_key) as client,
        ):
            yield client


def instant(text: str) -> datetime:
    """An aware instant from the API's text."""
    return datetime.fromisoformat(text)
