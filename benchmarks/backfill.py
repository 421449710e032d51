"""`tipoff bench backfill`: a season, phases 1 to 4: its pace, and whether a night costs more the longer the history is.

What a night costs is what `ops.step_costs` says: bytes of the partitions and columns that its statements read.
"""

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.harness import Case, real_data
from client.backfill import backfill
from devstack.clocked import SCRAPING, Clocked
from devstack.driver import last_cutoff
from devstack.history import History
from devstack.league import generate
from devstack.workspace import Workspace
from devstack.world import started
from shared.basketball.slate import Mode, days
from shared.registries.pipeline import STEPS

GOAL_PER_MINUTE = 60.0
GOAL_GROWTH = 1.05
"""Bytes read with all seasons to those with one less: near 1."""
LAST_NIGHTS = 14
WINDOW_SEASONS = 2
"""What the statements' windows reach into: with fewer seasons there is nothing yet to leave unread."""
TARGET = "ml_feature_store"
_ANALYTICS = frozenset(name for name, step in STEPS.items() if step.service == "analytics")


@dataclass(frozen=True, slots=True)
class Filled:
    """A backfilled season."""

    nights: int
    seconds: float
    read: dict[date, int]
    """Bytes read in phases 3 and 4, by slate with games."""
    work: dict[date, float]
    """Seconds of phases 3 and 4, likewise."""
    complete: int


async def _fill(history: History, dates: Sequence[date], seasons: int, folder: Path) -> Filled:
    """Fill `dates` with so many seasons of history, the dates' own included."""
    workspace = Workspace(folder, "bench")
    workspace.make()
    mode = Mode.BACKFILL

    async def some(nights: Sequence[date]) -> list[dict[str, object]]:
        turns = Clocked(stack, lambda day: last_cutoff(history, day, mode))
        return await backfill(client, nights, mode, [TARGET], observe=lambda _: None, turns=turns)

    scraping = {**SCRAPING, "history_seasons": seasons}
    async with started(workspace, history, last_cutoff(history, dates[0], mode), scraping) as (stack, client):
        await some(dates[:1])  # warm-up: the seasons before are loaded once, whatever is filled
        began = time.perf_counter()
        nights = await some(dates[1:])
        seconds = time.perf_counter() - began
        season = {"first": str(dates[1]), "last": str(dates[-1])}
        runs = await client.get("runs", **season, mode=mode.value)
        costs = await client.get("costs", **season)
    read: Counter[date] = Counter()
    for cost in costs:
        if cost["attempts"] is None:  # the coordinator's evidence and the like: not a step of analytics
            continue
        read[date.fromisoformat(cost["game_date"])] += cost["bytes_processed"]
    work = {}
    for run in runs:
        steps = [step for name, step in run["steps"].items() if name in _ANALYTICS]
        work[date.fromisoformat(run["game_date"])] = sum(step["seconds"] for step in steps)
    played = [day for day in dates[1:] if history.on(day)]
    return Filled(
        len(nights),
        seconds,
        {day: read[day] for day in played},
        {day: work[day] for day in played},
        sum(night["status"] == "complete" for night in nights),
    )


def growth(work: Mapping[date, float]) -> float:
    """Median work of a night in the last third of the season, to that in the first third."""
    nights = [work[day] for day in sorted(work)]
    third = len(nights) // 3
    return statistics.median(nights[-third:]) / statistics.median(nights[:third])


def season(history: History) -> list[date]:
    """The dates of the history's last regular season, idle ones included."""
    last = max(game.season for game in history.games.values() if game.season_type == "regular")
    played = [g.game_date for g in history.games.values() if g.season == last and g.season_type == "regular"]
    return days(min(played), max(played))


def bench() -> list[Case]:
    """A whole season of the history at hand: the real one where it is, else the generated league's."""
    history = History.open(real_data()) if real_data().is_dir() else generate()
    dates = season(history)
    seasons = len({game.season for game in history.games.values()})

    def fill(dates: Sequence[date], seasons: int) -> Filled:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_fill(history, dates, seasons, Path(folder)))

    filled = fill(dates, seasons)
    pace = 60 * filled.nights / filled.seconds
    cases = [
        Case("a season, phases 1 to 4", "pace", round(pace, 1), "nights/min", f"{filled.nights} nights",
             round(pace / GOAL_PER_MINUTE, 2), f"at least {GOAL_PER_MINUTE:.0f}", pace >= GOAL_PER_MINUTE),
        Case("nights complete", "share", round(filled.complete / filled.nights, 4), "", f"{filled.nights} nights",
             None, "all", filled.complete == filled.nights),
        Case("a late night of the season", "read", round(growth(filled.read), 3), "x", "an early night",
             None, "shown", met=True),
        Case("a late night of the season", "seconds", round(growth(filled.work), 3), "x", "an early night",
             None, "shown", met=True),
    ]  # fmt: skip
    if seasons > WINDOW_SEASONS:
        nights = dates[-LAST_NIGHTS:]
        long, short = (sum(fill(nights, n).read.values()) for n in (seasons, seasons - 1))
        cases.append(
            Case(f"the last {LAST_NIGHTS - 1} nights, {seasons} seasons of history", "read", round(long / 1e6), "MB",
                 f"with {seasons - 1} seasons, {short / 1e6:.0f} MB", round(long / short, 3),
                 f"at most {GOAL_GROWTH:g} times", long / short <= GOAL_GROWTH)
        )  # fmt: skip
    return cases
