"""The wall clock; replays and tests have others (`shared/embedded/clock.py`)."""

import asyncio
import time
from datetime import UTC, datetime


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
