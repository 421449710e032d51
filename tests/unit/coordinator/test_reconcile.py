"""The reconciler: heals what the grid lacks, and knows when to stop."""

from datetime import UTC, datetime, timedelta

import pytest

from services.coordinator.domain.events import RunRequested, StepVerified
from services.coordinator.domain.grid import Cell, CellStatus
from services.coordinator.domain.run import Evidence, StepStatus
from services.coordinator.engine import Engine
from services.coordinator.reconcile import MAX_HEALS, heals, reconcile
from services.coordinator.unloaded import unloaded
from shared.alerts import alerts
from shared.pipeline import plan
from shared.ports import Ports
from shared.schedules import due
from shared.slate import Mode
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load

SIX = datetime(2024, 3, 4, 11, tzinfo=UTC)
"""06:00 Eastern of the slate's date."""


def cell(step: str, status: CellStatus, *, yesterday: bool = False, why: str = "why") -> Cell:
    """A square of the overnight grid."""
    return Cell(YESTERDAY if yesterday else SLATE, Mode.OVERNIGHT, step, status, 2, 1, 1, 0, why)


def test_a_whole_grid_asks_for_nothing() -> None:
    """Done, degraded and idle stand."""
    stand = [CellStatus.DONE, CellStatus.DEGRADED, CellStatus.IDLE]
    assert heals([cell("rosters", status) for status in stand], ["export"], SIX) == []


def test_what_is_gone_is_done_again_and_nothing_else() -> None:
    """The rest of its run stands."""
    [heal] = heals([cell("rosters", CellStatus.DONE), cell("lines", CellStatus.GONE)], ["export"], SIX)
    assert heal.request.redo == ("lines",)
    assert heal.request.source == "reconciler"


def test_a_slate_is_asked_for_once_however_much_it_lacks() -> None:
    """One request per slate; the reason is a cause, not what it blocks."""
    [heal] = heals(
        [cell("publish", CellStatus.BLOCKED), cell("rosters", CellStatus.FAILED, why="403")], ["export"], SIX
    )
    assert (heal.request.redo, heal.why) == ((), "rosters: 403")


def test_what_is_at_work_is_left_alone() -> None:
    """The bus sees to what was lost."""
    found = [cell("rosters", CellStatus.RUNNING), cell("export", CellStatus.MISSING)]
    assert heals(found, ["export"], SIX) == []


def test_nothing_is_asked_for_before_its_schedule_would() -> None:
    """At four in the morning the last games may not be over: the night's run is not late yet."""
    found = [cell("rosters", CellStatus.MISSING)]
    assert heals(found, ["export"], due(Mode.OVERNIGHT, SLATE) - timedelta(minutes=1)) == []
    assert len(heals(found, ["export"], due(Mode.OVERNIGHT, SLATE))) == 1


def test_a_slate_of_the_past_is_asked_for_in_retrospect() -> None:
    """Its predictions count as made at their cutoffs."""
    found = [cell("rosters", CellStatus.MISSING, yesterday=True), cell("rosters", CellStatus.MISSING)]
    assert [heal.request.retrospective for heal in heals(found, ["export"], SIX)] == [True, False]


def test_what_waits_is_asked_again_and_does_not_count() -> None:
    """Its deadline bounds it."""
    found = [cell("rosters", CellStatus.WAITING, why="HTTP 503"), cell("export", CellStatus.PENDING)]
    [heal] = heals(found, ["export"], SIX)
    assert (heal.counts, heal.why) == (False, "rosters: HTTP 503")


def test_f12_what_is_archived_and_not_loaded_is_loaded_from_the_archive() -> None:
    """No upstream is asked again for what was collected already."""
    [heal] = heals([cell("lines", CellStatus.DEGRADED)], ["export"], SIX, {(SLATE, "lines")})
    assert heal.request.from_phase == 2
    assert heal.why == "lines: archived, not loaded"


