"""Runs many past slates through a local stack: each at its own instant, several at once, none held up by another.

What an upstream shows depends on the virtual clock, so slates are collected one after another, each with the clock at
its last cutoff. What only reads the warehouse - or asks the past by instant, as `lines` does in a retrospective run -
does not look at the clock: it goes on while the next slate is collected. So the rows are those of a replay night by
night.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from devstack import daemon
from devstack.client import Client
from devstack.daemon import RunningStack
from devstack.driver import Observer, follow, summary
from devstack.stack import Stack
from shared.basketball.slate import Mode
from shared.errors import TipoffError
from shared.registries.pipeline import plan

CONCURRENCY = 4
"""Slates at once: one being collected, the others at their lines and analytics."""
SCRAPING: Mapping[str, float] = {"odds_api_rate": 40}
"""Over the local stack's own pace: that a game of the past has no lines is believed only when asked four times."""
CLOCKED = frozenset({"schedule", "box_scores", "rosters", "injuries"})
"""Steps whose upstreams answer as of the clock's instant."""
_LOOK = 0.2
"""Seconds between looks at a slate nobody waits for: looking costs too."""
_SETTLED = frozenset({"done", "degraded", "failed", "blocked"})

Instant = Callable[[date], datetime]
"""A slate's instant on the clock: `devstack.driver.last_cutoff` of a history and a mode."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the grid: a step of a slate that is still to be done."""

    game_date: date
    step: str


def missing(runs: Mapping[date, Mapping[str, Any]], dates: Sequence[date], targets: Sequence[str]) -> list[Cell]:
    """Exactly the cells that a backfill would run, slate by slate in the plan's order.

    `runs` are the runs there are, as the API shows them: what they have done or degraded stands.
    """
    wanted = [step.name for step in plan(targets)]
    return [Cell(day, step) for day in dates for step in wanted if not _stands(runs.get(day), step)]


def _stands(run: Mapping[str, Any] | None, step: str) -> bool:
    return run is not None and run["steps"].get(step, {}).get("status") in ("done", "degraded")


async def backfill(  # noqa: PLR0913 - what to fill, with what, how fast
    stack: Stack | RunningStack,
    client: Client,
    dates: Sequence[date],
    mode: Mode,
    targets: Sequence[str],
    *,
    instant: Instant,
    observe: Observer,
    concurrency: int = CONCURRENCY,
) -> list[dict[str, Any]]:
    """Bring every slate of `dates` to `targets`; the nights' summaries, in the order of the dates.

    Asking again resumes: what is done stands, what failed is tried again. A slate that fails is in the answer as
    failed, with its reason, and the others go on. `observe` is called with every run whenever it was looked at.
    """
    nights: dict[date, dict[str, Any]] = {}
    turns = asyncio.Semaphore(concurrency)

    async def finish(day: date, run: dict[str, Any], started: float) -> None:
        try:
            night = summary(await follow(client, run, observe, every=_LOOK))
        except TipoffError as error:
            night = _lost(day, mode, error)
        finally:
            turns.release()
        nights[day] = night | {"wall_seconds": round(time.monotonic() - started, 3)}

    async with asyncio.TaskGroup() as group:
        for day in sorted(set(dates)):
            await turns.acquire()
            started = time.monotonic()
            try:
                await _set_clock(stack, instant(day))
                run = await client.start_run(
                    day, mode.value, source="backfill", retrospective=True, targets=list(targets)
                )
                run = await follow(client, run, observe, until=_collected)
            except TipoffError as error:
                turns.release()
                nights[day] = _lost(day, mode, error) | {"wall_seconds": round(time.monotonic() - started, 3)}
                continue
            group.create_task(finish(day, run, started))
    return [nights[day] for day in sorted(nights)]


async def _set_clock(stack: Stack | RunningStack, instant: datetime) -> None:
    if isinstance(stack, Stack):
        stack.clock.set(instant, force=True)
    else:
        await daemon.set_clock(stack, instant)


def _collected(run: Mapping[str, Any]) -> bool:
    """Nothing of it will look at the clock any more."""
    return all(run["steps"][name]["status"] in _SETTLED for name in CLOCKED & run["steps"].keys())


def _lost(day: date, mode: Mode, error: TipoffError) -> dict[str, Any]:
    """The summary of a slate whose run could not be asked for, or did not end."""
    return {
        "game_date": day.isoformat(),
        "mode": mode.value,
        "run_id": f"{day}.{mode.value}",
        "status": "failed",
        "tables": {},
        "reasons": {"run": str(error)},
        "seconds": {},
        "requests": 0,
        "retries": 0,
        "faults": {},
        "quarantined": 0,
    }
