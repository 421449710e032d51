"""The handlers by hand, on fakes: every message kind, exactly what it asks, publishes and keeps."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.coordinator.domain.run import Batches, Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.engine import RUNS, Engine
from services.coordinator.handlers import DEAD_LETTERS, Handlers
from services.coordinator.sql import sql
from shared import metrics
from shared.alerts import COLLECTION as ALERTS
from shared.contract import BatchReported, BatchRequested, Message, RunEnded, StepReported, StepRequested, decode
from shared.errors import Permanent, Skip, Transient
from shared.features import FEATURES
from shared.markets import MARKETS
from shared.ports import Delivery, Nack, Row
from shared.slate import Mode
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, MemoryArchive, NapClock, failing, memory_ports

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
RUN_ID = f"{KEY}.1"
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
CUTOFF = datetime(2024, 3, 4, 11, 30, tzinfo=UTC)


class TickingClock(NapClock):
    """`monotonic` moves 1.5 s each time it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def monotonic(self) -> float:
        """1.5, 3.0, 4.5, ..."""
        self.read += 1
        return 1.5 * self.read


class World:
    """Handlers on fakes, two players in a batch at most."""

    def __init__(self, budget: float | None = None, **answers: list[Row]) -> None:
        self.warehouse, self.archive = AnsweringWarehouse(**answers), MemoryArchive()
        self.state, self.bus, self.clock = MemoryState(), RecordingBus(), TickingClock()
        self.ports = memory_ports(
            clock=self.clock, bus=self.bus, state=self.state, warehouse=self.warehouse, archive=self.archive
        )
        self.engine = Engine(self.ports)
        limits = {} if budget is None else {"nightly_budget_usd": budget}
        self.handlers = Handlers(self.engine, self.ports, batch_size=2, **limits)

    def put(self, run: Run) -> Run:
        """Store a run as it is."""
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        return run

    async def run(self) -> Run:
        """The run as it is stored."""
        run = await self.engine.run(KEY)
        assert run is not None
        return run

    def sent(self) -> list[tuple[str, Message]]:
        """(topic, message) of everything that was published."""
        return [(topic, decode(data)) for topic, data, _ in self.bus.published]

    def alerts(self) -> dict[str, str | None]:
        """`name scope` -> detail of every open alert."""
        return {
            f"{document.data['name']} {document.data['scope']}": document.data["detail"]
            for (collection, _), document in self.state.documents.items()
            if collection == ALERTS and document.data["resolved_at"] is None
        }


def run_of(steps: dict[str, StepStatus], attempt: int = 1, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run whose steps stand so."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": tuple(steps), "created_at": NOON,
        "steps": {name: StepState(status=status, attempt=attempt) for name, status in steps.items()},
    }  # fmt: skip
    return Run.model_validate(known | fields)


