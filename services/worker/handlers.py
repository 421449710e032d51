"""What the worker does with a message."""

import asyncio

from shared.contract import BatchReported, BatchRequested, Message
from shared.errors import Permanent
from shared.ports import Ports, Row


async def on_task(message: Message, ports: Ports) -> None:
    """Predict a batch, stage its rows durably, then report. Doing it twice leaves the same rows."""
    if not isinstance(message, BatchRequested):
        raise Permanent(f"the worker takes no {message.KIND}", remedy="it belongs on another service's topic")
    started = ports.clock.monotonic()
    rows = await asyncio.to_thread(_predict, message)
    await ports.warehouse.replace(
        "predictions.staging",
        rows,
        scope="game_date = @game_date AND run_id = @run_id AND batch = @batch",
        params={
            "game_date": message.game_date,
            "run_id": message.run_id,
            "batch": message.batch,
        },
    )
    report = BatchReported(
        run_id=message.run_id,
        attempt=message.attempt,
        batch=message.batch,
        rows=len(rows),
        seconds=ports.clock.monotonic() - started,
    )
    await ports.bus.publish("coordinator-events", report.encode(), report.attributes())


def _predict(batch: BatchRequested) -> list[Row]:
    from services.worker.domain.batch import predict  # noqa: PLC0415 - numpy and scipy only once there is work

    return predict(batch)
