"""Brings many past slates to a step through a coordinator: several at once, none held up by another."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Protocol

from client.answers import Run
from client.api import Client, new_idempotency_key
from client.runs import Observer, follow, summary
from shared.basketball.slate import Mode, days
from shared.errors import TipoffError
from shared.registries.api import MAX_WINDOW_DAYS
from shared.registries.pipeline import LOAD, before_grading, plan
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

    A slate grades what earlier ones have published. So first all are published, then graded; and what was graded too
    early, by a run of before, is graded again.
    """
    filling = _Filling(client, mode, observe, concurrency, every)
    first = before_grading(targets)
    if not first:
        nights = await filling.reach(dates, targets, turns)
    else:
        nights = await filling.reach(dates, first, turns)
        published = [day for day, night in nights.items() if night["status"] != "failed"]
        _add(nights, await filling.reach(published, targets))
        early = await filling.graded_too_early(published, targets)
        _add(nights, await filling.reach(list(early), targets, redo=early))
    return [nights[day] for day in sorted(nights)]


async def reparse(
    client: Client,
    steps: Mapping[date, Sequence[str]],
    mode: Mode,
    *,
    observe: Observer,
    turns: Turns | None = None,
    every: float = LOCAL_LOOK,
    today: date | None = None,
) -> list[dict[str, Any]]:
    """Do scrape steps of each slate again, from the archive, and what stands on them; the nights' summaries by date.

    Slates before `today`, or without it all, are done retrospectively.
    """
    filling = _Filling(client, mode, observe, CONCURRENCY, every, from_phase=LOAD, today=today)
    nights = await filling.reach([*steps], (), turns, redo=steps)
    return [nights[day] for day in sorted(nights)]


_Nights = dict[date, dict[str, Any]]


def _add(nights: _Nights, further: _Nights) -> None:
    """Put what became of slates later in the place of what was known; of one that was lost that stays."""
    for day, night in further.items():
        known = nights[day]
        seconds = round(known["wall_seconds"] + night["wall_seconds"], 3)
        lost = {"status": night["status"], "reasons": night["reasons"]}
        nights[day] = (night if night["tables"] else known | lost) | {"wall_seconds": seconds}


@dataclass(frozen=True, slots=True)
class _Filling:
    """How slates are asked for and followed."""

    client: Client
    mode: Mode
    observe: Observer
    concurrency: int
    every: float
    from_phase: int | None = None
    today: date | None = None
    """Slates from this one on are not of the past; None: all are."""

    async def reach(
        self,
        dates: Sequence[date],
        targets: Sequence[str],
        turns: Turns | None = None,
        redo: Mapping[date, Sequence[str]] = MappingProxyType({}),
    ) -> _Nights:
        """Bring slates to targets, several at once; what became of each."""
        nights: _Nights = {}
        places = asyncio.Semaphore(self.concurrency)

        async def finish(day: date, run: Run, started: float) -> None:
            try:
                every = self.every * self.concurrency  # all of them together look as often as one
                night = summary(await follow(self.client, run, self.observe, every=every))
            except TipoffError as error:
                night = _lost(day, self.mode, error)
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
                    run = await self._ask(day, targets, redo.get(day, ()))
                    if turns is not None:
                        run = await follow(self.client, run, self.observe, until=turns.over)
                except TipoffError as error:
                    places.release()
                    nights[day] = _lost(day, self.mode, error) | {"wall_seconds": round(time.monotonic() - started, 3)}
                    continue
                group.create_task(finish(day, run, started))
        return nights

    async def _ask(self, day: date, targets: Sequence[str], redo: Sequence[str]) -> Run:
        """Whoever gets no answer asks again: a run that began without him would be collected in another's turn."""
        past = self.today is None or day < self.today
        body: dict[str, Any] = {"retrospective": past, "targets": list(targets if self.from_phase is None else redo)}
        if redo:
            body["redo"] = list(redo)
        if self.from_phase is not None:
            body["from_phase"] = self.from_phase
        key = new_idempotency_key()
        # The client has its own limit of time.
        policy = RetryPolicy(attempts=ASKINGS, attempt_timeout=math.inf, base_delay=self.every)
        return await retry(
            lambda _: self.client.start_run(day, self.mode.value, idempotency_key=key, **body),
            policy,
            sleep=asyncio.sleep,
        )

    async def graded_too_early(self, dates: Sequence[date], targets: Sequence[str]) -> dict[date, list[str]]:
        """Slate -> steps of the targets' plan that have graded less than is published by now."""
        grading = {step.name for step in plan(targets) if step.reads_published}
        found: dict[date, list[str]] = {day: [] for day in sorted(dates)}
        every = days(min(found), max(found)) if found else []
        for start in range(0, len(every), MAX_WINDOW_DAYS):
            window = every[start : start + MAX_WINDOW_DAYS]
            for cell in await self.client.grid(first=str(window[0]), last=str(window[-1]), mode=self.mode.value):
                day = date.fromisoformat(cell["game_date"])
                if cell["status"] == "gone" and cell["step"] in grading and day in found:
                    found[day].append(cell["step"])
        return {day: steps for day, steps in found.items() if steps}


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
