"""The grid: date x step, what the schedule says to expect against what there is, and why they differ. Pure.

Counts come from the warehouse, status and reason from the run; where the two disagree the warehouse is right: a step
that its run calls done and whose rows are not there is gone (failure 9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.coordinator.domain.run import Run, StepState, StepStatus
from shared.basketball.slate import Mode, days
from shared.registries.pipeline import STEPS


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
class Count:
    """Units of a step of a slate in the warehouse, now."""

    expected: int
    verified: int


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


Counts = Mapping[str, Mapping[date, Count]]
"""Step -> slate -> its units; a step that is absent is not counted in the warehouse, and its run's evidence stands."""


def grid(
    runs: Mapping[date, Run], counts: Counts, first: date, last: date, mode: Mode, steps: Sequence[str] = tuple(STEPS)
) -> list[Cell]:
    """Every cell from `first` to `last`, by date and in the order of the steps."""
    games = {day for day, count in counts.get("schedule", {}).items() if count.expected}
    return [
        _cell(runs.get(day), step, _count(counts, step, day), day, mode, idle=day not in games)
        for day in days(first, last)
        for step in steps
    ]


def _count(counts: Counts, step: str, day: date) -> Count | None:
    return counts[step].get(day, Count(0, 0)) if step in counts else None


def _cell(run: Run | None, step: str, count: Count | None, day: date, mode: Mode, *, idle: bool) -> Cell:
    state = None if run is None else run.steps.get(step)
    found = None if state is None else state.evidence
    quarantined = 0 if found is None else found.quarantined
    if count is None:
        count = Count(0, 0) if found is None else Count(found.expected, found.verified)
    lacking = max(0, count.expected - count.verified - quarantined)
    status, why = _verdict(state, count, lacking, idle=idle)
    return Cell(day, mode, step, status, count.expected, count.verified, lacking, quarantined, why)


def _verdict(state: StepState | None, count: Count, lacking: int, *, idle: bool) -> tuple[CellStatus, str]:
    there = f"{count.verified} of {count.expected} there"
    if state is None:
        if idle and not count.expected:
            return CellStatus.IDLE, "no games known on this date"
        if count.expected and not lacking:  # made by another run of the date, or by hand
            return CellStatus.DONE, ""
        return CellStatus.MISSING, f"no run has asked for it; {there}"
    if state.status is StepStatus.DONE and lacking:
        return CellStatus.GONE, f"{there}, though its run had all {_claimed(state)}"
    return CellStatus(state.status.value), state.reason


def _claimed(state: StepState) -> str:
    return "of it" if state.evidence is None else str(state.evidence.expected)
