"""Evidence and failures: when a step is settled, tried again or waits."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.coordinator.runs.decide import MAX_ATTEMPTS
from services.coordinator.runs.events import (
    BatchesPlanned,
    BatchStaged,
    StepFailed,
    StepVerified,
)
from services.coordinator.runs.run import Batches, Decision, Evidence, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from tests.unit.coordinator.runs import (
    BLOCKED,
    DEGRADED,
    DONE,
    EARLY,
    FAILED,
    LATE,
    MOMENT,
    PENDING,
    RUN_ID,
    RUNNING,
    SEVEN,
    WAITING,
    after,
    asked,
    predicting,
    run_of,
    statuses,
    step,
    verified,
)

STRANGERS = {
    "another generation": {"run_id": "2024-03-04.overnight.2"},
    "another slate": {"run_id": "2024-03-05.overnight.1"},
    "a later attempt": {"attempt": 3},
    "a step the run does not have": {"step": "rosters"},
    "a step that is done": {"step": "schedule"},
}


@pytest.mark.parametrize("changed", STRANGERS.values(), ids=list(STRANGERS))
def test_evidence_about_something_else_changes_nothing(changed: dict[str, Any]) -> None:
    """The same run object comes back, and nothing is sent."""
    old = run_of({"schedule": step(DONE, 2), "box_scores": step(RUNNING, 2)})
    full = Evidence(expected=1, verified=1)
    event: dict[str, Any] = {"run_id": RUN_ID, "step": "box_scores", "attempt": 2, "evidence": full}
    run, commands = after(old, StepVerified(**(event | changed)))
    assert (run is old, commands) == (True, [])


@pytest.mark.parametrize("status", [RunStatus.COMPLETE, RunStatus.DEGRADED, RunStatus.FAILED])
def test_a_run_that_has_ended_hears_no_reports(status: RunStatus) -> None:
    """Even about a step that seems to be at work."""
    old = run_of(predicting(), status=status)
    for event in (
        verified("predict", 1, 1),
        StepFailed(RUN_ID, "predict", 1, "x"),
        BatchesPlanned(RUN_ID, 1, 0),
        BatchStaged(RUN_ID, 1, 0),
    ):
        run, commands = after(old, event)
        assert (run is old, commands) == (True, [])


def test_full_evidence_settles_a_step_and_starts_what_needs_it() -> None:
    """Evidence, rounded seconds, added counts, the service's note, and one decision to proceed."""
    found = Evidence(expected=2, verified=2, detail="as promised")
    worn = step(RUNNING, 2, tries=2, seconds=1.2004, counts={"requests": 3, "retries": 1}, started_at=EARLY)
    old = run_of({"schedule": worn, "box_scores": step(PENDING), "upcoming_team_game_context": step(PENDING)})
    event = StepVerified(RUN_ID, "schedule", 2, found, 0.5, {"requests": 2, "rows": 7}, "one game postponed")
    run, commands = after(old, event)
    assert run.steps == {
        "schedule": StepState(
            status=DONE, attempt=2, tries=2, reason="one game postponed", evidence=found,
            seconds=1.7,  # 1.2004 + 0.5 = 1.7004, to the millisecond
            counts={"requests": 5, "retries": 1, "rows": 7}, started_at=EARLY, ended_at=LATE,
        ),
        "box_scores": StepState(status=RUNNING, attempt=1, generation=1, tries=1, started_at=LATE),
        "upcoming_team_game_context": StepState(
            status=RUNNING, attempt=1, generation=1, tries=1, started_at=LATE
        ),
    }  # fmt: skip
    assert run.decisions == (
        Decision(
            step="schedule", attempt=2, decision="proceed", expected=2, verified=2, quarantined=0, completeness=1.0,
            quality=0.95, reason="one game postponed", decided_at=LATE,
        ),
    )  # fmt: skip
    context = f"analytics-tasks: {RUN_ID}/upcoming_team_game_context/1"
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/1", context]
    assert run.status is RunStatus.RUNNING


