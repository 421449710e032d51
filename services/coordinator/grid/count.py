"""Counting the grid: one query per step over the whole range, never one per cell."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime

from services.coordinator.grid.cells import Cell, grid
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.steps.evidence import count, owed
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode, days
from shared.ports import Ports, Warehouse


async def recount(
    warehouse: Warehouse, runs: Mapping[date, Run], first: date, last: date, mode: Mode, now: datetime
) -> dict[str, dict[date, Evidence]]:
    """Step -> slate -> units, for every step that can be counted."""
    async with asyncio.TaskGroup() as group:
        tasks = {
            step: group.create_task(count(warehouse, step, days(first, last), mode, owed_of(runs, step, now)))
            for step in COUNTED
        }
    return {step: task.result() for step, task in tasks.items()}


async def cells(engine: Engine, ports: Ports, first: date, last: date, mode: Mode) -> list[Cell]:
    """The grid of a mode as it stands."""
    runs = {run.game_date: run for run in await engine.between(first, last, {mode})}
    counts = await recount(ports.warehouse, runs, first, last, mode, ports.clock.now())
    return grid(runs, counts, first, last, mode)


def owed_of(runs: Mapping[date, Run], step: str, now: datetime) -> dict[date, dict[str, str | int]]:
    """What the runs that have asked for a step owe of it."""
    found = {}
    for day, run in runs.items():
        state = run.steps.get(step)
        if state is not None and state.generation is not None:
            settled_at = state.ended_at if state.ended_at is not None else now
            found[day] = owed(run, state.generation, settled_at)
    return found
