"""The worker: predicts batches. No state of its own; as many as the night needs."""

from functools import partial

from aiohttp import web

from services.worker.handlers import on_task
from services.worker.settings import WorkerSettings
from shared.ports import Ports
from shared.service import Consumer, application
from shared.topics import tasks_of


def build(settings: WorkerSettings, ports: Ports) -> web.Application:
    """Wire the service: one consumer of `worker-tasks`."""
    return application(
        "worker",
        settings,
        ports,
        consumers=[Consumer(tasks_of("worker"), partial(on_task, ports=ports), max_in_flight=settings.concurrency)],
    )
