"""The engine by hand: what is stored, what is published in which order, and how often it tries."""

import asyncio
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.coordinator.runs import engine as module
from services.coordinator.runs.engine import OPEN, RUNS, Engine, _begins
from services.coordinator.runs.events import BatchStaged, RunRequested, StepFailed, StepVerified
from services.coordinator.runs.run import Evidence, Outgoing, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.errors import AlreadyExists, Conflict, Permanent, Skip, Transient
from shared.ports import Document
from shared.runtime import metrics
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import failing, memory_ports

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
RUN_ID = f"{KEY}.1"
REQUEST = RunRequested(DAY, Mode.OVERNIGHT, "test", ("box_scores",))
SCHEDULE, BOX_SCORES = f"{RUN_ID}/schedule/1", f"{RUN_ID}/box_scores/1"
AWAY = Transient("the bus is away")


def verified(step: str, attempt: int = 1) -> StepVerified:
    """All of a step's rows are there."""
    return StepVerified(RUN_ID, step, attempt, Evidence(expected=1, verified=1))


class World:
    """An engine on fakes."""

    def __init__(self) -> None:
        self.state, self.bus, self.clock = MemoryState(), RecordingBus(), FakeClock()
        self.ports = memory_ports(clock=self.clock, bus=self.bus, state=self.state)
        self.engine = Engine(self.ports, jitter=lambda: 0.5)

    def outbox(self) -> list[str]:
        """Keys of what is stored as not known to be sent."""
        return [entry["attributes"]["key"] for entry in self.state.documents[RUNS, KEY].data["outbox"]]

    def version(self) -> str:
        """The document's version: it moves with every write."""
        return self.state.documents[RUNS, KEY].version

    def put(self, run: Run) -> None:
        """Store a run as it is, asked for when it was made."""
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        self.state._put(OPEN, run.key, {})


@pytest.fixture
def world() -> World:
    return World()


