"""The shell around `decide`: nothing is lost between deciding, storing and publishing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.events import BatchesPlanned, BatchStaged, RunRequested, StepFailed, StepVerified
from services.coordinator.runs.run import Evidence, RunStatus
from shared.basketball.slate import Mode
from shared.embedded.archive import FileArchive
from shared.embedded.bus import EmbeddedBus
from shared.embedded.secrets import EnvironmentSecrets
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Conflict, Skip, Transient
from shared.ports import Bus, Ports, StateStore
from shared.registries.pipeline import STEPS
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
RUN_ID = f"{KEY}.1"
REQUEST = RunRequested(DAY, Mode.OVERNIGHT, "test", ("schedule",))
MakePorts = Callable[[Bus, StateStore], Ports]


class Crash(BaseException):
    """The process dies: nothing catches it."""


@pytest.fixture
async def ports_on(tmp_path: Path) -> AsyncIterator[MakePorts]:
    """Ports around a bus and a state store; the engine uses no others."""
    warehouse = DuckDBWarehouse(None, {})

    def make(bus: Bus, state: StateStore) -> Ports:
        return Ports(FakeClock(), bus, warehouse, state, EnvironmentSecrets({}), FileArchive(tmp_path))

    yield make
    await warehouse.close()


@pytest.fixture
def state() -> MemoryState:
    return MemoryState()


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def engine(ports_on: MakePorts, bus: RecordingBus, state: MemoryState) -> Engine:
    return Engine(ports_on(bus, state))


def crash_at(name: str, number: int = 1) -> Callable[[str], object]:
    """A hook that lets the process die at the n-th operation of that name."""
    left = [number]

    async def hook(operation: str) -> None:
        if operation == name:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

    return hook


@pytest.mark.parametrize("processes", [1, 20])
async def test_twenty_concurrent_applies_all_land(ports_on: MakePorts, tmp_path: Path, processes: int) -> None:
    """Within one process and between twenty, no event is lost to another that was written at the same time."""
    clients = [SQLiteState(tmp_path / "state.sqlite") for _ in range(processes)]
    bus = EmbeddedBus(FakeClock())
    engines = [Engine(ports_on(bus, client)) for client in clients]
    await engines[0].apply(RunRequested(DAY, Mode.OVERNIGHT, "test"))
    for step in takewhile(lambda name: name != "predict", STEPS):
        await engines[0].apply(StepVerified(RUN_ID, step, 1, Evidence(expected=1, verified=1)))
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(engines[number % processes].apply(BatchStaged(RUN_ID, 1, number)))
    run = await engines[-1].apply(BatchesPlanned(RUN_ID, 1, 21))
    assert sorted(run.batches.done) == list(range(20))
    for client in clients:
        await client.close()


async def test_two_who_start_a_run_at_once_start_it_once(ports_on: MakePorts, state: MemoryState) -> None:
    """The second to create the document finds the first's."""
    buses = [RecordingBus(), RecordingBus()]
    engines = [Engine(ports_on(bus, state)) for bus in buses]
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(engine.apply(REQUEST)) for engine in engines]
    assert {run.result().generation for run in runs} == {1}
    assert {key for bus in buses for key in bus.sent()} == {f"{RUN_ID}/schedule/1"}


async def test_f07_a_crash_before_the_write_changes_nothing(
    engine: Engine, bus: RecordingBus, state: MemoryState
) -> None:
    """Nothing stored, nothing sent: as if it had not been asked."""
    state.before = crash_at("create")  # type: ignore[assignment]  # a hook
    with pytest.raises(Crash):
        await engine.apply(REQUEST)
    assert await engine.run(KEY) is None
    assert bus.published == []


async def test_f07_a_crash_before_publishing_is_healed_by_the_next_event(
    engine: Engine, bus: RecordingBus, state: MemoryState
) -> None:
    """The outbox kept what was decided; whoever comes next sends it, even with an event that changes nothing."""
    bus.before = crash_at("publish")  # type: ignore[assignment]  # a hook
    with pytest.raises(Crash):
        await engine.apply(REQUEST)
    assert bus.published == []
    await engine.apply(StepFailed(f"{KEY}.7", "schedule", 1, "another generation"))
    assert bus.sent() == [f"{RUN_ID}/schedule/1"]
    assert state.documents[RUNS, KEY].data["outbox"] == []


