"""The reconciler by hand, on fakes: what it asks for, why, how often, and what it tells."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.coordinator import reconcile as module
from services.coordinator import unloaded as archived
from services.coordinator.domain.events import RunRequested
from services.coordinator.domain.grid import Cell, CellStatus, Count
from services.coordinator.domain.run import Batches, Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.engine import RUNS, Engine
from services.coordinator.reconcile import Heal, heals, reconcile
from services.coordinator.recount import cells, counted, recount
from services.coordinator.verify import champions, evidence, export_key, parameters
from shared.alerts import alerts, raise_alert
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent
from shared.ports import Row
from shared.slate import Mode
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, MemoryArchive, memory_ports

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
    world = World(there=2)
    await world.archive.put(f"raw/odds_api/{DAY}/overnight/schedule/unit/1.json", b"{}")
    said = []
    for _ in range(4):
        world.put(StepStatus.DONE, RunStatus.COMPLETE)
        [line] = await world.round()
        said.append(line["does"])
    assert said == ["load the archive"] * 3 + ["nothing: asked too often in vain"]
    assert (await world.opened())[f"heal_exhausted {KEY}"] == ("asked 3 times in vain: schedule: archived, not loaded")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "ask for the run"),
        ({"from_phase": 2}, "load the archive"),
        ({"redo": ("rosters", "lines")}, "do rosters, lines again"),
    ],
)
def test_a_request_is_said_in_words(fields: dict[str, Any], said: str) -> None:
    """What it does."""
    assert module._what(asked(**fields)) == said


class World:
    """A reconciler at work on one slate with two games expected, of which so many are there."""

    def __init__(self, now: datetime = NINE, *, there: int = 0, steps: tuple[str, ...] = ("schedule",)) -> None:
        self.clock, self.state, self.bus, self.archive = (
            VirtualClock(now),
            MemoryState(),
            RecordingBus(),
            MemoryArchive(),
        )
        answers: dict[str, list[Row]] = {
            f"grid__{step}": [{"game_date": DAY, "expected": 2, "verified": there}] if step in steps else []
            for step in counted()
        }
        self.warehouse = AnsweringWarehouse(**answers)
        self.warehouse.answers[archived._ACCOUNTED] = ("fetches", [])
        self.ports = memory_ports(
            clock=self.clock, state=self.state, bus=self.bus, warehouse=self.warehouse, archive=self.archive
        )
        self.engine = Engine(self.ports)

    async def round(self, *, dry_run: bool = False, first: date = DAY) -> list[dict[str, str]]:
        """The reconciler comes by."""
        return await reconcile(self.engine, self.ports, first, DAY, Mode.OVERNIGHT, ["schedule"], dry_run=dry_run)

    def put(self, status: StepStatus, run_status: RunStatus) -> None:
        """A run of the slate whose one step stands so."""
        run = Run(
            game_date=DAY, mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False,
            targets=("schedule",), steps={"schedule": StepState(status=status, attempt=1)}, created_at=NINE,
            status=run_status,
        )  # fmt: skip
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))

    async def opened(self) -> dict[str, str]:
        """`name scope` -> detail of what is open."""
        return {f"{alert['name']} {alert['scope']}": alert["detail"] for alert in await alerts(self.state)}

    def heals(self) -> dict[str, int]:
        """How often each slate was asked for."""
        return {
            id_: document.data["asked"] for (kind, id_), document in self.state.documents.items() if kind == "heals"
        }


MISSING = {"run": KEY, "why": "schedule: no run has asked for it; 0 of 2 there", "does": "ask for the run"}


async def test_a_dry_run_touches_nothing() -> None:
    """It says the same as one in earnest."""
    world = World()
    await raise_alert(world.state, world.clock, "archived_not_loaded", "overnight", "before")
    before = dict(world.state.documents)
    assert await world.round(dry_run=True) == [MISSING]
    assert (world.state.documents, world.bus.published) == (before, [])
    assert await world.round() == [MISSING]
    assert [run.source for run in await world.engine.runs()] == ["reconciler"]
    assert world.heals() == {KEY: 1}


async def test_f18_the_fourth_try_is_an_alert() -> None:
    """Three requests, then people; the alert says how often and why."""
    world = World()
    said = []
    for _ in range(5):
        world.put(StepStatus.FAILED, RunStatus.FAILED)
        [line] = await world.round()
        said.append(line["does"])
    assert said == ["ask for the run"] * 3 + ["nothing: asked too often in vain"] * 2
    assert world.heals() == {KEY: 3}
    assert await world.opened() == {f"heal_exhausted {KEY}": "asked 3 times in vain: schedule: "}
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
    world = World(there=2)
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
    ("there", "status", "first", "left"),
    [
        (2, StepStatus.DONE, DAY, False),
        (0, StepStatus.RUNNING, DAY, True),
        (0, StepStatus.FAILED, DAY, True),
    ],
    ids=["whole", "at work", "broken"],
)
async def test_a_whole_slate_has_its_tries_back(there: int, status: StepStatus, first: date, *, left: bool) -> None:
    """And its alert is resolved; not while it is at work or broken, nor one outside of the window."""
    world = World(there=there)
    world.put(status, RunStatus.RUNNING if status is StepStatus.RUNNING else RunStatus.COMPLETE)
    for key in (KEY, "2024-01-01.overnight"):
        await world.state.increment("heals", key, "asked", 3)
        await raise_alert(world.state, world.clock, "heal_exhausted", key, "x")
    await world.round(first=first)
    kept = {"2024-01-01.overnight", *([KEY] if left else [])}
    assert set(world.heals()) == kept
    assert {name.partition(" ")[2] for name in await world.opened()} == kept


async def test_f12_what_is_archived_and_not_loaded_is_told_of_until_it_is() -> None:
    """Five at most by name, in order, with the window; no more once nothing is left."""
    world = World(there=2)
    world.put(StepStatus.DONE, RunStatus.COMPLETE)
    for source, step in (
        ("espn", "injuries"), ("odds_api", "lines"), ("nba_cdn", "box_scores"), ("nba_cdn", "schedule"),
        ("nba_stats", "rosters"), ("nba_stats", "grade"),
    ):  # fmt: skip
        await world.archive.put(f"raw/{source}/{DAY}/overnight/{step}/unit/1.json", b"{}")
    [line] = await world.round(first=BEFORE)
    assert line == {"run": KEY, "why": "schedule: archived, not loaded", "does": "load the archive"}
    five = ", ".join(f"{step} of {DAY}" for step in ("box_scores", "grade", "injuries", "lines", "rosters"))
    assert await world.opened() == {"archived_not_loaded overnight": f"{five} (2024-03-03 to 2024-03-04)"}
    world.archive.objects.clear()
    await world.round()
    assert await world.opened() == {}


async def test_f12_of_each_unit_the_newest_payload_counts() -> None:
    """By slate, mode and step; a key outside of the window, of another mode or of no step is nobody's."""
    world = World()
    folder = f"raw/odds_api/{DAY}/overnight"
    for key in (
        f"{folder}/lines/g1/1.json", f"{folder}/lines/g1/2.json", f"{folder}/lines/g2/1.json",
        f"raw/espn/{BEFORE}/overnight/injuries/feed/1.json", "raw/espn/2024-03-02/overnight/rosters/x/1.json",
        f"raw/espn/{DAY}/same_day/rosters/x/1.json", f"{folder}/nonsense/x/1.json",
    ):  # fmt: skip
        await world.archive.put(key, b"{}")
    known = [{"archive_key": f"{folder}/lines/g1/2.json"}, {"archive_key": f"{folder}/lines/g2/1.json"}]
    world.warehouse.answers[archived._ACCOUNTED] = ("fetches", known)
    assert await archived.unloaded(world.ports, BEFORE, DAY, Mode.OVERNIGHT) == {(BEFORE, "injuries")}
    assert world.warehouse.asked[-1] == ("fetches", {"first": BEFORE, "last": DAY, "mode": "overnight"})
    world.warehouse.answers[archived._ACCOUNTED] = (
        "fetches",
        [*known[1:], {"archive_key": f"{folder}/lines/g1/1.json"}],
    )
    assert await archived.unloaded(world.ports, DAY, DAY, Mode.OVERNIGHT) == {(DAY, "lines")}


