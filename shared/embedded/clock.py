"""Virtual clocks, for replays: of one process, or shared by several."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.errors import Permanent
from shared.runtime.clock import WallClock


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
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def until(self, instant: datetime) -> None:
        """Wait until it is set to the instant or beyond."""
        while self._now < instant:
            await self._moved.wait()


LOOK = 0.01
"""Seconds of real time between looks at a clock's file."""


class FileClock(WallClock):
    """A virtual clock that several processes share: its instant stands in a file.

    Beside it, in `<file>.awaited`, a process says for which instant it waits: whoever sets the clock may jump there. A
    task that was woken is busy until it waits again or ends; while one is, `BUSY` stands there.

    Raises:
        Permanent: the file is missing or holds no instant.
    """

    BUSY = "busy"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: dict[asyncio.Task[Any], datetime] = {}
        self._woken: set[asyncio.Task[Any]] = set()
        self._known: set[asyncio.Task[Any]] = set()

    @property
    def awaited(self) -> Path:
        """The file that says what is waited for."""
        return self.path.with_suffix(".awaited")

    async def until(self, instant: datetime) -> None:
        """Wait until the file shows the instant, or a later one."""
        task = asyncio.current_task()
        if task is None:
            raise Permanent("nothing but a task can wait")
        self._woken.discard(task)
        self._waiting[task] = instant
        self._say()
        try:
            while self.now() < instant:  # noqa: ASYNC110 - another process writes the file
                await asyncio.sleep(LOOK)
            self._woken.add(task)
            if task not in self._known:
                self._known.add(task)
                task.add_done_callback(self._ended)
        finally:
            del self._waiting[task]
            self._say()

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._woken.discard(task)
        self._known.discard(task)
        self._say()

    def _say(self) -> None:
        first = min(self._waiting.values(), default=None)
        text = self.BUSY if self._woken or first is None else first.isoformat()
        temporary = self.awaited.with_suffix(".awaited.tmp")
        temporary.write_text(text)
        temporary.replace(self.awaited)

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


def _aware_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise Permanent(f"naive instant {instant.isoformat()} on the virtual clock", remedy="give it a time zone")
    return instant.astimezone(UTC)
