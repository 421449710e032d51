"""Laws of `decide`, over every state that some sequence of events can reach."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.runs.advance import Command
from services.coordinator.runs.decide import MAX_ATTEMPTS, decide
from services.coordinator.runs.events import (
    BatchesPlanned,
    BatchStaged,
    Event,
    RunRequested,
    StepFailed,
    StepVerified,
)
from services.coordinator.runs.run import Evidence, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import Message, RunEnded, StepReported, StepRequested
from shared.registries.pipeline import MODE_RULES, STEPS, plan
from tests.simulation.invariants import check_decision

DAY = date(2024, 3, 4)
NOW = datetime(2024, 3, 4, 22, tzinfo=UTC)
"""17:00 Eastern: nothing is waited for any more."""
EARLY = datetime(2024, 3, 4, 10, tzinfo=UTC)
"""05:00 Eastern."""
RUN_ID = "2024-03-04.overnight.1"

evidences = st.builds(
    Evidence, expected=st.integers(0, 4), verified=st.integers(0, 4), quarantined=st.integers(0, 1), detail=st.just("x")
)
run_ids = st.sampled_from([RUN_ID, RUN_ID, RUN_ID, "2024-03-04.overnight.2", "2024-03-05.overnight.1"])
steps = st.sampled_from(list(STEPS))
attempts = st.integers(1, MAX_ATTEMPTS + 1)
requests = st.builds(
    RunRequested,
    game_date=st.just(DAY),
    mode=st.just(Mode.OVERNIGHT),
    source=st.just("test"),
    targets=st.sampled_from([("export",), ("grade",), ("schedule",)]),
    force=st.sampled_from([False, False, False, True]),
    from_phase=st.sampled_from([None, None, None, 2, 5]),
    redo=st.sampled_from([(), (), (), ("rosters",), ("player_daily_cache", "grade")]),
)
reports = st.one_of(
    st.builds(StepVerified, run_ids, steps, attempts, evidences, st.just(0.5), st.just({"rows": 2})),
    st.builds(StepFailed, run_ids, steps, attempts, st.just("because")),
    st.builds(BatchesPlanned, run_ids, attempts, st.integers(0, 2)),
    st.builds(BatchStaged, run_ids, attempts, st.integers(0, 2), st.just(0.5)),
)
histories = st.lists(st.one_of(requests, reports, reports, reports), max_size=30)
GRADING = ("grade", "grade_history", "system_daily_performance")


def start(mode: Mode = Mode.OVERNIGHT, *targets: str, **fields: object) -> Run:
    """A run that has just been asked for."""
    event = RunRequested(DAY, mode, "test", targets or ("export",), **fields)  # type: ignore[arg-type]  # fields of the event
    run, _ = decide(None, event, NOW)
    assert run is not None
    return run


def apply(run: Run, *events: Event) -> tuple[Run, list[Command]]:
    """The run after some events, and all that they decided."""
    commands: list[Command] = []
    for event in events:
        after, more = decide(run, event, NOW)
        assert after is not None
        run = after
        commands += more
    return run, commands


def full(run: Run, step: str, attempt: int = 1) -> StepVerified:
    """All of a step's rows are there."""
    return StepVerified(run.run_id, step, attempt, Evidence(expected=1, verified=1))


def until(run: Run, last: str) -> Run:
    """The run when everything before `last` is done, and `last` at work."""
    for name in run.steps:
        if name != last and name in {step.name for step in plan([last])}:
            run, _ = apply(run, full(run, name))
    assert run.steps[last].status is StepStatus.RUNNING
    return run


def names(commands: list[Command]) -> list[str]:
    """The steps that commands ask for."""
    return [message.step for _, message in commands if isinstance(message, StepRequested | StepReported)]


@given(histories)
def test_decide_is_a_function(history: list[Event]) -> None:
    """The same state and event give the same decision, and the state given is not touched."""
    run: Run | None = None
    for event in history:
        kept = None if run is None else run.model_dump_json()
        once, twice = decide(run, event, NOW), decide(run, event, NOW)
        assert once == twice
        assert (None if run is None else run.model_dump_json()) == kept
        run = once[0]


