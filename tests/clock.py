"""The clock of tests: no wait takes real time."""

import asyncio
from datetime import UTC, datetime
from itertools import count

from shared.embedded.clock import VirtualClock
from shared.runtime.clock import WallClock

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
TURNS = 20
"""Turns of the event loop in which everything that can run does run, before simulated time moves on."""


class FakeClock(VirtualClock):
    """`now` stands still until it is set; `monotonic` jumps to the next sleeper's instant as soon as all else waits."""

    def __init__(self, start: datetime = NOON) -> None:
        super().__init__(start)
        self.elapsed = 0.0
        """What `monotonic` shows. A test may set it."""
        self.tick = 0.0
        """Seconds that pass whenever `monotonic` is read."""
        self.naps: list[float] = []
        """How long each `sleep` was to take."""
        self._order = count()
        self._sleepers: list[tuple[float, int]] = []

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        self.elapsed += self.tick
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        """Let everything else run, then let simulated time pass; sleepers wake in the order of their instants."""
        self.naps.append(seconds)
        me = (self.elapsed + max(0.0, seconds), next(self._order))
        self._sleepers.append(me)
        try:
            idle = 0
            while idle < TURNS or min(self._sleepers) != me:
                idle = idle + 1 if min(self._sleepers) == me else 0
                await asyncio.sleep(0)
            self.elapsed = me[0]
        finally:
            self._sleepers.remove(me)


class FastClock(WallClock):
    """For what waits for a real network: `speed` seconds pass in a real one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def monotonic(self) -> float:
        """Seconds of the fast time."""
        return super().monotonic() * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait in the fast time."""
        await asyncio.sleep(seconds / self._speed)
