"""The virtual clock stands still and does not go back."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.embedded.clock import LOOK, FileClock, VirtualClock
from shared.errors import Permanent
from shared.runtime.clock import LONGEST, WallClock

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


async def test_now_stands_still_while_time_is_waited() -> None:
    """Dates are virtual, waiting is not."""
    clock = VirtualClock(NOON)
    before = clock.monotonic()
    await clock.sleep(0.005)
    assert clock.now() == NOON
    assert clock.monotonic() > before


def test_setting_moves_it_and_converts_to_utc() -> None:
    """Another zone's instant is the same instant."""
    clock = VirtualClock(NOON)
    clock.set(datetime(2024, 3, 4, 9, tzinfo=timezone(timedelta(hours=-5))))
    assert clock.now() == datetime(2024, 3, 4, 14, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_it_goes_back_only_by_force() -> None:
    """What was learnt since would be known too early."""
    clock = VirtualClock(NOON)
    with pytest.raises(Permanent, match="cannot go back to 2024-03-04T11:59:59"):
        clock.set(NOON - timedelta(seconds=1))
    assert clock.now() == NOON
    clock.set(NOON - timedelta(days=1), force=True)
    assert clock.now() == NOON - timedelta(days=1)


def test_a_naive_instant_is_refused() -> None:
    """At the start and later."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Permanent, match="naive"):
        VirtualClock(naive)
    with pytest.raises(Permanent, match="naive"):
        VirtualClock(NOON).set(naive)


def test_the_wall_clock_is_aware_and_in_utc() -> None:
    """And its durations do not go back."""
    clock = WallClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.monotonic() <= clock.monotonic()


def test_setting_the_same_instant_again_is_no_going_back() -> None:
    """Two who set it to the same instant both may."""
    clock = VirtualClock(NOON)
    clock.set(NOON)
    assert clock.now() == NOON


def test_a_file_clock_is_shared_by_all_who_read_the_file(tmp_path: Path) -> None:
    """Set by one, read by another; white space around the instant does not matter, its zone does."""
    mine, other = FileClock(tmp_path / "clock"), FileClock(tmp_path / "clock")
    mine.set(datetime(2024, 3, 4, 7, tzinfo=timezone(timedelta(hours=-5))))
    assert (tmp_path / "clock").read_text() == "2024-03-04T12:00:00+00:00"
    assert other.now() == NOON
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]
    (tmp_path / "clock").write_text(" 2024-03-04T13:00:00+01:00\n")
    assert (mine.now(), mine.now().tzinfo) == (NOON, UTC)


def test_a_file_clock_goes_back_only_by_force(tmp_path: Path) -> None:
    """As the virtual clock does; the same instant again is no going back."""
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    clock.set(NOON)
    with pytest.raises(Permanent) as error:
        clock.set(NOON - timedelta(seconds=1))
    assert str(error.value) == f"clock file {tmp_path}/clock stands at 2024-03-04T12:00:00+00:00 and cannot go back"
    assert clock.now() == NOON
    clock.set(NOON - timedelta(days=1), force=True)
    assert clock.now() == NOON - timedelta(days=1)


@pytest.mark.parametrize("text", [None, "soon", "2024-03-04T12:00:00"])
def test_a_clock_file_without_an_instant_is_refused(tmp_path: Path, text: str | None) -> None:
    """Missing, no instant, or a naive one: never taken for now."""
    path = tmp_path / "clock"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Permanent, match="clock"):
        FileClock(path).now()
    with pytest.raises(Permanent, match="naive"):
        FileClock(path).set(NOON.replace(tzinfo=None))


HOUR = timedelta(hours=1)
turns = asyncio.sleep
"""With 0: everything that can run does."""


async def test_whoever_waits_for_an_instant_goes_on_when_the_clock_is_set() -> None:
    """To it or beyond, not before; an instant that is over is not waited for."""
    clock = VirtualClock(NOON)
    await clock.until(NOON)
    waits = [asyncio.create_task(clock.until(NOON + n * HOUR)) for n in (1, 2, 3)]
    for hours, done in ((0, 0), (0.5, 0), (1, 1), (2.5, 2), (9, 3)):
        clock.set(NOON + hours * HOUR)
        await turns(0)
        await turns(0)
        assert sum(wait.done() for wait in waits) == done


class Drowsy(WallClock):
    """A wall clock that jumps by so many seconds while the first slice is slept."""

    def __init__(self, jump: float) -> None:
        self.shown, self.slept, self._jump = NOON, list[float](), jump

    def now(self) -> datetime:
        """What it shows."""
        return self.shown

    async def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.slept.append(seconds)
        self.shown += timedelta(seconds=seconds + self._jump)
        self._jump = 0.0


@pytest.mark.parametrize(
    ("jump", "slept"), [(0, [15, 15, 10]), (100, [15]), (-20, [15, 15, 15, 15])], ids=["awake", "asleep", "set back"]
)
async def test_the_wall_clock_waits_in_slices(jump: float, slept: list[float]) -> None:
    """After each it looks at the time anew: the machine may have slept, or the clock may have been set."""
    clock = Drowsy(jump)
    await clock.until(NOON + timedelta(seconds=40))
    assert clock.slept == slept
    assert max(clock.slept) <= LONGEST
    await clock.until(NOON)
    assert clock.slept == slept


async def at(path: Path, text: str) -> None:
    """Until the file says so."""
    async with asyncio.timeout(10):
        while await asyncio.to_thread(lambda: not path.exists() or path.read_text() != text):  # noqa: ASYNC110 - the clock polls in real time
            await asyncio.sleep(LOOK / 5)


async def test_a_file_clock_says_for_what_its_process_waits(tmp_path: Path) -> None:
    """The earliest of its waiters; while a task that was woken is at work, that it is busy."""
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    go, over = asyncio.Event(), asyncio.Event()

    async def early() -> None:
        await clock.until(NOON + HOUR)
        await go.wait()
        await clock.until(NOON + 3 * HOUR)
        await over.wait()

    assert clock.awaited == tmp_path / "clock.awaited"
    first, second = asyncio.create_task(early()), asyncio.create_task(clock.until(NOON + 2 * HOUR))
    await at(clock.awaited, (NOON + HOUR).isoformat())
    clock.set(NOON + HOUR)
    await at(clock.awaited, FileClock.BUSY)
    assert not second.done()
    go.set()
    await at(clock.awaited, (NOON + 2 * HOUR).isoformat())
    clock.set(NOON + 2 * HOUR)
    await second
    await at(clock.awaited, (NOON + 3 * HOUR).isoformat())
    clock.set(NOON + 4 * HOUR)
    await at(clock.awaited, FileClock.BUSY)
    over.set()
    await first
    assert clock.awaited.read_text() == FileClock.BUSY, "nobody waits: there is nothing to jump to"


async def test_a_waiter_of_a_file_clock_that_is_cancelled_waits_no_more(tmp_path: Path) -> None:
    """The others' instant stands there."""
    clock = FileClock(tmp_path / "clock")
    clock.set(NOON)
    waits = [asyncio.create_task(clock.until(NOON + n * HOUR)) for n in (1, 2)]
    await at(clock.awaited, (NOON + HOUR).isoformat())
    waits[0].cancel()
    await at(clock.awaited, (NOON + 2 * HOUR).isoformat())
    waits[1].cancel()
    await asyncio.gather(*waits, return_exceptions=True)
