"""The analytics service: takes phase 3, 4 and grading steps, writes tables by SQL, reports."""

from functools import partial

from aiohttp import web

from services.analytics.handlers import on_task
from services.analytics.settings import AnalyticsSettings
from shared.ports import Ports
from shared.registries.topics import tasks_of
from shared.runtime.metering import metered
from shared.runtime.readiness import Checks
from shared.runtime.service import Consumer, application


def build(settings: AnalyticsSettings, ports: Ports) -> web.Application:
    """Wire the service: one consumer of `analytics-tasks`, the warehouse as what it works on."""
    ports = metered("analytics", ports, settings.usd_per_tib)
    checks = Checks("analytics", ports)
    return application(
        "analytics",
        settings,
        ports,
        consumers=[
            Consumer(
                tasks_of("analytics"),
                partial(on_task, ports=ports, settings=settings),
                max_in_flight=settings.concurrency,
            )
        ],
        pings={"warehouse": checks.warehouse, "clock": checks.clock, "topics": checks.topics},
    )