def test_seconds_are_kept_to_the_millisecond() -> None:
    """0.1234 + 0.0013 = 0.1247, which is 0.125."""
    old = run_of({"schedule": step(RUNNING, seconds=0.1234), "box_scores": step(PENDING)})
    run, _ = after(old, verified("schedule", 1, 1, seconds=0.0013))
    assert run.steps["schedule"].seconds == 0.125


def test_short_evidence_is_tried_again_with_the_next_attempt() -> None:
    """Attempt and tries go up, the decision names the attempt that fell short, and the same topic is asked."""
    worn = step(RUNNING, 4, tries=1, seconds=1.0, started_at=EARLY)
    old = run_of({"schedule": worn, "box_scores": step(PENDING)})
    found = Evidence(expected=20, verified=18, quarantined=1, detail="BOS missing")
    run, commands = after(old, StepVerified(RUN_ID, "schedule", 4, found, 0.25, {"rows": 18}, "a note"))
    reason = "19 of 20 there, 1 quarantined: BOS missing"
    assert run.steps["schedule"] == StepState(
        status=RUNNING, attempt=5, tries=2, reason="", evidence=found, seconds=1.25, counts={"rows": 18},
        started_at=LATE, ended_at=None,
    )  # fmt: skip
    assert run.decisions == (
        Decision(
            step="schedule", attempt=4, decision="retry", expected=20, verified=18, quarantined=1, completeness=1.0,
            quality=0.95, reason=reason, decided_at=LATE,
        ),
    )  # fmt: skip
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/schedule/5"]
    assert run.steps["box_scores"] == step(PENDING)


def test_a_step_is_tried_three_times() -> None:
    """The third shortfall settles it."""
    assert MAX_ATTEMPTS == 3
    for tries, status in ((1, RUNNING), (2, RUNNING), (3, DEGRADED)):
        old = run_of({"schedule": step(RUNNING, 7, tries=tries)})
        run, _ = after(old, verified("schedule", 1, 2, attempt=7))
        assert run.steps["schedule"].status is status


def test_a_shortfall_that_would_fail_the_step_is_tried_again_too() -> None:
    """Nothing of what predictions stand on is there: at the first try it is asked for once more."""
    old = run_of(predicting(at="schedule", schedule=step(RUNNING, tries=1)))
    run, commands = after(old, verified("schedule", 0, 9))
    assert (run.steps["schedule"].attempt, asked(commands)) == (2, [f"scraper-tasks: {RUN_ID}/schedule/2"])
    assert run.decisions[0].decision == "retry"


def test_quarantine_alone_is_settled_at_once() -> None:
    """All units were collected: asking again would bring the same."""
    old = run_of(predicting(at="schedule", schedule=step(RUNNING, tries=1)))
    run, commands = after(old, verified("schedule", 19, 20, quarantined=1))
    assert (run.steps["schedule"].status, run.steps["schedule"].reason) == (DEGRADED, "1 quarantined")
    assert f"scraper-tasks: {RUN_ID}/schedule/2" not in asked(commands)


def test_more_than_expected_is_done() -> None:
    """Counting one's own surplus is not a shortfall."""
    run, _ = after(run_of({"schedule": step(RUNNING)}), verified("schedule", 3, 2))
    assert (run.steps["schedule"].status, run.steps["schedule"].reason) == (DONE, "")


@pytest.mark.parametrize("tries", [1, 3])
def test_an_older_attempts_shortfall_is_not_the_newer_ones(tries: int) -> None:
    """The newer attempt is still at work: nothing changes, neither a retry nor a verdict."""
    old = run_of({"schedule": step(RUNNING, 3, tries=tries), "box_scores": step(PENDING)})
    run, commands = after(old, verified("schedule", 1, 2, attempt=2))
    assert (run is old, commands) == (True, [])


def test_an_older_attempts_full_evidence_counts_under_the_newer_attempt() -> None:
    """The rows are there, whoever wrote them."""
    old = run_of({"schedule": step(RUNNING, 3, tries=3), "box_scores": step(PENDING)})
    run, commands = after(old, verified("schedule", 2, 2, attempt=1))
    assert (run.steps["schedule"].status, run.steps["schedule"].attempt, run.decisions[0].attempt) == (DONE, 3, 3)
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/1"]


