"""Waiting for an instant, on each kind of clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.embedded.clock import FileClock, VirtualClock
from shared.runtime.clock import LONGEST, WallClock

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Slept(WallClock):
    """A wall clock on which time passes only by sleeping, and jumps when the machine has slept."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.jumps = [HOUR]
        self._now = NOON

    def now(self) -> datetime:
        """The simulated instant."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Time passes; the machine sleeps an hour in the second one."""
        self.naps.append(seconds)
        self._now += timedelta(seconds=seconds)
        if len(self.naps) == 2:
            self._now += self.jumps.pop()


async def test_the_wall_clock_waits_in_slices() -> None:
    """A machine that has slept through the instant notices within a slice; a last one is no longer than needed."""
    clock = Slept()
    await clock.until(NOON + HOUR)
    assert clock.naps == [LONGEST, LONGEST]
    await clock.until(clock.now() + timedelta(seconds=20))
    assert clock.naps[2:] == [LONGEST, 5.0]
    await clock.until(NOON)
    assert len(clock.naps) == 4


async def test_a_virtual_clock_wakes_whoever_waits_when_it_is_set() -> None:
    """Only those whose instant has come."""
    clock = VirtualClock(NOON)
    woken: list[int] = []

    async def wait(hours: int) -> None:
        await clock.until(NOON + hours * HOUR)
        woken.append(hours)

    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        for hours in (2, 1, 0):
            group.create_task(wait(hours))
        for expected in ([0], [0, 1], [0, 1, 2]):
            for _ in range(5):
                await asyncio.sleep(0)
            assert woken == expected
            clock.set(clock.now() + HOUR)


async def test_a_file_clock_sees_that_another_has_set_it(tmp_path: Path) -> None:
    """Whoever waits returns soon after the file has the instant, and not before."""
    clock, other = FileClock(tmp_path / "clock"), FileClock(tmp_path / "clock")
    other.set(NOON)
    waiting = asyncio.create_task(clock.until(NOON + HOUR))
    other.set(NOON + HOUR / 2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.03)
    other.set(NOON + HOUR)
    await asyncio.wait_for(waiting, 5)
