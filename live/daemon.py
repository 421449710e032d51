"""The product as a process: `tipoff up` is it, or starts it; a record in its workspace says where it is."""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from client.api import Endpoint, connect
from live.here import LOG as _LOG
from live.here import RECORD
from live.here import Up as Up  # noqa: PLC0414 - with what starts it
from live.here import endpoint as endpoint  # noqa: PLC0414 - as above
from live.here import found as found  # noqa: PLC0414 - as above
from live.here import speaks_for as speaks_for  # noqa: PLC0414 - as above
from live.here import workspace_of as workspace_of  # noqa: PLC0414 - as above
from live.logs import into
from live.workspace import SECRETS_FILE, Workspace, write_atomically
from shared.errors import Missing, Permanent, TipoffError, Transient
from shared.ports import Clock, Ports
from shared.registries.schedules import SCHEDULES
from shared.registries.secrets import ODDS_API_KEY, variable
from shared.runtime import logs
from shared.runtime.redaction import redacted

if TYPE_CHECKING:
    from live.stack import Settings

START_TIMEOUT: Final = 120.0
STOP_TIMEOUT: Final = 60.0
_FIRST_YEAR: Final = 2025
"""This program is not older: a clock that shows an earlier year was never set."""
_LOOK: Final = 60.0
"""Seconds between two looks at whether the clock went back."""
NO_LINES: Final = (
    "no key for lines: predictions are made without them; "
    f"set {variable(ODDS_API_KEY)} in {SECRETS_FILE}, which is read again for the next slate"
)
_log = logs.get_logger("live")


def refuse_second(home: Path) -> None:
    """Raises `Permanent` if it runs already."""
    up = found(home)
    if up is not None:
        raise Permanent(f"it is up already (process {up.pid}, {up.url})", remedy="use it, or `tipoff down` first")


def start(home: Path, flags: list[str]) -> Up:
    """Start it in the background and wait until it answers.

    Raises:
        Permanent: it runs already, or it did not start (with its last line).
    """
    refuse_second(home)
    log = workspace_of(home).path / _LOG
    command = [sys.executable, "-m", "live.daemon", "--home", str(home), "--log", str(log), *flags]
    # What programs read back is JSON, unless somebody asks for something else.
    env = {"TIPOFF_LOG_FORMAT": "json", "TIPOFF_LOG_FILE": str(log.resolve()), **os.environ}
    with log.open("a") as output:
        at = output.tell()
        process = subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=env
        )

    def answers() -> bool:
        up = found(home)
        return up is not None and up.pid == process.pid

    wait(lambda: answers() or process.poll() is not None, START_TIMEOUT)
    up = found(home)
    if up is not None:
        return up
    process.terminate()
    lines = [line for line in log.read_text()[at:].splitlines() if line.strip()]
    raise Permanent(f"it did not start: {lines[-1] if lines else 'no word'}", remedy=f"see {log}")


def stop(home: Path) -> int | None:
    """Stop it; returns its process id, or None if it was not running.

    Raises:
        Transient: it does not end in time.
    """
    up = found(home)
    if up is None:
        return None
    os.kill(up.pid, signal.SIGTERM)
    if wait(lambda: not workspace_of(home).held, STOP_TIMEOUT):
        return up.pid
    raise Transient(f"it (process {up.pid}) did not stop in {STOP_TIMEOUT:.0f} s", remedy="try again")