@given(histories)
def test_every_decision_keeps_the_invariants(history: list[Event]) -> None:
    """Forward only, needs first, bounded attempts, strangers ignored, repetition harmless: for any order of events."""
    run: Run | None = None
    asked = 0
    for event in history:
        asked += isinstance(event, RunRequested)
        after, commands = decide(run, event, NOW)
        if after is not None:
            check_decision(run, event, after, commands, NOW, asked=asked)
        run = after


@given(histories)
def test_a_run_survives_its_storage(history: list[Event]) -> None:
    """What is stored as JSON is read back equal."""
    run: Run | None = None
    for event in history:
        run, _ = decide(run, event, NOW)
        if run is not None:
            assert Run.model_validate(run.model_dump(mode="json")) == run
            assert Run.model_validate_json(run.model_dump_json()) == run


@given(histories)
def test_a_run_has_ended_if_and_only_if_its_steps_are_settled(history: list[Event]) -> None:
    """`running` means that something may still happen; anything else, that nothing will."""
    run: Run | None = None
    for event in history:
        run, _ = decide(run, event, NOW)
        if run is not None:
            ended = all(step.status.settled for step in run.steps.values())
            assert (run.status is not RunStatus.RUNNING) == ended
            assert (run.finished_at is not None) == ended


@given(st.lists(requests, max_size=6), st.lists(reports, max_size=20))
def test_without_a_run_reports_are_about_nothing(asked: list[Event], reported: list[Event]) -> None:
    """Only a request makes a run."""
    assert all(decide(None, event, NOW) == (None, []) for event in reported)
    assert all(decide(None, event, NOW)[0] is not None for event in asked)


@pytest.mark.parametrize("copies", [2, 3])
@pytest.mark.parametrize("mode", list(Mode))
def test_f07_delivering_every_message_again_changes_nothing(mode: Mode, copies: int) -> None:
    """A night in which each message comes several times ends as the one in which each comes once."""

    def night(times: int) -> Run:
        run = start(mode)
        queue: list[Message] = [
            StepRequested(run_id=run.run_id, game_date=DAY, mode=mode, step="schedule", attempt=1)
        ] * times
        for message in queue:  # grows while it is read
            if isinstance(message, RunEnded):
                continue
            if isinstance(message, StepRequested) and message.step == "predict":
                events: list[Event] = [BatchesPlanned(run.run_id, message.attempt, 2)]
                events += [BatchStaged(run.run_id, message.attempt, batch) for batch in (1, 0)]
            else:
                assert isinstance(message, StepRequested | StepReported)
                good = message.attempt > 1 or message.step not in ("rosters", "predict", "ml_feature_store")
                found = Evidence(expected=2, verified=2 if good else 1)
                events = [StepVerified(run.run_id, message.step, message.attempt, found)]
            for event in events * times:
                run, commands = apply(run, event)
                queue += [command[1] for command in commands] * times
        return run

    assert night(1).status is RunStatus.COMPLETE
    assert night(copies) == night(1)


def test_f02_the_steps_of_a_run_are_those_of_the_one_table() -> None:
    """A run waits for exactly the steps that the plan of its targets has, in its order."""
    assert list(start().steps) == [step.name for step in plan(["export"])]
    assert list(start(Mode.OVERNIGHT, "grade").steps) == [step.name for step in plan(["grade"])]


def test_f08_runs_of_one_date_do_not_share_a_key() -> None:
    """Mode and date name a run, the generation its messages."""
    one, other = start(Mode.OVERNIGHT), start(Mode.SAME_DAY)
    assert one.key != other.key
    forced, _ = decide(one, RunRequested(DAY, Mode.OVERNIGHT, "test", force=True), NOW)
    assert forced is not None
    assert (forced.key, forced.run_id) == (one.key, "2024-03-04.overnight.2")


def test_f09_a_report_of_success_without_rows_does_not_complete_a_step() -> None:
    """A step whose rows are not there is asked for again, and fails a strict run when they never come."""
    run = start()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        nothing = StepVerified(run.run_id, "schedule", attempt, Evidence(expected=9, verified=0, detail="none"))
        run, commands = apply(run, nothing)
        assert names(commands) == (["schedule"] if attempt < MAX_ATTEMPTS else [])
    assert run.steps["schedule"].status is StepStatus.FAILED
    assert run.steps["schedule"].reason == "0 of 9 there: none"
    assert run.status is RunStatus.FAILED
    assert {step.status for name, step in run.steps.items() if name != "schedule"} == {StepStatus.BLOCKED}


