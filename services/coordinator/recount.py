"""Counting the grid: one query per step over the whole range, never one per cell."""

import asyncio
from datetime import date
from functools import cache
from importlib.resources import files

from services.coordinator.domain.grid import Cell, Count, grid
from services.coordinator.engine import Engine
from services.coordinator.sql import sql
from shared.basketball.slate import Mode
from shared.ports import Scalar, Warehouse
from shared.registries.pipeline import STEPS


@cache
def counted() -> tuple[str, ...]:
    """The steps that `sql/grid` can count; of the others the run's own evidence stands."""
    folder = files("services.coordinator.sql") / "grid"
    return tuple(step for step in STEPS if (folder / f"{step}.sql").is_file())


async def recount(warehouse: Warehouse, first: date, last: date, mode: Mode) -> dict[str, dict[date, Count]]:
    """Step -> slate -> units, for every step that can be counted."""
    async with asyncio.TaskGroup() as group:
        tasks = {step: group.create_task(_count(warehouse, step, first, last, mode)) for step in counted()}
    return {step: task.result() for step, task in tasks.items()}


async def cells(engine: Engine, warehouse: Warehouse, first: date, last: date, mode: Mode) -> list[Cell]:
    """The grid of a mode as it stands."""
    runs = {run.game_date: run for run in await engine.between(first, last, {mode})}
    return grid(runs, await recount(warehouse, first, last, mode), first, last, mode)


async def _count(warehouse: Warehouse, step: str, first: date, last: date, mode: Mode) -> dict[date, Count]:
    text = sql(f"grid/{step}")
    params: dict[str, Scalar] = {"first": first, "last": last, "mode": mode.value}
    rows = await warehouse.query(text, {name: value for name, value in params.items() if f"@{name}" in text})
    return {row["game_date"]: Count(row["expected"], row["verified"]) for row in rows}
