"""The reconciler: what it asks for, why, how often, and what it tells."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.alerts import raise_alert
from services.coordinator.grid import reconcile as module
from services.coordinator.grid import unloaded as archived
from services.coordinator.grid.cells import Cell, CellStatus
from services.coordinator.grid.reconcile import Heal, heals, reconcile
from services.coordinator.runs.engine import OPEN, RUNS, Engine
from services.coordinator.runs.events import RunRequested, StepVerified
from services.coordinator.runs.run import Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode
from shared.embedded.clock import VirtualClock
from shared.ports import Ports, Row
from shared.registries.pipeline import plan
from shared.registries.schedules import SCHEDULED
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports, opened
from tests.unit.shared.archive import MemoryArchive
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, game, load

DAY, BEFORE = date(2024, 3, 4), date(2024, 3, 3)
KEY = "2024-03-04.overnight"
SIX = datetime(2024, 3, 4, 11, tzinfo=UTC)
"""06:00 Eastern."""
NINE = datetime(2024, 3, 4, 14, tzinfo=UTC)
"""09:00 Eastern: no overnight run waits any more."""
S = CellStatus


def cell(step: str, status: CellStatus, day: date = DAY, why: str = "why", mode: Mode = Mode.OVERNIGHT) -> Cell:
    """A square."""
    return Cell(day, mode, step, status, 2, 1, 1, 0, why)


def asked(**fields: Any) -> RunRequested:  # noqa: ANN401 - any field of the event
    """The reconciler's request."""
    known: dict[str, Any] = {"game_date": DAY, "mode": Mode.OVERNIGHT, "source": "reconciler", "targets": ("export",)}
    return RunRequested(**(known | fields))


@pytest.mark.parametrize(
    ("found", "heal"),
    [
        ([cell("rosters", S.DONE), cell("lines", S.DEGRADED), cell("grade", S.IDLE)], None),
        ([cell("rosters", S.MISSING, why="no run")], Heal(asked(), "rosters: no run", counts=True)),
        ([cell("rosters", S.FAILED, why="403")], Heal(asked(), "rosters: 403", counts=True)),
        (
            [cell("rosters", S.GONE, why="0 of 2"), cell("lines", S.DONE), cell("injuries", S.GONE)],
            Heal(asked(redo=("rosters", "injuries")), "rosters: 0 of 2", counts=True),
        ),
        ([cell("rosters", S.RUNNING), cell("lines", S.FAILED)], None),
        (
            [cell("rosters", S.WAITING, why="503"), cell("lines", S.PENDING)],
            Heal(asked(), "rosters: 503", counts=False),
        ),
        ([cell("rosters", S.WAITING), cell("box_scores", S.FAILED)], Heal(asked(), "rosters: why", counts=True)),
        (
            [cell("lines", S.BLOCKED), cell("injuries", S.PENDING), cell("rosters", S.FAILED, why="403")],
            Heal(asked(), "rosters: 403", counts=True),
        ),
        ([cell("rosters", S.FAILED, BEFORE)], Heal(asked(game_date=BEFORE, retrospective=True), "rosters: why")),
        (
            [cell("rosters", S.MISSING, mode=Mode.SAME_DAY)],
            None,  # its first schedule is at 11:00
        ),
    ],
)
def test_what_is_asked_for_and_why(found: list[Cell], heal: Heal | None) -> None:
    """At 06:00 of the slate's date, for each state of a slate."""
    assert heals(found, ["export"], SIX) == ([] if heal is None else [heal])


def test_a_slate_at_work_is_left_alone_whatever_it_is_at() -> None:
    """A step that is not wanted runs: a new generation would take its run away. Another day's slate is asked for."""
    found = [cell("rosters", S.GONE), cell("lines", S.RUNNING), cell("rosters", S.GONE, DAY - timedelta(days=1))]
    assert [heal.request.game_date for heal in heals(found, ["rosters"], SIX)] == [DAY - timedelta(days=1)]


def test_a_slate_is_looked_at_from_the_minute_it_is_due() -> None:
    """05:00 Eastern; each slate and mode for itself, in the order of the grid."""
    due = datetime(2024, 3, 4, 10, tzinfo=UTC)
    found = [
        cell("rosters", S.MISSING, BEFORE), cell("rosters", S.MISSING),
        cell("rosters", S.MISSING, BEFORE, mode=Mode.SAME_DAY),
    ]  # fmt: skip
    for now, days in ((due.replace(hour=9, minute=59), [BEFORE, BEFORE]), (due, [BEFORE, DAY, BEFORE])):
        assert [heal.request.game_date for heal in heals(found, ["export"], now)] == days


