"""The run ledger: its rows by hand, and that a run is entered once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.coordinator.handlers import Handlers
from services.coordinator.runs import ledger
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested, StepFailed
from services.coordinator.runs.ledger import enter
from services.coordinator.runs.run import Decision, Evidence, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode, eastern_instant
from shared.contract import RunEnded
from shared.embedded.bus import EmbeddedBus
from shared.ports import Ports, Row
from tests.unit.coordinator.memory import KNOWN_ENDS, AnsweringWarehouse
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
HALF_PAST_SEVEN = datetime(2024, 3, 4, 12, 30, tzinfo=UTC)
LATE = datetime(2024, 3, 5, 4, 59, tzinfo=UTC)
"""23:59 Eastern of the same day."""
DONE, FAILED, BLOCKED = StepStatus.DONE, StepStatus.FAILED, StepStatus.BLOCKED


def run_of(status: RunStatus, steps: dict[str, StepState] | None = None, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run that has ended."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "created_at": HALF_PAST_SEVEN, "finished_at": LATE, "status": status,
        "steps": steps if steps is not None else {"schedule": StepState(status=DONE)},
    }  # fmt: skip
    return Run.model_validate(known | fields)


FOUND = Evidence(expected=9, verified=7, quarantined=1, detail="x")
SETTLED = run_of(
    RunStatus.FAILED,
    {
        "schedule": StepState(
            status=DONE, attempt=2, evidence=FOUND, seconds=1.5, started_at=HALF_PAST_SEVEN, ended_at=LATE
        ),
        "grade": StepState(status=BLOCKED, reason="needs schedule"),
    },
    decisions=(
        Decision(
            step="schedule", attempt=1, decision="retry", expected=9, verified=0, quarantined=0, completeness=1.0,
            quality=0.95, reason="0 of 9 there", decided_at=HALF_PAST_SEVEN,
        ),
        Decision(step="schedule", attempt=2, decision="proceed", completeness=1.0, quality=0.95, decided_at=LATE),
    ),
    generation=3, source="reconciler", retrospective=True,
)  # fmt: skip
NAMED: Row = {"game_date": DAY, "mode": "overnight", "run_id": f"{KEY}.3", "generation": 3}


def test_f37_a_runs_steps_as_rows_of_the_ledger() -> None:
    """Column by column; a step without evidence, reason or instants has nulls."""
    shared = {
        **NAMED, "source": "reconciler", "retrospective": True, "run_status": "failed",
        "run_started_at": HALF_PAST_SEVEN, "run_ended_at": LATE,
    }  # fmt: skip
    assert ledger.step_rows(SETTLED) == [
        shared | {
            "step": "schedule", "attempt": 2, "phase": 1, "service": "scraper", "status": "done", "expected": 9,
            "verified": 7, "quarantined": 1, "reason": None, "work_seconds": 1.5, "started_at": HALF_PAST_SEVEN,
            "ended_at": LATE,
        },
        shared | {
            "step": "grade", "attempt": 0, "phase": 5, "service": "analytics", "status": "blocked", "expected": None,
            "verified": None, "quarantined": None, "reason": "needs schedule", "work_seconds": 0.0,
            "started_at": None, "ended_at": None,
        },
    ]  # fmt: skip


def test_f37_a_runs_decisions_as_rows_of_the_ledger() -> None:
    """Numbered from 0 as they were taken."""
    shared = {**NAMED, "step": "schedule", "completeness": 1.0, "quality": 0.95}
    assert ledger.decision_rows(SETTLED) == [
        shared | {
            "number": 0, "attempt": 1, "decision": "retry", "expected": 9, "verified": 0, "quarantined": 0,
            "reason": "0 of 9 there", "decided_at": HALF_PAST_SEVEN,
        },
        shared | {
            "number": 1, "attempt": 2, "decision": "proceed", "expected": None, "verified": None,
            "quarantined": None, "reason": None, "decided_at": LATE,
        },
    ]  # fmt: skip


async def test_f37_decisions_are_entered_before_steps() -> None:
    """A crash between the two leaves the run unentered, and it is entered again."""
    warehouse = AnsweringWarehouse()
    await ledger.enter(SETTLED, warehouse)
    assert [(table, len(rows)) for table, rows in warehouse.appended] == [("ops.decisions", 2), ("ops.step_runs", 2)]


async def test_f37_what_has_ended_and_is_not_entered_is_found() -> None:
    """The same run with another end is not entered; the ledger is read once."""
    later = LATE + timedelta(days=2)
    runs = [
        run_of(RunStatus.COMPLETE, generation=1),
        run_of(RunStatus.COMPLETE, generation=2, game_date=DAY - timedelta(days=3)),
        run_of(RunStatus.RUNNING, generation=4, finished_at=None),
        run_of(RunStatus.COMPLETE, generation=5, finished_at=later),
    ]
    warehouse = AnsweringWarehouse()
    known: list[Row] = [
        {"run_id": runs[0].run_id, "run_ended_at": LATE},
        {"run_id": runs[3].run_id, "run_ended_at": LATE},
    ]
    warehouse.answers[KNOWN_ENDS] = ("ends", known)
    assert await ledger.unentered(runs, warehouse) == [runs[1], runs[3]]
    assert warehouse.asked == [("ends", {"first_date": DAY - timedelta(days=3), "last_date": DAY})]
    assert await ledger.unentered(runs[2:3], warehouse) == []
    assert len(warehouse.asked) == 1


async def failed(engine: Engine, ports: Ports, mode: Mode = Mode.OVERNIGHT, **fields: Any) -> Run:  # noqa: ANN401 - fields
    """A run of the slate whose schedule failed, after its deadline."""
    set_clock(ports, eastern_instant(SLATE) + timedelta(hours=20))
    run = await engine.apply(RunRequested(SLATE, mode, "test", **fields))
    return await engine.apply(StepFailed(run.run_id, "schedule", 1, "HTTP 503"))


async def test_f37_a_run_is_entered_once_however_often_it_is_told(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """One ledger, copied from the run when it has ended; telling twice changes nothing."""
    run = await failed(engine, ports)
    for _ in range(2):
        await handlers.on_event(RunEnded(run_id=run.run_id, attempts=1))
    rows = await ports.warehouse.query("SELECT * FROM ops.step_runs ORDER BY step")
    assert {row["step"]: row["status"] for row in rows} == {n: s.status.value for n, s in run.steps.items()}
    [decision] = await ports.warehouse.query("SELECT * FROM ops.decisions")
    assert (decision["decision"], decision["reason"], decision["completeness"]) == ("fail", "HTTP 503", 1.0)


async def test_f37_a_run_that_ends_again_adds_what_is_new(engine: Engine, ports: Ports) -> None:
    """The first end stays in the ledger as it was."""
    run = await failed(engine, ports)
    await enter(run, ports.warehouse)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    run = await engine.apply(StepFailed(run.run_id, "schedule", 2, "HTTP 500"))
    await enter(run, ports.warehouse)
    rows = await ports.warehouse.query("SELECT reason FROM ops.step_runs WHERE step = 'schedule' ORDER BY attempt")
    assert [row["reason"] for row in rows] == ["HTTP 503", "HTTP 500"]


async def test_f37_an_end_that_nobody_heard_of_is_told_again_at_the_next_start(
    handlers: Handlers, engine: Engine, ports: Ports
) -> None:
    """The ends that the ledger lacks are announced again, the others are not."""
    run = await failed(engine, ports)
    bus = EmbeddedBus(ports.clock)
    restarted = Handlers(engine, replace(ports, bus=bus), batch_size=60)
    await restarted.recover()
    assert bus.depth("coordinator-events") == 1
    await handlers.on_event(RunEnded(run_id=run.run_id, attempts=1))
    await restarted.recover()
    assert bus.depth("coordinator-events") == 1