@pytest.mark.parametrize("mode", list(Mode))
def test_f05_zero_rows_on_a_game_day_is_an_error_in_every_mode(mode: Mode) -> None:
    """A required step of which nothing at all is there fails, also where a mode allows to go on degraded."""
    run = until(start(mode), "rosters")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        run, _ = apply(run, StepVerified(run.run_id, "rosters", attempt, Evidence(expected=20, verified=0)))
    assert run.steps["rosters"].status is StepStatus.FAILED


def test_zero_rows_on_a_day_without_games_is_success() -> None:
    """Nothing expected, nothing there: done."""
    run, _ = apply(start(), StepVerified(RUN_ID, "schedule", 1, Evidence(expected=0, verified=0)))
    assert run.steps["schedule"].status is StepStatus.DONE


@pytest.mark.parametrize(
    ("mode", "evidence", "status"),
    [
        (Mode.OVERNIGHT, Evidence(expected=20, verified=20), StepStatus.DONE),
        (Mode.OVERNIGHT, Evidence(expected=20, verified=19, quarantined=1), StepStatus.DEGRADED),
        (Mode.OVERNIGHT, Evidence(expected=20, verified=18, quarantined=2), StepStatus.FAILED),
        (Mode.OVERNIGHT, Evidence(expected=20, verified=19), StepStatus.FAILED),
        (Mode.SAME_DAY, Evidence(expected=20, verified=16), StepStatus.DEGRADED),
        (Mode.SAME_DAY, Evidence(expected=20, verified=15), StepStatus.FAILED),
        (Mode.SAME_DAY, Evidence(expected=20, verified=18, quarantined=2), StepStatus.DEGRADED),
        (Mode.SAME_DAY, Evidence(expected=20, verified=17, quarantined=3), StepStatus.FAILED),
        (Mode.SAME_DAY, Evidence(expected=20, verified=20), StepStatus.DONE),
    ],
)
def test_the_mode_judges_the_evidence(mode: Mode, evidence: Evidence, status: StepStatus) -> None:
    """Completeness and quality against the mode's rules, once the attempts are used up."""
    run = start(mode)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        run, _ = apply(run, StepVerified(run.run_id, "schedule", attempt, evidence))
    assert run.steps["schedule"].status is status
    assert (run.steps["schedule"].reason == "") == (status is StepStatus.DONE)


def test_strictness_ends_where_no_predictions_are_made() -> None:
    """A run that only grades goes on with what there is."""
    run = start(Mode.OVERNIGHT, "grade")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        run, _ = apply(run, StepVerified(run.run_id, "schedule", attempt, Evidence(expected=20, verified=10)))
    assert run.steps["schedule"].status is StepStatus.DEGRADED


def test_an_optional_step_that_fails_only_degrades_the_run() -> None:
    """No betting lines tonight: predictions are made without."""
    run = until(start(), "lines")
    run, _ = apply(run, StepFailed(run.run_id, "lines", 1, "403"))
    assert run.steps["lines"].status is StepStatus.DEGRADED
    assert run.status is RunStatus.RUNNING


def test_a_required_step_that_fails_blocks_what_needs_it_and_nothing_else() -> None:
    """Grading goes on when the rosters cannot be had."""
    run, _ = apply(start(), full(start(), "schedule"))
    run, _ = apply(run, full(run, "box_scores"))
    run, _ = apply(run, StepFailed(run.run_id, "rosters", 1, "gone"))
    assert run.steps["injuries"].status is StepStatus.BLOCKED
    assert run.steps["injuries"].reason == "needs rosters"
    assert run.steps["predict"].status is StepStatus.BLOCKED
    assert run.steps["player_game_summary"].status is StepStatus.RUNNING
    run, commands = apply(run, full(run, "player_game_summary"))
    assert "grade" in names(commands)
    while run.status is RunStatus.RUNNING:
        run, _ = apply(run, *(full(run, name) for name, step in run.steps.items() if step.status is StepStatus.RUNNING))
    assert run.status is RunStatus.FAILED
    assert all(run.steps[name].status is StepStatus.DONE for name in GRADING)