def run_of(day: date = DAY, mode: Mode = Mode.OVERNIGHT, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run that has just begun."""
    known = {
        "game_date": day, "mode": mode, "generation": 1, "source": "test", "retrospective": False,
        "targets": ("schedule",), "steps": {"schedule": StepState(status=StepStatus.RUNNING, attempt=1)},
        "created_at": datetime.fromisoformat("2024-03-04T12:00:00+00:00"),
    }  # fmt: skip
    return Run.model_validate(known | fields)


def letter(key: str, topic: str = "scraper-tasks") -> Outgoing:
    """A message that waits in an outbox."""
    return Outgoing(topic=topic, data=f"data of {key}", attributes={"key": key})


async def test_what_is_decided_is_stored_then_published_then_marked_sent(world: World) -> None:
    """The message as the contract encodes it, with its attributes; the stored run is the returned one, outbox empty."""
    run = await world.engine.apply(REQUEST)
    [(topic, data, attributes)] = world.bus.published
    assert topic == "scraper-tasks"
    assert json.loads(data) == {
        "kind": "step_requested",
        "version": 3,
        "body": {
            "run_id": RUN_ID, "game_date": "2024-03-04", "mode": "overnight", "step": "schedule", "attempt": 1,
            "retrospective": False, "from_archive": False, "retrain": False, "games": [], "final": False,
        },
    }  # fmt: skip
    assert attributes == {"kind": "step_requested", "version": "3", "key": SCHEDULE}
    assert run.outbox == (Outgoing(topic=topic, data=data.decode(), attributes=attributes),)
    assert json.loads(json.dumps(world.state.documents["runs", KEY].data))["created_at"] == "2024-03-04T12:00:00Z"
    assert run.created_at == world.clock.now()
    assert await world.engine.run(KEY) == run.model_copy(update={"outbox": ()})


async def test_an_older_outbox_is_sent_before_what_is_decided_now(world: World) -> None:
    """While the bus is away the outbox grows; then everything goes out in the order of its decisions, once."""
    world.bus.before = failing(AWAY, "publish", lambda call: call <= 2)
    with pytest.raises(Transient, match="the bus is away"):
        await world.engine.apply(REQUEST)
    assert world.outbox() == [SCHEDULE]
    with pytest.raises(Transient):
        await world.engine.apply(verified("schedule"))
    assert world.outbox() == [SCHEDULE, BOX_SCORES]
    await world.engine.apply(verified("box_scores"))
    assert world.bus.sent() == [SCHEDULE, BOX_SCORES, f"{RUN_ID}/ended/2"]
    assert world.outbox() == []


async def test_an_outbox_sent_in_part_keeps_the_rest(world: World) -> None:
    """The second message could not be sent: it alone goes again. Sent again, the first would bring a report anew."""
    world.put(run_of(outbox=(letter("a"), letter("b"))))
    world.bus.before = failing(AWAY, "publish", lambda call: call == 2)
    for _ in range(2):
        try:
            await world.engine.apply(StepFailed(f"{KEY}.7", "schedule", 1, "another generation"))
        except Transient:
            assert world.outbox() == ["b"]
    assert (world.bus.sent(), world.outbox()) == (["a", "b"], [])


async def test_an_event_that_changes_nothing_writes_and_sends_nothing(world: World) -> None:
    """Neither the document nor the bus is touched."""
    await world.engine.apply(REQUEST)
    before, world.bus.published = world.version(), []
    run = await world.engine.apply(StepFailed(f"{KEY}.7", "schedule", 1, "another generation"))
    assert (world.version(), world.bus.published, run.status) == (before, [], RunStatus.RUNNING)


async def test_what_changes_without_anything_to_send_is_stored_as_json(world: World) -> None:
    """A step is done, the other still at work: nothing can start, and the state is kept."""
    steps = {name: StepState(status=StepStatus.RUNNING, attempt=1) for name in ("box_scores", "rosters")}
    world.put(run_of(steps={"schedule": StepState(status=StepStatus.DONE), **steps}))
    await world.engine.apply(verified("box_scores"))
    stored = json.loads(json.dumps(world.state.documents[RUNS, KEY].data))
    assert [step["status"] for step in stored["steps"].values()] == ["done", "done", "running"]
    assert world.bus.published == []


async def test_a_thousand_requests_for_a_run_cost_what_one_does(world: World) -> None:
    """Asked for all at once or one after another, its first step is sent once."""
    await asyncio.gather(*(world.engine.apply(REQUEST) for _ in range(1000)))
    await world.engine.apply(REQUEST)
    assert world.bus.sent() == [SCHEDULE]


async def test_what_was_lost_is_sent_again_though_the_run_is_the_same(world: World) -> None:
    """It goes through the outbox like anything else."""
    for _ in range(2):
        await world.engine.apply(replace(REQUEST, resend=True))
    assert world.bus.sent() == [SCHEDULE, SCHEDULE]


async def test_what_waits_in_the_outbox_is_not_put_there_again(world: World) -> None:
    """Whoever asks again while the bus is away adds nothing: hours of asking would become hours of the same work."""
    world.bus.before = failing(AWAY, "publish", lambda call: call <= 3)
    for _ in range(3):
        with pytest.raises(Transient):
            await world.engine.apply(REQUEST)
        assert world.outbox() == [SCHEDULE]
    await world.engine.apply(REQUEST)
    assert (world.bus.sent(), world.outbox()) == ([SCHEDULE], [])


async def test_conflicts_are_waited_for_twice_as_long_each_time_and_twenty_times_at_most(world: World) -> None:
    """Half the jitter's draw of 10 ms, doubled up to 640 ms."""
    await world.engine.apply(REQUEST)
    calls = 0

    async def storm(operation: str) -> None:
        nonlocal calls
        if operation == "compare_and_set":
            calls += 1
            raise Conflict("somebody was faster")

    world.state.before = storm
    with pytest.raises(Transient, match=rf"^run {KEY} is being written by too many at once$"):
        await world.engine.apply(verified("schedule"))
    assert calls == 20
    assert world.clock.naps == pytest.approx([0.005, 0.01, 0.02, 0.04, 0.08, 0.16, *[0.32] * 14])


@pytest.mark.parametrize(
    ("operation", "error"), [("create", AlreadyExists("it is there")), ("compare_and_set", Conflict("it moved"))]
)
async def test_after_a_conflict_the_event_is_decided_anew(world: World, operation: str, error: Any) -> None:  # noqa: ANN401 - an error
    """On what the other has written: whoever comes second loses nothing."""
    if operation == "compare_and_set":
        await world.engine.apply(REQUEST)
        world.bus.published = []
    first = 2 if operation == "create" else 1  # that the run is open is written before it
    world.state.before = failing(error, operation, lambda call: call == first)
    run = await world.engine.apply(REQUEST if operation == "create" else verified("schedule"))
    assert world.clock.naps == [0.005]
    assert world.bus.sent() == [SCHEDULE if operation == "create" else BOX_SCORES]
    assert run.generation == 1


async def test_any_other_failure_is_not_tried_again(world: World) -> None:
    """It is given back to the bus as it is."""
    world.state.before = failing(Transient("the store is away"), "get")
    with pytest.raises(Transient, match="the store is away"):
        await world.engine.apply(REQUEST)
    assert world.clock.naps == []


async def test_the_jitter_is_random_unless_given() -> None:
    """Two engines do not wait in step."""
    draws = {Engine(memory_ports())._jitter() for _ in range(4)}
    assert len(draws) == 4
    assert all(0 <= draw < 1 for draw in draws)


async def test_an_event_about_no_run_is_skipped_by_name(world: World) -> None:
    """Which run, and what kind of event."""
    with pytest.raises(Skip, match=rf"^no run {KEY}: event BatchStaged is about nothing$"):
        await world.engine.apply(BatchStaged(RUN_ID, 1, 0))
    assert (world.state.documents, world.bus.published) == ({}, [])


async def test_events_of_one_run_wait_for_each_other_and_not_for_other_runs(world: World) -> None:
    """No conflict within a process; a run that hangs holds up no other."""
    gate, hung = asyncio.Event(), asyncio.Event()

    async def slowly(operation: str) -> None:
        if operation == "get" and not hung.is_set():
            hung.set()
            await gate.wait()
        await asyncio.sleep(0)

    world.state.before = slowly
    first = asyncio.create_task(world.engine.apply(REQUEST))
    await hung.wait()
    second = asyncio.create_task(world.engine.apply(REQUEST))
    other = await world.engine.apply(RunRequested(DAY, Mode.SAME_DAY, "test", ("schedule",)))
    assert (other.key, first.done(), second.done()) == ("2024-03-04.same_day", False, False)
    gate.set()
    assert {(await first).run_id, (await second).run_id} == {RUN_ID}
    assert world.clock.naps == []


async def test_marking_sent_gives_way_to_whoever_wrote_in_between(world: World) -> None:
    """What he wrote stays, outbox included; he sends it once more."""

    async def another(operation: str) -> None:
        if operation == "publish":
            world.put(run_of(source="another", outbox=(letter(SCHEDULE),)))

    world.bus.before = another
    with capture_logs() as logs:
        run = await world.engine.apply(REQUEST)
    assert {"event": "outbox_left", "run_id": RUN_ID, "log_level": "info", "service": "coordinator"} in logs
    assert run.source == "test"
    stored = await world.engine.run(KEY)
    assert stored is not None
    assert (stored.source, world.outbox(), world.clock.naps) == ("another", [SCHEDULE], [])


async def test_recovery_sends_every_outbox_and_tells_of_every_run(world: World) -> None:
    """In the order of the runs and of each outbox; a run with an empty one is not written."""
    world.put(run_of(outbox=(letter("b1"), letter("b2", "worker-tasks"))))
    world.put(run_of(mode=Mode.SAME_DAY))
    world.put(run_of(DAY - timedelta(days=1), outbox=(letter("a1"),)))
    idle = world.state.documents[RUNS, "2024-03-04.same_day"]
    runs = await world.engine.recover()
    assert [run.key for run in runs] == ["2024-03-03.overnight", KEY, "2024-03-04.same_day"]
    assert [(topic, data, attributes["key"]) for topic, data, attributes in world.bus.published] == [
        ("scraper-tasks", b"data of a1", "a1"),
        ("scraper-tasks", b"data of b1", "b1"),
        ("worker-tasks", b"data of b2", "b2"),
    ]
    assert world.state.documents[RUNS, "2024-03-04.same_day"] is idle
    assert [document.data["outbox"] for document in await world.state.list(RUNS)] == [[], [], []]


async def test_recovery_goes_on_after_a_message_that_the_bus_will_never_take(world: World) -> None:
    """The other runs' messages are sent, the refused one stays and is logged; a bus that is away ends the recovery."""
    world.put(run_of(DAY - timedelta(days=1), outbox=(letter("a1"),)))
    world.put(run_of(outbox=(letter("b1"),)))
    world.bus.before = failing(Permanent("scraper-tasks: no such topic"), "publish", lambda call: call == 1)
    with capture_logs() as logs:
        runs = await world.engine.recover()
    assert [run.key for run in runs] == ["2024-03-03.overnight", KEY]
    assert world.bus.sent() == ["b1"]
    [refused] = [entry for entry in logs if entry["event"] == "outbox_refused"]
    assert (refused["run_id"], refused["reason"]) == ("2024-03-03.overnight.1", "scraper-tasks: no such topic")
    assert refused["log_level"] == "error"
    left = {document.id: document.data["outbox"] for document in await world.state.list(RUNS)}
    assert [entry["attributes"]["key"] for entry in left["2024-03-03.overnight"]] == ["a1"]
    assert left[KEY] == []
    world.bus.before = failing(AWAY, "publish")
    with pytest.raises(Transient, match="away"):
        await world.engine.recover()


async def test_recovery_reads_the_open_runs_of_whatever_slate(world: World) -> None:
    """And no others: a slate of years ago too, but none that is closed; whose run was never stored is forgotten."""
    old = run_of(DAY - timedelta(days=900), outbox=(letter("old"),))
    world.put(old)
    closed = run_of(outbox=(letter("closed"),))
    world.put(closed)
    await world.state.delete(OPEN, closed.key)
    world.state._put(OPEN, "2024-03-07.manual", {})
    assert [run.key for run in await world.engine.recover()] == [old.key]
    assert world.bus.sent() == ["old"]
    assert [document.id for document in await world.state.list(OPEN)] == [old.key]


async def test_a_run_is_open_before_it_is_stored_and_until_it_is_closed(world: World) -> None:
    """Once, however often it is asked for; one that has gone on since stays open."""
    await world.engine.apply(REQUEST)
    run = await world.engine.apply(REQUEST)
    assert list(world.state.documents) == [(OPEN, KEY), (RUNS, KEY)]
    await world.engine.close(run.model_copy(update={"finished_at": world.clock.now()}))
    assert await world.engine.active() == 1
    await world.engine.close(run)
    assert await world.engine.active() == 0


def test_a_run_that_begins_and_ends_at_once_is_looked_after() -> None:
    """As one of which everything is kept: its end is announced like any other. Running on is no beginning."""
    run, noon = run_of(), datetime.fromisoformat("2024-03-04T17:00:00+00:00")
    ended = run.model_copy(update={"status": RunStatus.COMPLETE, "finished_at": noon})
    later = ended.model_copy(update={"finished_at": noon + timedelta(hours=1)})
    assert [_begins(None, run), _begins(None, ended), _begins(ended, run), _begins(ended, later)] == [True] * 4
    assert [_begins(run, run), _begins(run, ended), _begins(ended, ended)] == [False] * 3


def standing(**steps: StepStatus) -> dict[str, StepState]:
    """Steps that stand so, in their second attempt."""
    return {name: StepState(status=status, attempt=2) for name, status in steps.items()}


async def test_a_run_is_at_work_while_something_of_it_is_under_way(world: World) -> None:
    """A step, a word in its outbox, or an end that is not in the ledger; not one that waits for what is outside."""
    world.put(run_of(DAY, steps=standing(schedule=StepStatus.WAITING)))
    assert await world.engine.at_work() == []
    day = [DAY + timedelta(days=n) for n in range(1, 4)]
    world.put(run_of(day[0], steps=standing(schedule=StepStatus.RUNNING)))
    world.put(run_of(day[1], steps=standing(schedule=StepStatus.WAITING), outbox=(letter("a"),)))
    world.put(run_of(day[2], steps=standing(schedule=StepStatus.DONE), finished_at=world.clock.now()))
    assert [run.key for run in await world.engine.at_work()] == [f"{each}.overnight" for each in day]


async def test_after_a_restart_all_that_was_at_work_is_sent_again(world: World) -> None:
    """Of the slate's runs and of parts, the same attempts; nothing of a run that waits, and no further generation."""
    world.put(run_of(steps=standing(schedule=StepStatus.RUNNING), targets=("schedule",)))
    waits = run_of(DAY - timedelta(days=1), steps=standing(schedule=StepStatus.WAITING), targets=("schedule",))
    world.put(waits)
    part = run_of(
        steps=standing(injuries=StepStatus.RUNNING, lines=StepStatus.DONE), targets=("injuries", "lines"),
        part="pulse", games=("g",), stands_on=("schedule", "box_scores", "rosters"),
    )  # fmt: skip
    world.put(part)
    world.state._put(OPEN, "2024-03-07.manual", {})
    await world.engine.resend()
    assert world.bus.sent() == [f"{RUN_ID}/schedule/2", f"{KEY}.pulse.1/injuries/2"]
    assert await world.engine.run(waits.key) == waits
    stored = await world.engine.run(part.key)
    assert stored is not None
    assert (stored.generation, stored.steps, stored.games) == (1, part.steps, ("g",))


async def test_a_part_is_a_run_of_its_own(world: World) -> None:
    """Beside the slate's, which is what is listed; asked for again it is another generation of the part."""
    await world.engine.apply(REQUEST)
    for _ in range(2):
        await world.engine.apply(replace(REQUEST, part="game-1", games=("1",)))
    assert world.bus.sent() == [SCHEDULE, *(f"{KEY}.game-1.{n}/schedule/1" for n in (1, 2))]
    await world.engine.apply(StepFailed(f"{KEY}.game-1.2", "schedule", 1, "HTTP 403"))
    assert [run.run_id for run in await world.engine.between(DAY, DAY, set(Mode))] == [RUN_ID]
    slate = await world.engine.run(KEY)
    assert slate is not None
    assert slate.steps["schedule"].status is StepStatus.RUNNING


async def test_a_window_of_runs_reads_no_others(world: World) -> None:
    """A document outside of it, or of another mode, is not even parsed."""
    world.put(run_of())
    for key in (f"{DAY - timedelta(days=1)}.overnight", f"{DAY + timedelta(days=1)}.overnight", f"{DAY}.same_day"):
        world.state._put(RUNS, key, {})
    assert [run.key for run in await world.engine.between(DAY, DAY, {Mode.OVERNIGHT})] == [KEY]
    assert [run.key for run in await world.engine.between(DAY, DAY, [Mode.OVERNIGHT])] == [KEY]


async def test_runs_are_found_by_key_and_window(world: World) -> None:
    """Both ends of the window belong to it; only the modes asked for."""
    days = [DAY + timedelta(days=n) for n in range(4)]
    for day in days:
        for mode in (Mode.OVERNIGHT, Mode.SAME_DAY):
            world.put(run_of(day, mode))
    assert await world.engine.run("2024-03-09.overnight") is None
    assert [run.key for run in await world.engine.between(days[1], days[1], set(Mode))] == [
        "2024-03-05.overnight", "2024-03-05.same_day"
    ]  # fmt: skip
    found = await world.engine.between(days[1], days[2], {Mode.SAME_DAY})
    assert [run.key for run in found] == ["2024-03-05.same_day", "2024-03-06.same_day"]
    assert len(await world.engine.between(days[0], days[3], set(Mode))) == 8
    assert await world.engine.between(days[2], days[1], set(Mode)) == []


async def test_years_of_runs_are_listed_in_one_go() -> None:
    """The state store's page of 1,000 documents would end in the third season."""
    limits: list[int] = []

    class Store(MemoryState):
        async def list(self, collection: str, *, limit: int = 1000, **bounds: str) -> list[Document]:
            limits.append(limit)
            return await super().list(collection, limit=limit, **bounds)

    engine = Engine(memory_ports(state=Store()))
    await engine.between(DAY, DAY, set(Mode))
    await engine.recover()
    assert limits == [1_000_000] * 2


def settled(status: str) -> float:
    """How often `schedule` was counted as settled so."""
    value = metrics.REGISTRY.get_sample_value("tipoff_steps_total", {"step": "schedule", "status": status})
    return 0.0 if value is None else value


async def test_a_step_is_counted_and_logged_once_when_it_settles(world: World) -> None:
    """With its run, reason, attempt and seconds; events after it do not count it again."""
    before = settled("done")
    await world.engine.apply(REQUEST)
    assert settled("done") == before
    with capture_logs() as logs:
        await world.engine.apply(StepVerified(RUN_ID, "schedule", 1, Evidence(expected=1, verified=1), 1.5, {}, "fine"))
        await world.engine.apply(verified("box_scores"))
    assert settled("done") == before + 1
    assert next(entry for entry in logs if entry["event"] == "step_settled") == {
        "event": "step_settled", "log_level": "info", "service": "coordinator", "run_id": RUN_ID, "step": "schedule",
        "status": "done", "reason": "fine", "attempt": 1, "seconds": 1.5,
    }  # fmt: skip
    assert [entry["event"] for entry in logs].count("step_settled") == 2
    ended = [entry for entry in logs if entry["event"] == "run_finished"]
    assert [(entry["run_id"], entry["status"]) for entry in ended] == [(RUN_ID, "complete")]


def test_a_run_that_ends_again_is_told_of_again() -> None:
    """Another instant is another end; the same one is not."""
    done = run_of(finished_at=datetime.fromisoformat("2024-03-04T13:00:00+00:00"))
    later = done.model_copy(update={"finished_at": datetime.fromisoformat("2024-03-04T14:00:00+00:00")})
    events = []
    for before, after in ((None, done), (done, done), (done, later), (run_of(), run_of()), (None, run_of())):
        with capture_logs() as logs:
            module._tell(before, after)
        events.append([entry["event"] for entry in logs])
    assert events == [["run_finished"], [], ["run_finished"], [], []]


def test_a_step_that_settles_otherwise_is_counted_anew() -> None:
    """From failed to done; a step that the run did not have before counts too, one that stays does not."""
    before = settled("failed"), settled("done")
    failed, done = (
        run_of(steps={"schedule": StepState(status=status)}) for status in (StepStatus.FAILED, StepStatus.DONE)
    )
    module._tell(None, failed)
    module._tell(failed, failed)
    module._tell(failed, done)
    module._tell(run_of(steps={}), done)
    assert (settled("failed"), settled("done")) == (before[0] + 1, before[1] + 2)