async def test_f12_an_archived_payload_the_ledger_does_not_know_is_found(ports: Ports) -> None:
    """By slate and step; the newest of a unit counts, and what was loaded is accounted for."""
    folder = f"raw/odds_api/{SLATE}/overnight"
    for name in ("lines/g1/1.json", "lines/g2/1.json", "lines/g2/2.json"):
        await ports.archive.put(f"{folder}/{name}", b"{}")
    await load(
        ports.warehouse,
        raw__fetches=[
            fetched("lines", "g1", "loaded", archive_key=f"{folder}/lines/g1/1.json"),
            fetched("lines", "g2", "loaded", archive_key=f"{folder}/lines/g2/1.json"),
        ],
    )
    assert await unloaded(ports, YESTERDAY, SLATE, Mode.OVERNIGHT) == {(SLATE, "lines")}
    assert await unloaded(ports, YESTERDAY, SLATE, Mode.SAME_DAY) == set()


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


async def test_a_dry_run_only_says_what_it_would_ask_for(world: Ports) -> None:
    """No run is started and no alert touched."""
    engine = Engine(world)
    [line] = await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"], dry_run=True)
    assert (line["run"], line["does"]) == ("2024-03-04.overnight", "ask for the run")
    assert await engine.runs() == []


async def test_the_reconciler_starts_the_run_nobody_started(world: Ports) -> None:
    """As the schedule would have, and says that it was it."""
    engine = Engine(world)
    await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"])
    [run] = await engine.runs()
    assert (run.source, list(run.steps)) == ("reconciler", [step.name for step in plan(["export"])])
    assert await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"]) == []


async def test_f18_a_slate_that_cannot_be_healed_is_asked_for_a_few_times_and_then_left_to_people(world: Ports) -> None:
    """Bounded, with an alert: not seven thousand runs in twenty hours."""
    engine = Engine(world)
    set_clock(world, SIX + timedelta(hours=2))  # past the deadline: nothing waits
    asked = []
    for _ in range(20):
        [line] = await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"])
        asked.append(line["does"])
        await fill(engine, verified=0)
    assert asked.count("ask for the run") == MAX_HEALS
    [alert] = [alert for alert in await alerts(world.state) if alert["name"] == "heal_exhausted"]
    assert alert["scope"] == "2024-03-04.overnight"


async def test_f09_rows_that_are_gone_are_made_again(world: Ports) -> None:
    """The run says done, the warehouse has nothing: the reconciler believes the warehouse."""
    engine = Engine(world)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test", ("rosters",)))
    await fill(engine, verified=2)
    [line] = await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["rosters"])
    assert line["does"] == "do rosters again"
    [run] = await engine.runs()
    assert (run.generation, run.steps["schedule"].status) == (2, StepStatus.DONE)
    assert run.steps["rosters"].status is StepStatus.RUNNING


async def test_a_slate_that_is_whole_again_has_its_tries_back(world: Ports) -> None:
    """And its alert is resolved."""
    engine = Engine(world)
    set_clock(world, SIX + timedelta(hours=2))
    for _ in range(MAX_HEALS + 1):
        await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["schedule"])
        await fill(engine, verified=0)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test", ("schedule",)))
    await fill(engine, verified=2)
    await load(world.warehouse, raw__games=[game("0022300901")])
    assert await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["schedule"]) == []
    assert await world.state.list("heals") == []
    assert "heal_exhausted" not in {alert["name"] for alert in await alerts(world.state)}


async def test_a_run_that_waits_is_asked_for_until_its_deadline_and_nobody_is_told(world: Ports) -> None:
    """However often the reconciler comes round meanwhile; each time the late input is tried again."""
    engine = Engine(world)
    await engine.apply(RunRequested(SLATE, Mode.OVERNIGHT, "test"))
    await fill(engine, verified=0)
    for asked in range(1, 2 * MAX_HEALS):
        [line] = await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"])
        assert line["does"] == "ask for the run"
        await fill(engine, verified=0)
        [run] = await engine.runs()
        assert (run.steps["schedule"].status, run.steps["schedule"].attempt) == (StepStatus.WAITING, 3 + 3 * asked)
    assert await alerts(world.state) == []
