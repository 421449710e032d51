"""The coordinator: runs the cascade, hands batches to the workers, publishes, and answers the HTTP API."""

from aiohttp import web

from services.coordinator.api.access import authenticate
from services.coordinator.api.operations import Operations
from services.coordinator.api.routes import Api
from services.coordinator.handlers import Handlers
from services.coordinator.keys import KeyStore
from services.coordinator.runs.engine import Engine
from services.coordinator.settings import CoordinatorSettings
from shared.ports import Ports
from shared.registries.topics import TOPICS, tasks_of
from shared.runtime.readiness import Checks
from shared.runtime.service import Consumer, DeadLetterConsumer, application


def build(settings: CoordinatorSettings, ports: Ports) -> web.Application:
    """Wire the service: the engine, its three kinds of consumers, the API."""
    engine = Engine(ports)
    handlers = Handlers(engine, ports, batch_size=settings.batch_size, nightly_budget_usd=settings.nightly_budget_usd)
    checks = Checks("coordinator", ports, ledgers=True)
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
        middlewares=[authenticate],
        keys=KeyStore(ports.state, ports.secrets, ports.clock),
    )
    Api(engine, ports).add_to(app)
    Operations(engine, ports).add_to(app)
    app.on_startup.append(lambda _: handlers.recover())
    return app
