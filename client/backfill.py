"""Brings many past slates to a step through a coordinator: several at once, none held up by another."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from client.answers import Run
from client.api import Client
from client.runs import Observer, follow, summary
from shared.basketball.slate import Mode
from shared.errors import TipoffError
from shared.registries.pipeline import alone, plan
from shared.runtime.retry import RetryPolicy, retry

CONCURRENCY = 4
"""Slates at once."""
ASKINGS = 4
"""Times that a slate is asked for where no answer comes."""
LOCAL_LOOK = 0.2
"""Seconds between looks at a slate nobody waits for: looking costs too."""


class Turns(Protocol):
    """When one slate may begin after another."""

    async def begin(self, day: date) -> None:
        """Called before a slate is asked for."""

    def over(self, run: Run) -> bool:
        """Whether the next slate may begin, this one being at `run`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the grid: a step of a slate that is still to be done."""

    game_date: date
    step: str


def missing(runs: Mapping[date, Run], dates: Sequence[date], targets: Sequence[str]) -> list[Cell]:
    """Exactly the cells that a backfill would run, slate by slate in the plan's order.

    `runs` are the runs there are, as the API shows them: what they have done or degraded stands.
    """
    wanted = [step.name for step in plan(targets)]
    return [Cell(day, step) for day in dates for step in wanted if not _stands(runs.get(day), step)]


def _stands(run: Run | None, step: str) -> bool:
    return run is not None and step in run["steps"] and run["steps"][step]["status"] in ("done", "degraded")


async def backfill(  # noqa: PLR0913 - what to fill, how fast, who looks on
    client: Client,
    dates: Sequence[date],
    mode: Mode,
    targets: Sequence[str],
    *,
    observe: Observer,
    turns: Turns | None = None,
    concurrency: int = CONCURRENCY,
    every: float = LOCAL_LOOK,
) -> list[dict[str, Any]]:
    """Bring every slate of `dates` to `targets`; the nights' summaries, in the order of the dates.

    Asking again resumes: what is done stands, what failed is tried again. A slate that fails is in the answer as
    failed, with its reason, and the others go on. `observe` is called with every run whenever it was looked at.

    Slates are graded once all are published: what one of them finds must not depend on how far the others are.
    """

    async def reach(days: Sequence[date], goals: Sequence[str], turns: Turns | None) -> dict[date, dict[str, Any]]:
        return await _reach(client, days, mode, goals, observe, turns, concurrency=concurrency, every=every)

    first = alone(targets)
    if plan(first) == plan(targets):
        nights = await reach(dates, targets, turns)
    else:
        nights = await reach(dates, first, turns)
        done = await reach([day for day in nights if nights[day]["status"] != "failed"], targets, None)
        for day, night in done.items():
            taken = round(nights[day]["wall_seconds"] + night["wall_seconds"], 3)
            nights[day] = night | {"wall_seconds": taken}
    return [nights[day] for day in sorted(nights)]


async def _reach(  # noqa: PLR0913 - as above
    client: Client,
    dates: Sequence[date],
    mode: Mode,
    targets: Sequence[str],
    observe: Observer,
    turns: Turns | None,
    *,
    concurrency: int,
    every: float,
) -> dict[date, dict[str, Any]]:
    nights: dict[date, dict[str, Any]] = {}
    places = asyncio.Semaphore(concurrency)

    async def ask(day: date) -> Run:
        """Whoever gets no answer asks again: a run that began without him would be collected in another's turn."""
        return await retry(
            lambda _: client.start_run(day, mode.value, source="backfill", retrospective=True, targets=list(targets)),
            RetryPolicy(attempts=ASKINGS, attempt_timeout=math.inf, base_delay=every),  # the client has its own limit
            sleep=asyncio.sleep,
        )

    async def finish(day: date, run: Run, started: float) -> None:
        try:
            night = summary(await follow(client, run, observe, every=every))
        except TipoffError as error:
            night = _lost(day, mode, error)
        finally:
            places.release()
        nights[day] = night | {"wall_seconds": round(time.monotonic() - started, 3)}

    async with asyncio.TaskGroup() as group:
        for day in sorted(set(dates)):
            await places.acquire()
            started = time.monotonic()
            try:
                if turns is not None:
                    await turns.begin(day)
                run = await ask(day)
                if turns is not None:
                    run = await follow(client, run, observe, until=turns.over)
            except TipoffError as error:
                places.release()
                nights[day] = _lost(day, mode, error) | {"wall_seconds": round(time.monotonic() - started, 3)}
                continue
            group.create_task(finish(day, run, started))
    return nights


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
