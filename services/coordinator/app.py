"""The coordinator: runs the cascade, hands batches to the workers, publishes, and answers the HTTP API."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial

from aiohttp import web

from services.coordinator.api import sign_in_links
from services.coordinator.api.answers import AlertShown
from services.coordinator.api.inside import Inside
from services.coordinator.api.keys import KeyRoutes
from services.coordinator.api.limits import Requests
from services.coordinator.api.names import NameRoutes
from services.coordinator.api.once import Once
from services.coordinator.api.operations import Operations
from services.coordinator.api.report import Graded, Report, ReportRoutes
from services.coordinator.api.route import Route, Served
from services.coordinator.api.routes import Api
from services.coordinator.api.step_log import StepLogRoutes
from services.coordinator.documents.shapes import Tonight
from services.coordinator.handlers import Handlers
from services.coordinator.keys import KeyStore
from services.coordinator.origins import origins
from services.coordinator.runs.engine import Engine
from services.coordinator.sessions import Sessions
from services.coordinator.settings import CoordinatorSettings
from services.coordinator.watch.voice import Speaker
from shared.ports import Ports
from shared.registries.topics import TOPICS, tasks_of
from shared.runtime.clock import WallClock
from shared.runtime.metering import metered
from shared.runtime.readiness import Checks
from shared.runtime.service import Consumer, DeadLetterConsumer, application


def build(settings: CoordinatorSettings, ports: Ports) -> web.Application:
    """Wire the service: the engine, its three kinds of consumers, the API."""
    from services.coordinator.api import cors  # noqa: PLC0415 - nor other origins
    from services.coordinator.api.openapi import described  # noqa: PLC0415 - `inside` needs no description
    from services.coordinator.page.mounting import mount  # noqa: PLC0415 - nor pages, for a command that reads

    ports = metered("coordinator", ports, settings.usd_per_tib)
    speaker = Speaker(ports, per_hour=settings.alert_messages_per_hour)
    ports = speaker.ports
    engine = Engine(ports)
    handlers = Handlers(
        engine,
        ports,
        batch_size=settings.batch_size,
        nightly_budget_usd=settings.nightly_budget_usd,
        resends=settings.resends,
    )
    keys = KeyStore(ports.state, ports.secrets, ports.clock)
    checks = Checks("coordinator", ports)
    app = application(
        "coordinator",
        settings,
        ports,
        consumers=[
            Consumer("coordinator-events", handlers.on_event, max_in_flight=settings.concurrency),
            Consumer(tasks_of("coordinator"), handlers.on_task, max_in_flight=2),
            *(DeadLetterConsumer(topic, handlers.on_dead_letter) for topic in TOPICS),
        ],
        pings={
            "warehouse": checks.warehouse,
            "clock": checks.clock,
            "topics": checks.topics,
            "secrets": checks.secrets,
            "archive": checks.archive,
            "state": lambda: ports.state.get("runs", "ping"),
        },
        keys=keys,
    )
    once = Once(ports)
    # Sessions are of the real world, also in a replay.
    sessions = Sessions(ports.state, keys, WallClock(), idle=timedelta(minutes=settings.session_minutes))
    routes = described([*_routes(settings, ports, engine, speaker, keys, once), *sign_in_links.routes(sessions)])
    requests = Requests(settings.requests_per_second)
    Served(requests, once).add(app, routes)
    cors.allow(app, origins(settings.cors_origins))
    mount(app, Inside(routes, once), sessions, requests, ports.clock, public=settings.public_pages)
    app.cleanup_ctx.append(partial(_recovering, handlers))
    app.cleanup_ctx.append(partial(_speaking, speaker))
    return app


def inside(settings: CoordinatorSettings, ports: Ports) -> Inside:
    """The API for whoever has the ports; nothing is consumed, recovered or said."""
    speaker, once = Speaker(ports, per_hour=settings.alert_messages_per_hour), Once(ports)
    keys = KeyStore(ports.state, ports.secrets, ports.clock)
    return Inside(_routes(settings, ports, Engine(ports), speaker, keys, once), once)


def _routes(
    settings: CoordinatorSettings, ports: Ports, engine: Engine, speaker: Speaker, keys: KeyStore, once: Once
) -> list[Route]:
    api = Api(engine, ports, speaker, active_runs=settings.active_runs)
    routes = [
        *api.routes(),
        *StepLogRoutes(api.run, settings).routes(),
        *Operations(engine, ports, once, speaker).routes(),
        *NameRoutes(engine, ports).routes(),
        *KeyRoutes(keys, ports.clock).routes(),
    ]
    return [*routes, *ReportRoutes(Inside(routes, once), _report).routes()]


def _report(slate: Tonight, graded: Graded, alerts: Sequence[AlertShown]) -> Report:
    """The report of what was read, with its page."""
    from services.coordinator.page import report  # noqa: PLC0415 - as above
    from services.coordinator.page.assets import Assets  # noqa: PLC0415 - as above
    from services.coordinator.page.rendering import Renderer  # noqa: PLC0415 - as above

    return report.made(Renderer(Assets()), slate, graded, alerts)


async def _recovering(handlers: Handlers, _: web.Application) -> AsyncIterator[None]:
    """Recover beside serving: what is away must not hold up the start, which the platform waits a minute for."""
    task = asyncio.create_task(handlers.recover(), name="recovery")
    yield
    task.cancel()
    await asyncio.wait([task])


async def _speaking(speaker: Speaker, _: web.Application) -> AsyncIterator[None]:
    """Say alerts beside serving. Where there is no CPU between requests, the reconciler's request does it, too."""
    task = asyncio.create_task(speaker.run(), name="voice")
    yield
    await speaker.rest()
    task.cancel()
    await asyncio.wait([task])
