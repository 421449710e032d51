"""A coordinator for backfills, in the place of a client of one."""

import asyncio
from datetime import UTC, date, datetime

from client.answers import Run, Step
from devstack.clocked import CLOCKED
from shared.embedded.clock import VirtualClock
from shared.errors import Transient
from shared.registries.pipeline import plan

FIRST = date(2024, 11, 1)
TARGET = "ml_feature_store"
ENDED = 12
"""Looks after which a run of the fake has ended."""


def noon(day: date) -> datetime:
    """A slate's instant."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def run(day: date, status: str, steps: dict[str, str]) -> Run:
    """A run as the API shows it."""
    shown: dict[str, Step] = {
        name: {"status": step, "attempt": 1, "reason": "", "seconds": 0.0, "counts": {}, "evidence": None}
        for name, step in steps.items()
    }
    key = f"{day}.backfill"
    return {
        "id": key,
        "run_id": f"{key}.1",
        "game_date": str(day),
        "mode": "backfill",
        "status": status,
        "generation": 1,
        "source": "test",
        "created_at": "2024-11-01T11:00:00+00:00",
        "steps": shown,
    }


class Coordinator:
    """A client whose coordinator collects at the first look and ends a run at the third; notes the clock it saw."""

    def __init__(
        self,
        clock: VirtualClock | None = None,
        *,
        broken: tuple[date, ...] = (),
        unreachable: tuple[date, ...] = (),
        deaf: tuple[date, ...] = (),
    ) -> None:
        self.clock = clock if clock is not None else VirtualClock(noon(FIRST))
        self.broken = broken
        self.unreachable = unreachable
        self.deaf = list(deaf)
        """Their run begins, and whoever asked for it does not hear of it."""
        self.looks: dict[str, int] = {}
        self.seen: dict[date, set[datetime]] = {}
        self.most = 0
        self.asked: list[date] = []

    async def start_run(self, day: date, mode: str, **body: object) -> Run:
        """Begin a slate."""
        assert (mode, body["retrospective"], body["targets"]) == ("backfill", True, [TARGET])
        if day in self.unreachable:
            raise Transient("the coordinator does not answer")
        if day in self.deaf:
            self.deaf.remove(day)
            self.looks[f"{day}.backfill"] = 0
            raise Transient("the answer was lost")
        self.asked.append(day)
        self.looks[f"{day}.backfill"] = 0
        return self._shown(day)

    async def run(self, key: str) -> Run:
        """The run as it stands."""
        self.looks[key] += 1
        self.most = max(self.most, sum(looks < ENDED for looks in self.looks.values()))
        await asyncio.sleep(0)
        return self._shown(date.fromisoformat(key.partition(".")[0]))

    def _shown(self, day: date) -> Run:
        looks = self.looks[f"{day}.backfill"]
        names = [step.name for step in plan([TARGET])]
        if looks < 2:  # its upstreams are being asked
            self.seen.setdefault(day, set()).add(self.clock.now())
            return run(day, "running", dict.fromkeys(names, "running"))
        if looks < ENDED:
            return run(day, "running", {name: "done" if name in CLOCKED else "running" for name in names})
        ended = "failed" if day in self.broken else "complete"
        return run(day, ended, dict.fromkeys(names, "failed" if day in self.broken else "done"))
