"""`decide` by hand: a state, an event, and exactly the state and the commands that follow."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.domain.decide import MAX_ATTEMPTS, Command, decide, end_of
from services.coordinator.domain.events import (
    BatchesPlanned,
    BatchStaged,
    Event,
    RunRequested,
    StepFailed,
    StepVerified,
)
from services.coordinator.domain.run import Batches, Decision, Evidence, Run, RunStatus, StepState, StepStatus
from shared.contract import RunEnded, StepReported, StepRequested
from shared.slate import Mode

DAY = date(2024, 3, 4)
SEVEN = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 Eastern: until then an overnight run waits for late inputs."""
EARLY = SEVEN - timedelta(hours=2)
LATE = SEVEN + timedelta(hours=10)
"""17:00 Eastern: until then a same-day run waits."""
MOMENT = timedelta(microseconds=1)
RUN_ID = "2024-03-04.overnight.1"
PENDING, RUNNING, WAITING = StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING
DONE, DEGRADED, FAILED, BLOCKED = StepStatus.DONE, StepStatus.DEGRADED, StepStatus.FAILED, StepStatus.BLOCKED
TO_PREDICT = (
    "schedule", "box_scores", "rosters", "injuries", "lines", "player_game_summary", "upcoming_player_game_context",
    "team_offense_game_summary", "team_defense_game_summary", "upcoming_team_game_context",
    "player_shot_zone_analysis", "team_defense_zone_analysis", "player_daily_cache", "player_composite_factors",
    "ml_feature_store", "train", "predict",
)  # fmt: skip
"""The plan of target `predict`, in order."""


def step(status: StepStatus, attempt: int = 1, **fields: Any) -> StepState:  # noqa: ANN401 - any field of a step
    """A step's state; its first attempt unless said otherwise."""
    return StepState(status=status, attempt=0 if status in (PENDING, BLOCKED) else attempt, **fields)


def run_of(steps: dict[str, StepState], **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run of the overnight mode, asked for at 05:00 Eastern."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("export",), "steps": steps, "created_at": EARLY,
    }  # fmt: skip
    return Run.model_validate(known | fields)


def predicting(*, at: str = "predict", **others: StepState) -> dict[str, StepState]:
    """The steps up to `predict` when everything before `at` is done, `at` runs, and the rest has not begun."""
    states: dict[str, StepState] = {}
    status = DONE
    for name in TO_PREDICT:
        status = RUNNING if name == at else PENDING if status is not DONE else DONE
        states[name] = step(status)
    return states | others


def after(run: Run | None, event: Event, now: datetime = LATE) -> tuple[Run, list[Command]]:
    """What `decide` says, where there is a run."""
    decided, commands = decide(run, event, now)
    assert decided is not None
    return decided, commands


def asked(commands: list[Command]) -> list[str]:
    """`topic: key` of each command."""
    return [f"{topic}: {message.key}" for topic, message in commands]


def statuses(run: Run, *names: str) -> list[StepStatus]:
    """How steps stand."""
    return [run.steps[name].status for name in names]


def request(*targets: str, **fields: Any) -> RunRequested:  # noqa: ANN401 - any field of the event
    """Somebody asks for the overnight run."""
    return RunRequested(DAY, Mode.OVERNIGHT, "cli", targets or ("export",), **fields)


def verified(name: str, have: int, expected: int, **fields: Any) -> StepVerified:  # noqa: ANN401 - see the body
    """A step's report with evidence: `quarantined` and `detail` are the evidence's, the rest the event's."""
    evidence = {key: fields.pop(key) for key in ("quarantined", "detail") if key in fields}
    found = Evidence(expected=expected, verified=have, **evidence)
    known: dict[str, Any] = {"run_id": RUN_ID, "attempt": 1, "evidence": found}
    return StepVerified(step=name, **(known | fields))


