"""A backfill on the real stack: the rows of a replay, resumed where it was left, and a failure that stays alone."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from client.api import Client
from client.backfill import backfill, missing
from devstack.clocked import Clocked
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.league import generate
from devstack.stack import Stack
from devstack.workspace import Workspace
from devstack.world import started
from shared.basketball.slate import Mode, days
from shared.tables import TABLES

pytestmark = pytest.mark.network

TARGET = "ml_feature_store"
SERVED = ("raw.prop_lines", "raw.injuries", "raw.rosters", "raw.player_box_scores", "features.ml_feature_store")
_VOLATILE = {"fetched_at"}


@pytest.fixture(scope="module")
def league() -> History:
    """Three weeks of a season."""
    return generate(days=21, last_slate=3)


@pytest.fixture(scope="module")
def slates(league: History) -> list[date]:
    """Its last dates, idle ones included."""
    return days(league.dates[-4], league.last_date)


Fill = Callable[..., Awaitable[list[dict[str, Any]]]]
Inspect = Callable[[Stack, Client, Fill], Awaitable[Any]]


async def on_a_stack(folder: Path, league: History, inspect: Inspect) -> Any:  # noqa: ANN401 - what the test wants
    """Let `inspect` fill and look at a stack of its own."""
    workspace = Workspace(folder, "backfill")
    workspace.make()

    async def fill(
        client: Client,
        stack: Stack,
        dates: Sequence[date],
        target: str = TARGET,
        **options: Any,  # noqa: ANN401 - passed on
    ) -> list[dict[str, Any]]:
        turns = Clocked(stack, lambda day: last_cutoff(league, day, Mode.BACKFILL))
        return await backfill(client, dates, Mode.BACKFILL, [target], observe=lambda _: None, turns=turns, **options)

    async with started(workspace, league, last_cutoff(league, league.dates[0], Mode.BACKFILL)) as (stack, client):
        return await inspect(stack, client, fill)


async def rows_of(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """What was collected and served, without the instants at which it was fetched."""
    assert stack.ports is not None
    found = {}
    for table in SERVED:
        key = ", ".join(TABLES[table].key)
        rows = await stack.ports.warehouse.query(f"SELECT * FROM {table} ORDER BY {key}")  # noqa: S608 - the registry's names
        found[table] = [{name: value for name, value in row.items() if name not in _VOLATILE} for row in rows]
    return found


async def the_grid_agrees(client: Client, slates: Sequence[date]) -> None:
    """Cell by cell with the evidence on which the runs went on."""
    window = {"first": str(slates[0]), "last": str(slates[-1]), "mode": Mode.BACKFILL.value}
    runs = {run["game_date"]: run["steps"] for run in await client.get("runs", **window)}
    cells = [cell for cell in await client.get("grid", **window) if cell["step"] in runs.get(cell["game_date"], ())]
    assert len(cells) == sum(len(steps) for steps in runs.values()) > 0
    for cell in cells:
        step = runs[cell["game_date"]][cell["step"]]
        counts = {name: cell[name] for name in ("expected", "verified", "quarantined")}
        assert counts == {name: step["evidence"][name] for name in counts}, cell
        assert (cell["status"], cell["missing"]) == (step["status"], 0), cell


async def test_f29_several_slates_at_once_give_the_rows_of_one_after_the_other(
    tmp_path: Path, league: History, slates: list[date]
) -> None:
    """Bit for bit: no slate sees what an upstream shows at another's instant."""

    async def one_by_one(stack: Stack, client: Client, fill: Fill) -> Any:  # noqa: ANN401 - rows
        nights = [night for day in slates for night in await fill(client, stack, [day], concurrency=1)]
        assert {night["status"] for night in nights} == {"complete"}
        return await rows_of(stack)

    async def at_once(stack: Stack, client: Client, fill: Fill) -> Any:  # noqa: ANN401 - rows
        nights = await fill(client, stack, slates, concurrency=4)
        assert {night["status"] for night in nights} == {"complete"}
        await the_grid_agrees(client, slates)
        return await rows_of(stack)

    apart = await on_a_stack(tmp_path / "apart", league, one_by_one)
    together = await on_a_stack(tmp_path / "together", league, at_once)
    for table in SERVED:
        assert apart[table], f"{table} is empty: nothing was compared"
        assert apart[table] == together[table], table


async def test_a_backfill_resumes_with_what_is_missing_and_nothing_else(
    tmp_path: Path, league: History, slates: list[date]
) -> None:
    """What is done is not collected again; the dry run's cells are those that then run."""

    async def inspect(stack: Stack, client: Client, fill: Fill) -> None:
        async def lacking() -> set[date]:
            runs = {date.fromisoformat(run["game_date"]): run for run in await client.runs(mode="backfill")}
            return {cell.game_date for cell in missing(runs, slates, [TARGET])}

        await fill(client, stack, slates[:2])
        assert await lacking() == set(slates[2:])
        before = stack.upstream.stats()["totals"]["requests"]
        await fill(client, stack, slates[:2])
        assert stack.upstream.stats()["totals"]["requests"] == before
        await fill(client, stack, slates)
        assert await lacking() == set()

    await on_a_stack(tmp_path, league, inspect)


async def test_slates_filled_out_of_order_are_graded_in_the_end(tmp_path: Path, league: History) -> None:
    """Two at once up to their exports; then the one between them, which the later one had graded without."""
    first, between, last = league.dates[-3:]

    async def inspect(stack: Stack, client: Client, fill: Fill) -> None:
        await fill(client, stack, [first, last], "export")
        await the_grid_agrees(client, [first, last])
        nights = await fill(client, stack, [first, between, last], "export")
        assert {night["status"] for night in nights} == {"complete"}
        await the_grid_agrees(client, [first, between, last])
        grid = await client.grid(first=str(first), last=str(last), mode=Mode.BACKFILL.value)
        [graded] = [cell for cell in grid if (cell["game_date"], cell["step"]) == (str(last), "grade")]
        assert graded["verified"] > 0

    await on_a_stack(tmp_path, league, inspect)
