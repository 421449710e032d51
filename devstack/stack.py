"""The all-in-one runner: the local upstream and the four services in one process, on the embedded adapters."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from aiohttp import web

from client.api import Endpoint
from devstack.history import History
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import Upstream
from devstack.upstream.server import serve as serve_upstream
from devstack.workspace import Workspace
from services.analytics import app as analytics
from services.analytics.settings import AnalyticsSettings
from services.coordinator import app as coordinator
from services.coordinator.settings import CoordinatorSettings
from services.scraper import app as scraper
from services.scraper.settings import ScraperSettings
from services.worker import app as worker
from services.worker.settings import WorkerSettings
from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import FileClock, VirtualClock
from shared.errors import Permanent
from shared.ports import Ports
from shared.registries.sources import SOURCES
from shared.runtime.profiles import embedded
from shared.runtime.settings import load

LOCAL_SCRAPING: dict[str, float] = {
    # The local upstream's hosts allow 50 requests a second. Half of that: what a stalled event loop held back for a
    # second arrives together with the next second's. Its faults are short.
    **{f"{name}_rate": 25 for name in SOURCES},
    "attempt_timeout_s": 3.0,
    "retry_base_s": 0.05,
}

_DRAINING = 2.0
"""Seconds to wait at most for what is under way; what is lost nevertheless is made good at the next start."""


def upstream_urls(base: str) -> dict[str, str]:
    """The scraper's settings for a local upstream at `base`."""
    return {f"{source.name}_url": base + "/" + source.base_url.removeprefix("https://") for source in SOURCES.values()}


@dataclass(frozen=True, slots=True)
class Stack:
    """A running local stack."""

    urls: dict[str, str]
    """Service name -> base URL."""
    api_key: str
    upstream: Upstream
    clock: VirtualClock | FileClock
    ports: Ports | None = None
    """The embedded adapters; None where each service is a process of its own."""
    pids: Callable[[], dict[str, int]] = dict
    """Process ids of the services that are processes of their own, by name."""

    @property
    def endpoint(self) -> Endpoint:
        """Its coordinator."""
        return Endpoint(self.urls["coordinator"], self.api_key)

    async def set_clock(self, instant: datetime) -> None:
        """Set the virtual clock, back too."""
        self.clock.set(instant, force=True)


@asynccontextmanager
async def running(
    workspace: Workspace,
    history: History,
    clock: VirtualClock,
    faults: FaultProfile,
    *,
    port: int = 0,
    scraping: Mapping[str, float] = MappingProxyType({}),
) -> AsyncIterator[Stack]:
    """Start everything in `workspace` and stop it on leaving; `port` is the coordinator's, 0 picks a free one.

    `scraping` goes over `LOCAL_SCRAPING`.
    """
    async with AsyncExitStack() as exits:
        upstream = await exits.enter_async_context(serve_upstream(history, clock, faults))
        bus = EmbeddedBus(clock)
        ports = await exits.enter_async_context(embedded(workspace.path, clock, bus=bus))
        apps = {
            "scraper": scraper.build(
                load(ScraperSettings, **upstream_urls(upstream.base_url), **{**LOCAL_SCRAPING, **scraping}),
                ports,
            ),
            "analytics": analytics.build(load(AnalyticsSettings), ports),
            "worker": worker.build(load(WorkerSettings), ports),
            "coordinator": coordinator.build(load(CoordinatorSettings), ports),
        }
        urls = {
            name: await exits.enter_async_context(_serving(app, port if name == "coordinator" else 0))
            for name, app in apps.items()
        }
        yield Stack(urls, workspace.api_key, upstream, clock, ports)
        await _drained(bus, clock)


async def _drained(bus: EmbeddedBus, clock: VirtualClock) -> None:
    """Wait a little for the coordinator to hear of the last run's end: the bus ends with this process."""
    deadline = clock.monotonic() + _DRAINING
    while bus.depth("coordinator-events") and clock.monotonic() < deadline:
        await clock.sleep(0.01)


@asynccontextmanager
async def _serving(app: web.Application, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError as error:
            raise Permanent(f"port {port} is taken", remedy="choose a free one with --port") from error
        host, bound = runner.addresses[0][:2]
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()
