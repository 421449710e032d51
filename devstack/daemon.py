"""The local stack as a process of its own: `tipoff dev up` starts it, `.tipoff/stack.json` says where it is."""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from devstack.here import LOG, record
from devstack.here import RunningStack as RunningStack  # noqa: PLC0414 - with what starts it
from devstack.here import running_stack as running_stack  # noqa: PLC0414 - as above
from devstack.workspace import Workspace, write_atomically
from live.daemon import wait
from shared.basketball.slate import OVERNIGHT_CUTOFF, eastern_instant
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent, Transient
from shared.runtime import logs

if TYPE_CHECKING:
    from devstack.stack import Stack

Runner = Callable[..., "AbstractAsyncContextManager[Stack]"]
START_TIMEOUT = 120.0
STOP_TIMEOUT = 30.0


def refuse_beside(home: Path, command: str) -> None:
    """Raise `Permanent` if a stack runs: `command` makes a workspace of its own."""
    stack = running_stack(home)
    if stack is not None:
        raise Permanent(
            f"`tipoff {command}` needs a workspace of its own, and the local stack runs in {home / stack.workspace}",
            remedy="`tipoff dev down` first, or set TIPOFF_HOME to another folder",
        )


def start(home: Path, workspace: Workspace, history: str | None, port: int, *, processes: bool = False) -> RunningStack:
    """Start the stack detached and wait until it answers.

    Raises:
        Permanent: one is running already, or it did not start (with its last line).
    """
    there = running_stack(home)
    if there is not None:
        raise Permanent(
            f"the local stack is running already (process {there.pid}, {there.url})",
            remedy="use it, or `tipoff dev down` first",
        )
    workspace.make()
    log = workspace.path / LOG
    command = [sys.executable, "-m", "devstack.daemon", "--home", str(home), "--workspace", workspace.name]
    command += ["--port", str(port), *(["--history", history] if history is not None else [])]
    command += ["--processes"] if processes else []
    env = {**os.environ, "TIPOFF_LOG_FILE": str(log.resolve())}
    with log.open("a") as output:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdout=output, stderr=output, start_new_session=True, env=env
        )
    wait(lambda: running_stack(home) is not None or process.poll() is not None, START_TIMEOUT)
    stack = running_stack(home)
    if stack is not None:
        return stack
    process.terminate()
    lines = [line for line in log.read_text().splitlines() if line.strip()]
    raise Permanent(f"the local stack did not start: {lines[-1] if lines else 'no word'}", remedy=f"see {log}")


def stop(home: Path) -> int | None:
    """Stop the running stack; returns its process id, or None if none was running.

    Raises:
        Transient: it does not end in time.
    """
    stack = running_stack(home)
    if stack is None:
        return None
    os.kill(stack.pid, signal.SIGTERM)
    workspace = Workspace(home, stack.workspace)
    if wait(lambda: not workspace.held, STOP_TIMEOUT):
        return stack.pid
    raise Transient(f"the local stack (process {stack.pid}) did not stop in {STOP_TIMEOUT:.0f} s", remedy="try again")


async def _serve(home: Path, workspace: Workspace, given: str | None, port: int, runner: Runner) -> None:
    from devstack.league import open_history  # noqa: PLC0415 - who only asks where the stack is need not load it
    from devstack.upstream.faults import FaultProfile  # noqa: PLC0415 - as above

    history = open_history(given)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    session = {"finished": True, "nights": []} | workspace.read_session() | {"history": given}
    first = eastern_instant(history.last_date, OVERNIGHT_CUTOFF)
    instant = workspace.clock() or first
    workspace.write_session(session | {"clock": instant.isoformat()})
    async with runner(workspace, history, VirtualClock(instant), FaultProfile.named("none"), port=port) as stack:
        url = stack.urls["coordinator"]
        where = RunningStack(os.getpid(), workspace.name, url, stack.urls, stack.upstream.base_url, stack.api_key)
        write_atomically(record(home), json.dumps(asdict(where)), mode=0o600)
        try:
            await stopped.wait()
        finally:
            workspace.write_session(session | {"clock": stack.clock.now().isoformat()})
            record(home).unlink(missing_ok=True)


def _runner(*, processes: bool) -> Runner:
    if processes:
        from devstack.processes import running as as_processes  # noqa: PLC0415 - the cloud's clients, only if wanted

        return as_processes
    from devstack.stack import running  # noqa: PLC0415 - who only asks where the stack is need not load it

    return running


def main() -> None:
    """Run the stack until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--workspace", required=True)
    parser.add_argument("--history")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--processes", action="store_true")
    given = parser.parse_args()
    logs.configure("info", "json")
    workspace = Workspace(given.home, given.workspace)
    try:
        with workspace.lock():
            asyncio.run(_serve(given.home, workspace, given.history, given.port, _runner(processes=given.processes)))
    except (Permanent, Transient) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