def test_only_what_the_targets_stand_on_is_healed() -> None:
    """A run that only grades needs no rosters; the targets are asked for as they are."""
    found = [cell("rosters", S.MISSING), cell("box_scores", S.MISSING)]
    assert heals(found[:1], ["grade"], SIX) == []
    [heal] = heals(found, ["grade", "schedule"], SIX)
    assert (heal.request.targets, heal.why) == (("grade", "schedule"), "box_scores: why")


@pytest.mark.parametrize(
    ("found", "from_phase", "why"),
    [
        ([cell("lines", S.DEGRADED), cell("injuries", S.DONE)], 2, "lines, injuries: archived, not loaded"),
        ([cell("lines", S.FAILED, why="x"), cell("injuries", S.DONE)], 2, "lines: x"),
        ([cell("lines", S.GONE, why="x"), cell("injuries", S.DONE)], None, "lines: x"),
    ],
)
def test_f12_what_is_archived_is_loaded_from_there(found: list[Cell], from_phase: int | None, why: str) -> None:
    """Unless rows are gone, which are made again; of another slate it says nothing."""
    left = {(DAY, "lines"), (DAY, "injuries"), (BEFORE, "rosters")}
    [heal] = heals(found, ["export"], SIX, left)
    assert (heal.request.from_phase, heal.why) == (from_phase, why)
    assert heals([cell("rosters", S.DONE)], ["export"], SIX, left) == []


@pytest.mark.parametrize(("found", "counts"), [([], True), ([cell("rosters", S.WAITING)], False)])
def test_f18_loading_what_is_archived_is_a_counted_try(found: list[Cell], *, counts: bool) -> None:
    """A payload that never loads would be asked for at every round for ever; what waits has its deadline."""
    [heal] = heals([cell("lines", S.DEGRADED), *found], ["export"], SIX, {(DAY, "lines")})
    assert heal.counts is counts


async def test_f18_a_payload_that_never_loads_is_left_to_people() -> None:
    """Three requests, then an alert, though nothing of the slate is missing."""
    world = World(verified=2)
    await world.archive.put(f"raw/fetches/odds_api/{DAY}/overnight/schedule/unit/1_1_200_a.json", b"{}")
    actions = []
    for _ in range(4):
        world.put(StepStatus.DONE, RunStatus.COMPLETE)
        [line] = await world.round()
        actions.append(line["does"])
    assert actions == ["load the archive"] * 3 + ["nothing: asked too often in vain"]
    assert (await opened(world.state))[f"heal_exhausted {KEY}"] == (
        "asked 3 times in vain: schedule: archived, not loaded"
    )


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({}, "ask for the run"),
        ({"from_phase": 2}, "load the archive"),
        ({"redo": ("rosters", "lines")}, "do rosters, lines again"),
    ],
)
def test_a_request_is_said_in_words(fields: dict[str, Any], action: str) -> None:
    """What it does."""
    assert module._what(asked(**fields)) == action


class World:
    """A reconciler at work on one slate with two games expected, of which so many are verified."""

    def __init__(self, now: datetime = NINE, *, verified: int = 1, steps: tuple[str, ...] = ("schedule",)) -> None:
        self.clock, self.state, self.bus, self.archive = (
            VirtualClock(now),
            MemoryState(),
            RecordingBus(),
            MemoryArchive(),
        )
        answers: dict[str, list[Row]] = {
            f"complete__{step}": [
                {"game_date": DAY, "expected": 2, "verified": verified, "quarantined": 0, "detail": ""}
            ]
            if step in steps
            else []
            for step in COUNTED
        }
        self.settled: list[Row] = []
        """Steps that wait for a name which was settled."""
        self.warehouse = AnsweringWarehouse(**answers, names_waiting=self.settled)
        self.warehouse.answers[archived._ACCOUNTED] = ("fetches", [])
        self.ports = memory_ports(
            clock=self.clock, state=self.state, bus=self.bus, warehouse=self.warehouse, archive=self.archive
        )
        self.engine = Engine(self.ports)

    async def round(self, *, dry_run: bool = False, first: date = DAY) -> list[dict[str, str]]:
        """The reconciler comes by."""
        return await reconcile(self.engine, self.ports, first, DAY, [Mode.OVERNIGHT], ["schedule"], dry_run=dry_run)

    def put(self, status: StepStatus, run_status: RunStatus) -> None:
        """A run of the slate whose one step stands so."""
        run = Run(
            game_date=DAY, mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False,
            targets=("schedule",), steps={"schedule": StepState(status=status, attempt=1)}, created_at=NINE,
            status=run_status,
        )  # fmt: skip
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        self.state._put(OPEN, run.key, {})

    def heals(self) -> dict[str, int]:
        """How often each slate was asked for."""
        return {
            id_: document.data["asked"] for (kind, id_), document in self.state.documents.items() if kind == "heals"
        }


MISSING = {"run": KEY, "why": "schedule: no run has asked for it; 1 of 2 there", "does": "ask for the run"}