async def test_f07_a_crash_before_marking_sent_sends_again(
    engine: Engine, bus: RecordingBus, state: MemoryState
) -> None:
    """At least once: the same message under the same key."""
    state.before = crash_at("compare_and_set")  # type: ignore[assignment]  # a hook
    with pytest.raises(Crash):
        await engine.apply(REQUEST)
    await engine.apply(StepFailed(f"{KEY}.7", "schedule", 1, "another generation"))
    assert bus.sent() == [f"{RUN_ID}/schedule/1"] * 2
    assert bus.published[0] == bus.published[1]
    assert state.documents[RUNS, KEY].data["outbox"] == []


async def test_an_outbox_that_someone_else_took_over_is_left_to_him(
    engine: Engine, bus: RecordingBus, state: MemoryState
) -> None:
    """Marking sent never overwrites what another process has written in between."""

    async def another_writes(_: str) -> None:
        document = state.documents[RUNS, KEY]
        state.documents[RUNS, KEY] = state._put(RUNS, KEY, {**document.data, "source": "another"})
        bus.before = nothing

    async def nothing(_: str) -> None:
        """No more."""

    bus.before = another_writes
    await engine.apply(REQUEST)
    stored = await engine.run(KEY)
    assert stored is not None
    assert stored.source == "another"
    assert len(stored.outbox) == 1


async def test_a_bus_that_cannot_be_reached_loses_nothing(engine: Engine, bus: RecordingBus) -> None:
    """The event is given back, and its second delivery sends what the first had decided."""
    failures = iter([True])

    async def unreachable(_: str) -> None:
        if next(failures, False):
            raise Transient("the bus cannot be reached")

    bus.before = unreachable
    with pytest.raises(Transient, match="cannot be reached"):
        await engine.apply(REQUEST)
    await engine.apply(REQUEST)
    assert set(bus.sent()) == {f"{RUN_ID}/schedule/1"}


async def test_a_storm_of_conflicts_is_transient(ports_on: MakePorts, bus: RecordingBus, state: MemoryState) -> None:
    """An event that never gets its turn goes back to the bus after a bounded number of tries, with waits between."""
    ports = ports_on(bus, state)
    engine = Engine(ports)
    await engine.apply(REQUEST)
    tries = 0

    async def storm(operation: str) -> None:
        nonlocal tries
        if operation == "compare_and_set":
            tries += 1
            raise Conflict("someone was faster")

    state.before = storm
    started = ports.clock.monotonic()
    with pytest.raises(Transient, match=f"run {KEY} is being written by too many at once"):
        await engine.apply(StepFailed(RUN_ID, "schedule", 1, "no"))
    assert 5 <= tries <= 50
    assert 0 < ports.clock.monotonic() - started < 30


async def test_an_event_about_no_run_is_skipped(engine: Engine) -> None:
    """There is nothing to do, and that is right."""
    with pytest.raises(Skip, match=r"no run 2024-03-04\.overnight"):
        await engine.apply(StepFailed(RUN_ID, "schedule", 1, "no"))


async def test_the_last_step_ends_the_run(engine: Engine) -> None:
    """What `decide` says is what is stored."""
    await engine.apply(REQUEST)
    run = await engine.apply(StepVerified(RUN_ID, "schedule", 1, Evidence(expected=1, verified=1)))
    assert run.status is RunStatus.COMPLETE
    assert await engine.run(KEY) == run.model_copy(update={"outbox": ()})
    assert [found.key for found in await engine.between(date.min, date.max, set(Mode))] == [KEY]


async def test_all_runs_are_listed_however_many_there_are(engine: Engine, state: MemoryState) -> None:
    """Three seasons in two modes are more than one page of the state store; the latest slate must be among them."""
    await engine.apply(REQUEST)
    data = state.documents[RUNS, KEY].data
    for number in range(1_001):
        state._put(RUNS, f"{date(2020, 1, 1) + timedelta(days=number)}.overnight", data)
    assert len(await engine.between(date.min, date.max, set(Mode))) == 1_002
