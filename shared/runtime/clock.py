"""The wall clock; replays and tests have others (`shared/embedded/clock.py`)."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

SLICE: Final = 15.0
"""Seconds waited at most at once: the machine may sleep, and its clock may be set."""


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
        """Return once `now() >= instant`."""
        while (left := (instant - self.now()).total_seconds()) > 0:
            await self.sleep(min(left, SLICE))
