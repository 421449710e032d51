"""`tipoff bench analytics`: phases 3 and 4 of a 15-game night, through the coordinator and the analytics service.

The night is real: the last one of 15 games of the history in TIPOFF_SHARED, all its seasons loaded through the scraper;
where there is none, the last night of the generated league. Its phases 3 and 4 are then run again and again.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aiohttp import web

from benchmarks.harness import Case, real_data
from benchmarks.slow import Slow
from devstack.driver import Plan, last_cutoff, replay
from devstack.history import History
from devstack.league import generate
from devstack.workspace import Workspace
from services.analytics import app as analytics
from services.analytics.settings import AnalyticsSettings
from services.coordinator import app as coordinator
from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import Run, RunStatus
from services.coordinator.settings import CoordinatorSettings
from shared.basketball.slate import Mode
from shared.embedded.clock import VirtualClock
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Transient
from shared.ports import Params, StateStore
from shared.registries.pipeline import STEPS, plan
from shared.runtime.profiles import embedded
from shared.runtime.settings import load

GAMES = 15
LATENCY = 1.0
"""Seconds injected before each call of the warehouse."""
QUERY_LATENCY = 0.02
PLAYERS = 450
TIMES = 3
PHASE_3 = tuple(step.name for step in STEPS.values() if step.service == "analytics" and step.phase == 3)  # noqa: PLR2004 - as named
PHASE_4 = tuple(step.name for step in STEPS.values() if step.service == "analytics" and step.phase == 4)  # noqa: PLR2004 - as named
LIMIT = 5.0
"""Seconds that phases 3 and 4 of a night may take."""
CALLS = 2
"""Calls of a step that wait for each other: its rows, then the coordinator's evidence for them."""
_PATIENCE = 120.0
_POLL = 0.02
_GAMES_OF_ONE = """
SELECT player_id, game_date, minutes, points, rebounds, assists, threes
FROM analytics.player_game_summary
WHERE game_date >= DATE_SUB(@game_date, INTERVAL 400 DAY) AND game_date < @game_date AND player_id = @player
"""
_GAMES_OF_ALL = _GAMES_OF_ONE.replace("player_id = @player", "player_id IN UNNEST(@players)")


@dataclass(frozen=True, slots=True)
class Night:
    """A stack without scraper and worker, on a warehouse where the slate's raw rows are."""

    loaded: Run
    """The slate's run as the replay left it."""
    engine: Engine
    state: StateStore
    warehouse: Slow

    async def run(self, *targets: str) -> float:
        """Seconds until the targets are verified, phases 3 and 4 made anew.

        Raises:
            Transient: the run fails, or does not end.
        """
        document = await self.state.get(RUNS, self.loaded.key)
        if document is not None:  # the steps that have scraped, whatever the last run's targets stood on
            fresh = self.loaded.model_copy(update={"generation": document.data["generation"]})
            await self.state.compare_and_set(RUNS, document.id, fresh.model_dump(mode="json"), version=document.version)
        day = self.loaded.game_date
        request = RunRequested(day, self.loaded.mode, "bench", targets, retrospective=True, from_phase=3)
        started = time.perf_counter()
        run: Run | None = await self.engine.apply(request)
        async with asyncio.timeout(_PATIENCE):
            while run is not None and run.status is RunStatus.RUNNING:
                await asyncio.sleep(_POLL)
                run = await self.engine.run(run.key)
        if run is None or run.status is RunStatus.FAILED:
            steps = {} if run is None else run.steps
            why = "; ".join(f"{name}: {step.reason}" for name, step in steps.items() if step.reason)
            raise Transient(f"bench analytics: the night failed: {why}")
        return time.perf_counter() - started

    async def one_by_one(self, steps: Iterable[str]) -> float:
        """Seconds for the same steps one after another: each is waited for before the next is asked for."""
        return sum([await self.run(step) for step in steps])


def bench() -> list[Case]:
    """The cases; a night is loaded first, which takes a while."""
    history, folder = _history()
    day = max((day for day in history.dates if len(history.on(day)) == GAMES), default=history.last_date)
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace(Path(home), "bench")
        workspace.make()
        asyncio.run(replay(workspace, history, Plan(day, day, Mode.OVERNIGHT, "none", folder), lambda _: None))
        return asyncio.run(_cases(workspace, history, day))


def _history() -> tuple[History, str | None]:
    path = real_data()
    return (History.open(path), str(path)) if path.is_dir() else (generate(), None)


