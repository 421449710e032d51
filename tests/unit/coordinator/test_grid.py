"""The grid: what is expected, what is there, and why they differ."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.grid.cells import CellStatus, grid
from services.coordinator.grid.count import COUNTED_IN, recount
from services.coordinator.runs.run import Evidence, Run, StepState, StepStatus
from shared.basketball.slate import Mode, days
from shared.embedded.clock import VirtualClock
from shared.ports import Params, Ports, Row
from shared.registries.pipeline import STEPS, plan
from shared.runtime.metering import Metered
from tests.unit.coordinator.test_verify import fetched
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, roster, row

FULL = Evidence(expected=4, verified=4)
NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)


def units(expected: int, verified: int, quarantined: int = 0, detail: str = "") -> Evidence:
    """Of a step of a slate, now."""
    return Evidence(expected=expected, verified=verified, quarantined=quarantined, detail=detail)


def run(day: date = SLATE, **steps: StepState) -> Run:
    """A run whose steps stand as given, the others at work yet to be done."""
    return Run(
        game_date=day,
        mode=Mode.OVERNIGHT,
        generation=1,
        source="test",
        retrospective=False,
        targets=("export",),
        steps={step.name: steps.get(step.name, StepState()) for step in plan(["export"])},
        created_at=datetime(2024, 3, 4, 10, tzinfo=UTC),
    )


def cell_of(state: StepState | None, count: Evidence | None, *, games: int = 2) -> tuple[CellStatus, int, str]:
    """(status, missing, why) of the rosters' cell."""
    runs = {} if state is None else {SLATE: run(rosters=state)}
    counts = {"schedule": {SLATE: units(games, games)} if games else {}}
    if count is not None:
        counts["rosters"] = {SLATE: count}
    [found] = grid(runs, counts, SLATE, SLATE, Mode.OVERNIGHT, ["rosters"])
    return found.status, found.missing, found.why


def test_a_full_cell_is_done() -> None:
    """Nothing to say about it."""
    assert cell_of(StepState(status=StepStatus.DONE, evidence=FULL), units(4, 4)) == (CellStatus.DONE, 0, "")


def test_f09_what_a_run_calls_done_and_is_not_there_is_gone() -> None:
    """Verified rows, not status: the warehouse is asked again."""
    status, missing, why = cell_of(StepState(status=StepStatus.DONE, evidence=FULL), units(4, 1))
    assert (status, missing) == (CellStatus.GONE, 3)
    assert why == "1 of 4 there, though its run had all 4"


def test_what_nobody_asked_for_is_missing() -> None:
    """On a date with games; on one without there is nothing to miss."""
    assert cell_of(None, units(4, 0)) == (CellStatus.MISSING, 4, "no run has asked for it; 0 of 4 there")
    assert cell_of(None, None, games=0)[0] is CellStatus.IDLE


@pytest.mark.parametrize("status", [StepStatus.WAITING, StepStatus.FAILED, StepStatus.DEGRADED, StepStatus.BLOCKED])
def test_a_step_that_fell_short_says_what_its_run_says(status: StepStatus) -> None:
    """Status and reason are the run's."""
    state = StepState(status=status, reason="BOS has 4 players", evidence=Evidence(expected=4, verified=3))
    assert cell_of(state, units(4, 3)) == (CellStatus(status.value), 1, "BOS has 4 players")


def test_refused_units_are_not_missing() -> None:
    """They are in quarantine, with their reason."""
    evidence = Evidence(expected=4, verified=3, quarantined=1)
    status, missing, _ = cell_of(StepState(status=StepStatus.DEGRADED, evidence=evidence, reason="1"), units(4, 3, 1))
    assert (status, missing) == (CellStatus.DEGRADED, 0)


@given(st.integers(0, 5), st.sampled_from(list(StepStatus)), st.integers(0, 5), st.integers(0, 5))
def test_every_date_and_step_has_one_cell(length: int, status: StepStatus, expected: int, verified: int) -> None:
    """Whatever there is, the grid is whole and ordered, and a cell that stands lacks nothing it was not refused."""
    last = SLATE + timedelta(days=length)
    runs = {SLATE: run(rosters=StepState(status=status, evidence=FULL))}
    counts = {"schedule": {SLATE: units(2, 2)}, "rosters": {SLATE: units(expected, verified)}}
    cells = grid(runs, counts, SLATE, last, Mode.OVERNIGHT)
    assert [(cell.game_date, cell.step) for cell in cells] == [
        (day, name) for day in days(SLATE, last) for name in STEPS
    ]
    assert all(cell.missing >= 0 and "\n" not in cell.why for cell in cells)
    assert all(not cell.missing for cell in cells if cell.status is CellStatus.DONE)


