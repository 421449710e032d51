"""Progress: what starts or is blocked next, how a run ends, and the batches of a prediction."""

import pytest

from services.coordinator.runs.advance import end_of
from services.coordinator.runs.events import (
    BatchesPlanned,
    BatchStaged,
    RunRequested,
    StepFailed,
)
from services.coordinator.runs.run import Batches, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import RunEnded, StepReported
from shared.errors import Permanent
from tests.unit.coordinator.runs import (
    BLOCKED,
    DAY,
    DEGRADED,
    DONE,
    FAILED,
    LATE,
    PENDING,
    RUN_ID,
    RUNNING,
    WAITING,
    after,
    asked,
    predicting,
    run_of,
    step,
    verified,
)


def test_a_failed_step_blocks_all_that_stands_on_it_by_name() -> None:
    """Also at second hand, each naming what it needs itself; two causes are both named; what is at work goes on."""
    steps = {
        "schedule": step(DONE), "box_scores": step(RUNNING), "rosters": step(FAILED), "injuries": step(PENDING),
        "lines": step(DONE), "player_game_summary": step(FAILED), "upcoming_player_game_context": step(PENDING),
        "player_shot_zone_analysis": step(PENDING), "team_offense_game_summary": step(PENDING),
    }  # fmt: skip
    run, commands = after(run_of(steps), verified("box_scores", 1, 1))
    assert {name: state.reason for name, state in run.steps.items() if state.status is BLOCKED} == {
        "injuries": "needs rosters",
        "upcoming_player_game_context": "needs rosters, injuries",
        "player_shot_zone_analysis": "needs upcoming_player_game_context, player_game_summary",
    }
    assert asked(commands) == [f"analytics-tasks: {RUN_ID}/team_offense_game_summary/1"]
    assert run.steps["injuries"] == StepState(status=BLOCKED, reason="needs rosters")


@pytest.mark.parametrize("status", [PENDING, RUNNING, WAITING])
def test_a_step_starts_only_when_all_it_needs_is_usable(status: StepStatus) -> None:
    """Degraded is usable; pending, running and waiting are not yet."""
    steps = {"schedule": step(DEGRADED), "rosters": step(RUNNING), "injuries": step(status), "lines": step(DEGRADED)}
    steps |= {"upcoming_player_game_context": step(PENDING)}
    run, _ = after(run_of(steps), verified("rosters", 1, 1))
    assert run.steps["upcoming_player_game_context"].status is PENDING


def test_a_run_of_another_revision_is_refused_until_it_is_asked_for_again() -> None:
    """It lacks a step that stands between two of its own; asked for again it has it."""
    steps = predicting(at="player_composite_factors")
    del steps["player_market_context"]
    old = run_of(steps)
    with pytest.raises(Permanent, match=rf"run {RUN_ID} was planned by another revision: ask for the run again"):
        after(old, verified("player_composite_factors", 1, 1))
    run, _ = after(old, RunRequested(DAY, Mode.OVERNIGHT, "test", targets=("predict",)))
    assert run.steps["player_market_context"].status is RUNNING


def test_a_started_step_counts_its_attempts_on() -> None:
    """What was asked for before and waits to start again does not reuse a number."""
    old = run_of({"schedule": step(RUNNING), "box_scores": StepState(attempt=4, tries=3, reason="before")})
    run, commands = after(old, verified("schedule", 1, 1))
    assert run.steps["box_scores"] == StepState(
        status=RUNNING, attempt=5, generation=1, tries=1, reason="before", started_at=LATE
    )
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/5"]


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (DONE, RunStatus.COMPLETE),
        (DEGRADED, RunStatus.DEGRADED),
        (FAILED, RunStatus.FAILED),
        (BLOCKED, RunStatus.FAILED),
    ],
)
def test_a_run_ends_as_the_worst_of_its_steps(other: StepStatus, status: RunStatus) -> None:
    """When the last is settled; the end is reported with the sum of all attempts."""
    old = run_of({"schedule": step(RUNNING, 2), "box_scores": step(other, 3)})
    run, [(topic, message)] = after(old, verified("schedule", 1, 1, attempt=2))
    assert (run.status, run.finished_at) == (status, LATE)
    attempts = 2 if other is BLOCKED else 5
    assert (topic, message) == ("coordinator-events", RunEnded(run_id=RUN_ID, attempts=attempts))
    assert end_of(run) == message


def test_a_failed_run_with_a_degraded_step_has_failed() -> None:
    """Failed is worse than degraded."""
    old = run_of({"schedule": step(DEGRADED), "box_scores": step(FAILED), "rosters": step(RUNNING)})
    run, _ = after(old, verified("rosters", 1, 1))
    assert run.status is RunStatus.FAILED


def test_a_failed_optional_step_ends_a_run_degraded() -> None:
    """And the last decision is the run's end."""
    old = run_of({"schedule": step(DONE), "rosters": step(DONE), "lines": step(RUNNING)})
    run, commands = after(old, StepFailed(RUN_ID, "lines", 1, "403"))
    assert (run.status, run.steps["lines"].reason) == (RunStatus.DEGRADED, "403")
    assert asked(commands) == [f"coordinator-events: {RUN_ID}/ended/3"]