def test_a_first_request_makes_generation_one_and_starts_what_needs_nothing() -> None:
    """Every field of the run and of the request it sends is the event's."""
    event = RunRequested(DAY, Mode.SAME_DAY, "schedule:same-day", ("box_scores",), retrospective=True, retrain=True)
    run, [command] = after(None, event, EARLY)
    assert run == Run(
        game_date=DAY, mode=Mode.SAME_DAY, generation=1, source="schedule:same-day", retrospective=True,
        from_archive=False, retrain=True, targets=("box_scores",),
        steps={
            "schedule": StepState(status=RUNNING, attempt=1, tries=1, started_at=EARLY),
            "box_scores": StepState(),
        },
        batches=Batches(), status=RunStatus.RUNNING, created_at=EARLY, finished_at=None, decisions=(), outbox=(),
    )  # fmt: skip
    assert command == (
        "scraper-tasks",
        StepRequested(
            run_id="2024-03-04.same_day.1", game_date=DAY, mode=Mode.SAME_DAY, step="schedule", attempt=1,
            retrospective=True, from_archive=False, retrain=True,
        ),
    )  # fmt: skip


def test_a_request_asks_for_the_export_of_a_live_run_unless_it_says_otherwise() -> None:
    """The defaults of `RunRequested`, in full."""
    assert RunRequested(DAY, Mode.OVERNIGHT, "cli") == RunRequested(
        game_date=DAY, mode=Mode.OVERNIGHT, source="cli", targets=("export",), retrospective=False, force=False,
        from_phase=None, retrain=False, redo=(), seen=None,
    )  # fmt: skip


@pytest.mark.parametrize(("from_phase", "archive"), [(None, False), (1, False), (2, True), (3, False), (6, False)])
def test_only_phase_two_reads_the_archive(from_phase: int | None, archive: bool) -> None:  # noqa: FBT001 - a case
    """The run and its requests say so."""
    run, [(_, message)] = after(None, request(from_phase=from_phase))
    assert isinstance(message, StepRequested)
    assert (run.from_archive, message.from_archive, run.generation) == (archive, archive, 1)


def test_force_keeps_nothing_and_takes_the_events_targets() -> None:
    """Generation 3 becomes 4; the earlier targets and steps are forgotten."""
    old = run_of({"schedule": step(DONE), "box_scores": step(DONE)}, generation=3, targets=("box_scores",))
    run, commands = after(old, request("schedule", force=True, from_phase=6))
    assert (run.generation, run.targets, list(run.steps)) == (4, ("schedule",), ["schedule"])
    assert asked(commands) == ["scraper-tasks: 2024-03-04.overnight.4/schedule/1"]


def test_force_alone_starts_afresh() -> None:
    """What is done is done again."""
    run, commands = after(run_of({"schedule": step(DONE)}, status=RunStatus.COMPLETE), request("schedule", force=True))
    assert (run.generation, asked(commands)) == (2, ["scraper-tasks: 2024-03-04.overnight.2/schedule/1"])


def test_a_report_without_a_run_is_about_nothing() -> None:
    """Only a request makes a run."""
    for event in (
        verified("schedule", 1, 1),
        StepFailed(RUN_ID, "schedule", 1, "x"),
        BatchesPlanned(RUN_ID, 1, 0),
        BatchStaged(RUN_ID, 1, 0),
    ):
        assert decide(None, event, LATE) == (None, [])


FINISHED = {
    "schedule": step(DONE, 2), "box_scores": step(DEGRADED), "player_game_summary": step(DONE), "grade": step(DONE),
}  # fmt: skip


@pytest.mark.parametrize(
    ("from_phase", "kept"),
    [
        (1, []),
        (2, []),
        (3, ["schedule", "box_scores"]),
        (5, ["schedule", "box_scores", "player_game_summary"]),
        (6, ["schedule", "box_scores", "player_game_summary", "grade"]),
    ],
)
def test_from_a_phase_on_what_is_usable_before_it_stands_as_it_is(from_phase: int, kept: list[str]) -> None:
    """Phases: schedule and box_scores 1, player_game_summary 3, grade 5; done and degraded are usable."""
    old = run_of(FINISHED, targets=("grade",), status=RunStatus.DEGRADED)
    run, _ = after(old, request("grade", from_phase=from_phase))
    assert [name for name, state in run.steps.items() if state is old.steps[name]] == kept
    assert run.generation == 2


