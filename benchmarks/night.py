"""`tipoff bench night`: the demo night through all four services, quiet and in a storm of upstream faults."""

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.harness import Case
from devstack.driver import Plan, replay
from devstack.history import History
from devstack.league import generate
from devstack.workspace import Workspace
from shared.basketball.slate import Mode

GOAL_SECONDS = 30.0


def _night(history: History, faults: str) -> float:
    day = history.last_date
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "bench")
        workspace.make()
        started = time.perf_counter()
        asyncio.run(replay(workspace, history, Plan(day, day, Mode.OVERNIGHT, faults), lambda _: None))
        return time.perf_counter() - started


def bench() -> list[Case]:
    """One night each, from an empty warehouse, the season's history included."""
    history = generate()
    _night(history, "none")  # warm-up: imports and transpiled SQL
    quiet, storm = _night(history, "none"), _night(history, "storm")
    return [
        Case("quiet night", "time", round(quiet, 2), "s", f"limit {GOAL_SECONDS:.0f} s", round(quiet / GOAL_SECONDS, 3),
             f"under {GOAL_SECONDS:.0f} s", quiet < GOAL_SECONDS),
        Case("night in a storm", "time", round(storm, 2), "s", f"quiet night, {quiet:.2f} s", round(storm / quiet, 2),
             f"under {GOAL_SECONDS:.0f} s", storm < GOAL_SECONDS),
    ]  # fmt: skip
