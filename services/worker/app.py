"""The worker: predicts batches and trains. No state but a cache of models: any number of them may run."""

import asyncio
from functools import partial

from aiohttp import web

from services.worker.handlers import on_task
from services.worker.models import Models
from services.worker.settings import WorkerSettings
from services.worker.training import require_lightgbm
from shared.ports import Ports
from shared.registries.topics import tasks_of
from shared.runtime.metering import metered
from shared.runtime.readiness import Checks
from shared.runtime.service import Consumer, application


def build(settings: WorkerSettings, ports: Ports) -> web.Application:
    """Wire the service: one consumer of `worker-tasks`, models fetched from the archive."""
    ports = metered("worker", ports, settings.usd_per_tib)
    models = Models(ports.archive)
    handler = partial(on_task, ports=ports, models=models, settings=settings)
    checks = Checks("worker", ports)
    return application(
        "worker",
        settings,
        ports,
        consumers=[Consumer(tasks_of("worker"), handler, max_in_flight=settings.concurrency)],
        pings={
            "warehouse": checks.warehouse,
            "clock": checks.clock,
            "topics": checks.topics,
            "archive": checks.archive,
            "lightgbm": partial(asyncio.to_thread, require_lightgbm),
        },
    )
