"""Events on fakes: what a report changes, and what the end of a run is followed by."""

from datetime import timedelta

import pytest

from services.coordinator.runs.engine import OPEN
from services.coordinator.runs.ledger import step_rows
from services.coordinator.runs.run import Batches, Evidence, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import BatchReported, BatchRequested, RunEnded
from shared.errors import Permanent, Skip, Transient
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.handling import DAY, FULL, KEY, NOON, RUN_ID, World, ask, reported, run_of, working
from tests.unit.coordinator.memory import failing, opened


async def test_a_report_is_applied_with_evidence_seconds_counts_and_note() -> None:
    """What the warehouse counts, not what the service says it wrote."""
    world = World(complete__schedule=[FULL | {"detail": "ignored where all is there"}])
    world.put(working("box_scores", attempt=2))
    await world.handlers.on_event(reported("schedule", 2, seconds=2.5, counts={"rows": 9, "x": 0}, reason="postponed"))
    step = (await world.run()).steps["schedule"]
    assert (step.status, step.seconds, step.counts, step.reason) == (
        StepStatus.DONE, 2.5, {"rows": 9, "x": 0}, "postponed"
    )  # fmt: skip
    assert step.evidence == Evidence(expected=4, verified=4, detail="ignored where all is there")
    assert [name for name, _ in world.warehouse.asked] == ["complete__schedule"]
    assert await opened(world.state) == {}


async def test_a_report_of_a_later_attempt_is_not_this_ones() -> None:
    """The attempt is the message's own."""
    world = World(complete__schedule=[FULL])
    world.put(working("box_scores"))
    await world.handlers.on_event(reported("schedule", 2))
    assert (await world.run()).steps["schedule"].status is StepStatus.RUNNING


async def test_a_failed_report_is_applied_without_asking_the_warehouse() -> None:
    """With its attempt and reason."""
    world = World()
    world.put(working("box_scores", attempt=2))
    await world.handlers.on_event(reported("schedule", 1, outcome="failed", reason="an older attempt"))
    assert (await world.run()).steps["schedule"].status is StepStatus.RUNNING
    await world.handlers.on_event(reported("schedule", 2, outcome="failed", reason="HTTP 403"))
    step = (await world.run()).steps["schedule"]
    assert (step.status, step.reason) == (StepStatus.FAILED, "HTTP 403")


@pytest.mark.parametrize(("spent", "over"), [(1_500_001, True), (1_500_000, False)])
async def test_a_report_is_held_against_the_budget(spent: int, *, over: bool) -> None:
    """1.5 US dollars, the new report included."""
    world = World(budget=1.5, complete__schedule=[FULL])
    world.put(working("box_scores"))
    await world.handlers.on_event(reported("schedule", counts={"microdollars": spent}))
    assert list(await opened(world.state)) == ([f"budget_exceeded {RUN_ID}"] if over else [])


async def test_without_a_budget_a_night_may_cost_anything() -> None:
    """No limit is the default."""
    world = World(complete__schedule=[FULL])
    world.put(working("box_scores"))
    await world.handlers.on_event(reported("schedule", counts={"microdollars": 10**15}))
    assert await opened(world.state) == {}


async def test_training_tells_of_its_models_and_other_steps_do_not() -> None:
    """Refused and challenging models raise alerts, scoped by mode."""
    world = World(champions=[], complete__schedule=[FULL])
    world.put(working("train"))
    counts = {"trained": 2, "refused": 1, "challengers": 0}
    await world.handlers.on_event(reported("schedule", counts=counts, reason="not of models"))
    assert await opened(world.state) == {}
    await world.handlers.on_event(reported("train", counts=counts, reason="boosted errs by 3.4"))
    assert await opened(world.state) == {"accuracy_too_good overnight.training": "boosted errs by 3.4"}


async def test_a_batch_report_is_applied_and_its_absent_systems_are_told_of() -> None:
    """Attempt, batch, seconds and reasons; no alert where none is absent."""
    world = World()
    world.put(working("predict", attempt=2))
    known = {"run_id": RUN_ID, "attempt": 2, "rows": 8}
    await world.handlers.on_event(BatchReported(batch=0, seconds=0.5, **known))
    assert await opened(world.state) == {}
    await world.handlers.on_event(BatchReported(batch=3, seconds=0.25, absent={"boosted": "bytes changed"}, **known))
    assert (await world.run()).batches == Batches(
        attempt=2, done=(0, 3), seconds=0.75, absent={"boosted": "bytes changed"}
    )
    assert await opened(world.state) == {"artifact_refused overnight.boosted": "bytes changed"}
    with pytest.raises(Skip, match=rf"^run {KEY}\.9 is not the current one of {KEY}$"):
        await world.handlers.on_event(
            BatchReported(run_id=f"{KEY}.9", attempt=2, batch=4, rows=8, absent={"boosted": "of another generation"})
        )
    assert await opened(world.state) == {"artifact_refused overnight.boosted": "bytes changed"}


async def test_a_predicted_slate_clears_what_was_told_of_its_models() -> None:
    """Alerts of the learned systems that every batch delivered; the report of another step clears nothing."""
    world = World(complete__predict=[FULL], complete__schedule=[FULL])
    absent = {"similarity": "no memory"}
    systems = ("moving_average", "boosted", "similarity")
    world.put(working("predict", batches=Batches(attempt=1, systems=systems, absent=absent)))
    for name in ("boosted", "similarity"):
        await world.handlers.on_event(
            BatchReported(run_id=f"{KEY}.1", attempt=7, batch=0, rows=0, absent={name: "before"})
        )
    await world.handlers.on_event(reported("schedule"))
    assert len(await opened(world.state)) == 2
    await world.handlers.on_event(reported("predict"))
    assert await opened(world.state) == {"artifact_refused overnight.similarity": "before"}