def wait(until: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not (came := until()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return came


def run(home: Path, *, host: str | None, port: int | None, trust_clock: bool, ready: Callable[[Up], None]) -> None:
    """Be the product until SIGTERM or SIGINT; `ready` is called once it answers.

    Raises:
        Permanent: the settings, the workspace or the clock are refused, or a service broke.
    """
    from live import config  # noqa: PLC0415 - who only asks whether it runs need not load the services
    from live.settings import LiveSettings  # noqa: PLC0415 - as above

    given = config.read(home)
    settings = given.load(LiveSettings)
    asked = "log_format" in settings.model_fields_set
    logs.configure(settings.log_level, settings.log_format if asked else "console")
    address = (host if host is not None else settings.host, port if port is not None else settings.port)
    workspace = workspace_of(home)
    with opened(workspace, settings.clock_file) as clock:
        work = _serve(
            workspace, given.services(), clock, address, ready, settings.disk_budget_gb, trust_clock=trust_clock
        )
        asyncio.run(work)


@contextmanager
def opened(workspace: Workspace, clock_file: Path | None) -> Iterator[Clock]:
    """Hold the workspace, brought to this program's version; the clock by which it works.

    Raises:
        Permanent: the workspace or the clock is refused.
    """
    from live import versions  # noqa: PLC0415 - as in `run`

    with workspace.lock():
        workspace.make()
        for version in versions.upgrade(workspace):
            _log.info("workspace_upgraded", version=version)
        clock = clock_of(clock_file)
        if clock_file is None:
            require_set(clock.now())
        yield clock


def require_set(now: datetime) -> None:
    """Raises `Permanent` for a clock that was never set."""
    if now.year < _FIRST_YEAR:
        raise Permanent(
            f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC", remedy="set it: `timedatectl set-ntp true`"
        )


async def _serve(
    workspace: Workspace,
    settings: "Settings",
    clock: Clock,
    address: tuple[str, int],
    ready: Callable[[Up], None],
    budget_gb: float,
    *,
    trust_clock: bool,
) -> None:
    from live.keep import keep  # noqa: PLC0415 - as in `run`
    from live.scheduler import Scheduler, forget, require_clock  # noqa: PLC0415 - as in `run`
    from live.stack import running  # noqa: PLC0415 - as in `run`

    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    host, port = address
    async with running(workspace.path, clock, settings, host=host, port=port) as services:
        state = services.ports.state
        if trust_clock:
            await forget(state)
        await require_clock(state, clock.now())
        up = Up(os.getpid(), services.urls["coordinator"], services.urls, await _notes(services.ports))
        async with connect(Endpoint(up.url, workspace.schedules_key)) as client:
            record = workspace.path / RECORD
            write_atomically(record, json.dumps(asdict(up)), mode=0o600)
            try:
                ready(up)
                scheduler = Scheduler(SCHEDULES.values(), client.post, state, clock, life=f".{os.urandom(4).hex()}")
                await until_first(
                    stopped.wait(),
                    scheduler.run(),
                    keep(workspace.path, services.ports, budget_gb, clock.until),
                    _failing(services.broken()),
                    _back(clock),
                )
            finally:
                record.unlink(missing_ok=True)


async def until_first(*work: Coroutine[Any, Any, object]) -> None:
    """Until the first of them ends, as it ends; the others are cancelled."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for error in filter(None, (task.exception() for task in done)):
            raise _first(error)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _first(error: BaseException) -> BaseException:
    """What a group of failures holds first."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def _failing(why: Awaitable[str]) -> NoReturn:
    raise Permanent(await why, remedy="the log says why; it goes on where it stood when it is started again")


async def _back(clock: Clock) -> None:
    """Ends, with `Permanent`, when the clock has gone far back: nothing would fire until that time is there again."""
    from live.scheduler import require_time  # noqa: PLC0415 - as in `run`

    last = clock.now()
    while True:
        await clock.sleep(_LOOK)
        require_time(last, clock.now())
        last = max(last, clock.now())


async def _notes(ports: Ports) -> list[str]:
    try:
        await ports.secrets.get(ODDS_API_KEY)
    except Missing:
        return [NO_LINES]
    return []


def clock_of(file: Path | None) -> Clock:
    """The wall clock, or in a rehearsal the one in a file."""
    from shared.embedded.clock import FileClock  # noqa: PLC0415 - as in `run`
    from shared.runtime.clock import WallClock  # noqa: PLC0415 - as in `run`

    return WallClock() if file is None else FileClock(file)


def main() -> None:
    """Be what `tipoff up --detach` starts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--trust-clock", action="store_true")
    given = parser.parse_args()
    if given.log is not None:
        into(given.log)
    try:
        run(given.home, host=given.host, port=given.port, trust_clock=given.trust_clock, ready=lambda _: None)
    except TipoffError as error:
        sys.exit(redacted(f"error: {error}"))


if __name__ == "__main__":
    main()