def test_the_plan_and_the_batches_make_the_report() -> None:
    """Every field of it: seconds are the batches' sum, the count is the plan's."""
    run = run_of(predicting(predict=step(RUNNING, 2)))
    run, commands = after(run, BatchesPlanned(RUN_ID, 2, 2, ("moving_average", "boosted")))
    assert run.batches == Batches(attempt=2, total=2, systems=("moving_average", "boosted"))
    assert commands == []
    run, commands = after(run, BatchStaged(RUN_ID, 2, 1, 0.5, {"boosted": "old", "ensemble": "y"}))
    assert (run.batches.done, commands) == ((1,), [])
    run, commands = after(run, BatchStaged(RUN_ID, 2, 0, 0.25, {"boosted": "new", "similarity": "x"}))
    assert run.batches == Batches(
        attempt=2, total=2, done=(1, 0), seconds=0.75, systems=("moving_average", "boosted"),
        absent={"boosted": "new", "ensemble": "y", "similarity": "x"},
    )  # fmt: skip
    assert commands == [
        (
            "coordinator-events",
            StepReported(
                run_id=RUN_ID, step="predict", attempt=2, outcome="done", reason="", seconds=0.75,
                counts={"batches": 2},
            ),
        )
    ]  # fmt: skip


def test_batches_heard_of_before_the_plan_are_kept() -> None:
    """The plan of one then completes it."""
    run, commands = after(run_of(predicting()), BatchStaged(RUN_ID, 1, 0, 0.5))
    assert (run.batches, commands) == (Batches(attempt=1, done=(0,), seconds=0.5), [])
    _, commands = after(run, BatchesPlanned(RUN_ID, 1, 1))
    assert asked(commands) == [f"coordinator-events: {RUN_ID}/predict/1/reported"]


def test_a_batch_or_plan_heard_of_twice_counts_once() -> None:
    """The same run object comes back, and no second report."""
    old = run_of(predicting(), batches=Batches(attempt=1, total=1, done=(0,), seconds=0.5))
    for event in (BatchStaged(RUN_ID, 1, 0, 0.5), BatchesPlanned(RUN_ID, 1, 7)):
        run, commands = after(old, event)
        assert (run is old, commands) == (True, [])


@pytest.mark.parametrize("attempt", [1, 3])
def test_batches_of_another_attempt_are_strangers(attempt: int) -> None:
    """Of an older one, as of one that nobody asked for."""
    old = run_of(predicting(predict=step(RUNNING, 2)), batches=Batches(attempt=2, total=1))
    for event in (BatchStaged(RUN_ID, attempt, 0), BatchesPlanned(RUN_ID, attempt, 0)):
        run, commands = after(old, event)
        assert (run is old, commands) == (True, [])


def test_a_new_attempt_begins_with_no_batches() -> None:
    """What the attempt before had staged, planned or missed is forgotten."""
    before = Batches(attempt=1, total=1, done=(0,), seconds=9.0, systems=("boosted",), absent={"boosted": "x"})
    old = run_of(predicting(predict=step(RUNNING, 2)), batches=before)
    run, _ = after(old, BatchesPlanned(RUN_ID, 2, 2, ("moving_average",)))
    assert run.batches == Batches(attempt=2, total=2, systems=("moving_average",))
    run, _ = after(old, BatchStaged(RUN_ID, 2, 1))
    assert run.batches == Batches(attempt=2, done=(1,))


@pytest.mark.parametrize("status", [DONE, PENDING])
def test_batches_are_heard_of_only_while_predict_is_at_work(status: StepStatus) -> None:
    """Done or not begun: nothing changes."""
    old = run_of(predicting(predict=StepState(status=status, attempt=1)), batches=Batches(attempt=1))
    for event in (BatchStaged(RUN_ID, 1, 0), BatchesPlanned(RUN_ID, 1, 0)):
        run, commands = after(old, event)
        assert (run is old, commands) == (True, [])


def test_batches_of_a_run_that_does_not_predict_are_strangers() -> None:
    """It has no such step."""
    old = run_of({"schedule": step(RUNNING)})
    for event in (BatchStaged(RUN_ID, 1, 0), BatchesPlanned(RUN_ID, 1, 0)):
        run, commands = after(old, event)
        assert (run is old, commands) == (True, [])


def test_a_batch_beyond_the_plan_does_not_complete_it() -> None:
    """Of two planned, 0 and 2 are staged: 1 is missing. With 0, 1 and a left-over 2 all are there."""
    old = run_of(predicting(), batches=Batches(attempt=1, total=2, done=(0,)))
    run, commands = after(old, BatchStaged(RUN_ID, 1, 2))
    assert commands == []
    _, commands = after(run, BatchStaged(RUN_ID, 1, 1))
    assert asked(commands) == [f"coordinator-events: {RUN_ID}/predict/1/reported"]


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("rosters", "scraper-tasks"),
        ("grade", "analytics-tasks"),
        ("train", "worker-tasks"),
        ("predict", "coordinator-tasks"),
    ],
)
def test_a_step_is_asked_for_where_its_service_listens(name: str, topic: str) -> None:
    """One topic per service."""
    old = run_of({name: step(RUNNING)}, targets=())
    _, [command, *_] = after(old, RunRequested(DAY, Mode.OVERNIGHT, "cli", (), resend=True))
    assert asked([command]) == [f"{topic}: {RUN_ID}/{name}/1"]
