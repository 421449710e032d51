"""The scraper service: takes phase 1 steps, asks the upstreams, archives, validates, loads raw.*, reports."""

import random
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import web

from services.scraper.fetch import Fetcher
from services.scraper.handlers import on_task
from services.scraper.settings import ScraperSettings
from shared.ports import Ports
from shared.registries.topics import tasks_of
from shared.runtime.metering import metered
from shared.runtime.readiness import Checks
from shared.runtime.service import Consumer, application


def build(settings: ScraperSettings, ports: Ports) -> web.Application:
    """Wire the service: one consumer of `scraper-tasks`, one fetcher with a throttle per upstream."""
    ports = metered("scraper", ports, settings.usd_per_tib)
    fetcher = Fetcher(
        settings.sources,
        settings.retry_policy,
        clock=ports.clock,
        secrets=ports.secrets,
        user_agent=settings.user_agent,
        jitter=random.random,
    )

    async def session(_: web.Application) -> AsyncIterator[None]:
        async with fetcher:
            yield

    checks = Checks("scraper", ports, keys_needed=settings.profile != "local")
    app = application(
        "scraper",
        settings,
        ports,
        consumers=[
            Consumer(
                tasks_of("scraper"),
                partial(on_task, ports=ports, upstreams=fetcher, settings=settings),
                max_in_flight=settings.concurrency,
            )
        ],
        pings={
            "warehouse": checks.warehouse,
            "clock": checks.clock,
            "topics": checks.topics,
            "secrets": checks.secrets,
            "archive": checks.archive,
        },
    )
    app.cleanup_ctx.insert(0, session)  # before the consumers, which use it, and closed after them
    return app
