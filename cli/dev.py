"""`tipoff dev`: the local stack, left running."""

import asyncio
from pathlib import Path

import click

from cli import common
from cli.common import out
from cli.health import health
from devstack import daemon
from devstack.league import open_history
from devstack.workspace import Workspace, current
from live import daemon as live
from shared.errors import Permanent

DEFAULT_PORT = 8780


@click.group()
def dev() -> None:
    """The local stack: the upstream and the four services in one process."""


@dev.command()
@common.history_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="The coordinator's port."
)
@click.option("--processes", is_flag=True, help="Four processes on emulators of the cloud's services instead of one.")
@click.option("--dry-run", is_flag=True, help="Only say what would be started.")
def up(path: Path | None, port: int, *, processes: bool, dry_run: bool) -> None:
    """Start it in the background."""
    base = common.home()
    if live.speaks_for(base):
        raise Permanent(
            f"{base} is the product's home", remedy="`tipoff up` runs it; for a world, TIPOFF_HOME elsewhere"
        )
    there = current(base)
    history = None if path is None else str(path.resolve())
    if path is None and there is not None:
        history = there.read_session().get("history")
    workspace = there if there is not None and path is None and not processes else Workspace(base, "local")
    if dry_run:
        world = "the generated league" if history is None else history
        out.print(f"would serve {world} from {workspace.path}, coordinator on port {port}")
        return
    open_history(history)  # a broken one is refused here, in one line
    stack = daemon.start(base, workspace, history, port, processes=processes)
    out.print(f"local stack up (process {stack.pid}), workspace {workspace.path}")
    for name, url in {**stack.urls, "upstream": stack.upstream}.items():
        out.print(f"  {name:12} {url}")
    out.print("Next: `tipoff page`, `tipoff run`, `tipoff predictions`, `tipoff dev status`, `tipoff dev down`")


@dev.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be stopped.")
def down(*, dry_run: bool) -> None:
    """Stop it."""
    base = common.home()
    if dry_run:
        stack = daemon.running_stack(base)
        out.print("nothing is running" if stack is None else f"would stop process {stack.pid}")
        return
    pid = daemon.stop(base)
    out.print("nothing was running" if pid is None else f"local stack stopped (process {pid})")


@dev.command()
@common.json_option
def status(*, as_json: bool) -> None:
    """Who runs, and whether it is healthy. Exit code 1 when nothing runs or something is ill."""
    stack = daemon.running_stack(common.home())
    if stack is None:
        if as_json:
            common.print_json({"running": False, "services": []})
        else:
            out.print("the local stack is not running: `tipoff dev up` starts it")
        raise click.exceptions.Exit(1)
    services = asyncio.run(health(stack.urls, stack.api_key))
    if as_json:
        common.print_json({"running": True, "pid": stack.pid, "workspace": stack.workspace, "services": services})
    else:
        for service in services:
            state = "healthy" if service["healthy"] else "ILL"
            out.print(f"{service['service']:12} {state:8} {service['url']}  {service['why']}")
    raise click.exceptions.Exit(0 if all(service["healthy"] for service in services) else 1)
