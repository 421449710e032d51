"""What the nights have found, each by itself."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from aiohttp.test_utils import make_mocked_request

from services.coordinator.grid import reconcile as module
from services.coordinator.pulse.plan import QUIET, SOON
from services.coordinator.pulse.pulse import PULSES, Known, Pulse, part_of
from services.coordinator.runs.decide import decide
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested, StepFailed
from services.coordinator.runs.run import Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import SAME_DAY_LEAD, Mode
from shared.errors import Conflict, Permanent, TipoffError, Transient
from shared.ports import Warehouse
from shared.runtime.answers import failures
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, failing, memory_ports

DAY = date(2024, 3, 4)
NOW = datetime(2024, 3, 4, 22, tzinfo=UTC)


def asked(**fields: Any) -> RunRequested:  # noqa: ANN401 - any field of the event
    """A request for the slate's schedule."""
    return RunRequested(DAY, Mode.OVERNIGHT, "test", ("schedule",), **fields)


def ended() -> Run:
    """A run of one generation that has ended."""
    run, _ = decide(None, asked(), NOW)
    assert run is not None
    run, _ = decide(run, StepFailed(run.run_id, "schedule", 1, "403"), NOW)
    assert run is not None
    return run


@pytest.mark.parametrize("wish", [{"redo": ("schedule",)}, {"from_phase": 2}, {"force": True}])
def test_two_who_want_one_generation_anew_get_one(wish: dict[str, Any]) -> None:
    """Both have looked at generation 1: the first starts the second, the other changes nothing."""
    run, first = decide(ended(), asked(seen=1, **wish), NOW)
    assert run is not None
    assert (run.generation, len(first)) == (2, 1)
    assert decide(run, asked(seen=1, **wish), NOW) == (run, [])
    again, _ = decide(run, asked(seen=2, **wish), NOW)
    assert again is not None
    assert again.generation == 3


@pytest.mark.parametrize(
    ("lost", "wish"), [("", {"redo": ("publish",)}), ("publish", {"from_phase": 6}), ("publish", {"redo": ("export",)})]
)
def test_a_generation_publishes_what_it_has_predicted_itself(lost: str, wish: dict[str, Any]) -> None:
    """What another generation has staged is not this one's: who publishes anew predicts anew."""
    run, _ = decide(None, RunRequested(DAY, Mode.OVERNIGHT, "test"), NOW)
    assert run is not None
    done = {name: StepState(status=StepStatus.FAILED if name == lost else StepStatus.DONE) for name in run.steps}
    again, [(_, message)] = decide(
        run.model_copy(update={"steps": done}), RunRequested(DAY, Mode.OVERNIGHT, "test", **wish), NOW
    )
    assert again is not None
    assert message.key == "2024-03-04.overnight.2/predict/1"
    assert [name for name, step in again.steps.items() if step.status is not StepStatus.DONE] == [
        "predict", "publish", "export",
    ]  # fmt: skip


def test_who_has_not_looked_gets_a_generation_of_his_own() -> None:
    """An operator who forces means it, whatever the run is at; who only resumes need not have looked either."""
    run, _ = decide(ended(), asked(force=True), NOW)
    assert run is not None
    assert run.generation == 2
    resumed, _ = decide(ended(), asked(seen=7), NOW)
    assert resumed is not None
    assert (resumed.generation, resumed.steps["schedule"].attempt) == (1, 2)


@pytest.mark.parametrize(("dry_run", "sent"), [(False, 1), (True, 0)])
async def test_the_reconciler_sends_what_a_bus_that_could_not_be_reached_left_behind(
    monkeypatch: pytest.MonkeyPatch, *, dry_run: bool, sent: int
) -> None:
    """A step whose request is still in the outbox looks at work: nobody but the reconciler would ever send it."""

    async def nothing(*_: object) -> set[Any]:
        return set()

    for name in ("cells", "unloaded", "waiting"):
        monkeypatch.setattr(module, name, nothing)
    ports = memory_ports(bus=RecordingBus(), state=MemoryState())
    assert isinstance(ports.bus, RecordingBus)
    ports.bus.before = failing(Transient("the bus cannot be reached"), "publish", lambda call: call == 1)
    engine = Engine(ports)
    with pytest.raises(Transient):
        await engine.apply(asked())
    await module.reconcile(engine, ports, DAY, DAY, [Mode.OVERNIGHT], ("schedule",), dry_run=dry_run)
    assert ports.bus.sent() == ["2024-03-04.overnight.1/schedule/1"] * sent