@pytest.mark.parametrize("status", [PENDING, RUNNING, WAITING, FAILED, BLOCKED])
def test_what_is_not_usable_before_a_phase_is_done_again(status: StepStatus) -> None:
    """With the attempts of a new generation."""
    old = run_of({"schedule": step(DONE), "box_scores": step(status, 2)}, targets=("box_scores",))
    run, commands = after(old, request("box_scores", from_phase=3))
    assert asked(commands) == ["scraper-tasks: 2024-03-04.overnight.2/box_scores/1"]
    assert run.steps["schedule"] is old.steps["schedule"]


def test_redo_keeps_what_does_not_stand_on_it_and_adds_to_the_targets() -> None:
    """`rosters` again, and `injuries` and `lines` that need it; the targets are joined in order, each once."""
    states = {name: step(DONE) for name in ("schedule", "box_scores", "rosters", "injuries", "lines")}
    old = run_of(states, targets=("lines", "box_scores"), status=RunStatus.COMPLETE)
    run, commands = after(old, request("injuries", "lines", redo=("rosters",)))
    assert run.targets == ("lines", "box_scores", "injuries")
    assert statuses(run, "schedule", "box_scores", "rosters", "injuries", "lines") == [
        DONE, DONE, RUNNING, PENDING, PENDING
    ]  # fmt: skip
    assert asked(commands) == ["scraper-tasks: 2024-03-04.overnight.2/rosters/1"]


def test_redo_with_a_phase_keeps_by_phase() -> None:
    """The phase says what stands; the targets are still joined."""
    old = run_of(FINISHED, targets=("grade",), status=RunStatus.DEGRADED)
    run, _ = after(old, request("box_scores", from_phase=3, redo=("schedule",)))
    assert (run.targets, statuses(run, "schedule", "box_scores")) == (("grade", "box_scores"), [DONE, DEGRADED])


@pytest.mark.parametrize("fresh", [{"force": True}, {"from_phase": 3}, {"redo": ("schedule",)}])
@pytest.mark.parametrize(("seen", "begins"), [(None, True), (4, True), (3, False), (5, False), (0, False)])
def test_nobody_starts_afresh_on_what_he_did_not_see(fresh: dict[str, Any], seen: int | None, *, begins: bool) -> None:
    """Another generation has begun since: somebody else was faster. Who saw nothing in particular always may."""
    old = run_of({"schedule": step(DONE)}, generation=4, status=RunStatus.COMPLETE, targets=("schedule",))
    run, commands = after(old, request("schedule", seen=seen, **fresh))
    assert run.generation == (5 if begins else 4)
    if not begins:
        assert (run is old, commands) == (True, [])


def test_whoever_only_asks_again_need_not_have_seen_the_run() -> None:
    """It resumes, or begins where there is none yet."""
    old = run_of({"schedule": step(FAILED)}, generation=4, status=RunStatus.FAILED, targets=("schedule",))
    run, _ = after(old, request("schedule", seen=0))
    assert (run.generation, run.steps["schedule"].status) == (4, RUNNING)
    run, _ = after(None, request("schedule", seen=0, force=True))
    assert run.generation == 1


def test_redo_of_what_failed_does_it_again() -> None:
    """A step that nothing in `redo` touches, but that is not usable, is not kept either."""
    old = run_of({"schedule": step(DONE), "box_scores": step(FAILED), "rosters": step(DONE)}, targets=("rosters",))
    run, _ = after(old, request("box_scores", redo=("rosters",)))
    assert statuses(run, "schedule", "box_scores", "rosters") == [DONE, RUNNING, RUNNING]


def test_asking_again_sends_what_is_at_work_again_and_changes_nothing() -> None:
    """The same run object, and a request under the same key for every running step, in order."""
    old = run_of({"schedule": step(DONE), "box_scores": step(RUNNING, 2), "rosters": step(RUNNING)}, targets=("x",))
    old = old.model_copy(update={"targets": ("box_scores", "rosters")})
    run, commands = after(old, request("rosters"))
    assert run is old
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/2", f"scraper-tasks: {RUN_ID}/rosters/1"]


def test_resuming_a_prediction_forgets_its_batches() -> None:
    """They are sent anew; those of a `predict` that is not at work are kept."""
    batches = Batches(attempt=1, total=2, done=(0,))
    old = run_of(predicting(), targets=("predict",), batches=batches)
    run, commands = after(old, request("predict"))
    assert (run.batches, asked(commands)) == (Batches(), [f"coordinator-tasks: {RUN_ID}/predict/1"])
    done = run_of(predicting(at="none"), targets=("predict",), batches=batches, status=RunStatus.COMPLETE)
    assert after(done, request("predict")) == (done, [])