def test_f18_attempts_are_bounded() -> None:
    """A step that never shows its rows is asked for a fixed number of times."""
    run = start()
    asked = 1
    for _ in range(50):
        attempt = run.steps["schedule"].attempt
        run, commands = apply(run, StepVerified(run.run_id, "schedule", attempt, Evidence(expected=1, verified=0)))
        asked += len(names(commands))
    assert asked == MAX_ATTEMPTS


def test_an_older_attempts_late_success_settles_the_step() -> None:
    """The rows are there: it does not matter which attempt wrote them."""
    run, _ = apply(start(), StepVerified(RUN_ID, "schedule", 1, Evidence(expected=2, verified=1)))
    run, _ = apply(run, StepVerified(RUN_ID, "schedule", 1, Evidence(expected=2, verified=2)))
    assert run.steps["schedule"].status is StepStatus.DONE


def test_counts_and_seconds_add_up_over_attempts() -> None:
    """A step's telemetry is that of all its attempts."""
    short, there = Evidence(expected=2, verified=1), Evidence(expected=2, verified=2)
    run, _ = apply(
        start(),
        StepVerified(RUN_ID, "schedule", 1, short, 1.5, {"requests": 3}),
        StepVerified(RUN_ID, "schedule", 2, there, 0.5, {"requests": 1, "retries": 2}),
    )
    assert run.steps["schedule"].seconds == 2.0
    assert run.steps["schedule"].counts == {"requests": 4, "retries": 2}


def test_asking_again_sends_nothing_twice() -> None:
    """Somebody is at it already, and what he fetches costs."""
    run = until(start(), "lines")
    assert decide(run, RunRequested(DAY, Mode.OVERNIGHT, "cli"), NOW) == (run, [])


def test_what_a_bus_has_lost_is_sent_again_when_asked() -> None:
    """Every step at work, under the same keys."""
    run = until(start(), "lines")
    resumed, commands = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", resend=True))
    assert names(commands) == [name for name, step in run.steps.items() if step.status is StepStatus.RUNNING]
    assert {message.key for _, message in commands} >= {f"{RUN_ID}/lines/1", f"{RUN_ID}/injuries/1"}
    assert resumed.steps == run.steps


@pytest.mark.parametrize("status", ["running", "ended"])
def test_asking_for_more_widens_a_run(status: str) -> None:
    """Targets that a run did not have are added to it, whether it is still running or not: a trigger is never lost."""
    run = start(Mode.OVERNIGHT, "schedule")
    if status == "ended":
        run, _ = apply(run, full(run, "schedule"))
    run, _ = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", ("export",)))
    assert set(run.targets) == {"schedule", "export"}
    assert "export" in run.steps
    run, _ = apply(run, full(run, "schedule"))
    assert run.steps["box_scores"].status is StepStatus.RUNNING


def test_asking_for_more_resumes_a_prediction_too() -> None:
    """A bus lost the report of the last batch, and the next request asks for more: the batches are counted anew."""
    run = until(start(Mode.OVERNIGHT, "publish"), "predict")
    run, _ = apply(run, BatchesPlanned(RUN_ID, 1, 1), BatchStaged(RUN_ID, 1, 0))
    run, commands = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", ("export",), resend=True))
    assert "predict" in names(commands)
    _, commands = apply(run, BatchesPlanned(RUN_ID, 1, 1), BatchStaged(RUN_ID, 1, 0))
    assert names(commands) == ["predict"]


