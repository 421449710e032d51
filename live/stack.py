"""The four services in one process, on the embedded adapters of one workspace."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from services.analytics import app as analytics
from services.analytics.settings import AnalyticsSettings
from services.coordinator import app as coordinator
from services.coordinator.settings import CoordinatorSettings
from services.scraper import app as scraper
from services.scraper.settings import ScraperSettings
from services.worker import app as worker
from services.worker.settings import WorkerSettings
from shared.embedded.bus import EmbeddedBus
from shared.errors import Permanent
from shared.ports import Clock, Ports
from shared.runtime.profiles import embedded
from shared.runtime.service import HEALTH, Health

_DRAINING = 2.0
"""Seconds to wait at most for what is under way; what is lost nevertheless is made good at the next start."""
_NEAR = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the four services."""

    scraper: ScraperSettings
    analytics: AnalyticsSettings
    worker: WorkerSettings
    coordinator: CoordinatorSettings


@dataclass(frozen=True, slots=True)
class Running:
    """Services that run."""

    urls: dict[str, str]
    """Service name -> base URL."""
    ports: Ports
    health: Mapping[str, Health]

    async def broken(self) -> str:
        """Wait until one of them consumes no longer, and say which and why."""
        waiting = {asyncio.create_task(each.broken.wait()): each for each in self.health.values()}
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        first = waiting[done.pop()]
        return f"the {first.service} takes no more messages: {first.consumer_failure}"


@asynccontextmanager
async def running(
    folder: Path, clock: Clock, settings: Settings, *, host: str = _NEAR, port: int = 0
) -> AsyncIterator[Running]:
    """Start them on `folder` and stop them on leaving.

    `host` and `port` are the coordinator's; port 0 picks a free one. The others are for this machine alone.

    Raises:
        Permanent: the port is taken, or an adapter refuses the folder.
    """
    async with AsyncExitStack() as exits:
        bus = EmbeddedBus(clock)
        ports = await exits.enter_async_context(embedded(folder, clock, bus=bus))
        apps = {
            "scraper": scraper.build(settings.scraper, ports),
            "analytics": analytics.build(settings.analytics, ports),
            "worker": worker.build(settings.worker, ports),
            "coordinator": coordinator.build(settings.coordinator, ports),
        }
        urls = {}
        for name, app in apps.items():
            address = (host, port) if name == "coordinator" else (_NEAR, 0)
            urls[name] = await exits.enter_async_context(_serving(app, *address))
        yield Running(urls, ports, {name: app[HEALTH] for name, app in apps.items()})
        await _drained(bus, clock)


async def _drained(bus: EmbeddedBus, clock: Clock) -> None:
    """Wait a little for the coordinator to hear of the last run's end: the bus ends with this process."""
    deadline = clock.monotonic() + _DRAINING
    while bus.depth("coordinator-events") and clock.monotonic() < deadline:
        await clock.sleep(0.01)


@asynccontextmanager
async def _serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise Permanent(f"port {port} is taken", remedy="choose a free one with --port") from error
        bound = runner.addresses[0][1]
        yield f"http://{_NEAR if host == '0.0.0.0' else host}:{bound}"  # noqa: S104 - compared, not bound
    finally:
        await runner.cleanup()
