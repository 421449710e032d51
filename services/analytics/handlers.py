"""What the analytics service does with a message."""

from services.analytics.processors import PROCESSORS
from shared.contract import Message, StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Ports


async def on_task(message: Message, ports: Ports, *, regrade_days: int) -> None:
    """Run the processor of the requested step and report it. The rows are durable before the report is sent."""
    if not isinstance(message, StepRequested) or message.step not in PROCESSORS:
        raise Permanent(f"analytics cannot handle {message.key!r}", remedy="it belongs on another service's topic")
    started = ports.clock.monotonic()
    rows = await PROCESSORS[message.step].run(message, ports.warehouse, regrade_days=regrade_days)
    report = StepReported(
        run_id=message.run_id,
        step=message.step,
        attempt=message.attempt,
        outcome="done",
        seconds=ports.clock.monotonic() - started,
        counts={"rows": rows},
    )
    await ports.bus.publish("coordinator-events", report.encode(), report.attributes())