async def test_the_grid_is_counted_with_a_query_a_step() -> None:
    """Each with the parameters that it names; dates without an answer have no count."""
    world = World(there=1)
    found = await recount(world.warehouse, BEFORE, DAY, Mode.SAME_DAY)
    assert set(found) == set(counted()) == {name.removeprefix("grid__") for name, _ in world.warehouse.asked}
    assert (found["schedule"], found["rosters"]) == ({DAY: Count(2, 1)}, {})
    for _, params in world.warehouse.asked:
        assert params.items() <= {"first": BEFORE, "last": DAY, "mode": "same_day"}.items()
        assert {"first", "last"} <= params.keys()
    asked = dict(world.warehouse.asked)
    assert asked["grid__schedule"] == {"first": BEFORE, "last": DAY}  # a game is a game in every mode
    assert asked["grid__lines"] == {"first": BEFORE, "last": DAY, "mode": "same_day"}
    assert "train" not in counted()
    assert "export" not in counted()


async def test_a_grids_cells_are_of_one_mode_and_window() -> None:
    """Its runs are those of the mode; both ends belong to it."""
    world = World(there=1)
    world.put(StepStatus.FAILED, RunStatus.FAILED)
    found = await cells(world.engine, world.warehouse, BEFORE, DAY, Mode.OVERNIGHT)
    assert {(each.game_date, each.status) for each in found if each.step == "schedule"} == {
        (BEFORE, S.IDLE), (DAY, S.FAILED)
    }  # fmt: skip
    other = await cells(world.engine, world.warehouse, DAY, DAY, Mode.SAME_DAY)
    assert {each.status for each in other if each.step == "schedule"} == {S.MISSING}