@pytest.mark.parametrize("status", [FAILED, WAITING])
def test_asking_again_retries_what_failed_or_waits_with_a_new_attempt(status: StepStatus) -> None:
    """Attempts go on counting, tries begin anew, what was found before is forgotten, and the run is at work again."""
    worn = step(status, 3, tries=3, reason="403", evidence=Evidence(expected=1, verified=0), counts={"rows": 1})
    old = run_of(
        {"schedule": step(DONE), "box_scores": worn},
        targets=("box_scores",), status=RunStatus.FAILED, finished_at=EARLY,
    )  # fmt: skip
    run, commands = after(old, request("box_scores"))
    assert run.steps == {
        "schedule": step(DONE),
        "box_scores": StepState(status=RUNNING, attempt=4, tries=1, started_at=LATE),
    }
    assert (run.status, run.finished_at, run.generation, run.source) == (RunStatus.RUNNING, None, 1, "test")
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/4"]


def test_asking_again_unblocks_what_is_not_blocked_any_more() -> None:
    """What a retried step blocked waits for it; degraded and done steps stand."""
    old = run_of(
        {"schedule": step(DEGRADED), "rosters": step(FAILED), "injuries": step(BLOCKED), "lines": step(BLOCKED)},
        targets=("lines", "injuries"), status=RunStatus.FAILED,
    )  # fmt: skip
    run, _ = after(old, request("lines"))
    assert statuses(run, "schedule", "rosters", "injuries", "lines") == [DEGRADED, RUNNING, PENDING, PENDING]
    assert (run.steps["injuries"].reason, run.targets) == ("", ("lines", "injuries"))


def test_a_wider_request_resumes_first_and_then_starts_what_is_new() -> None:
    """Both commands, in that order; targets are joined, the run's own first."""
    old = run_of({"schedule": step(DONE), "rosters": step(RUNNING)}, targets=("rosters",))
    run, commands = after(old, request("box_scores"))
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/rosters/1", f"scraper-tasks: {RUN_ID}/box_scores/1"]
    assert (run.targets, list(run.steps)) == (("rosters", "box_scores"), ["schedule", "box_scores", "rosters"])


def test_a_wider_request_of_nothing_new_still_joins_the_targets() -> None:
    """`schedule` is part of the run already: no step is added, the target is."""
    old = run_of({"schedule": step(DONE), "rosters": step(RUNNING)}, targets=("rosters",))
    run, commands = after(old, request("schedule"))
    assert (run.targets, asked(commands)) == (("rosters", "schedule"), [f"scraper-tasks: {RUN_ID}/rosters/1"])


@pytest.mark.parametrize("status", [DONE, DEGRADED])
def test_asking_to_retrain_trains_again_in_the_same_generation(status: StepStatus) -> None:
    """Attempt 3 after attempt 2, told to train although nothing is due; the rest of the run stands."""
    steps = {name: state for name, state in predicting(at="none").items() if name != "predict"}
    old = run_of(steps | {"train": step(status, 2)}, targets=("train",), status=RunStatus.COMPLETE)
    run, [(topic, message)] = after(old, request("train", retrain=True))
    assert isinstance(message, StepRequested)
    assert (topic, message.key, message.retrain) == ("worker-tasks", f"{RUN_ID}/train/3", True)
    assert (run.retrain, run.status, run.steps["train"].status) == (True, RunStatus.RUNNING, RUNNING)
    assert after(old, request("train")) == (old, [])


@pytest.mark.parametrize("known", [True, False])
def test_asking_to_retrain_before_training_has_begun_is_not_lost(known: bool) -> None:  # noqa: FBT001 - a case
    """Whether `train` is still to come, or joins the run with this request: it will train although nothing is due."""
    steps = {name: state for name, state in predicting(at="ml_feature_store").items() if name != "predict"}
    if not known:
        del steps["train"]
    run, _ = after(run_of(steps, targets=("train" if known else "ml_feature_store",)), request("train", retrain=True))
    assert run.retrain
    _, [(_, message)] = after(run, verified("ml_feature_store", 1, 1))
    assert isinstance(message, StepRequested)
    assert (message.step, message.retrain) == ("train", True)