def working(step: str, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run of one step, at work, and of `export`, which waits for others."""
    return run_of({step: StepStatus.RUNNING, "schedule": StepStatus.RUNNING}, **fields)


def reported(step: str, attempt: int = 1, **values: Any) -> StepReported:  # noqa: ANN401 - any field of the message
    """A report of success."""
    known = {"run_id": RUN_ID, "step": step, "attempt": attempt, "outcome": "done"}
    return StepReported.model_validate(known | values)


def ask(step: str, attempt: int = 1, run_id: str = RUN_ID) -> StepRequested:
    """The request of a step."""
    return StepRequested(run_id=run_id, game_date=DAY, mode=Mode.OVERNIGHT, step=step, attempt=attempt)


FULL: Row = {"expected": 4, "verified": 4, "quarantined": 0, "detail": ""}


async def test_a_report_is_applied_with_evidence_seconds_counts_and_note() -> None:
    """What the warehouse counts, not what the service says it wrote."""
    world = World(verify__schedule=[FULL | {"detail": "ignored where all is there"}])
    world.put(working("box_scores", attempt=2))
    await world.handlers.on_event(reported("schedule", 2, seconds=2.5, counts={"rows": 9, "x": 0}, reason="postponed"))
    step = (await world.run()).steps["schedule"]
    assert (step.status, step.seconds, step.counts, step.reason) == (
        StepStatus.DONE, 2.5, {"rows": 9, "x": 0}, "postponed"
    )  # fmt: skip
    assert step.evidence == Evidence(expected=4, verified=4, detail="ignored where all is there")
    assert [name for name, _ in world.warehouse.asked] == ["verify__schedule"]
    assert world.alerts() == {}


async def test_a_report_of_a_later_attempt_is_not_this_ones() -> None:
    """The attempt is the message's own."""
    world = World(verify__schedule=[FULL])
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
    world = World(budget=1.5, verify__schedule=[FULL])
    world.put(working("box_scores"))
    await world.handlers.on_event(reported("schedule", counts={"microdollars": spent}))
    assert list(world.alerts()) == ([f"budget_exceeded {RUN_ID}"] if over else [])


async def test_without_a_budget_a_night_may_cost_anything() -> None:
    """No limit is the default."""
    world = World(verify__schedule=[FULL])
    world.put(working("box_scores"))
    await world.handlers.on_event(reported("schedule", counts={"microdollars": 10**15}))
    assert world.alerts() == {}


async def test_training_tells_of_its_models_and_other_steps_do_not() -> None:
    """Refused and challenging models are told of by name of the mode."""
    world = World(champions=[], verify__schedule=[FULL])
    world.put(working("train"))
    counts = {"trained": 2, "refused": 1, "challengers": 0}
    await world.handlers.on_event(reported("schedule", counts=counts, reason="not of models"))
    assert world.alerts() == {}
    await world.handlers.on_event(reported("train", counts=counts, reason="boosted errs by 3.4"))
    assert world.alerts() == {"accuracy_too_good overnight.training": "boosted errs by 3.4"}


async def test_a_batch_report_is_applied_and_its_absent_systems_are_told_of() -> None:
    """Attempt, batch, seconds and reasons; nobody is told where none is absent."""
    world = World()
    world.put(working("predict", attempt=2))
    known = {"run_id": RUN_ID, "attempt": 2, "rows": 8}
    await world.handlers.on_event(BatchReported(batch=0, seconds=0.5, **known))
    assert world.alerts() == {}
    await world.handlers.on_event(BatchReported(batch=3, seconds=0.25, absent={"boosted": "bytes changed"}, **known))
    assert (await world.run()).batches == Batches(
        attempt=2, done=(0, 3), seconds=0.75, absent={"boosted": "bytes changed"}
    )
    assert world.alerts() == {"artifact_refused overnight.boosted": "bytes changed"}
    with pytest.raises(Skip, match=rf"^run {KEY}\.9 is not the current one of {KEY}$"):
        await world.handlers.on_event(
            BatchReported(run_id=f"{KEY}.9", attempt=2, batch=4, rows=8, absent={"boosted": "of another generation"})
        )
    assert world.alerts() == {"artifact_refused overnight.boosted": "bytes changed"}


async def test_a_predicted_slate_clears_what_was_told_of_its_models() -> None:
    """Of the learned systems that every batch owed; the report of another step clears nothing."""
    world = World(verify__predict=[FULL], verify__schedule=[FULL])
    absent = {"similarity": "no memory"}
    systems = ("moving_average", "boosted", "similarity")
    world.put(working("predict", batches=Batches(attempt=1, systems=systems, absent=absent)))
    for name in ("boosted", "similarity"):
        await world.handlers.on_event(
            BatchReported(run_id=f"{KEY}.1", attempt=7, batch=0, rows=0, absent={name: "before"})
        )
    await world.handlers.on_event(reported("schedule"))
    assert len(world.alerts()) == 2
    await world.handlers.on_event(reported("predict"))
    assert world.alerts() == {"artifact_refused overnight.similarity": "before"}


async def test_an_ended_run_is_entered_and_announced() -> None:
    """Decisions and steps into the ledger, its status to whoever watches."""
    world = World()
    ended = run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED, finished_at=NOON)
    world.put(ended.model_copy(update={"steps": {"schedule": StepState(status=StepStatus.FAILED, reason="403")}}))
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert [table for table, _ in world.warehouse.appended] == ["ops.decisions", "ops.step_runs"]
    assert world.alerts() == {f"run_failed {KEY}": "schedule: 403"}


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
    assert list(world.alerts()) == [f"run_failed {KEY}"]


