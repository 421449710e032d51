"""Predicting, which the workers do: a slate is sent to them in batches, and systems they lack are told of."""

from collections.abc import Mapping

from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.runs.events import BatchesPlanned
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from services.coordinator.steps.batches import by_player, cut, task
from services.coordinator.steps.evidence import of_run
from services.coordinator.steps.train import champions
from shared.contract import BatchRequested, StepReported
from shared.ports import Ports
from shared.registries.pipeline import PREDICTING
from shared.registries.systems import SYSTEMS, expected


async def dispatch(run: Run, ports: Ports, batch_size: int) -> BatchesPlanned:
    """Load the slate's features and quotes, a query each, and send them to the workers in batches."""
    now, attempt = ports.clock.now(), run.steps[PREDICTING].attempt
    rows = await ports.warehouse.query(sql("load_features"), of_run(run, now))
    quotes = by_player(await ports.warehouse.query(sql("load_quotes"), of_run(run, now)))
    artifacts = await champions(run, ports)
    systems = expected(artifacts)
    tasks = [
        task(row, quotes.get(row["player_id"], {}), row["cutoff_at"] if run.retrospective or run.final else now)
        for row in rows
    ]
    batches = cut(tasks, batch_size)
    for number, batch in enumerate(batches):
        message = BatchRequested(
            run_id=run.run_id,
            game_date=run.game_date,
            mode=run.mode,
            attempt=attempt,
            batch=number,
            systems=systems,
            artifacts=artifacts,
            tasks=batch,
        )
        await ports.bus.publish("worker-tasks", message.encode(), message.attributes())
    return BatchesPlanned(run.run_id, attempt, len(batches), systems)


async def absent(run: Run, reasons: Mapping[str, str], ports: Ports) -> None:
    """Alert on systems that a worker could not predict (failure 15: absent, never a silent fallback)."""
    for system, reason in reasons.items():
        await raise_alert(ports, "artifact_refused", f"{run.mode.value}.{system}", reason)


async def present(run: Run, _: StepReported, ports: Ports) -> None:
    """Clear the alerts of the learned systems that predicted the whole slate."""
    for system in run.batches.owed:
        if SYSTEMS[system].learned:
            await clear_alert(ports, "artifact_refused", f"{run.mode.value}.{system}")
