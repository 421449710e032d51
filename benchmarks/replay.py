"""`tipoff bench replay`: what a season's replay takes, from a slice of it: warm-up, one training, nights.

The slice is the last fortnight of March 2024 with a fortnight's warm-up, through the production code. A training on so
little is quick, so the season's are timed on their own, on a made-up frame as large as two seasons. The season is then
stated: 425 slates of warm-up, 174 nights, seven trainings. Needs the real data (TIPOFF_SHARED).
"""

import asyncio
import os
import tempfile
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import made_up
from benchmarks.harness import Case, real_data
from client.api import Client
from devstack import warmup
from devstack.clocked import SCRAPING
from devstack.driver import Plan, replay
from devstack.history import History
from devstack.stack import Stack, running
from devstack.workspace import Workspace
from services.worker.domain.training.run import train
from shared.basketball.slate import Mode
from shared.errors import Permanent

FIRST, LAST = date(2024, 3, 18), date(2024, 3, 31)
WARMUP_DAYS = 14
WARMUP_SLATES, NIGHTS, TRAININGS = 425, 174, 7
"""Of 2023-24: the slates of the two seasons before it, its own nights, one training in 28 days of it."""
TRAINING_SLATES, TRAINING_PLAYERS = 330, 275
GOAL_MINUTES = 25.0
GOAL_GROWTH = 1.3


def bench() -> list[Case]:
    """Seconds of each part, and the season they add up to."""
    path = real_data()
    if not path.is_dir():
        raise Permanent(f"{path} is not there", remedy="set TIPOFF_SHARED to the folder of the real data")
    os.environ["TIPOFF_TRAINING_SLATES"] = "1000"  # timed below: fourteen slates teach nothing
    with tempfile.TemporaryDirectory() as folder:
        report, warm, seconds = _slice(History.open(path), Path(folder))
    nights = [night["wall_seconds"] for night in report["nights"]]
    half = len(nights) // 2
    per_slate, per_night = warm / report["warm_up"]["slates"], seconds / len(nights)
    started = time.perf_counter()
    train(made_up.frame(TRAINING_SLATES, TRAINING_PLAYERS), mode="same_day", as_of=LAST)
    trained = time.perf_counter() - started
    parts = (per_slate * WARMUP_SLATES, per_night * NIGHTS, trained * TRAININGS)
    minutes = sum(parts) / 60.0
    growth = sum(nights[half:]) / max(sum(nights[1 : half + 1]), 1e-9)
    minutes_of_parts = " + ".join(f"{part / 60.0:.1f}" for part in parts)
    return [
        Case("a slate of warm-up", "time", round(per_slate, 2), "s"),
        Case("a night", "time", round(per_night, 2), "s"),
        Case(f"a training on {TRAINING_SLATES * TRAINING_PLAYERS} rows", "time", round(trained, 1), "s"),
        Case("the second week's nights", "time", round(growth, 2), "ratio", "the first week's", round(growth, 2),
             f"at most {GOAL_GROWTH}", growth <= GOAL_GROWTH),
        Case("a season, stated from the above", "time", round(minutes, 1), "min",
             f"warm-up + nights + trainings: {minutes_of_parts} min", round(minutes / GOAL_MINUTES, 2),
             f"at most {GOAL_MINUTES:.0f} min", minutes <= GOAL_MINUTES),
    ]  # fmt: skip


def _slice(history: History, folder: Path) -> tuple[dict[str, Any], float, float]:
    """(report, seconds of the warm-up, seconds of the nights)."""
    workspace = Workspace(folder, "bench")
    workspace.make()
    plan = Plan(FIRST, LAST, Mode.SAME_DAY, "none")
    marks = [time.perf_counter()]

    async def before(stack: Stack, client: Client) -> list[dict[str, Any]]:
        dates = warmup.slates(history, plan, WARMUP_DAYS)
        await warm(dates[:1], stack, client)  # the seasons before are loaded once, whatever is warmed up
        marks.append(time.perf_counter())
        runs = await warm(dates[1:], stack, client)
        marks.append(time.perf_counter())
        return runs

    async def warm(dates: list[date], stack: Stack, client: Client) -> list[dict[str, Any]]:
        return await warmup.warm_up(history, plan, dates, lambda _: None, stack, client)

    runner = partial(running, scraping=SCRAPING)
    report = asyncio.run(replay(workspace, history, plan, lambda _: None, runner=runner, before=before))
    return report, marks[2] - marks[1], sum(night["wall_seconds"] for night in report["nights"])