async def test_f37_a_run_is_entered_though_its_watchers_can_never_be_told() -> None:
    """The features' health cannot be asked for: that is said, and the ledger has the run."""
    world = World()
    world.put(run_of({"ml_feature_store": StepStatus.DONE}, status=RunStatus.COMPLETE, finished_at=NOON))
    with pytest.raises(Permanent, match="nobody expected"):
        await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert [table for table, _ in world.warehouse.appended] == ["ops.decisions", "ops.step_runs"]


async def test_a_run_that_goes_on_again_is_neither_entered_nor_announced() -> None:
    """It tells at its next end."""
    world = World()
    world.put(run_of({"schedule": StepStatus.FAILED}, status=RunStatus.FAILED))
    await world.handlers.on_event(RunEnded(run_id=RUN_ID, attempts=1))
    assert (world.warehouse.appended, world.alerts()) == ([], {})


async def test_what_is_no_event_or_no_task_is_refused_by_kind() -> None:
    """Also a batch, and a step of another service."""
    handlers = World().handlers
    batch = BatchRequested(run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=1, batch=0, systems=(), tasks=())
    with pytest.raises(Permanent, match=r"^the coordinator takes no batch_requested as an event$"):
        await handlers.on_event(batch)
    with pytest.raises(Permanent, match=r"^the coordinator takes no batch_requested as a task$"):
        await handlers.on_task(batch)
    for step in ("grade", "train", "nonsense"):
        with pytest.raises(Permanent, match=f"^the coordinator has no step '{step}': it belongs on another topic$"):
            await handlers.on_task(ask(step))


@pytest.mark.parametrize(
    ("steps", "asked", "said"),
    [
        ({"publish": StepStatus.DONE}, 2, "publish is done, attempt 2"),
        ({"publish": StepStatus.RUNNING}, 1, "publish is running, attempt 2"),
        ({"publish": StepStatus.RUNNING}, 3, "publish is running, attempt 2"),
        ({"schedule": StepStatus.RUNNING}, 2, "publish is pending, attempt 0"),
    ],
)
async def test_a_task_that_the_run_is_past_is_skipped(steps: dict[str, StepStatus], asked: int, said: str) -> None:
    """Named by its key, with how the step stands; nothing is done."""
    world = World()
    world.put(run_of(steps, attempt=2))
    with pytest.raises(Skip) as skipped:
        await world.handlers.on_task(ask("publish", asked))
    assert str(skipped.value) == f"{RUN_ID}/publish/{asked}: the run is past it ({said})"
    assert (world.warehouse.asked, world.bus.published) == ([], [])


@pytest.mark.parametrize("run_id", [f"{KEY}.2", "2024-03-05.overnight.1"])
async def test_a_task_of_another_run_is_skipped(run_id: str) -> None:
    """Another generation, or no run at all."""
    world = World()
    world.put(working("publish"))
    with pytest.raises(Skip, match=f"^run {run_id} is not the current one of {run_id[:-2]}$"):
        await world.handlers.on_task(ask("publish", run_id=run_id))


def counted(mode: str) -> float:
    """Predictions published so far."""
    value = metrics.REGISTRY.get_sample_value("tipoff_predictions_total", {"mode": mode})
    return 0.0 if value is None else value


async def test_publishing_appends_once_and_reports_what_it_wrote() -> None:
    """Statement, scope and parameters exactly; the report says how long it took by the clock."""
    world = World(published=[{"published": 0}])
    world.warehouse.written = 7
    world.put(working("publish", attempt=2))
    before = counted("overnight")
    await world.handlers.on_task(ask("publish", 2))
    params = {"game_date": DAY, "run_id": RUN_ID}
    assert world.warehouse.asked == [("published", params)]
    assert world.warehouse.transformed == [
        (
            "predictions.player_prop_predictions",
            sql("publish"),
            "game_date = @game_date AND run_id = @run_id",
            params,
        )
    ]
    assert counted("overnight") == before + 7
    [(topic, data, attributes)] = world.bus.published
    report = StepReported(
        run_id=RUN_ID, step="publish", attempt=2, outcome="done", reason="", seconds=1.5, counts={"rows": 7}
    )
    assert (topic, decode(data), attributes) == (
        "coordinator-events", report,
        {"kind": "step_reported", "version": "1", "key": f"{RUN_ID}/publish/2/reported"},
    )  # fmt: skip