def test_asking_a_complete_run_again_changes_nothing() -> None:
    """There is nothing left to do."""
    run = start(Mode.OVERNIGHT, "schedule")
    run, _ = apply(run, full(run, "schedule"))
    assert run.status is RunStatus.COMPLETE
    assert decide(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", ("schedule",)), NOW) == (run, [])


def failed_schedule() -> Run:
    """A run that ended because its first step failed."""
    run, _ = apply(start(Mode.OVERNIGHT, "schedule"), StepFailed(RUN_ID, "schedule", 1, "no"))
    assert run.status is RunStatus.FAILED
    return run


def test_asking_a_failed_run_again_retries_what_failed() -> None:
    """Only what failed or was blocked starts anew."""
    run, commands = apply(failed_schedule(), RunRequested(DAY, Mode.OVERNIGHT, "cli", ("schedule",)))
    assert names(commands) == ["schedule"]
    assert (run.status, run.finished_at) == (RunStatus.RUNNING, None)


def test_a_retried_step_is_deaf_to_the_attempts_before() -> None:
    """A late word about the attempt that failed does not fail the retry: keys are never used for two things."""
    failed = failed_schedule()
    retried, commands = apply(failed, RunRequested(DAY, Mode.OVERNIGHT, "cli", ("schedule",)))
    [(_, request)] = commands
    assert request.key != f"{RUN_ID}/schedule/1"
    assert decide(retried, StepFailed(RUN_ID, "schedule", 1, "no"), NOW) == (retried, [])


def test_a_retried_prediction_counts_its_own_batches() -> None:
    """A run whose `predict` failed with all batches staged can be retried: it does not wait for ever."""
    run = until(start(), "predict")
    run, _ = apply(run, BatchesPlanned(RUN_ID, 1, 1), BatchStaged(RUN_ID, 1, 0))
    run, _ = apply(run, StepFailed(RUN_ID, "predict", 1, "the report could not be verified"))
    run, _ = apply(run, *(full(run, step) for step in ("injuries", "lines", "team_daily_record", *GRADING)))
    assert run.status is RunStatus.FAILED
    run, [(_, request)] = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli"))
    assert isinstance(request, StepRequested)
    anew: list[Event] = [BatchesPlanned(run.run_id, request.attempt, 1), BatchStaged(run.run_id, request.attempt, 0)]
    assert names(apply(run, *anew)[1]) == ["predict"]


def test_predict_is_reported_when_the_last_batch_is_staged() -> None:
    """Whatever the order in which the plan and the batches are heard of."""
    run = until(start(), "predict")
    events: list[Event] = [BatchStaged(RUN_ID, 1, 1, 0.5), BatchesPlanned(RUN_ID, 1, 2), BatchStaged(RUN_ID, 1, 0, 1.0)]
    run, commands = apply(run, *events)
    [(topic, report)] = commands
    assert topic == "coordinator-events"
    assert isinstance(report, StepReported)
    assert (report.step, report.outcome, report.seconds, report.counts) == ("predict", "done", 1.5, {"batches": 2})


def test_a_slate_without_players_needs_no_batch() -> None:
    """Zero batches planned: predicted."""
    _, commands = apply(until(start(), "predict"), BatchesPlanned(RUN_ID, 1, 0))
    assert names(commands) == ["predict"]


def test_a_batch_beyond_the_plan_does_not_stand_for_one_within_it() -> None:
    """A batch of an earlier, larger dispatch of the same attempt does not make the last batch of this one count."""
    run = until(start(), "predict")
    _, commands = apply(run, BatchesPlanned(RUN_ID, 1, 2), BatchStaged(RUN_ID, 1, 0), BatchStaged(RUN_ID, 1, 2))
    assert names(commands) == []


def test_batches_of_another_attempt_do_not_count() -> None:
    """A new attempt of `predict` starts with no batch staged."""
    run = until(start(), "predict")
    run, _ = apply(run, BatchesPlanned(RUN_ID, 1, 1), BatchStaged(RUN_ID, 1, 0))
    run, _ = apply(run, StepVerified(RUN_ID, "predict", 1, Evidence(expected=4, verified=2)))
    assert run.steps["predict"].attempt == 2
    run, commands = apply(run, BatchStaged(RUN_ID, 1, 0), BatchesPlanned(RUN_ID, 1, 1))
    assert commands == []
    _, commands = apply(run, BatchStaged(RUN_ID, 2, 0), BatchesPlanned(RUN_ID, 2, 1))
    assert names(commands) == ["predict"]


def test_force_starts_everything_afresh_in_a_new_generation() -> None:
    """Nothing of the earlier generation is kept, and its messages are strangers."""
    run = until(start(), "predict")
    forced, commands = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", force=True))
    assert forced.generation == 2
    assert names(commands) == ["schedule"]
    assert decide(forced, full(run, "schedule"), NOW) == (forced, [])


@pytest.mark.parametrize("phase", [1, 2, 3, 4, 5, 6])
def test_from_phase_keeps_what_stands_before_it(phase: int) -> None:
    """Steps of earlier phases stand as they are; from phase 2, phase 1 is loaded from the archive."""
    run = start()
    for name in run.steps:
        run, _ = apply(run, full(run, name))
    assert run.status is RunStatus.COMPLETE
    again, _ = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", from_phase=phase))
    kept = {name for name, step in again.steps.items() if step.status.settled}
    first = 1 if phase == 2 else phase
    assert kept == {name for name in run.steps if STEPS[name].phase < first}
    assert all(again.steps[name] == run.steps[name] for name in kept)
    assert again.from_archive == (phase == 2)
    assert again.generation == 2


def test_from_phase_repairs_what_is_not_usable_before_it() -> None:
    """An earlier step that failed is done again: nothing stands on sand."""
    run, _ = apply(start(), StepFailed(RUN_ID, "schedule", 1, "no"))
    again, commands = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "cli", from_phase=5))
    assert names(commands) == ["schedule"]
    assert again.steps["predict"] == StepState()


