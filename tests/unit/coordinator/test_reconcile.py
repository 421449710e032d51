"""The reconciler: heals what the grid lacks, and knows when to stop."""

from datetime import UTC, datetime, timedelta

import pytest

from services.coordinator.domain.events import RunRequested, StepVerified
from services.coordinator.domain.run import Evidence, StepStatus
from services.coordinator.engine import Engine
from services.coordinator.reconcile import MAX_HEALS, reconcile
from services.coordinator.unloaded import unloaded
from shared.alerts import alerts
from shared.pipeline import plan
from shared.ports import Ports
from shared.slate import Mode
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, YESTERDAY, game, load

SIX = datetime(2024, 3, 4, 11, tzinfo=UTC)
"""06:00 Eastern of the slate's date."""


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


async def test_the_reconciler_starts_the_run_nobody_started(world: Ports) -> None:
    """As the schedule would have, and says that it was it."""
    engine = Engine(world)
    await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"])
    [run] = await engine.runs()
    assert (run.source, list(run.steps)) == ("reconciler", [step.name for step in plan(["export"])])
    assert await reconcile(engine, world, SLATE, SLATE, Mode.OVERNIGHT, ["export"]) == []


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
