"""A service as a process: settings, logs, ports of the profile, HTTP face, and a clean end on SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from shared.errors import TipoffError
from shared.ports import Ports
from shared.runtime import logs
from shared.runtime.profiles import ports
from shared.runtime.redaction import redacted
from shared.runtime.settings import CommonSettings, load

S = TypeVar("S", bound=CommonSettings)
SHUTDOWN_SECONDS = 8.0
"""Cloud Run kills ten seconds after SIGTERM."""
IDLE_SECONDS = 60.0
"""A connection on which no whole request has come for so long is closed, whether it is silent or slow."""


def run(service: str, model: type[S], build: Callable[[S, Ports], web.Application]) -> None:
    """Run until SIGTERM or SIGINT; a failure to start is one line on stderr and exit code 1."""
    try:
        settings = load(model)
        logs.configure(settings.log_level, settings.log_format, settings.project)
        asyncio.run(_serve(service, settings, build))
    except TipoffError as error:
        sys.exit(redacted(f"{service}: {error}"))


async def _serve(service: str, settings: S, build: Callable[[S, Ports], web.Application]) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with ports(settings) as wired:
        runner = web.AppRunner(
            build(settings, wired),
            access_log=None,
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=IDLE_SECONDS,
            handler_cancellation=True,  # nobody waits for an answer any more: what it stands for survives any crash
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port)
            await site.start()
            host, port = runner.addresses[0][:2]
            print(f"{service} http://{host}:{port}", flush=True)  # noqa: T201 - whoever started it on port 0 reads this
            await stopped.wait()
        finally:
            await runner.cleanup()
