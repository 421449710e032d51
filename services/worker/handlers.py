"""What the worker does with a message."""

import asyncio
from typing import TYPE_CHECKING

from services.worker.models import Loaded, Models
from services.worker.settings import WorkerSettings
from services.worker.training import on_train
from shared.contract import BatchReported, BatchRequested, Message, StepRequested
from shared.errors import Permanent
from shared.ports import Ports

if TYPE_CHECKING:
    from services.worker.domain.batch import Predicted


async def on_task(message: Message, ports: Ports, models: Models, settings: WorkerSettings) -> None:
    """Predict a batch, or train."""
    match message:
        case BatchRequested():
            await _on_batch(message, ports, models)
        case StepRequested(step="train"):
            await on_train(message, ports, models, settings)
        case _:
            raise Permanent(f"the worker takes no {message.KIND}", remedy="it belongs on another service's topic")


async def _on_batch(batch: BatchRequested, ports: Ports, models: Models) -> None:
    """Predict a batch, stage its rows durably, then report. Doing it twice leaves the same rows.

    They are appended, because replacements would queue behind each other in BigQuery. Of what several dispatches have
    staged of a game the newest counts (`publish.sql`).
    """
    started = ports.clock.monotonic()
    loaded = await models.load({name: batch.artifacts[name] for name in batch.systems if name in batch.artifacts})
    predicted = await asyncio.to_thread(_predict, batch, loaded)
    await ports.warehouse.append("predictions.staging", predicted.rows)
    report = BatchReported(
        run_id=batch.run_id,
        attempt=batch.attempt,
        batch=batch.batch,
        rows=len(predicted.rows),
        absent=predicted.absent,
        seconds=ports.clock.monotonic() - started,
    )
    await ports.bus.publish("coordinator-events", report.encode(), report.attributes())


def _predict(batch: BatchRequested, loaded: Loaded) -> "Predicted":
    from services.worker.domain.batch import predict  # noqa: PLC0415 - numpy only once there is work

    return predict(batch, loaded.models, loaded.refused)
