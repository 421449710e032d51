"""The four services as processes on the cloud's own interfaces, against one process on the embedded adapters."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest

from client.answers import Run
from client.api import Client, connect
from devstack import processes, stack
from devstack.driver import last_cutoff
from devstack.emulators.bigquery import environment
from devstack.emulators.google import missing, pubsub_emulator
from devstack.history import History
from devstack.league import generate
from devstack.stack import Stack
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from shared.basketball.slate import Mode
from shared.embedded.clock import VirtualClock
from shared.errors import Permanent, Transient
from shared.registries.markets import MARKETS
from shared.registries.systems import HAND_MADE

pytestmark = pytest.mark.network
PATIENCE = 240.0
NOT_COMPARED = ("run_id", "predicted_at")
Watch = Callable[[Stack, Run], None]


@pytest.fixture(scope="module")
def league() -> History:
    """Three weeks of a league, three games on the last day."""
    return generate(days=21, last_slate=3)


@pytest.fixture(scope="module")
def bqemulator() -> None:
    """Skips where bqemulator's own environment cannot be made."""
    try:
        environment()
    except Permanent as reason:
        pytest.skip(str(reason))


async def night(
    runner: Callable[..., AbstractAsyncContextManager[Stack]],
    folder: Path,
    league: History,
    watch: Watch | None = None,
    patience: float = PATIENCE,
) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Run the last slate to its end; its published predictions by (game, player, market, system)."""
    workspace = Workspace(folder, "night")
    workspace.make()
    day = league.last_date
    clock = VirtualClock(last_cutoff(league, day, Mode.OVERNIGHT))
    async with (
        asyncio.timeout(patience),
        runner(workspace, league, clock, FaultProfile.named("none")) as running,
        connect(running.endpoint) as client,
    ):
        run = await client.start_run(day, "overnight", retrospective=True)
        while run["status"] == "running":
            if watch is not None:
                watch(running, run)
            await asyncio.sleep(0.1)
            run = await _again(client, run)
        assert run["status"] == "complete", {name: step["reason"] for name, step in run["steps"].items()}
        rows = await client.get("predictions")
    keyed = {(row["game_id"], row["player_id"], row["market"], row["system"]): row for row in rows}
    assert len(keyed) == len(rows)
    return {key: {name: row[name] for name in row if name not in NOT_COMPARED} for key, row in keyed.items()}


async def _again(client: Client, run: Run) -> Run:
    """The run as it stands; while the coordinator is away, as it was last seen."""
    try:
        return await client.run(run["id"])
    except Transient:
        return run


@pytest.fixture(scope="module")
def embedded(league: History, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """What one process on the embedded adapters publishes."""
    return asyncio.run(night(stack.running, tmp_path_factory.mktemp("embedded"), league))


def same(got: Mapping[tuple[Any, ...], Mapping[str, Any]], want: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> None:
    """Equal rows of every market and hand-made system, numbers within the last bits that engines may differ in."""
    assert got.keys() == want.keys()
    assert {(market, system) for _, _, market, system in want} == set(product(MARKETS, HAND_MADE))
    for key, row in want.items():
        assert got[key] == {
            name: pytest.approx(value, abs=1e-9) if isinstance(value, float) else value for name, value in row.items()
        }


@pytest.mark.proof  # a night with kills, below, publishes the same or fails
@pytest.mark.usefixtures("bqemulator")
async def test_four_processes_publish_what_one_does(
    league: History, embedded: dict[tuple[Any, ...], Mapping[str, Any]], tmp_path: Path
) -> None:
    """Pulling from the Pub/Sub server, on bqemulator, and Firestore's emulator where found."""
    same(await night(processes.running, tmp_path, league), embedded)


@pytest.mark.usefixtures("bqemulator")
async def test_killed_processes_lose_and_double_nothing(
    league: History, embedded: dict[tuple[Any, ...], Mapping[str, Any]], tmp_path: Path
) -> None:
    """Pushed to, and each of the four killed -9 once in mid-night: the same predictions."""
    moments = {"scraper": "rosters", "analytics": "player_game_summary", "worker": "predict", "coordinator": "publish"}
    killed: set[str] = set()

    def kill(running: Stack, run: Run) -> None:
        for service, step in moments.items():
            if service not in killed and run["steps"][step]["status"] in ("running", "done"):
                killed.add(service)
                os.kill(running.pids()[service], signal.SIGKILL)
                return

    def runner(*args: Any, **options: Any) -> AbstractAsyncContextManager[Stack]:  # noqa: ANN401 - passed on
        return processes.running(*args, **options, delivery="push")

    same(await night(runner, tmp_path, league, kill), embedded)
    assert killed == set(moments)


@pytest.mark.proof
@pytest.mark.usefixtures("bqemulator")
@pytest.mark.parametrize("delivery", ["pull", "push"])
@pytest.mark.parametrize("service", processes.SERVICES)
async def test_any_process_may_be_killed_at_any_step(
    league: History,
    embedded: dict[tuple[Any, ...], Mapping[str, Any]],
    tmp_path: Path,
    service: str,
    delivery: Literal["pull", "push"],
) -> None:
    """Killed -9 each time another step has begun: the same predictions."""
    seen: set[str] = set()

    def kill(running: Stack, run: Run) -> None:
        begun = {name for name, step in run["steps"].items() if step["status"] == "running"} - seen
        if begun:
            with suppress(ProcessLookupError):  # dead already, and not yet started again: at the next look
                os.kill(running.pids()[service], signal.SIGKILL)
                seen.update(begun)

    def runner(*args: Any, **options: Any) -> AbstractAsyncContextManager[Stack]:  # noqa: ANN401 - passed on
        return processes.running(*args, **options, delivery=delivery)

    # Each step's kill costs a start of the service, and there are as many as steps.
    same(await night(runner, tmp_path, league, kill, patience=4 * PATIENCE), embedded)


@pytest.mark.proof  # the contract suite runs on it in every `make test`
@pytest.mark.skipif(missing("pubsub") is not None, reason=str(missing("pubsub")))
@pytest.mark.usefixtures("bqemulator")
async def test_googles_emulator_carries_the_same_night(
    league: History, embedded: dict[tuple[Any, ...], Mapping[str, Any]], tmp_path: Path
) -> None:
    """Google's Pub/Sub emulator in the place of the project's server."""
    async with pubsub_emulator() as address:

        def runner(*args: Any, **options: Any) -> AbstractAsyncContextManager[Stack]:  # noqa: ANN401 - passed on
            return processes.running(*args, **options, bus=address)

        same(await night(runner, tmp_path, league), embedded)