async def test_a_dry_run_touches_nothing() -> None:
    """It says the same as one in earnest."""
    world = World()
    await raise_alert(world.ports, "archived_not_loaded", "overnight", "before")
    before = dict(world.state.documents)
    assert await world.round(dry_run=True) == [MISSING]
    assert (world.state.documents, world.bus.published) == (before, [])
    assert await world.round() == [MISSING]
    assert [run.source for run in await world.engine.between(date.min, date.max, set(Mode))] == ["reconciler"]
    assert world.heals() == {KEY: 1}


async def test_f18_the_fourth_try_is_an_alert() -> None:
    """Three requests, then people; the alert says how often and why."""
    world = World()
    actions = []
    for _ in range(5):
        world.put(StepStatus.FAILED, RunStatus.FAILED)
        [line] = await world.round()
        actions.append(line["does"])
    assert actions == ["ask for the run"] * 3 + ["nothing: asked too often in vain"] * 2
    assert world.heals() == {KEY: 3}
    assert await opened(world.state) == {f"heal_exhausted {KEY}": "asked 3 times in vain: schedule: "}
    assert len(world.bus.published) == 3


@pytest.mark.parametrize(("exists", "seen"), [(True, 1), (False, 0)])
async def test_a_request_says_which_generation_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, *, exists: bool, seen: int
) -> None:
    """0 where there was no run: whoever began one meanwhile was faster."""
    world = World()
    if exists:
        world.put(StepStatus.FAILED, RunStatus.FAILED)
    asked_for: list[RunRequested] = []

    async def apply(event: RunRequested) -> None:
        asked_for.append(event)

    monkeypatch.setattr(world.engine, "apply", apply)
    await world.round()
    assert asked_for == [asked(targets=("schedule",), seen=seen)]


async def test_what_a_bus_that_was_away_left_behind_is_sent_by_the_next_round() -> None:
    """Steps that only look at work; not by a dry run."""
    world = World(verified=2)
    world.put(StepStatus.RUNNING, RunStatus.RUNNING)
    document = world.state.documents[RUNS, KEY]
    outbox = [{"topic": "scraper-tasks", "data": "d", "attributes": {"key": "left"}}]
    world.state._put(RUNS, KEY, {**document.data, "outbox": outbox})
    await world.round(dry_run=True)
    assert world.bus.sent() == []
    await world.round()
    assert world.bus.sent() == ["left"]


async def test_what_waits_is_asked_for_and_not_counted() -> None:
    """Also where the tries are used up already."""
    world = World(SIX)
    world.put(StepStatus.WAITING, RunStatus.RUNNING)
    await world.state.increment("heals", KEY, "asked", 3)
    [line] = await world.round()
    assert (line["does"], world.heals()) == ("ask for the run", {KEY: 3})
    assert len(world.bus.published) == 1


@pytest.mark.parametrize(
    ("verified", "status", "first", "left"),
    [
        (2, StepStatus.DONE, DAY, False),
        (0, StepStatus.RUNNING, DAY, True),
        (0, StepStatus.FAILED, DAY, True),
    ],
    ids=["whole", "at work", "broken"],
)
async def test_a_whole_slate_has_its_tries_back(verified: int, status: StepStatus, first: date, *, left: bool) -> None:
    """And its alert is resolved; not while it is at work or broken, nor one outside of the window."""
    world = World(verified=verified)
    world.put(status, RunStatus.RUNNING if status is StepStatus.RUNNING else RunStatus.COMPLETE)
    for key in (KEY, "2024-01-01.overnight"):
        await world.state.increment("heals", key, "asked", 3)
        await raise_alert(world.ports, "heal_exhausted", key, "x")
    await world.round(first=first)
    kept = {"2024-01-01.overnight", *([KEY] if left else [])}
    assert set(world.heals()) == kept
    assert {name.partition(" ")[2] for name in await opened(world.state)} == kept


async def test_what_a_run_at_work_has_archived_is_in_its_hands() -> None:
    """It is loading it: a round beside it raises nothing, and asks for nothing."""
    world = World(verified=2)
    world.put(StepStatus.RUNNING, RunStatus.RUNNING)
    await world.archive.put(f"raw/fetches/espn/{DAY}/overnight/injuries/unit/1_1_200_a.json", b"{}")
    assert await world.round() == []
    assert await opened(world.state) == {}


