"""The run ledger: what a run did, entered into `ops.step_runs` and `ops.decisions` when it has ended (failure 37).

The run's document is the truth while it runs; these rows are copied from it, once, and everything that reports on runs
- `tipoff cascade`, dashboards, the queries in sql/monitor - reads them and counts nothing of its own.
"""

from collections.abc import Sequence

from services.coordinator.runs.advance import end_of
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import Run, StepState
from shared.ports import Ports, Row, Warehouse
from shared.registries.pipeline import STEPS
from shared.runtime.logs import get_logger

_log = get_logger("coordinator")


async def enter(run: Run, warehouse: Warehouse) -> None:
    """Append the run's decisions, then its steps: one append per table, and entering twice enters once."""
    await warehouse.append("ops.decisions", decision_rows(run))
    await warehouse.append("ops.step_runs", step_rows(run))


async def recover(engine: Engine, ports: Ports) -> None:
    """Send what a crash left in outboxes, announce again the ends that the ledger lacks, close what is in it.

    Raises:
        TipoffError: a port is away; what is left is done the next time.
    """
    ended = [run for run in await engine.recover() if run.finished_at is not None]
    lost = await unentered(ended, ports.warehouse)
    for run in ended:
        if run not in lost:
            await engine.close(run)
            continue
        _log.info("run_end_announced_again", run_id=run.run_id)
        message = end_of(run)
        await ports.bus.publish("coordinator-events", message.encode(), message.attributes())


async def unentered(runs: Sequence[Run], warehouse: Warehouse) -> list[Run]:
    """Of `runs` those that have ended and are not in the ledger: the process ended before it heard of their end."""
    ended = [run for run in runs if run.finished_at is not None]
    if not ended:
        return []
    days = [run.game_date for run in ended]
    rows = await warehouse.query(
        "SELECT DISTINCT run_id, run_ended_at FROM ops.step_runs WHERE game_date BETWEEN @first_date AND @last_date",
        {"first_date": min(days), "last_date": max(days)},
    )
    known = {(row["run_id"], row["run_ended_at"]) for row in rows}
    return [run for run in ended if (run.run_id, run.finished_at) not in known]


def step_rows(run: Run) -> list[Row]:
    """One row per step as it ended, keyed by its last attempt: a step that was done again has a row for each end."""
    return [_step_row(run, name, step) for name, step in run.steps.items()]


def _step_row(run: Run, name: str, step: StepState) -> Row:
    found = step.evidence
    return {
        **_key(run),
        "step": name,
        "attempt": step.attempt,
        "phase": STEPS[name].phase,
        "service": STEPS[name].service,
        "source": run.source,
        "retrospective": run.retrospective,
        "status": step.status.value,
        "expected": None if found is None else found.expected,
        "verified": None if found is None else found.verified,
        "quarantined": None if found is None else found.quarantined,
        "reason": step.reason or None,
        "work_seconds": step.seconds,
        "started_at": step.started_at,
        "ended_at": step.ended_at,
        "run_status": run.status.value,
        "run_started_at": run.created_at,
        "run_ended_at": run.finished_at,
    }


def decision_rows(run: Run) -> list[Row]:
    """One row per decision, numbered as they were taken."""
    return [
        {**_key(run), "number": number, **decision.model_dump(), "reason": decision.reason or None}
        for number, decision in enumerate(run.decisions)
    ]


def _key(run: Run) -> Row:
    return {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "generation": run.generation,
    }