@pytest.mark.parametrize(
    ("errors", "status", "message"),
    [
        ([Transient("the warehouse cannot be reached"), Conflict("newer")], 503, "the warehouse cannot be reached"),
        ([Transient("busy"), Permanent("no such table")], 400, "no such table"),
    ],
)
async def test_queries_that_fail_together_are_answered_as_one_that_fails(
    errors: list[TipoffError], status: int, message: str
) -> None:
    """The grid counts its steps at once: if the warehouse is away, that is 503 and asked again, not a bug."""

    async def handler(_: object) -> Any:  # noqa: ANN401 - it only raises
        raise ExceptionGroup("several", errors)

    response: Any = await failures(make_mocked_request("GET", "/v1/grid"), handler)
    assert response.status == status
    assert json.loads(response.text)["error"] == message


async def test_a_bug_among_them_stays_a_bug() -> None:
    """What is none of the three kinds is not explained away."""

    async def handler(_: object) -> Any:  # noqa: ANN401 - it only raises
        raise ExceptionGroup("several", [Transient("busy"), ValueError("a bug")])

    with pytest.raises(ExceptionGroup):
        await failures(make_mocked_request("GET", "/v1/grid"), handler)


def test_an_ended_run_that_is_asked_for_a_part_of_it_does_not_end_again() -> None:
    """A run without games has ended; a schedule asks for what its plan holds already: only the targets are joined."""
    run, _ = decide(None, RunRequested(DAY, Mode.MANUAL, "test"), NOW)
    assert run is not None
    done = {name: StepState(status=StepStatus.DONE) for name in run.steps}
    old = run.model_copy(update={"steps": done, "status": RunStatus.COMPLETE, "finished_at": NOW})
    again, commands = decide(old, RunRequested(DAY, Mode.MANUAL, "test", ("rosters",)), NOW + timedelta(minutes=1))
    assert (again, commands) == (old.model_copy(update={"targets": ("export", "rosters")}), [])


async def test_a_pulse_sends_what_the_bus_did_not_take_of_the_one_before() -> None:
    """The request of a final pass that waits for the hourly round in an outbox comes too late for its game."""
    tip = NOW + timedelta(hours=1)
    warehouse = AnsweringWarehouse(games_of_slate=[{"game_id": "0022300001", "tip_utc": tip}])
    clock, bus = FakeClock(NOW), RecordingBus()
    ports = memory_ports(clock=clock, bus=bus, warehouse=cast("Warehouse", warehouse))
    bus.before = failing(Transient("the bus cannot be reached"), "publish", lambda call: call == 1)
    pulse = Pulse(Engine(ports), ports)
    with pytest.raises(Transient):
        await pulse.beat()
    assert bus.sent() == []
    clock.set(NOW + timedelta(minutes=5))
    await pulse.beat()
    assert bus.sent() == ["2024-03-04.same_day.1/schedule/1"]


@pytest.mark.parametrize(
    ("status", "next_at"),
    [(RunStatus.RUNNING, SOON), (RunStatus.COMPLETE, QUIET), (RunStatus.FAILED, SOON)],
    ids=["at work", "complete", "failed"],
)
async def test_until_the_last_final_pass_of_a_day_has_ended_a_pulse_is_due(
    status: RunStatus, next_at: timedelta
) -> None:
    """No game is ahead, and in an hour the last one has tipped off: then it is too late to ask again."""
    state, game = MemoryState(), "0022300001"
    warehouse = AnsweringWarehouse(games_of_slate=[{"game_id": game, "tip_utc": NOW + SAME_DAY_LEAD}])
    ports = memory_ports(clock=FakeClock(NOW), state=state, warehouse=cast("Warehouse", warehouse))
    slate, _ = decide(None, RunRequested(DAY, Mode.SAME_DAY, "test"), NOW)
    assert slate is not None
    done = {name: StepState(status=StepStatus.DONE) for name in slate.steps}
    final = slate.model_copy(update={"part": part_of((game,)), "games": (game,), "final": True, "status": status})
    for run in (slate.model_copy(update={"steps": done}), final):
        await state.create("runs", run.key, run.model_dump(mode="json"))
    known = Known(looked_at=NOW, finals={game: 1}, final_parts=(final.part,))
    await state.create(PULSES, str(DAY), known.model_dump(mode="json"))
    assert (await Pulse(Engine(ports), ports).beat()).next_at == NOW + next_at