async def test_what_is_published_already_is_only_counted() -> None:
    """A second delivery writes nothing, and reports as the first did."""
    world = World(published=[{"published": 9}])
    world.put(working("publish"))
    before = counted("overnight")
    await world.handlers.on_task(ask("publish"))
    assert (world.warehouse.transformed, counted("overnight")) == ([], before)
    [(_, report)] = world.sent()
    assert isinstance(report, StepReported)
    assert report.counts == {"rows": 9}


async def test_the_export_is_one_document_of_the_current_predictions() -> None:
    """All markets; dates and instants as text; the report counts its rows."""
    rows: list[Row] = [
        {"player_id": 1, "game_date": DAY, "line": None},
        {"player_id": 2, "game_date": DAY, "line": 0.0},
    ]
    world = World(predictions=rows)
    world.put(working("export", mode=Mode.SAME_DAY))
    request = StepRequested(run_id="2024-03-04.same_day.1", game_date=DAY, mode=Mode.SAME_DAY, step="export", attempt=1)
    await world.handlers.on_task(request)
    assert world.warehouse.asked == [("predictions", {"game_date": DAY, "mode": "same_day", "market": ""})]
    assert {key: json.loads(data) for key, data in world.archive.objects.items()} == {
        "exports/2024-03-04/same_day/predictions.json": {
            "game_date": "2024-03-04", "mode": "same_day", "run_id": "2024-03-04.same_day.1",
            "published_at": "2024-03-04 12:00:00+00:00",
            "predictions": [
                {"player_id": 1, "game_date": "2024-03-04", "line": None},
                {"player_id": 2, "game_date": "2024-03-04", "line": 0.0},
            ],
        }
    }  # fmt: skip
    [(topic, report)] = world.sent()
    assert isinstance(report, StepReported)
    assert (topic, report.step, report.counts, report.seconds) == ("coordinator-events", "export", {"rows": 2}, 1.5)


def served(game: str, player: int, **values: object) -> Row:
    """A row of `load_features`: features are their position, no line anywhere."""
    features: Row = {name: float(number) for number, name in enumerate(FEATURES)}
    quotes: Row = {f"quoted_{market}_line": None for market in MARKETS}
    known = {"game_id": game, "player_id": player, "team_abbr": "BOS", "opponent_team_abbr": "GSW"}
    return {**features, **quotes, **known, "cutoff_at": CUTOFF, **values}


@pytest.mark.parametrize(
    ("retrospective", "stamp", "not_tipped_after"),
    [
        (False, "2024-03-04T12:00:00+00:00", NOON),
        (True, "2024-03-04T11:30:00+00:00", datetime(1946, 1, 1, tzinfo=UTC)),
    ],
)
async def test_a_slate_is_dispatched_in_numbered_batches(
    stamp: str, not_tipped_after: datetime, *, retrospective: bool
) -> None:
    """Whole games in the rows' order, with systems, champions and the instant they count as made; then the plan."""
    world = World(
        load_features=[served("g1", 11), served("g1", 10), served("g1", 12), served("g2", 20), served("g3", 30)],
        champions=[{"system": "boosted", "digest": "abc"}],
    )
    world.put(working("predict", attempt=3, retrospective=retrospective))
    await world.handlers.on_task(ask("predict", 3))
    assert world.warehouse.asked == [
        ("load_features", {"game_date": DAY, "mode": "overnight", "not_tipped_after": not_tipped_after}),
        ("champions", {"game_date": DAY, "mode": "overnight"}),
    ]
    sent = world.sent()
    assert {topic for topic, _ in sent} == {"worker-tasks"}
    batches = [message for _, message in sent if isinstance(message, BatchRequested)]
    assert len(batches) == len(sent) == 2
    assert [attributes["key"] for *_, attributes in world.bus.published] == [f"{RUN_ID}/batch/0", f"{RUN_ID}/batch/1"]
    assert [[task.player_id for task in batch.tasks] for batch in batches] == [[11, 10, 12], [20, 30]]
    systems = ("moving_average", "zone_matchup", "boosted")
    for number, batch in enumerate(batches):
        assert batch == BatchRequested(
            run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=3, batch=number, systems=systems,
            artifacts={"boosted": "abc"}, tasks=batch.tasks,
        )  # fmt: skip
        assert {task.predicted_at for task in batch.tasks} == {stamp}
    assert (await world.run()).batches == Batches(attempt=3, total=2, systems=systems)


