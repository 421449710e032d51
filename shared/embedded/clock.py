"""The clocks of the embedded profile: the wall clock, and a virtual one for replays."""

import asyncio
import time
from datetime import UTC, datetime

from shared.errors import Permanent


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


class VirtualClock(WallClock):
    """A clock whose `now` stands still until it is set. Durations and waiting stay real.

    Raises:
        Permanent: an instant is naive, or (without `force`) before the one the clock shows.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware_utc(start)

    def now(self) -> datetime:
        """The instant the clock was last set to, aware UTC."""
        return self._now

    def set(self, instant: datetime, *, force: bool = False) -> None:
        """Move to `instant`. Going back needs `force`: what was learnt since would be known too early."""
        target = _aware_utc(instant)
        if target < self._now and not force:
            raise Permanent(
                f"virtual clock stands at {self._now.isoformat()} and cannot go back to {target.isoformat()}",
                remedy="start from a fresh TIPOFF_HOME, or force it",
            )
        self._now = target


def _aware_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Permanent(f"naive instant {instant.isoformat()} on the virtual clock", remedy="give it a time zone")
    return instant.astimezone(UTC)
