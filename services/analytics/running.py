"""Running a processor: on an account of its own, within its limits, again where that may help."""

import random
from collections.abc import Callable

from services.analytics.processors import Processor
from services.analytics.settings import AnalyticsSettings
from shared.contract import StepRequested
from shared.errors import Transient
from shared.ports import Clock, Job, Warehouse
from shared.runtime.logs import get_logger

_log = get_logger("analytics")


def account(request: StepRequested, settings: AnalyticsSettings) -> Job:
    """The job of a step: labelled for the bill (lower case, no dots: BigQuery's rule), bounded in time and bytes."""
    labels = {"step": request.step, "mode": request.mode.value, "run": request.run_id.replace(".", "_")}
    return Job(labels, timeout=settings.job_timeout_s, maximum_bytes=settings.job_maximum_bytes)


async def run(
    processor: Processor,
    request: StepRequested,
    warehouse: Warehouse,
    clock: Clock,
    job: Job,
    settings: AnalyticsSettings,
    *,
    jitter: Callable[[], float] = random.random,
) -> int:
    """Run it, up to `job_attempts` times where a failure is transient; returns the rows written.

    Raises:
        Transient: the last attempt failed as well: the bus delivers the request again, later.
        Permanent: it would fail the same way for ever.
    """

    async def once() -> int:
        return await processor.run(request, warehouse, regrade_days=settings.regrade_days, now=clock.now(), job=job)

    for attempt in range(1, settings.job_attempts):
        try:
            return await once()
        except Transient as error:
            pause = settings.job_retry_s * 2 ** (attempt - 1) * (0.5 + jitter() / 2)
            _log.warning("step_retried", step=request.step, attempt=attempt, seconds=pause, reason=str(error))
            await clock.sleep(pause)
    return await once()
