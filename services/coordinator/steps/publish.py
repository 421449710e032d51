"""Publishing: a run's staged predictions become the slate's current ones."""

from services.coordinator.record.seal import seal_published
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from services.coordinator.steps.evidence import of_run
from shared.ports import Ports
from shared.runtime import metrics


async def publish(run: Run, ports: Ports, _: int) -> int:
    """Append the run's predictions, once (failure 33: nothing published is ever deleted), and seal them (ADR 0030)."""
    rows = await _append(run, ports)
    await seal_published(run, ports)
    return rows


async def _append(run: Run, ports: Ports) -> int:
    parameters = {**of_run(run, ports.clock.now()), "why": run.why}
    [published] = await ports.warehouse.query(sql("published"), parameters)
    if published["published"]:  # all or none
        return int(published["published"])
    rows = await ports.warehouse.transform(
        "predictions.player_prop_predictions",
        sql("publish"),
        scope="game_date = @game_date AND run_id = @run_id",
        params=parameters,
    )
    metrics.PREDICTIONS.labels(run.mode.value).inc(rows)
    return rows
