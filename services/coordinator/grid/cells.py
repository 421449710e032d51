"""The grid: date x step, what the schedule says to expect against what there is, and why they differ. Pure.

Counts are the steps' evidence as it is now, status and reason are the run's; where the two disagree the warehouse is
right: a step that its run calls done and whose rows are not there is gone (failure 9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.coordinator.runs.run import NOTHING, Evidence, Run, StepState, StepStatus
from shared.basketball.slate import Mode, days
from shared.registries.pipeline import LISTING, STEPS


class CellStatus(StrEnum):
    """How a cell stands."""

    DONE = "done"
    DEGRADED = "degraded"
    MISSING = "missing"
    """Nobody has asked for it."""
    GONE = "gone"
    """Its run had its rows, and they are not there any more."""
    PENDING = "pending"
    """Its run goes on, and its turn has not come."""
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    BLOCKED = "blocked"
    IDLE = "idle"
    """No games on this date: nothing is expected."""

    @property
    def stands(self) -> bool:
        """Nothing needs to be done about it."""
        return self in (CellStatus.DONE, CellStatus.DEGRADED, CellStatus.IDLE)


@dataclass(frozen=True, slots=True)
class Cell:
    """One square."""

    game_date: date
    mode: Mode
    step: str
    status: CellStatus
    expected: int
    verified: int
    missing: int
    quarantined: int
    why: str


Counts = Mapping[str, Mapping[date, Evidence]]
"""Step -> slate -> its units; a step that is absent is not counted in the warehouse, and its run's evidence stands."""


def grid(
    runs: Mapping[date, Run], counts: Counts, first: date, last: date, mode: Mode, steps: Sequence[str] = tuple(STEPS)
) -> list[Cell]:
    """Every cell from `first` to `last`, by date and in the order of the steps."""
    games = {day for day, found in counts.get(LISTING, {}).items() if found.verified}
    return [
        _cell(runs.get(day), step, counts, day, mode, idle=day not in games)
        for day in days(first, last)
        for step in steps
    ]


def _cell(run: Run | None, step: str, counts: Counts, day: date, mode: Mode, *, idle: bool) -> Cell:
    state = None if run is None else run.steps.get(step)
    if state is None and idle:
        return Cell(day, mode, step, CellStatus.IDLE, 0, 0, 0, 0, "no games known on this date")
    found = None if state is None else state.evidence
    if step in counts:
        found = counts[step].get(day)
    found = found if found is not None else NOTHING
    missing = max(0, found.expected - found.verified - found.quarantined)
    status, why = _verdict(state, found, missing)
    return Cell(day, mode, step, status, found.expected, found.verified, missing, found.quarantined, why)


def _verdict(state: StepState | None, found: Evidence, missing: int) -> tuple[CellStatus, str]:
    there = f"{found.verified} of {found.expected} there"
    if state is None:
        if found.expected and not missing:  # made by another run of the date, or by hand
            return CellStatus.DONE, ""
        return CellStatus.MISSING, f"no run has asked for it; {there}"
    if state.status is StepStatus.DONE and missing:
        return CellStatus.GONE, f"{there}, though its run had all {_claimed(state)}"
    return CellStatus(state.status.value), state.reason


def _claimed(state: StepState) -> str:
    return "of it" if state.evidence is None else str(state.evidence.expected)