async def test_a_slate_without_players_is_reported_at_once() -> None:
    """By the plan of no batches, with the seconds of none."""
    world = World(load_features=[], champions=[])
    world.put(working("predict"))
    await world.handlers.on_task(ask("predict"))
    report = StepReported(run_id=RUN_ID, step="predict", attempt=1, outcome="done", counts={"batches": 0})
    assert world.sent() == [("coordinator-events", report)]


def letter(data: bytes = b"garbage", reason: str | None = "poison", **attributes: str) -> Delivery:
    """A dead letter."""
    marks = {"b": "2", "a": "1", **attributes} | ({} if reason is None else {"reason": reason})
    return Delivery("17", data, marks, 1)


async def test_a_dead_letter_is_kept_under_its_digest_and_told_of() -> None:
    """Data, attributes, reason and instant; one that nobody can read is told of by its digest's first 12 digits."""
    world = World()
    await world.handlers.on_dead_letter(letter(b"gar\xffbage"))
    digest = hashlib.sha256(b'gar\xffbage{"a": "1", "b": "2", "reason": "poison"}').hexdigest()
    assert world.state.documents[DEAD_LETTERS, digest].data == {
        "data": "gar�bage",
        "attributes": {"b": "2", "a": "1", "reason": "poison"},
        "reason": "poison",
        "at": "2024-03-04T12:00:00+00:00",
    }
    assert world.alerts() == {f"dead_letter {digest[:12]}": "poison"}


async def test_a_dead_letter_without_a_reason_had_its_retries_used_up() -> None:
    """So Pub/Sub buries what the boundary did not."""
    world = World()
    world.put(working("box_scores"))
    await world.handlers.on_dead_letter(letter(ask("schedule").encode(), reason=None))
    [kept] = await world.state.list(DEAD_LETTERS)
    assert kept.data["reason"] == (await world.run()).steps["schedule"].reason == "retries used up"
    assert world.alerts() == {f"dead_letter {KEY}": "retries used up"}


async def test_dead_letters_differ_by_data_and_by_attributes_in_any_order() -> None:
    """The same twice is one letter."""
    world = World()
    for one in (
        letter(b"x"),
        Delivery("18", b"x", {"reason": "poison", "a": "1", "b": "2"}, 2),
        letter(b"y"),
        letter(b"x", a="another"),
    ):
        with capture_logs() as logs:
            await world.handlers.on_dead_letter(one)
        seen = [entry.get("message_id") for entry in logs if entry["event"] == "dead_letter_seen"]
        assert seen == (["18"] if one.message_id == "18" else [])
    assert len(await world.state.list(DEAD_LETTERS)) == 3


@pytest.mark.parametrize(
    ("message", "step", "reason"),
    [
        (ask("schedule", 2), "schedule", "poison"),
        (reported("schedule", 2), "schedule", "poison"),
        (BatchReported(run_id=RUN_ID, attempt=2, batch=4, rows=1), "predict", "batch 4: poison"),
        (
            BatchRequested(run_id=RUN_ID, game_date=DAY, mode=Mode.OVERNIGHT, attempt=2, batch=5, systems=(), tasks=()),
            "predict",
            "batch 5: poison",
        ),
    ],
    ids=["request", "report", "batch report", "batch"],
)
async def test_f26_a_dead_letter_gives_up_its_step_of_its_attempt(message: Message, step: str, reason: str) -> None:
    """By the message's own step and attempt; a letter of an older attempt gives up nothing."""
    world = World()
    world.put(working("predict", attempt=2))
    older = message.model_copy(update={"attempt": 1})
    await world.handlers.on_dead_letter(letter(older.encode()))
    assert (await world.run()).steps[step].status is StepStatus.RUNNING
    await world.handlers.on_dead_letter(letter(message.encode()))
    run = await world.run()
    assert (run.steps[step].status, run.steps[step].reason) == (StepStatus.FAILED, reason)
    other = "predict" if step == "schedule" else "schedule"
    assert run.steps[other].status is StepStatus.RUNNING
    assert list(world.alerts()) == [f"dead_letter {KEY}"]