def run_of(**fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run with three systems owed: one hand-made, one learned, one about lines."""
    batches = Batches(
        systems=("moving_average", "boosted", "market_residual", "similarity"), absent={"similarity": "x"}
    )
    known = {
        "game_date": DAY, "mode": Mode.SAME_DAY, "generation": 2, "source": "test", "retrospective": False,
        "targets": ("export",), "steps": {}, "created_at": NINE, "batches": batches,
    }  # fmt: skip
    return Run.model_validate(known | fields)


def test_the_parameters_of_a_runs_queries() -> None:
    """Of two systems about everything, 2 x 5 markets a player; of one about lines, one a line."""
    assert parameters(run_of(), NINE) == {
        "game_date": DAY, "mode": "same_day", "run_id": "2024-03-04.same_day.2", "season": "2023-24",
        "systems": ("moving_average", "boosted", "market_residual"), "per_player": 10, "per_line": 1,
        "not_tipped_after": NINE,
    }  # fmt: skip
    past = parameters(run_of(retrospective=True), NINE)
    assert past["not_tipped_after"] == datetime(1946, 1, 1, tzinfo=UTC)


async def test_evidence_is_the_row_of_the_steps_query() -> None:
    """Asked with the parameters that it names."""
    warehouse = AnsweringWarehouse(verify__publish=[{"expected": 4, "verified": 3, "quarantined": 1, "detail": "x"}])
    found = await evidence(run_of(), "publish", memory_ports(warehouse=warehouse))
    assert found == Evidence(expected=4, verified=3, quarantined=1, detail="x")
    assert warehouse.asked == [("verify__publish", {"game_date": DAY, "run_id": "2024-03-04.same_day.2"})]


async def test_the_export_is_verified_in_the_archive() -> None:
    """Missing, of another run, or this run's."""
    archive = MemoryArchive()
    ports = memory_ports(archive=archive)
    key = "exports/2024-03-04/same_day/predictions.json"
    assert export_key(run_of()) == key
    assert await evidence(run_of(), "export", ports) == Evidence(expected=1, verified=0, detail=f"no object {key}")
    await archive.put(key, b'{"run_id": "2024-03-04.same_day.1"}')
    earlier = "export is of run 2024-03-04.same_day.1"
    assert await evidence(run_of(), "export", ports) == Evidence(expected=1, verified=0, detail=earlier)
    await archive.put(key, b'{"run_id": "2024-03-04.same_day.2"}')
    assert await evidence(run_of(), "export", ports) == Evidence(expected=1, verified=1, detail="")


async def test_training_is_verified_by_its_champions_artifacts() -> None:
    """Which lie in the archive under system and digest; a missing one is named by 12 digits."""
    archive = MemoryArchive()
    rows: list[Row] = [{"system": "boosted", "digest": "a" * 64}, {"system": "ensemble", "digest": "b" * 64}]
    warehouse = AnsweringWarehouse(champions=rows)
    ports = memory_ports(archive=archive, warehouse=warehouse)
    assert await champions(run_of(), ports) == {"boosted": "a" * 64, "ensemble": "b" * 64}
    assert warehouse.asked == [("champions", {"game_date": DAY, "mode": "same_day"})]
    await archive.put(f"models/boosted/{'a' * 64}/model.txt", b"x")
    await archive.put(f"models/similarity/{'b' * 64}/model.txt", b"x")
    lost = f"not in the archive: ensemble {'b' * 12}"
    assert await evidence(run_of(), "train", ports) == Evidence(expected=2, verified=1, detail=lost)
    await archive.put(f"models/ensemble/{'b' * 64}/model.txt", b"x")
    assert await evidence(run_of(), "train", ports) == Evidence(expected=2, verified=2, detail="")
    archive.objects.clear()
    both = f"not in the archive: boosted {'a' * 12}, ensemble {'b' * 12}"
    assert (await evidence(run_of(), "train", ports)).detail == both


async def test_a_step_without_a_query_is_an_error() -> None:
    """Nothing is taken for verified."""
    with pytest.raises((Permanent, FileNotFoundError)):
        await evidence(run_of(), "nonsense", memory_ports(warehouse=AnsweringWarehouse()))
