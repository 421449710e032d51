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
from typing import Literal

from devstack.emulators.bigquery import bigquery_emulator
from devstack.emulators.google import firestore_emulator, missing
from devstack.emulators.secret_manager import SecretManager, read_env_file, secret_manager
from devstack.history import History
from devstack.stack import LOCAL_SCRAPING, Stack, upstream_urls
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import serve as serve_upstream
from devstack.workspace import Workspace
from shared.cloud.bus import PubSubBus
from shared.cloud.pubsub_admin import PushTo
from shared.cloud.warehouse import BigQueryWarehouse
from shared.embedded.clock import FileClock, VirtualClock
from shared.errors import Permanent
from shared.runtime.logs import get_logger

PROJECT = "tipoff-local"
AUDIENCE = "tipoff-local"
INVOKER = "invoker@tipoff-local.iam.gserviceaccount.com"
SERVICES = ("scraper", "analytics", "worker", "coordinator")
START_SECONDS = 60.0
STOP_SECONDS = 10.0
RESTART_SECONDS = 1.0
"""How long a service that ended at its start is left alone."""


@dataclass(slots=True)
class Service:
    """One service process, started again when it dies."""

    name: str
    env: Mapping[str, str]
    log: Path
    process: Process | None = None
    url: str = ""
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
            await _killed(self.process)
            raise Permanent(
                f"service {self.name} did not start in {START_SECONDS:.0f} s", remedy=f"see {self.log}"
            ) from error
        if not line:
            await _killed(self.process)
            raise Permanent(f"service {self.name} ended at its start", remedy=f"see {self.log}")
        self.url = line.decode().split()[1]

    async def watch(self) -> None:
        """Start it again, on the same port, whenever it ends without being told to, and be it while it starts."""
        self.env = {**self.env, "TIPOFF_PORT": self.url.rsplit(":", 1)[1]}
        while self.process is not None:
            await self.process.wait()
            if self._stopping:
                return
            try:
                await self.start()
            except Permanent as failure:
                get_logger("devstack").warning("service_not_started", service=self.name, reason=str(failure))
                await asyncio.sleep(RESTART_SECONDS)

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
    delivery: Literal["pull", "push"] = "pull",
    bus: str | None = None,
) -> AsyncIterator[Stack]:
    """Start everything in `workspace` and stop it on leaving; the clock's instant goes into a file all share.

    `bus` is the address of another Pub/Sub than the project's own server, e.g. Google's emulator.
    """
    shared_clock = FileClock((workspace.path / "clock").resolve())
    shared_clock.set(clock.now(), force=True)
    async with AsyncExitStack() as exits:
        upstream = await exits.enter_async_context(serve_upstream(history, shared_clock, faults))
        secrets = SecretManager(PROJECT, read_env_file(workspace.secrets_file))
        emulators = {
            **await _pubsub(exits, bus, workspace.path / "pubsub.log"),
            **await _firestore(exits),
            "BIGQUERY_EMULATOR_HOST": await exits.enter_async_context(bigquery_emulator()),
            "SECRET_MANAGER_EMULATOR_HOST": await exits.enter_async_context(secret_manager(secrets)),
        }
        env = {
            **emulators,
            "TIPOFF_PROFILE": "gcp",
            "TIPOFF_PROJECT": PROJECT,
            "TIPOFF_HOME": str(workspace.path.resolve()),
            "TIPOFF_CLOCK_FILE": str(shared_clock.path),
            "TIPOFF_LOG_LEVEL": "info",
            "TIPOFF_DELIVERY": delivery,
            "TIPOFF_RESEND": "true",  # the bus ends with the stack
            "TIPOFF_PUSH_AUDIENCE": AUDIENCE,
            "TIPOFF_PUSH_EMAILS": INVOKER,
            "TIPOFF_TOKEN_CERTS_URL": emulators.pop("PUBSUB_CERTS_URL", ""),
            **{f"TIPOFF_{name.upper()}": str(value) for name, value in LOCAL_SCRAPING.items()},
            **{f"TIPOFF_{name.upper()}": url for name, url in upstream_urls(upstream.base_url).items()},
        }
        await _warehouse(emulators["BIGQUERY_EMULATOR_HOST"])
        await _topics(emulators["PUBSUB_EMULATOR_HOST"], None)
        services = {
            name: Service(
                name,
                {**env, "TIPOFF_PORT": str(port if name == "coordinator" else 0)},
                workspace.path / f"{name}.log",
            )
            for name in SERVICES
        }
        for service in services.values():
            exits.push_async_callback(service.stop)
            await service.start()
            watcher = asyncio.create_task(service.watch())
            exits.push_async_callback(_cancelled, watcher)
        urls = {name: service.url for name, service in services.items()}
        if delivery == "push":
            await _topics(emulators["PUBSUB_EMULATOR_HOST"], PushTo(urls, AUDIENCE, INVOKER))
        pids = lambda: {n: s.process.pid for n, s in services.items() if s.process is not None}  # noqa: E731 - one use
        yield Stack(urls, workspace.api_key, upstream, shared_clock, pids=pids)


async def _pubsub(exits: AsyncExitStack, given: str | None, log: Path) -> dict[str, str]:
    """The addresses of the Pub/Sub server, which runs in a process of its own: its work must not slow the others'."""
    if given is not None:
        return {"PUBSUB_EMULATOR_HOST": given}
    with log.open("ab") as output:
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "devstack.pubsub_server", "--port", "0", stdout=asyncio.subprocess.PIPE, stderr=output
        )
    exits.push_async_callback(server.wait)
    exits.callback(server.terminate)
    if server.stdout is None:
        raise RuntimeError("stdout is piped")
    line = await asyncio.wait_for(server.stdout.readline(), START_SECONDS)
    if not line:
        raise Permanent("the Pub/Sub server ended at its start", remedy=f"see {log}")
    return dict(part.split("=", 1) for part in line.decode().split())


async def _firestore(exits: AsyncExitStack) -> dict[str, str]:
    """Google's emulator where gcloud has it; else the coordinator keeps its state in SQLite."""
    if missing("firestore") is not None:
        return {"TIPOFF_STATE_STORE": "sqlite"}
    return {"FIRESTORE_EMULATOR_HOST": await exits.enter_async_context(firestore_emulator())}


async def _warehouse(endpoint: str) -> None:
    warehouse = BigQueryWarehouse(PROJECT, endpoint=endpoint)
    await warehouse.ensure()
    await warehouse.close()


async def _topics(address: str, push: PushTo | None) -> None:
    bus = PubSubBus(PROJECT, emulator=address)
    await bus.ensure(push)
    await bus.close()


async def _killed(process: Process) -> None:
    with suppress(ProcessLookupError):  # dead already
        process.kill()
    await process.wait()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()  # raises what ended it