def test_a_retrospective_run_says_so_in_every_request() -> None:
    """Services must know that the clock is not to be trusted."""
    _, commands = decide(None, RunRequested(DAY, Mode.SAME_DAY, "driver", retrospective=True), NOW)
    assert [m.retrospective for _, m in commands if isinstance(m, StepRequested)] == [True]


def test_a_run_that_has_ended_hears_nothing_more() -> None:
    """Late reports about settled steps change nothing."""
    run = failed_schedule()
    for event in (full(run, "schedule"), BatchStaged(RUN_ID, 1, 0), BatchesPlanned(RUN_ID, 1, 0)):
        assert decide(run, event, NOW) == (run, [])


@pytest.mark.parametrize(
    "event", [full(start(), "grade"), StepFailed(RUN_ID, "grade", 1, ""), BatchStaged(RUN_ID, 1, 0)]
)
def test_a_step_the_run_does_not_have_is_ignored(event: Event) -> None:
    """A report about a step outside the plan is about nothing."""
    run = start(Mode.OVERNIGHT, "box_scores")
    assert decide(run, event, NOW) == (run, [])


def short(run: Run, step: str, now: datetime, found: Evidence) -> tuple[Run, list[Command]]:
    """The run after as many attempts as a step is given, each of which found the same."""
    commands: list[Command] = []
    for _ in range(MAX_ATTEMPTS):
        after, commands = decide(run, StepVerified(run.run_id, step, run.steps[step].attempt, found), now)
        assert after is not None
        run = after
    return run, commands


def words(run: Run, step: str) -> list[str]:
    """What was decided about a step, in order."""
    return [decision.decision for decision in run.decisions if decision.step == step]


HALF = Evidence(expected=30, verified=15, detail="BOS has 0 players")
ONE_TEAM_OFF = Evidence(expected=30, verified=29, detail="BOS has 4 players")
NOTHING = Evidence(expected=30, verified=0, detail="HTTP 503")


@pytest.mark.parametrize("found", [NOTHING, HALF, ONE_TEAM_OFF], ids=["missing", "half there", "one team off"])
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("now", [EARLY, NOW], ids=["early", "late"])
@pytest.mark.parametrize("retrospective", [False, True])
def test_an_input_that_falls_short_waits_degrades_or_fails_as_its_mode_says(
    mode: Mode, found: Evidence, now: datetime, *, retrospective: bool
) -> None:
    """It waits while a live run of its mode has time, degrades where the mode allows it, else fails; one line why."""
    rules = MODE_RULES[mode]
    run = until(start(mode, retrospective=retrospective), "rosters")
    run, commands = short(run, "rosters", now, found)
    step = run.steps["rosters"]
    allowed = found.verified >= rules.completeness * found.expected
    waits = not retrospective and rules.wait_until is not None and now is EARLY
    wanted = StepStatus.DEGRADED if allowed else StepStatus.WAITING if waits else StepStatus.FAILED
    assert step.status is wanted
    assert step.reason.startswith(f"{found.verified} of 30 there: {found.detail}")
    assert "\n" not in step.reason
    assert ("waiting until" in step.reason) == (wanted is StepStatus.WAITING)
    assert words(run, "rosters") == [
        "retry", "retry", {"degraded": "degrade", "waiting": "wait", "failed": "fail"}[wanted.value]
    ]  # fmt: skip
    assert (run.steps["upcoming_player_game_context"].status is StepStatus.BLOCKED) == (wanted is StepStatus.FAILED)
    assert bool(commands) == (wanted is StepStatus.DEGRADED)


