"""The all-in-one runner: the local upstream and, on a virtual clock, the four services, all in one process."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from client.api import Endpoint
from devstack import here
from devstack.history import History
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import Upstream
from devstack.upstream.server import serve as serve_upstream
from devstack.workspace import Workspace
from live.stack import Settings
from live.stack import running as serving
from services.analytics.settings import AnalyticsSettings
from services.coordinator.settings import CoordinatorSettings
from services.scraper.settings import ScraperSettings
from services.worker.settings import WorkerSettings
from shared.embedded.clock import FileClock, VirtualClock
from shared.ports import Ports
from shared.registries.sources import SOURCES
from shared.runtime.settings import load

LOCAL_SCRAPING: dict[str, float] = {
    # The local upstream's hosts allow 50 requests a second. Half of that: what a stalled event loop held back for a
    # second arrives together with the next second's. Its faults are short.
    **{f"{name}_rate": 25 for name in SOURCES},
    "attempt_timeout_s": 3.0,
    "retry_base_s": 0.05,
}


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
    learning: Mapping[str, int] = MappingProxyType({}),
) -> AsyncIterator[Stack]:
    """Start everything in `workspace` and stop it on leaving; `port` is the coordinator's, 0 picks a free one.

    `scraping` goes over `LOCAL_SCRAPING`, `learning` over the worker's settings.
    """
    async with AsyncExitStack() as exits:
        upstream = await exits.enter_async_context(serve_upstream(history, clock, faults))
        settings = Settings(
            scraper=load(ScraperSettings, **upstream_urls(upstream.base_url), **{**LOCAL_SCRAPING, **scraping}),
            analytics=load(AnalyticsSettings),
            worker=load(WorkerSettings, **learning),
            coordinator=load(CoordinatorSettings),
        )
        services = await exits.enter_async_context(serving(workspace.path, clock, settings, port=port))
        exits.enter_context(here.serving(workspace, services.urls["coordinator"]))
        yield Stack(services.urls, workspace.api_key, upstream, clock, services.ports)
