"""The stack as separate processes on the cloud's own interfaces: what `stack.running` is for one process.

The four services run as they do in the cloud (profile gcp), against the project's Pub/Sub and Secret Manager servers,
bqemulator, and Google's Firestore emulator where gcloud has it (SQLite otherwise). A service that dies is started
again, as Cloud Run would.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from devstack.emulators.bigquery import bigquery_emulator
from devstack.emulators.google import firestore_emulator, missing
from devstack.history import History
from devstack.stack import LOCAL_SCRAPING, Stack, upstream_urls
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import serve as serve_upstream
from devstack.workspace import Workspace
from shared.embedded.clock import FileClock, VirtualClock
from shared.errors import Permanent

PROJECT = "tipoff-local"
SERVICES = ("scraper", "analytics", "worker", "coordinator")
START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(slots=True)
class Service:
    """One service process, started again when it dies."""

    name: str
    env: Mapping[str, str]
    log: Path
    process: Process | None = None
    url: str = ""
    restarts: int = 0
    _stopping: bool = field(default=False)

    async def start(self) -> None:
        """Start and wait for the line that names its address.

        Raises:
            Permanent: it ends before, or says nothing in time; the message names its log.
        """
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"services.{self.name}",
                stdout=asyncio.subprocess.PIPE, stderr=log, env={**os.environ, **self.env},
            )  # fmt: skip
        if self.process.stdout is None:
            raise RuntimeError("stdout is piped")
        try:
            line = await asyncio.wait_for(self.process.stdout.readline(), START_SECONDS)
        except TimeoutError as error:
            raise Permanent(
                f"service {self.name} did not start in {START_SECONDS:.0f} s", remedy=f"see {self.log}"
            ) from error
        if not line:
            raise Permanent(f"service {self.name} ended at its start", remedy=f"see {self.log}")
        self.url = line.decode().split()[1]

    async def watch(self) -> None:
        """Start it again, on the same port, whenever it ends without being told to."""
        while self.process is not None:
            await self.process.wait()
            if self._stopping:
                return
            self.restarts += 1
            self.env = {**self.env, "TIPOFF_PORT": self.url.rsplit(":", 1)[1]}
            await self.start()

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        self._stopping = True
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def running(
    workspace: Workspace,
    history: History,
    clock: VirtualClock | FileClock,
    faults: FaultProfile,
    *,
    port: int = 0,
    delivery: str = "pull",
) -> AsyncIterator[Stack]:
    """Start everything in `workspace` and stop it on leaving; the clock's instant goes into a file all share."""
    shared_clock = FileClock(workspace.path / "clock")
    shared_clock.set(clock.now(), force=True)
    async with AsyncExitStack() as exits:
        upstream = await exits.enter_async_context(serve_upstream(history, shared_clock, faults))
        env = await _emulators(exits, workspace)
        env |= {
            "TIPOFF_PROFILE": "gcp",
            "TIPOFF_PROJECT": PROJECT,
            "TIPOFF_HOME": str(workspace.path.resolve()),
            "TIPOFF_CLOCK_FILE": str((workspace.path / "clock").resolve()),
            "TIPOFF_LOG_LEVEL": "info",
            "TIPOFF_DELIVERY": delivery,
            **{f"TIPOFF_{name.upper()}": str(value) for name, value in LOCAL_SCRAPING.items()},
            **{f"TIPOFF_{name.upper()}": url for name, url in upstream_urls(upstream.base_url).items()},
        }
        services = {
            name: Service(
                name,
                {**env, "TIPOFF_PORT": str(port if name == "coordinator" else 0)},
                workspace.path / f"{name}.log",
            )
            for name in SERVICES
        }
        watchers = []
        for service in services.values():
            exits.push_async_callback(service.stop)
            await service.start()
            watchers.append(asyncio.create_task(service.watch()))
        exits.push_async_callback(_cancelled, watchers)
        yield Stack(
            {name: service.url for name, service in services.items()},
            workspace.api_key,
            upstream,
            shared_clock,
            pids=lambda: {n: s.process.pid for n, s in services.items() if s.process is not None},
        )


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
