"""What the analytics service does with a message."""

from services.analytics import costs, running
from services.analytics.processors import PROCESSORS
from services.analytics.settings import AnalyticsSettings
from shared.contract import Message, StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Ports
from shared.runtime.metering import dollars


async def on_task(message: Message, ports: Ports, settings: AnalyticsSettings) -> None:
    """Run the processor of the requested step and report it. The rows are durable before the report is sent.

    What it took is recorded afterwards, whether it went well or not: the next step need not wait for that.
    """
    if not isinstance(message, StepRequested) or message.step not in PROCESSORS:
        raise Permanent(f"analytics cannot handle {message.key!r}", remedy="it belongs on another service's topic")
    started = ports.clock.monotonic()
    job = running.account(message, settings)
    try:
        rows = await running.run(PROCESSORS[message.step], message, ports.warehouse, ports.clock, job, settings)
        seconds = ports.clock.monotonic() - started
        report = StepReported(
            run_id=message.run_id,
            step=message.step,
            attempt=message.attempt,
            outcome="done",
            seconds=seconds,
            counts={"rows": rows, **costs.counts(job.cost, dollars(job.cost, settings.usd_per_tib))},
        )
        await ports.bus.publish("coordinator-events", report.encode(), report.attributes())
    finally:
        usd = dollars(job.cost, settings.usd_per_tib)
        await costs.record(message, job.cost, usd, ports.clock.monotonic() - started, ports)