async def _cases(workspace: Workspace, history: History, day: date) -> list[Case]:
    async with _stack(workspace, history, day) as night:
        await night.run(*PHASE_3, *PHASE_4)  # warm-up: transpiled SQL
        bare = await _median(night, *PHASE_3, *PHASE_4)
        games = f"{len(history.on(day))} games of {day}"
        return [
            Case(f"phases 3 and 4, {games}", "time", round(bare, 2), "s", f"limit {LIMIT:.0f} s",
                 round(bare / LIMIT, 3), f"under {LIMIT:.0f} s", bare < LIMIT),
            *await _distant(night),
            *await _one_query(night),
        ]  # fmt: skip


async def _distant(night: Night) -> list[Case]:
    """With a second before every call: what is left is waiting, and a chain is what must be waited for."""
    night.warehouse.seconds = LATENCY
    everything = await _median(night, *PHASE_3, *PHASE_4)
    chain = CALLS * LATENCY * _longest((*PHASE_3, *PHASE_4))
    together, apart = await _median(night, *PHASE_3), await night.one_by_one(PHASE_3)
    night.warehouse.seconds = 0.0
    return [
        Case("all processors, 1 s a call", "time", round(everything, 2), "s", f"longest chain, {chain:.0f} s",
             round(everything / chain, 3), "at most 1.15 times the chain", everything <= 1.15 * chain),
        Case(f"phase 3 ({len(PHASE_3)} processors), 1 s a call", "time", round(together, 2), "s",
             f"one after another, {apart:.2f} s", round(apart / together, 2), "at least 4 times faster",
             apart >= 4 * together),
    ]  # fmt: skip


async def _median(night: Night, *targets: str) -> float:
    """Seconds, the median of a few runs."""
    return statistics.median([await night.run(*targets) for _ in range(TIMES)])


def _longest(steps: Collection[str]) -> int:
    """How many of the steps the longest chain of them has: one that needs another comes after it."""
    longest: dict[str, int] = {}
    for step in plan(steps):  # what a step needs comes before it
        before = max((longest[need] for need in step.needs), default=0)
        longest[step.name] = before + (step.name in steps)
    return max(longest.values())


async def _one_query(night: Night) -> list[Case]:
    """The earlier games of a slate's players: one query for all, and one for each."""
    known = await night.warehouse.query(
        "SELECT DISTINCT player_id FROM analytics.player_game_summary ORDER BY player_id"
    )
    players = [row["player_id"] for row in known][-PLAYERS:]
    cases = []
    for name, latency in (("20 ms a query", QUERY_LATENCY), ("bare", 0.0)):
        night.warehouse.seconds = latency
        one, rows = await _timed(night, players, _GAMES_OF_ALL)
        many, same = await _timed(night, players, _GAMES_OF_ONE)
        assert rows == same, "both ways give the same games"  # noqa: S101 - a benchmark of two different things is none
        goal = 50 if latency else 0
        cases.append(
            Case(f"{rows} games of {len(players)} players, {name}", "time", round(1000 * one, 1), "ms",
                 f"{len(players)} queries, {1000 * many:.0f} ms", round(many / one, 1),
                 f"at least {goal} times faster" if goal else "shown", many >= goal * one)
        )  # fmt: skip
    night.warehouse.seconds = 0.0
    return cases


async def _timed(night: Night, players: Sequence[int], sql: str) -> tuple[float, int]:
    """Seconds (the median, where it is one query) and the number of rows."""
    each: list[Params] = [{"players": players}] if "@players" in sql else [{"player": player} for player in players]
    taken, rows = [], 0
    for _ in range(TIMES if len(each) == 1 else 1):
        started = time.perf_counter()
        asked = [{"game_date": night.loaded.game_date, **params} for params in each]
        rows = sum([len(await night.warehouse.query(sql, params)) for params in asked])
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), rows


@asynccontextmanager
async def _stack(workspace: Workspace, history: History, day: date) -> AsyncIterator[Night]:
    clock = VirtualClock(last_cutoff(history, day, Mode.OVERNIGHT))
    warehouse = Slow(DuckDBWarehouse(workspace.path / "warehouse.duckdb"), 0.0)
    async with AsyncExitStack() as exits:
        ports = await exits.enter_async_context(embedded(workspace.path, clock, warehouse=warehouse))
        for app in (
            analytics.build(load(AnalyticsSettings), ports),
            coordinator.build(load(CoordinatorSettings), ports),
        ):
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            exits.push_async_callback(runner.cleanup)
        engine = Engine(ports)
        loaded = await engine.run(f"{day}.{Mode.OVERNIGHT.value}")
        if loaded is None:
            raise Transient(f"bench analytics: {day} was not replayed")
        yield Night(loaded, engine, ports.state, warehouse)
