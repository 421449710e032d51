"""Virtual clocks, for replays: of one process, or shared by several."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from shared.errors import Permanent
from shared.runtime.clock import WallClock

_LOOK: Final = 0.01
"""Seconds of real time between two looks at a clock's file."""


class VirtualClock(WallClock):
    """A clock whose `now` stands still until it is set. Durations and waiting stay real.

    Raises:
        Permanent: an instant is naive, or (without `force`) before the one the clock shows.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware_utc(start)
        self._moved = asyncio.Event()

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
        self._moved.set()
        self._moved = asyncio.Event()

    async def until(self, instant: datetime) -> None:
        """Return once the clock has been set to `instant` or later."""
        while self.now() < instant:
            await self._moved.wait()


class FileClock(WallClock):
    """A virtual clock that several processes share: its instant stands in a file.

    Raises:
        Permanent: the file is missing or holds no instant.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        """The instant in the file, aware UTC."""
        try:
            return _aware_utc(datetime.fromisoformat(self.path.read_text().strip()))
        except (OSError, ValueError) as error:
            raise Permanent(f"clock file {self.path}: {error}", remedy="unset TIPOFF_CLOCK_FILE") from error

    def set(self, instant: datetime, *, force: bool = False) -> None:
        """Move to `instant`, for everyone; going back needs `force`."""
        target = _aware_utc(instant)
        if self.path.exists() and target < self.now() and not force:
            raise Permanent(f"clock file {self.path} stands at {self.now().isoformat()} and cannot go back")
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(target.isoformat())
        temporary.replace(self.path)

    async def until(self, instant: datetime) -> None:
        """Return once the file has `instant` or a later one."""
        while self.now() < instant:
            await self.sleep(_LOOK)


def _aware_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Permanent(f"naive instant {instant.isoformat()} on the virtual clock", remedy="give it a time zone")
    return instant.astimezone(UTC)