@pytest.mark.parametrize(
    ("mode", "have", "quarantined", "status"),
    [
        # Of 400 units: completeness is the share that was collected, quality the share of it that is clean.
        (Mode.OVERNIGHT, 400, 0, DONE),
        (Mode.OVERNIGHT, 399, 0, FAILED),
        (Mode.OVERNIGHT, 380, 20, DEGRADED),
        (Mode.OVERNIGHT, 379, 21, FAILED),
        (Mode.SAME_DAY, 320, 0, DEGRADED),
        (Mode.SAME_DAY, 319, 0, FAILED),
        (Mode.SAME_DAY, 288, 32, DEGRADED),
        (Mode.SAME_DAY, 287, 33, FAILED),
        (Mode.TOMORROW, 300, 0, DEGRADED),
        (Mode.TOMORROW, 299, 0, FAILED),
        (Mode.TOMORROW, 340, 60, DEGRADED),
        (Mode.TOMORROW, 339, 61, FAILED),
        (Mode.MANUAL, 200, 0, DEGRADED),
        (Mode.MANUAL, 199, 0, FAILED),
        (Mode.MANUAL, 160, 40, DEGRADED),
        (Mode.MANUAL, 159, 41, FAILED),
        (Mode.BACKFILL, 380, 20, DEGRADED),
        (Mode.BACKFILL, 379, 21, FAILED),
        (Mode.BACKFILL, 399, 0, FAILED),
    ],
)
def test_both_sides_of_every_threshold(mode: Mode, have: int, quarantined: int, status: StepStatus) -> None:
    """A required step before a prediction, at its last try and after every deadline."""
    steps = predicting(at="schedule", schedule=step(RUNNING, 3, tries=3))
    run_id = f"2024-03-04.{mode}.1"
    event = verified("schedule", have, 400, quarantined=quarantined, attempt=3, run_id=run_id)
    run, _ = after(run_of(steps, mode=mode), event)
    assert run.steps["schedule"].status is status
    rules = {
        Mode.OVERNIGHT: (1.0, 0.95), Mode.SAME_DAY: (0.8, 0.9), Mode.TOMORROW: (0.75, 0.85), Mode.MANUAL: (0.5, 0.8),
        Mode.BACKFILL: (1.0, 0.95),
    }[mode]  # fmt: skip
    word = {DONE: "proceed", DEGRADED: "degrade", FAILED: "fail"}[status]
    decision = run.decisions[0]
    assert (decision.decision, decision.completeness, decision.quality) == (word, *rules)


def test_a_shortfall_fails_only_what_a_prediction_stands_on() -> None:
    """Nothing of `lines` is there: optional; nothing of `schedule` in a run that does not predict: degraded too."""
    steps = {"lines": step(RUNNING, tries=3), "upcoming_player_game_context": step(DONE)}
    optional = run_of(predicting(at="lines", **steps))
    run, _ = after(optional, verified("lines", 0, 9))
    assert statuses(run, "lines", "player_market_context") == [DEGRADED, RUNNING]
    grading = run_of({"schedule": step(RUNNING, tries=3), "box_scores": step(PENDING)})
    run, _ = after(grading, verified("schedule", 0, 9))
    assert statuses(run, "schedule", "box_scores") == [DEGRADED, RUNNING]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"have": 1, "expected": 3}, "1 of 3 there"),
        ({"have": 1, "expected": 3, "detail": "no BOS"}, "1 of 3 there: no BOS"),
        ({"have": 1, "expected": 3, "quarantined": 1}, "2 of 3 there, 1 quarantined"),
        ({"have": 2, "expected": 3, "quarantined": 1, "detail": "x"}, "1 quarantined: x"),
        ({"have": 1, "expected": 3, "note": "the service's own"}, "1 of 3 there"),
        ({"have": 3, "expected": 3, "detail": "not shown"}, ""),
    ],
)
def test_the_reason_names_every_problem_and_the_detail(fields: dict[str, Any], reason: str) -> None:
    """In one line; the service's note stands only where there is no problem."""
    run, _ = after(run_of({"schedule": step(RUNNING, tries=3)}), verified("schedule", **fields))
    assert run.steps["schedule"].reason == run.decisions[0].reason == reason


