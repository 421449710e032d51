"""The wall clock; replays and tests have others (`shared/embedded/clock.py`)."""

import asyncio
import time
from datetime import UTC, datetime

LONGEST = 15.0
"""Seconds slept at once: on waking the clock may show anything."""


class WallClock:
    """The time it is."""

    def now(self) -> datetime:
        """The business instant, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of real time from an arbitrary origin."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)

    async def until(self, instant: datetime) -> None:
        """Wait until `now` has reached the instant."""
        while (left := (instant - self.now()).total_seconds()) > 0:
            await self.sleep(min(left, LONGEST))
