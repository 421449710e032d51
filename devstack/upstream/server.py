"""The local upstream on a port of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from devstack.history import History
from devstack.upstream.app import GATE, build, change
from devstack.upstream.faults import FaultProfile
from shared.errors import Permanent
from shared.ports import Clock

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A running local upstream."""

    base_url: str
    """`http://127.0.0.1:port`; a host's endpoints are under `/<host>/`."""
    app: web.Application

    def stats(self) -> dict[str, Any]:
        """Requests, faults and broken limits, per host and in total (as `/_devstack/stats`)."""
        return self.app[GATE].report()

    def change(self, faults: FaultProfile) -> None:
        """Other faults from now on."""
        change(self.app, faults)


@asynccontextmanager
async def serve(history: History, clock: Clock, faults: FaultProfile, *, port: int = 0) -> AsyncIterator[Upstream]:
    """Serve until the block ends; port 0 picks a free one.

    Raises:
        Permanent: the port is taken.
    """
    app = build(history, clock, faults)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        try:
            await site.start()
        except OSError as error:
            raise Permanent(
                f"local upstream: port {port} of {LOOPBACK} is taken", remedy="stop what uses it"
            ) from error
        address = runner.addresses[0]
        yield Upstream(f"http://{address[0]}:{address[1]}", app)
    finally:
        await runner.cleanup()