def test_absent_systems_degrade_predict_by_name() -> None:
    """In the order of their names, beside what else is wrong; another step does not speak of them."""
    batches = Batches(attempt=1, absent={"similarity": "no memory", "boosted": "bytes changed"})
    old = run_of(predicting(predict=step(RUNNING, tries=3)), batches=batches)
    run, _ = after(old, verified("predict", 8, 8))
    absent = "boosted is absent (bytes changed), similarity is absent (no memory)"
    assert (run.steps["predict"].status, run.steps["predict"].reason) == (DEGRADED, absent)
    run, _ = after(old, verified("predict", 7, 8))
    assert (run.steps["predict"].status, run.steps["predict"].reason) == (FAILED, f"7 of 8 there, {absent}")
    training = run_of(predicting(at="train"), batches=batches)
    run, _ = after(training, verified("train", 2, 2))
    assert (run.steps["train"].status, run.steps["train"].reason) == (DONE, "")


def test_an_absent_system_is_no_shortfall_to_try_again() -> None:
    """A second dispatch would find it absent again."""
    old = run_of(predicting(predict=step(RUNNING, tries=1)), batches=Batches(attempt=1, absent={"boosted": "x"}))
    run, commands = after(old, verified("predict", 8, 8))
    assert run.steps["predict"].status is DEGRADED
    assert asked(commands) == [f"coordinator-events: {RUN_ID}/ended/18"]  # 18 steps, an attempt each


@pytest.mark.parametrize(
    ("mode", "now", "status", "reason"),
    [
        (Mode.OVERNIGHT, SEVEN - MOMENT, WAITING, "403; waiting until 07:00 ET"),
        (Mode.OVERNIGHT, SEVEN, FAILED, "403"),
        (Mode.SAME_DAY, LATE - MOMENT, WAITING, "403; waiting until 17:00 ET"),
        (Mode.SAME_DAY, LATE, FAILED, "403"),
        (Mode.TOMORROW, EARLY, FAILED, "403"),
        (Mode.MANUAL, EARLY, FAILED, "403"),
        (Mode.BACKFILL, EARLY, FAILED, "403"),
    ],
)
def test_a_late_input_is_waited_for_until_the_modes_deadline(
    mode: Mode, now: datetime, status: StepStatus, reason: str
) -> None:
    """One moment before it, not at it; the decision and the step say so in the same words."""
    old = run_of({"schedule": step(RUNNING), "box_scores": step(PENDING)}, mode=mode)
    run, commands = after(old, StepFailed(f"2024-03-04.{mode}.1", "schedule", 1, "403"), now)
    assert run.steps["schedule"] == step(status, reason=reason, ended_at=now)
    [decision] = run.decisions
    assert (decision.decision, decision.reason) == ("wait" if status is WAITING else "fail", reason)
    assert (decision.expected, decision.verified, decision.quarantined) == (None, None, None)
    assert statuses(run, "box_scores") == [PENDING if status is WAITING else BLOCKED]
    assert run.status is (RunStatus.RUNNING if status is WAITING else RunStatus.FAILED)
    assert asked(commands) == ([] if status is WAITING else [f"coordinator-events: 2024-03-04.{mode}.1/ended/1"])


def test_the_deadline_is_on_new_yorks_clock() -> None:
    """In July 07:00 Eastern is 11:00 UTC."""
    day, seven = date(2024, 7, 4), datetime(2024, 7, 4, 11, tzinfo=UTC)
    for now, status in ((seven - MOMENT, WAITING), (seven, FAILED)):
        old = run_of({"schedule": step(RUNNING)}, game_date=day)
        run, _ = after(old, StepFailed("2024-07-04.overnight.1", "schedule", 1, "403"), now)
        assert run.steps["schedule"].status is status