async def test_an_ended_run_is_entered_and_announced() -> None:
    """Decisions and steps into the ledger, its status to whoever watches."""
    world = World()
    ended = run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED, finished_at=NOON)
    world.put(ended.model_copy(update={"steps": {"schedule": StepState(status=StepStatus.FAILED, reason="403")}}))
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert [table for table, _ in world.warehouse.appended] == ["ops.decisions", "ops.step_runs"]
    assert await opened(world.state) == {f"run_failed {KEY}": "schedule: 403"}


async def test_f37_a_run_whose_watchers_could_not_be_told_is_not_entered_yet() -> None:
    """The word of its end comes again, and the second time both are done."""
    world = World()
    world.put(run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED, finished_at=NOON))
    world.state.before = failing(Transient("the store is away"), "create", lambda call: call == 1)
    with pytest.raises(Transient, match=r"^the store is away$"):
        await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert world.warehouse.appended == []
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert [table for table, _ in world.warehouse.appended] == ["ops.decisions", "ops.step_runs"]
    assert list(await opened(world.state)) == [f"run_failed {KEY}"]


async def test_f37_a_run_is_entered_though_its_watchers_can_never_be_told() -> None:
    """The query of the features' health fails: the error is raised, and the ledger has the run."""
    world = World()
    world.put(run_of({"ml_feature_store": StepStatus.DONE}, status=RunStatus.COMPLETE, finished_at=NOON))
    with pytest.raises(Permanent, match="nobody expected"):
        await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert [table for table, _ in world.warehouse.appended] == ["ops.decisions", "ops.step_runs"]


async def test_the_end_of_a_look_has_its_news_acted_on_before_it_is_closed() -> None:
    """What it has found is asked for; a crash before that is mended by the end being told again. No ledger has it."""
    change = {"game_id": "g1", "player_name": "P", "became": "Out", "known_at": NOON, "seen_at": NOON, "quotes": None}
    world = World(changes=[change])
    look = world.put(
        run_of({"injuries": StepStatus.DONE}, mode=Mode.SAME_DAY, part="pulse", status=RunStatus.COMPLETE,
               finished_at=NOON)
    )  # fmt: skip
    world.state.before = failing(Transient("the store is away"), "create")
    with pytest.raises(Transient):
        await world.handlers.on_event(RunEnded(run_id=look.run_id, attempts=1))
    assert (OPEN, look.key) in world.state.documents
    world.state.before = MemoryState().before
    await world.handlers.on_event(RunEnded(run_id=look.run_id, attempts=1))
    begun = await world.engine.run("2024-03-04.same_day.news-g1")
    assert begun is not None
    assert begun.why == "P out since 07:00"
    assert (world.warehouse.appended, (OPEN, look.key) in world.state.documents) == ([], False)


async def test_a_run_that_goes_on_again_is_neither_entered_nor_announced() -> None:
    """It tells at its next end."""
    world = World()
    world.put(run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED))
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert (world.warehouse.appended, await opened(world.state)) == ([], {})


async def test_an_end_that_is_announced_late_does_not_outlive_the_next() -> None:
    """While the failure is announced the run goes on, completes, and that is announced: no alert is left open."""
    world = World()
    failed = world.put(run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED, finished_at=NOON))
    later = NOON + timedelta(minutes=1)

    async def meanwhile(operation: str) -> None:
        if operation == "create":
            world.put(run_of({"schedule": StepStatus.DONE}, status=RunStatus.COMPLETE, finished_at=later))

    world.state.before = meanwhile
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert ("alerts", f"run_failed.{KEY}") in world.state.documents
    assert await opened(world.state) == {}
    assert world.warehouse.appended[1] == ("ops.step_runs", step_rows(failed))


async def test_what_is_no_event_or_no_task_is_refused_by_kind() -> None:
    """Also a batch, and a step of another service."""
    handlers = World().handlers
    batch = BatchRequested(run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=1, batch=0, systems=(), tasks=())
    with pytest.raises(Permanent, match=r"^the coordinator takes no batch_requested as an event$"):
        await handlers.on_event(batch)
    with pytest.raises(Permanent, match=r"^the coordinator takes no batch_requested as a task$"):
        await handlers.on_task(batch)
    for step in ("grade", "train"):
        with pytest.raises(Permanent, match=f"^the coordinator has no step '{step}': it belongs on another topic$"):
            await handlers.on_task(ask(step))


@pytest.mark.parametrize(("left", "low"), [(639, True), (640, False), (0, True)])
@pytest.mark.parametrize("outcome", ["done", "failed"])
async def test_credits_that_last_for_few_more_slates_are_announced(outcome: str, left: int, *, low: bool) -> None:
    """Fewer than three more like this one; a report that finds enough resolves it, one that knows nothing does not."""
    world = World(complete__lines=[FULL])
    world.put(working("lines"))
    counts = {"credits_left": left, "credits_needed": 160}
    await world.handlers.on_event(reported("lines", outcome=outcome, counts=counts, reason="so"))
    detail = {"credits_low lines": f"{left} credits were left, this slate takes 160"}
    assert await opened(world.state) == (detail if low else {})
    await world.handlers.on_event(reported("lines", counts={}))
    assert await opened(world.state) == (detail if low else {})
    await world.handlers.on_event(reported("lines", counts=counts | {"credits_left": 1000}))
    assert await opened(world.state) == {}