class Counting:
    """A warehouse that counts its queries."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.queries = 0

    async def query(self, sql: str, params: Params | None = None) -> list[Row]:
        """Count and pass on."""
        self.queries += 1
        rows: list[Row] = await self.inner.query(sql, params)  # type: ignore[attr-defined]  # a warehouse
        return rows


async def test_a_year_costs_as_many_queries_as_a_day(ports: Ports) -> None:
    """One per phase over the range, never one per cell; where nobody plays, the first phase's alone."""
    nobody = Counting(ports.warehouse)
    await recount(nobody, {Mode.OVERNIGHT: {}}, SLATE, SLATE, NOON)  # type: ignore[arg-type]  # as much as is used
    assert nobody.queries == 1
    await load(ports.warehouse, raw__games=[game("0022300900")])
    for length in (0, 365):
        warehouse = Counting(ports.warehouse)
        await recount(warehouse, {Mode.OVERNIGHT: {}}, SLATE - timedelta(days=length), SLATE, NOON)  # type: ignore[arg-type]  # as much as is used
        assert warehouse.queries == len(COUNTED_IN) == 4


async def test_f09_a_second_look_reads_nothing_but_what_has_changed(ports: Ports) -> None:
    """The same grid again is not counted again; rows that have gone meanwhile are gone in it."""
    await load(ports.warehouse, raw__games=[game("0022300900")], raw__rosters=[roster(n) for n in range(5)])
    read = []
    for rosters in (1, 1, 0):
        if not rosters:
            await ports.warehouse.replace("raw.rosters", [], scope="TRUE")
        warehouse = Metered(ports.warehouse, "test", VirtualClock(NOON), usd_per_tib=1.0)
        found = await recount(warehouse, {Mode.OVERNIGHT: {}}, SLATE, SLATE, NOON)
        assert found[Mode.OVERNIGHT]["rosters"][SLATE].verified == rosters
        read.append(sum(cost.bytes_processed for cost in warehouse._accounts.values()))
    assert read[0] > read[2] > read[1] == 0


async def test_the_warehouse_is_counted_by_slate(ports: Ports) -> None:
    """Rosters by team, box scores of the season before by game, lines by game: each slate its own."""
    await load(
        ports.warehouse,
        raw__games=[game("0022300801", YESTERDAY), game("0022300900"), game("0022300901", home="LAL", away="UTA")],
        raw__rosters=[*(roster(n) for n in range(5)), *(roster(9 + n, "GSW", YESTERDAY) for n in range(5))],
        raw__player_box_scores=[box("0022300801", 1, YESTERDAY), box("0022300801", 2, YESTERDAY, "GSW")],
        raw__fetches=[fetched("lines", "0022300900", "empty"), fetched("injuries", "injuries", "loaded")],
        analytics__player_game_summary=[
            row("analytics.player_game_summary", game_id="0022300801", player_id=1, game_date=YESTERDAY)
        ],
    )
    found = (await recount(ports.warehouse, {Mode.OVERNIGHT: {}}, YESTERDAY, SLATE, NOON))[Mode.OVERNIGHT]
    assert found["schedule"] == {YESTERDAY: units(1, 1), SLATE: units(2, 2)}
    assert found["rosters"] == {
        YESTERDAY: units(2, 1, 0, "BOS has 0 players"),
        SLATE: units(4, 1, 0, "GSW has 0 players"),
    }
    assert found["box_scores"][SLATE] == units(1, 1)
    assert found["player_game_summary"] == {SLATE: units(2, 1, 0, "game 0022300801 is not summarised")}
    assert found["lines"] == {YESTERDAY: units(1, 0), SLATE: units(2, 1)}
    assert found["injuries"] == {YESTERDAY: units(1, 0), SLATE: units(1, 1)}