def test_only_late_inputs_of_live_runs_are_waited_for() -> None:
    """Not a derived step, not an optional one, not in a retrospective run."""
    derived = {name: step(DONE) for name in ("schedule", "box_scores")} | {"player_game_summary": step(RUNNING)}
    run, _ = after(run_of(derived), StepFailed(RUN_ID, "player_game_summary", 1, "x"), EARLY)
    assert run.steps["player_game_summary"].status is FAILED
    optional = {"schedule": step(DONE), "rosters": step(DONE), "injuries": step(RUNNING)}
    run, _ = after(run_of(optional), StepFailed(RUN_ID, "injuries", 1, "x"), EARLY)
    assert (run.steps["injuries"].status, run.decisions[0].decision) == (DEGRADED, "degrade")
    past = run_of({"schedule": step(RUNNING)}, retrospective=True)
    run, _ = after(past, StepFailed(RUN_ID, "schedule", 1, "x"), EARLY)
    assert run.steps["schedule"].status is FAILED


@pytest.mark.parametrize(("quarantined", "status"), [(0, DONE), (1, DEGRADED)])
def test_what_is_usable_does_not_wait(quarantined: int, status: StepStatus) -> None:
    """Hours before the deadline a step that is done, or good enough, is settled."""
    old = run_of(predicting(at="schedule"))
    run, _ = after(old, verified("schedule", 20 - quarantined, 20, quarantined=quarantined), EARLY)
    assert run.steps["schedule"].status is status


def test_a_shortfall_waits_like_a_failure() -> None:
    """At the last try, with the evidence in the decision."""
    old = run_of(predicting(at="rosters", rosters=step(RUNNING, 3, tries=3)))
    run, _ = after(old, verified("rosters", 15, 30, attempt=3, detail="BOS has 0"), EARLY)
    assert run.steps["rosters"].reason == "15 of 30 there: BOS has 0; waiting until 07:00 ET"
    decision = run.decisions[0]
    assert (decision.decision, decision.attempt, decision.expected, decision.verified) == ("wait", 3, 30, 15)
    assert statuses(run, "rosters", "lines", "upcoming_team_game_context") == [WAITING, PENDING, RUNNING]


@pytest.mark.parametrize(
    "changed",
    [
        {"run_id": "2024-03-04.overnight.2"},
        {"attempt": 1},
        {"step": "rosters"},
        {"step": "schedule"},
    ],
    ids=["another generation", "an older attempt", "a step the run does not have", "a step that is done"],
)
def test_a_failure_of_something_else_changes_nothing(changed: dict[str, Any]) -> None:
    """The same run object comes back, and nothing is sent."""
    old = run_of({"schedule": step(DONE, 2), "box_scores": step(RUNNING, 2)})
    event: dict[str, Any] = {"run_id": RUN_ID, "step": "box_scores", "attempt": 2, "reason": "x"}
    run, commands = after(old, StepFailed(**(event | changed)))
    assert (run is old, commands) == (True, [])


def test_a_failure_keeps_what_earlier_attempts_found() -> None:
    """The decision shows the last evidence there was."""
    found = Evidence(expected=9, verified=4, quarantined=1)
    old = run_of({"schedule": step(RUNNING, 2, tries=2, evidence=found, seconds=3.0)})
    run, _ = after(old, StepFailed(RUN_ID, "schedule", 2, "HTTP 503"))
    assert run.steps["schedule"] == step(
        FAILED, 2, tries=2, evidence=found, seconds=3.0, reason="HTTP 503", ended_at=LATE
    )
    decision = run.decisions[0]
    assert (decision.expected, decision.verified, decision.quarantined, decision.attempt) == (9, 4, 1, 2)


def test_decisions_are_added_behind_those_before() -> None:
    """In the order they were taken."""
    first = Decision(step="x", attempt=1, decision="retry", completeness=1, quality=1, decided_at=EARLY)
    run, _ = after(run_of({"schedule": step(RUNNING)}, decisions=(first,)), StepFailed(RUN_ID, "schedule", 1, "x"))
    assert [decision.step for decision in run.decisions] == ["x", "schedule"]