async def test_f12_what_is_archived_and_not_loaded_is_told_of_until_it_is() -> None:
    """Five at most by name, in order, with the window; no more once nothing is left."""
    world = World(verified=2)
    world.put(StepStatus.DONE, RunStatus.COMPLETE)
    for source, step in (
        ("espn", "injuries"), ("odds_api", "lines"), ("nba_cdn", "box_scores"), ("nba_cdn", "schedule"),
        ("nba_stats", "rosters"), ("nba_stats", "grade"),
    ):  # fmt: skip
        await world.archive.put(f"raw/fetches/{source}/{DAY}/overnight/{step}/unit/1_1_200_a.json", b"{}")
    [line] = await world.round(first=BEFORE)
    assert line == {"run": KEY, "why": "schedule: archived, not loaded", "does": "load the archive"}
    five = ", ".join(f"{step} of {DAY}" for step in ("box_scores", "grade", "injuries", "lines", "rosters"))
    assert await opened(world.state) == {"archived_not_loaded overnight": f"{five} (2024-03-03 to 2024-03-04)"}
    world.archive.objects.clear()
    await world.round()
    assert await opened(world.state) == {}


async def test_what_waits_for_a_settled_name_is_loaded_from_the_archive() -> None:
    """As long as it waits; the alert about payloads that were never looked at is not raised."""
    world = World(verified=2)
    world.put(StepStatus.DONE, RunStatus.COMPLETE)
    world.settled.append({"game_date": DAY, "mode": "overnight", "step": "schedule"})
    [line] = await world.round()
    assert (line["run"], line["does"]) == (KEY, "load the archive")
    assert await opened(world.state) == {}
    world.settled.clear()
    world.put(StepStatus.DONE, RunStatus.COMPLETE)
    assert await world.round() == []


async def fill(engine: Engine, verified: int) -> None:
    """Every running step of the slate reports, until none runs any more."""
    run = await engine.run(f"{SLATE}.overnight")
    while run is not None and (at_work := [n for n, s in run.steps.items() if s.status is StepStatus.RUNNING]):
        step = run.steps[at_work[0]]
        found = Evidence(expected=2, verified=verified)
        run = await engine.apply(StepVerified(run.run_id, at_work[0], step.attempt, found))


@pytest.fixture
async def world(ports: Ports) -> Ports:
    set_clock(ports, SIX)
    await load(ports.warehouse, raw__games=[game("0022300900")])
    return ports


async def test_the_reconciler_starts_the_run_nobody_started(world: Ports) -> None:
    """As the schedule would have, and says that it was it."""
    engine = Engine(world)
    await reconcile(engine, world, SLATE, SLATE, [Mode.OVERNIGHT], ["export"])
    [run] = await engine.between(date.min, date.max, set(Mode))
    assert (run.source, list(run.steps)) == ("reconciler", [step.name for step in plan(["export"])])
    assert await reconcile(engine, world, SLATE, SLATE, [Mode.OVERNIGHT], ["export"]) == []


async def test_f09_rows_that_are_gone_are_made_again(world: Ports) -> None:
    """The run says done, the warehouse has nothing: the reconciler believes the warehouse."""
    engine = Engine(world)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test", ("rosters",)))
    await fill(engine, verified=2)
    [line] = await reconcile(engine, world, SLATE, SLATE, [Mode.OVERNIGHT], ["rosters"])
    assert line["does"] == "do rosters again"
    [run] = await engine.between(date.min, date.max, set(Mode))
    assert (run.generation, run.steps["schedule"].status) == (2, StepStatus.DONE)
    assert run.steps["rosters"].status is StepStatus.RUNNING


async def test_other_modes_are_healed_where_they_have_begun(world: Ports) -> None:
    """What nobody has asked for is left alone; tomorrow's look that failed is asked for again, no wider than it was."""
    set_clock(world, NINE + timedelta(hours=12))  # 21:00 Eastern: both are due
    tomorrow = SLATE + timedelta(days=1)
    await load(world.warehouse, raw__games=[game("0022300950", tomorrow)])
    engine = Engine(world)
    failed = Run(
        game_date=tomorrow, mode=Mode.TOMORROW, generation=1, source="schedule:tomorrow", retrospective=False,
        targets=("upcoming_team_game_context",), status=RunStatus.FAILED, created_at=NINE, finished_at=NINE,
        steps={"schedule": StepState(status=StepStatus.DONE, attempt=1, evidence=Evidence(expected=1, verified=1)),
               "upcoming_team_game_context": StepState(status=StepStatus.FAILED, attempt=3, reason="403")},
    )  # fmt: skip
    await world.state.create(RUNS, failed.key, failed.model_dump(mode="json"))
    lines = await reconcile(engine, world, SLATE, SLATE, SCHEDULED, ["schedule"])
    assert [(line["run"], line["why"]) for line in lines] == [(failed.key, "upcoming_team_game_context: 403")]
    run = await engine.run(failed.key)
    assert run is not None
    assert (run.source, run.targets, list(run.steps)) == (
        "schedule:tomorrow",
        ("upcoming_team_game_context",),
        ["schedule", "upcoming_team_game_context"],
    )
    assert await reconcile(engine, world, SLATE, SLATE, [Mode.OVERNIGHT], ["schedule"]) == []
