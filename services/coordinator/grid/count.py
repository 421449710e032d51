"""Counting the grid: one statement per phase over the whole range, all modes in it; never one per cell or step.

A statement for each step would name most tables several times, and BigQuery bills each statement for each.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from services.coordinator.grid.cells import Cell, grid
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.steps.evidence import count_together, owed
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode, days
from shared.ports import Ports, Warehouse
from shared.registries.pipeline import LISTING, STEPS


def _by_phase() -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for step in COUNTED:
        found[STEPS[step].phase].append(step)
    return dict(found)


COUNTED_IN: Final = _by_phase()
"""Phase -> its steps that are counted."""


async def recount(
    warehouse: Warehouse, runs: Mapping[Mode, Mapping[date, Run]], first: date, last: date, now: datetime
) -> dict[Mode, dict[str, dict[date, Evidence]]]:
    """Mode -> step -> slate -> units, for every step that can be counted.

    Where nobody plays and no run has asked, the first phase is all there is to count.
    """
    slates = days(first, last)

    async def counted(phase: int) -> None:
        owes = {(step, mode): owed_of(runs[mode], step, now) for mode in runs for step in COUNTED_IN[phase]}
        for (step, mode), units in (await count_together(warehouse, slates, owes)).items():
            found[mode][step] = units

    found: dict[Mode, dict[str, dict[date, Evidence]]] = {mode: {step: {} for step in COUNTED} for mode in runs}
    await counted(STEPS[LISTING].phase)
    played = any(units.verified for counts in found.values() for units in counts[LISTING].values())
    if played or any(runs.values()):
        async with asyncio.TaskGroup() as group:
            for phase in COUNTED_IN.keys() - {STEPS[LISTING].phase}:
                group.create_task(counted(phase))
    return found


async def cells(ports: Ports, runs: Sequence[Run], first: date, last: date, modes: Sequence[Mode]) -> list[Cell]:
    """The grid of some modes as it stands, given all their runs of these dates."""
    by_mode = {mode: {run.game_date: run for run in runs if run.mode is mode} for mode in modes}
    counts = await recount(ports.warehouse, by_mode, first, last, ports.clock.now())
    return [cell for mode in modes for cell in grid(by_mode[mode], counts[mode], first, last, mode)]


def owed_of(runs: Mapping[date, Run], step: str, now: datetime) -> dict[date, dict[str, str | int]]:
    """What the runs that have asked for a step owe of it."""
    found = {}
    for day, run in runs.items():
        state = run.steps.get(step)
        if state is not None and state.generation is not None:
            settled_at = state.ended_at if state.ended_at is not None else now
            found[day] = owed(run, state.generation, settled_at)
    return found
