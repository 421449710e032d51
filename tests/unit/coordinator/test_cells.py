"""The grid by hand: every verdict on a cell, from its run's word and the warehouse's count."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.coordinator.grid.cells import Cell, CellStatus, grid
from services.coordinator.runs.run import Evidence, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.registries.pipeline import STEPS

DAY = date(2024, 3, 4)
S = CellStatus


def units(expected: int, verified: int, quarantined: int = 0) -> Evidence:
    """Of a step of a slate, now."""
    return Evidence(expected=expected, verified=verified, quarantined=quarantined)


GAMES = {"schedule": {DAY: units(2, 2)}}


def state(status: StepStatus, evidence: Evidence | None = None) -> StepState:
    """A step that says `x` where it has not gone well."""
    return StepState(status=status, evidence=evidence, reason="" if status is StepStatus.DONE else "x")


def run_of(step: StepState | None) -> Run:
    """A run of the slate whose `rosters` stand so."""
    return Run(
        game_date=DAY, mode=Mode.SAME_DAY, generation=1, source="test", retrospective=False, targets=("rosters",),
        steps={} if step is None else {"rosters": step}, created_at=datetime(2024, 3, 4, tzinfo=UTC),
        status=RunStatus.RUNNING,
    )  # fmt: skip


def cell_of(run: Run | None, count: Evidence | None, *, games: bool = True) -> Cell:
    """The cell of `rosters`; without a count none is made in the warehouse."""
    counts = {} if count is None else {"rosters": {DAY: count}}
    [cell] = grid(
        {} if run is None else {DAY: run}, counts | (GAMES if games else {}), DAY, DAY, Mode.SAME_DAY, ["rosters"]
    )
    return cell


def seen(cell: Cell) -> tuple[CellStatus, int, int, int, int, str]:
    """Status, expected, verified, missing, quarantined, why."""
    return cell.status, cell.expected, cell.verified, cell.missing, cell.quarantined, cell.why


NOBODY = "no run has asked for it; "


@pytest.mark.parametrize(
    ("count", "games", "found"),
    [
        (units(4, 1), True, (S.MISSING, 4, 1, 3, 0, f"{NOBODY}1 of 4 there")),
        (units(4, 4), True, (S.DONE, 4, 4, 0, 0, "")),
        (units(4, 5), True, (S.DONE, 4, 5, 0, 0, "")),
        (units(0, 0), True, (S.MISSING, 0, 0, 0, 0, f"{NOBODY}0 of 0 there")),
        (units(4, 3, 1), True, (S.DONE, 4, 3, 0, 1, "")),
        (units(0, 0), False, (S.IDLE, 0, 0, 0, 0, "no games known on this date")),
        (units(4, 1), False, (S.IDLE, 0, 0, 0, 0, "no games known on this date")),
        (None, True, (S.MISSING, 0, 0, 0, 0, f"{NOBODY}0 of 0 there")),
        (None, False, (S.IDLE, 0, 0, 0, 0, "no games known on this date")),
    ],
)
@pytest.mark.parametrize("run", [None, run_of(None)], ids=["no run", "a run without the step"])
def test_what_nobody_asked_for(
    run: Run | None, count: Evidence | None, found: tuple[CellStatus, int, int, int, int, str], *, games: bool
) -> None:
    """Idle without games, done where another made it, else missing."""
    cell = cell_of(run, count, games=games)
    assert seen(cell) == found
    assert (cell.game_date, cell.mode, cell.step) == (DAY, Mode.SAME_DAY, "rosters")


FULL, REFUSED = Evidence(expected=5, verified=5), Evidence(expected=5, verified=3, quarantined=1)


@pytest.mark.parametrize(
    ("step", "count", "found"),
    [
        (state(StepStatus.DONE, FULL), units(5, 5), (S.DONE, 5, 5, 0, 0, "")),
        (state(StepStatus.DONE, FULL), units(5, 2), (S.GONE, 5, 2, 3, 0, "2 of 5 there, though its run had all 5")),
        (state(StepStatus.DONE, None), units(5, 2), (S.GONE, 5, 2, 3, 0, "2 of 5 there, though its run had all of it")),
        (state(StepStatus.DONE, FULL), None, (S.DONE, 5, 5, 0, 0, "")),
        (state(StepStatus.DEGRADED, REFUSED), units(5, 4), (S.DEGRADED, 5, 4, 1, 0, "x")),
        (state(StepStatus.DEGRADED, FULL), units(5, 3, 1), (S.DEGRADED, 5, 3, 1, 1, "x")),
        (state(StepStatus.DEGRADED, REFUSED), None, (S.DEGRADED, 5, 3, 1, 1, "x")),
        (state(StepStatus.DEGRADED, REFUSED), units(5, 5), (S.DEGRADED, 5, 5, 0, 0, "x")),
        (state(StepStatus.FAILED, REFUSED), units(5, 0), (S.FAILED, 5, 0, 5, 0, "x")),
        (state(StepStatus.RUNNING), None, (S.RUNNING, 0, 0, 0, 0, "x")),
        (state(StepStatus.PENDING), units(5, 0), (S.PENDING, 5, 0, 5, 0, "x")),
        (state(StepStatus.WAITING), units(5, 0), (S.WAITING, 5, 0, 5, 0, "x")),
        (state(StepStatus.BLOCKED), units(5, 0), (S.BLOCKED, 5, 0, 5, 0, "x")),
    ],
)
def test_what_a_run_has_asked_for(
    step: StepState, count: Evidence | None, found: tuple[CellStatus, int, int, int, int, str]
) -> None:
    """Counts are the warehouse's, else the evidence's; status and reason the run's, but that what is gone is gone."""
    assert seen(cell_of(run_of(step), count)) == found


def test_a_counted_step_without_an_answer_has_nothing_whatever_its_run_found() -> None:
    """The warehouse was asked, and has no row of that date."""
    [cell] = grid({DAY: run_of(state(StepStatus.FAILED, FULL))}, {"rosters": {}}, DAY, DAY, Mode.SAME_DAY, ["rosters"])
    assert seen(cell) == (S.FAILED, 0, 0, 0, 0, "x")


def test_f09_refused_units_of_a_step_that_is_done_are_not_gone() -> None:
    """Three verified and one refused of five: one is gone; of four, none."""
    step = state(StepStatus.DONE, REFUSED)
    assert [cell_of(run_of(step), units(expected, 3, 1)).status for expected in (4, 5)] == [S.DONE, S.GONE]


def test_cells_come_by_date_and_then_in_the_order_of_the_steps() -> None:
    """Both ends belong to the window; games are those of the schedule, a date without an answer has none."""
    counts = {"schedule": {DAY: units(2, 2), DAY + timedelta(days=1): units(1, 0)}, "rosters": {DAY: units(4, 1)}}
    cells = grid({}, counts, DAY, DAY + timedelta(days=1), Mode.OVERNIGHT, ["rosters", "schedule"])
    assert [(cell.game_date.day, cell.step, cell.status) for cell in cells] == [
        (4, "rosters", S.MISSING), (4, "schedule", S.DONE), (5, "rosters", S.IDLE), (5, "schedule", S.IDLE)
    ]  # fmt: skip
    assert len(grid({}, {}, DAY, DAY, Mode.OVERNIGHT)) == len(STEPS)


def test_what_stands_needs_nothing_done_about_it() -> None:
    """Done, degraded and idle."""
    assert {status.value for status in CellStatus if status.stands} == {"done", "degraded", "idle"}
    assert {status.value for status in CellStatus} >= {status.value for status in StepStatus}
