"""Runs of parts of a slate: what is begun anew, what a pass waits for, and what it leaves to the slate's own run."""

import pytest

from services.coordinator.pulse.pulse import _NEWS, STANDING
from services.coordinator.runs.events import RunRequested, StepFailed, StepVerified
from services.coordinator.runs.run import Batches, Evidence, Run, RunStatus
from shared.basketball.slate import Mode
from shared.contract import StepRequested
from shared.registries.pipeline import PREDICTING, plan
from tests.unit.coordinator.runs import (
    BLOCKED,
    DAY,
    DONE,
    EARLY,
    FAILED,
    LATE,
    RUNNING,
    after,
    asked,
    statuses,
)

PART = "2024-03-04.same_day.game-a"


def a_pass(**fields: object) -> RunRequested:
    """Somebody asks for the game `a` alone."""
    known: dict[str, object] = {"part": "game-a", "games": ("a",), "stands_on": (*STANDING, *_NEWS)}
    return RunRequested(DAY, Mode.SAME_DAY, "pulse", **(known | fields))  # type: ignore[arg-type]  # fields of the event


def done(run: Run, name: str) -> StepVerified:
    """The step's rows are there."""
    return StepVerified(run.run_id, name, run.steps[name].attempt, Evidence(expected=1, verified=1))


def test_a_pass_is_planned_without_what_it_stands_on() -> None:
    """Every field is the event's, and what it asks for is for its games."""
    run, [(topic, message)] = after(None, a_pass(why="Bos Elm Out 17:42", final=True), EARLY)
    assert (run.run_id, run.part, run.games, run.final, run.why) == (
        f"{PART}.1", "game-a", ("a",), True, "Bos Elm Out 17:42"
    )  # fmt: skip
    assert list(run.steps) == [each.name for each in plan(["export"]) if each.name not in (*STANDING, *_NEWS)]
    assert run.stands_on == (*STANDING, *_NEWS)
    assert isinstance(message, StepRequested)
    assert (topic, message.step, message.games) == ("analytics-tasks", "upcoming_player_game_context", ("a",))


@pytest.mark.parametrize("stands_on", [STANDING, (*STANDING, *_NEWS)], ids=["final", "news"])
def test_a_pass_makes_nothing_before_what_that_is_made_of(stands_on: tuple[str, ...]) -> None:
    """Also through steps that it stands on: the factors are made of the context, though only the form names it."""
    run, _ = after(None, a_pass(stands_on=stands_on), EARLY)
    order: list[str] = []
    while run.status is RunStatus.RUNNING:
        running = [name for name, state in run.steps.items() if state.status is RUNNING]
        for name in running:
            behind = {each.name for each in plan([name])} & run.steps.keys() - {name}
            assert behind <= set(order), name
        run, _ = after(run, done(run, running[-1]))
        order.append(running[-1])
    assert sorted(order) == sorted(run.steps)
    assert run.status is RunStatus.COMPLETE


def test_a_step_of_a_pass_is_blocked_by_what_it_is_made_of() -> None:
    """A context that could not be made leaves no factors, and nothing is predicted."""
    run, _ = after(None, a_pass(), EARLY)
    run, _ = after(run, StepFailed(run.run_id, "upcoming_player_game_context", 1, "HTTP 500"))
    blocked = statuses(run, "player_composite_factors", PREDICTING, "publish")
    assert (blocked, run.status) == ([BLOCKED] * 3, RunStatus.FAILED)
    assert run.steps["player_composite_factors"].reason == "needs upcoming_player_game_context"


def test_a_part_that_is_asked_for_begins_anew() -> None:
    """Whatever it was at; nothing of it is kept, and the words of the event count."""
    run, _ = after(None, a_pass(why="first"), EARLY)
    run, _ = after(run, done(run, "upcoming_player_game_context"))
    again, commands = after(run, a_pass(why="second", final=True, stands_on=STANDING, targets=("publish",)), LATE)
    assert (again.generation, again.why, again.final, again.targets) == (2, "second", True, ("publish",))
    assert (again.created_at, again.batches) == (LATE, Batches())
    assert asked(commands) == [f"scraper-tasks: {PART}.2/{name}/1" for name in _NEWS]
    assert "export" not in again.steps


@pytest.mark.parametrize(("seen", "generation"), [(None, 3), (2, 3), (1, 2), (0, 2)])
def test_of_two_who_ask_for_a_part_at_once_one_begins_it(seen: int | None, generation: int) -> None:
    """Whoever has seen an earlier generation comes too late."""
    run, _ = after(None, a_pass(), EARLY)
    run, _ = after(run, a_pass(), EARLY)
    found, commands = after(run, a_pass(seen=seen), LATE)
    assert (found.generation, bool(commands)) == (generation, generation == 3)
    assert (found is run) == (generation == 2)


def test_what_a_restart_has_lost_of_a_part_is_sent_again() -> None:
    """No further generation; what is done stays done, and the batches are sent anew."""
    run, _ = after(None, a_pass(), EARLY)
    while run.steps[PREDICTING].status is not RUNNING:
        name = next(name for name, state in run.steps.items() if state.status is RUNNING)
        run, _ = after(run, done(run, name))
    run = run.model_copy(update={"batches": Batches(attempt=1, total=4, done=(0, 1))})
    again, commands = after(run, RunRequested.again(run, resend=True))
    assert (again.generation, again.batches) == (1, Batches())
    assert asked(commands) == [f"coordinator-tasks: {PART}.1/{PREDICTING}/1"]
    assert statuses(again, "ml_feature_store") == [DONE]


def test_a_part_does_not_wait_for_late_inputs() -> None:
    """It is asked for again by the pulse; only the slate's own run waits until its deadline."""
    for event, status in ((a_pass(stands_on=()), FAILED), (RunRequested(DAY, Mode.SAME_DAY, "cli"), None)):
        run, _ = after(None, event, EARLY)
        for _ in range(3):
            attempt = run.steps["schedule"].attempt
            short = StepVerified(run.run_id, "schedule", attempt, Evidence(expected=2, verified=0))
            run, _ = after(run, short, EARLY)
        found = run.steps["schedule"].status
        assert found is status if status is not None else found.value == "waiting"