def test_training_at_work_is_not_told_to_retrain_half_way() -> None:
    """Its request is sent again as it was: one key asks for one thing."""
    steps = {name: state for name, state in predicting(at="train").items() if name != "predict"}
    old = run_of(steps, targets=("train",))
    run, [(_, message)] = after(old, request("train", retrain=True))
    assert isinstance(message, StepRequested)
    assert (run is old, message.retrain, message.attempt) == (True, False, 1)


def test_a_run_without_training_is_asked_to_retrain_in_vain() -> None:
    """There is no such step in it."""
    old = run_of({"schedule": step(DONE)}, targets=("schedule",), status=RunStatus.COMPLETE)
    assert after(old, request("schedule", retrain=True)) == (old, [])


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
    old = run_of({"schedule": worn, "box_scores": step(PENDING), "rosters": step(PENDING)})
    event = StepVerified(RUN_ID, "schedule", 2, found, 0.5, {"requests": 2, "rows": 7}, "one game postponed")
    run, commands = after(old, event)
    assert run.steps == {
        "schedule": StepState(
            status=DONE, attempt=2, tries=2, reason="one game postponed", evidence=found,
            seconds=1.7,  # 1.2004 + 0.5 = 1.7004, to the millisecond
            counts={"requests": 5, "retries": 1, "rows": 7}, started_at=EARLY, ended_at=LATE,
        ),
        "box_scores": StepState(status=RUNNING, attempt=1, tries=1, started_at=LATE),
        "rosters": StepState(status=RUNNING, attempt=1, tries=1, started_at=LATE),
    }  # fmt: skip
    assert run.decisions == (
        Decision(
            step="schedule", attempt=2, decision="proceed", expected=2, verified=2, quarantined=0, completeness=1.0,
            quality=0.95, reason="one game postponed", decided_at=LATE,
        ),
    )  # fmt: skip
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/1", f"scraper-tasks: {RUN_ID}/rosters/1"]
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
    optional = run_of(predicting(at="lines", lines=step(RUNNING, tries=3)))
    run, _ = after(optional, verified("lines", 0, 9))
    assert statuses(run, "lines", "upcoming_player_game_context") == [DEGRADED, RUNNING]
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
    said = "boosted is absent (bytes changed), similarity is absent (no memory)"
    assert (run.steps["predict"].status, run.steps["predict"].reason) == (DEGRADED, said)
    run, _ = after(old, verified("predict", 7, 8))
    assert (run.steps["predict"].status, run.steps["predict"].reason) == (FAILED, f"7 of 8 there, {said}")
    training = run_of(predicting(at="train"), batches=batches)
    run, _ = after(training, verified("train", 2, 2))
    assert (run.steps["train"].status, run.steps["train"].reason) == (DONE, "")


def test_an_absent_system_is_no_shortfall_to_try_again() -> None:
    """A second dispatch would find it absent again."""
    old = run_of(predicting(predict=step(RUNNING, tries=1)), batches=Batches(attempt=1, absent={"boosted": "x"}))
    run, commands = after(old, verified("predict", 8, 8))
    assert run.steps["predict"].status is DEGRADED
    assert asked(commands) == [f"coordinator-events: {RUN_ID}/ended/17"]  # 17 steps, an attempt each


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


def test_a_started_step_counts_its_attempts_on() -> None:
    """What was asked for before and waits to start again does not reuse a number."""
    old = run_of({"schedule": step(RUNNING), "box_scores": StepState(attempt=4, tries=3, reason="before")})
    run, commands = after(old, verified("schedule", 1, 1))
    assert run.steps["box_scores"] == StepState(status=RUNNING, attempt=5, tries=1, reason="before", started_at=LATE)
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
    """When the last is settled; the end is told with the sum of all attempts."""
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
    _, [command, *_] = after(old, RunRequested(DAY, Mode.OVERNIGHT, "cli", ()))
    assert asked([command]) == [f"{topic}: {RUN_ID}/{name}/1"]
