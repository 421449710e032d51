"""Requests: what begins, resumes, widens or repeats a run."""

from typing import Any

import pytest

from services.coordinator.runs.decide import decide
from services.coordinator.runs.events import (
    BatchesPlanned,
    BatchStaged,
    RunRequested,
    StepFailed,
)
from services.coordinator.runs.run import Batches, Evidence, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import StepRequested
from shared.registries.pipeline import plan
from tests.unit.coordinator.runs import (
    BLOCKED,
    DAY,
    DEGRADED,
    DONE,
    EARLY,
    FAILED,
    LATE,
    PENDING,
    RUN_ID,
    RUNNING,
    WAITING,
    after,
    asked,
    predicting,
    request,
    run_of,
    statuses,
    step,
    verified,
)


def test_a_first_request_makes_generation_one_and_starts_what_needs_nothing() -> None:
    """Every field of the run and of the request it sends is the event's."""
    event = RunRequested(DAY, Mode.SAME_DAY, "schedule:same-day", ("box_scores",), retrospective=True, retrain=True)
    run, [command] = after(None, event, EARLY)
    assert run == Run(
        game_date=DAY, mode=Mode.SAME_DAY, generation=1, source="schedule:same-day", retrospective=True,
        from_archive=False, retrain=True, targets=("box_scores",),
        steps={
            "schedule": StepState(status=RUNNING, attempt=1, generation=1, tries=1, started_at=EARLY),
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
        from_phase=None, retrain=False, redo=(), seen=None, resend=False,
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


def test_redo_from_phase_two_does_only_that_from_the_archive() -> None:
    """What does not stand on it stays as it is, whatever its phase."""
    states = {name: step(DONE) for name in ("schedule", "box_scores", "rosters", "injuries", "lines")}
    old = run_of(states, targets=("lines", "box_scores", "injuries"), status=RunStatus.COMPLETE)
    run, [(_, message)] = after(old, request("lines", from_phase=2, redo=("lines",)))
    assert isinstance(message, StepRequested)
    assert (message.step, message.from_archive, run.targets) == ("lines", True, old.targets)
    assert statuses(run, "schedule", "box_scores", "rosters", "injuries", "lines") == [DONE, DONE, DONE, DONE, RUNNING]


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
    assert statuses(run, "schedule", "box_scores", "rosters") == [DONE, RUNNING, PENDING]


def test_what_was_lost_is_sent_again_and_nothing_changes() -> None:
    """The same run object; asked for, a request under the same key for every running step, in order, else none."""
    old = run_of({"schedule": step(DONE), "box_scores": step(RUNNING, 2), "rosters": step(RUNNING)}, targets=("x",))
    old = old.model_copy(update={"targets": ("box_scores", "rosters")})
    assert after(old, request("rosters")) == (old, [])
    run, commands = after(old, request("rosters", resend=True))
    assert run is old
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/2", f"scraper-tasks: {RUN_ID}/rosters/1"]


def test_resuming_a_prediction_forgets_its_batches() -> None:
    """They are sent anew; those of a `predict` that is not at work are kept."""
    batches = Batches(attempt=1, total=2, done=(0,))
    old = run_of(predicting(), targets=("predict",), batches=batches)
    assert after(old, request("predict")) == (old, [])
    run, commands = after(old, request("predict", resend=True))
    assert (run.batches, asked(commands)) == (Batches(), [f"coordinator-tasks: {RUN_ID}/predict/1"])
    done = run_of(predicting(at="none"), targets=("predict",), batches=batches, status=RunStatus.COMPLETE)
    assert after(done, request("predict")) == (done, [])


@pytest.mark.parametrize(("again", "kept"), [("grade", True), ("predict", False)])
def test_a_later_generation_keeps_the_batches_of_a_prediction_that_stands(again: str, *, kept: bool) -> None:
    """They still owe their rows; those of one that is made again are forgotten. Steps know who asked for them."""
    batches = Batches(attempt=1, total=1, done=(0,), systems=("moving_average",))
    states = {one.name: step(DONE, generation=1) for one in plan(["publish", "grade"])}
    old = run_of(states, targets=("publish", "grade"), batches=batches, status=RunStatus.COMPLETE)
    run, _ = after(old, request("publish", redo=(again,)))
    assert run.batches == (batches if kept else Batches())
    assert (run.generation, run.steps["schedule"].generation, run.steps[again].generation) == (2, 1, 2)
    narrower, _ = after(old, request("grade", from_phase=6))
    assert "predict" not in narrower.steps
    assert narrower.batches == Batches()


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
        "box_scores": StepState(status=RUNNING, attempt=4, generation=1, tries=1, started_at=LATE),
    }
    assert (run.status, run.finished_at, run.generation, run.source) == (RunStatus.RUNNING, None, 1, "test")
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/box_scores/4"]


def test_asking_again_unblocks_what_is_not_blocked_any_more() -> None:
    """What a retried step blocked waits for it; degraded and done steps stand."""
    old = run_of(
        {
            "schedule": step(DEGRADED), "box_scores": step(DONE), "rosters": step(FAILED), "injuries": step(BLOCKED),
            "lines": step(BLOCKED),
        },
        targets=("lines", "injuries"), status=RunStatus.FAILED,
    )  # fmt: skip
    run, _ = after(old, request("lines"))
    assert statuses(run, "schedule", "rosters", "injuries", "lines") == [DEGRADED, RUNNING, PENDING, PENDING]
    assert (run.steps["injuries"].reason, run.targets) == ("", ("lines", "injuries"))


def test_a_wider_request_sends_what_was_lost_first_and_then_starts_what_is_new() -> None:
    """Both commands, in that order; targets are joined, the run's own first."""
    done = {"schedule": step(DONE), "box_scores": step(DONE), "rosters": step(DONE)}
    old = run_of({**done, "injuries": step(RUNNING)}, targets=("injuries",))
    run, commands = after(old, request("lines", resend=True))
    assert asked(commands) == [f"scraper-tasks: {RUN_ID}/injuries/1", f"scraper-tasks: {RUN_ID}/lines/1"]
    assert (run.targets, list(run.steps)) == (("injuries", "lines"), [*done, "injuries", "lines"])


def test_a_wider_request_of_nothing_new_still_joins_the_targets() -> None:
    """`schedule` is part of the run already: no step is added, the target is."""
    old = run_of({"schedule": step(DONE), "box_scores": step(DONE), "rosters": step(RUNNING)}, targets=("rosters",))
    run, commands = after(old, request("schedule"))
    assert (run.targets, asked(commands)) == (("rosters", "schedule"), [])


@pytest.mark.parametrize("status", [DONE, DEGRADED])
def test_asking_to_retrain_trains_again_in_the_same_generation(status: StepStatus) -> None:
    """Attempt 3 after attempt 2, with `retrain` set although nothing is due; the rest of the run stands."""
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
    """Its request, sent again, is as it was: one key asks for one thing."""
    steps = {name: state for name, state in predicting(at="train").items() if name != "predict"}
    old = run_of(steps, targets=("train",))
    run, [(_, message)] = after(old, request("train", retrain=True, resend=True))
    assert isinstance(message, StepRequested)
    assert (run is old, message.retrain, message.attempt) == (True, False, 1)


def test_a_run_without_training_is_asked_to_retrain_in_vain() -> None:
    """There is no such step in it."""
    old = run_of({"schedule": step(DONE)}, targets=("schedule",), status=RunStatus.COMPLETE)
    assert after(old, request("schedule", retrain=True)) == (old, [])
