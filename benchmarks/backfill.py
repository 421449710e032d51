"""`tipoff bench backfill`: a season, phases 1 to 4: its pace, and whether a late night costs more than an early one."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.harness import Case
from devstack.backfill import SCRAPING, backfill
from devstack.client import connect
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.league import generate
from devstack.stack import running
from devstack.upstream.faults import FaultProfile
from devstack.workspace import Workspace
from shared.embedded.clock import VirtualClock
from shared.pipeline import STEPS
from shared.slate import Mode, days

GOAL_PER_MINUTE = 60.0
GOAL_GROWTH = 1.25
"""Work of a late night against an early one of as many games: near 1, with room for the noise of a busy machine."""
TARGET = "ml_feature_store"
_ANALYTICS = frozenset(name for name, step in STEPS.items() if step.service == "analytics")


@dataclass(frozen=True, slots=True)
class Filled:
    """A backfilled season."""

    nights: int
    seconds: float
    processor: float
    """Processor seconds of the whole stack, the local upstream included."""
    work: dict[date, float]
    """Seconds of phases 3 and 4 by slate with games."""
    complete: int


async def _fill(history: History, dates: Sequence[date], folder: Path) -> Filled:
    workspace = Workspace(folder, "bench")
    workspace.make()
    mode = Mode.BACKFILL

    async def some(nights: Sequence[date]) -> list[dict[str, object]]:
        return await backfill(
            stack,
            client,
            nights,
            mode,
            [TARGET],
            instant=lambda day: last_cutoff(history, day, mode),
            observe=lambda _: None,
        )

    clock = VirtualClock(last_cutoff(history, dates[0], mode))
    async with (
        running(workspace, history, clock, FaultProfile.named("none"), scraping=SCRAPING) as stack,
        connect(stack.urls["coordinator"], stack.api_key) as client,
    ):
        await some(dates[:1])  # warm-up: the seasons before are loaded once, whatever is filled
        started, used = time.perf_counter(), time.process_time()
        nights = await some(dates[1:])
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        runs = await client.get("runs", first=str(dates[1]), last=str(dates[-1]), mode=mode.value)
    work = {}
    for run in runs:
        steps = [step for name, step in run["steps"].items() if name in _ANALYTICS]
        work[date.fromisoformat(run["game_date"])] = sum(step["seconds"] for step in steps)
    played = {day: taken for day, taken in work.items() if history.on(day)}
    return Filled(len(nights), seconds, processor, played, sum(night["status"] == "complete" for night in nights))


def growth(work: dict[date, float], games: dict[date, int]) -> float:
    """Median seconds a game in the last third of the season, to those in the first third."""
    per_game = [work[day] / games[day] for day in sorted(work)]
    third = len(per_game) // 3
    return statistics.median(per_game[-third:]) / statistics.median(per_game[:third])


def season(history: History) -> list[date]:
    """The dates of the history's last regular season, idle ones included."""
    last = max(game.season for game in history.games.values() if game.season_type == "regular")
    played = [g.game_date for g in history.games.values() if g.season == last and g.season_type == "regular"]
    return days(min(played), max(played))


def bench() -> list[Case]:
    """A whole season of the history at hand: the real one where it is, else the generated league's."""
    real = Path(os.environ.get("TIPOFF_SHARED", "../shared")) / "data"
    history = History.open(real) if real.is_dir() else generate()
    dates = season(history)
    with tempfile.TemporaryDirectory() as folder:
        filled = asyncio.run(_fill(history, dates, Path(folder)))
    pace = 60 * filled.nights / filled.seconds
    grown = growth(filled.work, {day: len(history.on(day)) for day in filled.work})
    return [
        Case("a season, phases 1 to 4", "pace", round(pace, 1), "nights/min", f"{filled.nights} nights",
             round(pace / GOAL_PER_MINUTE, 2), f"at least {GOAL_PER_MINUTE:.0f}", pace >= GOAL_PER_MINUTE),
        Case("a night", "processor time", round(filled.processor / filled.nights, 3), "s", "one core at that pace",
             round(filled.processor / filled.nights * GOAL_PER_MINUTE / 60, 2), "at most one core's",
             filled.processor / filled.nights <= 60 / GOAL_PER_MINUTE),
        Case("nights complete", "share", round(filled.complete / filled.nights, 4), "", f"{filled.nights} nights",
             None, "all", filled.complete == filled.nights),
        Case("a late night", "phases 3 and 4 per game", round(grown, 3), "x", "an early night of the same season",
             round(grown, 3), f"at most {GOAL_GROWTH:g}", grown <= GOAL_GROWTH),
    ]  # fmt: skip