async def test_a_dead_letter_about_no_step_is_only_kept() -> None:
    """The word of a run's end gives up nothing."""
    world = World()
    world.put(working("predict"))
    with capture_logs() as logs:
        await world.handlers.on_dead_letter(letter(RunEnded(run_id=RUN_ID, attempts=1).encode()))
    assert [(entry["event"], entry["kind"]) for entry in logs if "kind" in entry] == [
        ("dead_letter_of_no_step", "run_ended")
    ]
    assert {step.status for step in (await world.run()).steps.values()} == {StepStatus.RUNNING}
    assert len(await world.state.list(DEAD_LETTERS)) == 1


async def test_a_dead_letter_about_no_run_is_kept_and_stops_nothing() -> None:
    """There is nothing to give up."""
    world = World()
    with capture_logs() as logs:
        await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert logs[-1]["event"] == "dead_letter_of_no_run"
    assert len(await world.state.list(DEAD_LETTERS)) == 1


@pytest.mark.parametrize(
    ("operation", "number", "kept"),
    [("get", 1, 0), ("create", 1, 0), ("create", 2, 0), ("compare_and_set", 1, 1)],
    ids=["alert read", "alert", "letter", "run"],
)
async def test_a_dead_letter_that_cannot_be_dealt_with_comes_again(operation: str, number: int, kept: int) -> None:
    """The state store is away at any of its steps: nack with the reason, and the second time all is done."""
    world = World()
    world.put(working("box_scores"))
    world.state.before = failing(Transient("the store is away"), operation, lambda call: call == number)
    with pytest.raises(Nack, match=r"^the store is away$"):
        await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert len(await world.state.list(DEAD_LETTERS)) == kept
    await world.handlers.on_dead_letter(letter(ask("schedule").encode()))
    assert len(await world.state.list(DEAD_LETTERS)) == 1
    assert (await world.run()).steps["schedule"].status is StepStatus.FAILED


KNOWN_ENDS = (
    "SELECT DISTINCT run_id, run_ended_at FROM ops.step_runs WHERE game_date BETWEEN @first_date AND @last_date"
)


async def test_recovery_sends_what_is_left_and_tells_of_ends_nobody_heard() -> None:
    """The outbox first, then the ended runs that the ledger lacks, under the key of their end."""
    world = World()
    world.warehouse.answers[KNOWN_ENDS] = ("ends", [])
    world.put(run_of({"schedule": StepStatus.DONE}, attempt=2, status=RunStatus.COMPLETE, finished_at=NOON))
    waiting = [{"topic": "scraper-tasks", "data": "d", "attributes": {"key": "left"}}]
    world.put(working("schedule", mode=Mode.SAME_DAY, outbox=waiting))
    await world.handlers.recover()
    assert world.bus.sent() == ["left", f"{RUN_ID}/ended/2"]
    topic, data, attributes = world.bus.published[1]
    assert (topic, decode(data)) == ("coordinator-events", RunEnded(run_id=RUN_ID, attempts=2))
    assert attributes == {"kind": "run_ended", "version": "1", "key": f"{RUN_ID}/ended/2"}


async def test_without_a_warehouse_the_service_starts_all_the_same() -> None:
    """What was left is sent; the rest is said in the log."""
    world = World()
    world.put(run_of({"schedule": StepStatus.DONE}, status=RunStatus.COMPLETE, finished_at=NOON))
    with capture_logs() as logs:
        await world.handlers.recover()
    assert world.bus.published == []
    [said] = [entry for entry in logs if entry["event"] == "ledger_not_checked"]
    assert said["reason"].startswith("nobody expected: SELECT DISTINCT run_id")
