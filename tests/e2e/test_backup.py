"""A backup made while a night runs, and what comes of it elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from client.answers import Run
from client.api import Client
from client.runs import follow
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.stack import Stack
from devstack.workspace import Workspace
from devstack.world import started
from live import backup, restore
from shared.basketball.slate import Mode
from shared.embedded.warehouse import DuckDBWarehouse
from shared.runtime.clock import WallClock
from tests.e2e.nights import LAST

pytestmark = [pytest.mark.network, pytest.mark.proof]  # two nights: twenty seconds


@asynccontextmanager
async def stack_of(workspace: Workspace, history: History) -> AsyncIterator[tuple[Stack, Client]]:
    """A stack that makes backups, its clock at the last slate's overnight cutoff."""
    workspace.make()
    async with started(workspace, history, last_cutoff(history, LAST, Mode.OVERNIGHT)) as (stack, client):
        assert stack.ports is not None
        assert isinstance(stack.ports.warehouse, DuckDBWarehouse)
        answering = asyncio.create_task(backup.answer(workspace.path, stack.ports.warehouse, WallClock()))
        yield stack, client
        answering.cancel()
        await asyncio.wait([answering])


async def predictions(client: Client) -> list[dict[str, Any]]:
    rows = await client.get("predictions")
    return sorted(
        ({name: value for name, value in row.items() if name != "run_id"} for row in rows),
        key=lambda row: (row["game_id"], row["player_id"], row["market"], row["system"]),
    )


async def test_a_night_that_is_backed_up_halfway_ends_elsewhere_as_it_does_here(
    league_folder: Path, tmp_path: Path
) -> None:
    """Restored in another home, the same request goes on with it and publishes the same predictions."""
    history, file = History.open(league_folder), tmp_path / "night.tar"
    here, there = Workspace(tmp_path / "here", "night"), Workspace(tmp_path / "there", "night")
    making: list[asyncio.Task[backup.Manifest]] = []

    def backed_up(run: Run) -> None:
        if not making and run["steps"]["box_scores"]["status"] == "done":
            clock = WallClock()
            copy = partial(backup.ask, here.path, clock=clock)
            making.append(asyncio.create_task(backup.write(here.path, file, copy, clock)))

    async with stack_of(here, history) as (_, client):
        run = await client.start_run(LAST, "overnight", retrospective=True)
        assert (await follow(client, run, backed_up))["status"] == "complete"
        expected = await predictions(client)
        manifest = await making[0]
    assert "secrets.env" not in {each.name for each in manifest.files}
    restore.restore(file, there.path)
    async with stack_of(there, history) as (_, client):
        halfway = (await client.get("runs"))[0]
        run = await client.start_run(LAST, "overnight", retrospective=True)
        assert (await follow(client, run, lambda _: None))["status"] == "complete"
        await client.reconcile()
        assert await predictions(client) == expected
    assert halfway["status"] == "running"
    assert len(expected) > 1000