def test_a_step_that_waits_is_asked_for_again_and_goes_on_when_its_input_is_there() -> None:
    """The fallback schedule asks; the run goes on from where it waits, and has not ended meanwhile."""
    run, _ = short(start(), "schedule", EARLY, Evidence(expected=9, verified=0))
    assert run.status is RunStatus.RUNNING
    run, [(_, request)] = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "schedule:features-fallback"))
    assert isinstance(request, StepRequested)
    assert (request.step, request.attempt) == ("schedule", MAX_ATTEMPTS + 1)
    run, commands = apply(run, full(run, "schedule", request.attempt))
    assert run.steps["schedule"].status is StepStatus.DONE
    assert names(commands) == [step.name for step in STEPS.values() if step.needs == ("schedule",)]
    assert words(run, "schedule") == ["retry", "retry", "wait", "proceed"]


def test_what_waits_fails_when_its_time_is_over() -> None:
    """Asked again after the deadline, it waits no longer."""
    run, _ = short(start(), "schedule", EARLY, Evidence(expected=9, verified=0))
    run, _ = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "reconciler"))
    run, commands = short(run, "schedule", NOW, Evidence(expected=9, verified=0))
    assert (run.steps["schedule"].status, run.status) == (StepStatus.FAILED, RunStatus.FAILED)
    assert [type(message) for _, message in commands] == [RunEnded]


def test_nobody_waits_for_what_is_optional_or_derived() -> None:
    """No betting lines at five in the morning: predictions are made without; analytics have no late input."""
    run = until(start(), "lines")
    run, _ = decide(run, StepFailed(run.run_id, "lines", 1, "403"), EARLY)  # type: ignore[assignment]  # never None here
    assert run.steps["lines"].status is StepStatus.DEGRADED
    run = until(start(), "player_daily_cache")
    run, _ = short(run, "player_daily_cache", EARLY, HALF)
    assert run.steps["player_daily_cache"].status is StepStatus.FAILED


@given(histories)
def test_every_verdict_is_in_the_ledger_with_its_evidence_and_thresholds(history: list[Event]) -> None:
    """A settled step's last decision says what it is, why, and against which thresholds; decisions are only added."""
    run: Run | None = None
    for event in history:
        before = run
        run, _ = decide(run, event, NOW)
        if run is None:
            continue
        if before is not None and before.generation == run.generation:
            assert run.decisions[: len(before.decisions)] == before.decisions
        for name, step in run.steps.items():
            last = next((decision for decision in reversed(run.decisions) if decision.step == name), None)
            if step.status in (StepStatus.DONE, StepStatus.DEGRADED, StepStatus.FAILED) and last is not None:
                assert last.reason == step.reason
                assert last.decision == {"done": "proceed", "degraded": "degrade", "failed": "fail"}[step.status.value]
                assert (last.completeness, last.quality) == (1.0, 0.95)


def test_redo_does_a_step_and_what_stands_on_it_again_and_nothing_else() -> None:
    """Rows known to be gone are made again in a new generation; what does not stand on them stands."""
    run = start()
    for name in run.steps:
        run, _ = apply(run, full(run, name))
    assert run.status is RunStatus.COMPLETE
    again, commands = apply(run, RunRequested(DAY, Mode.OVERNIGHT, "reconciler", redo=("player_daily_cache",)))
    assert again.generation == 2
    assert names(commands) == ["player_daily_cache"]
    redone = {name for name, step in again.steps.items() if step.status is not StepStatus.DONE}
    assert redone == {
        "player_daily_cache", "player_composite_factors", "ml_feature_store", "train", "predict", "publish", "export",
    }  # fmt: skip
