"""The scheduler: asks once for each firing, keeps what it has asked for, and waits when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from live.scheduler import FIRED, Scheduler, require_clock
from shared.basketball.slate import Mode
from shared.errors import Permanent, Transient
from shared.ports import Document, Row
from shared.registries.schedules import RUNS_PATH, SCHEDULES, Schedule
from tests.clock import TURNS, FakeClock

FIVE = datetime(2024, 3, 4, 10, tzinfo=UTC)
"""05:00 Eastern."""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OVERNIGHT = SCHEDULES["overnight"]
MINUTELY = Schedule("every-minute", "* * * * *", Mode.SAME_DAY, "of this test", path="/v1/look", late=MINUTE)


class Memory:
    """As much of a state store as the scheduler uses."""

    def __init__(self) -> None:
        self.kept: dict[str, Row] = {}
        self.full = 0
        """Writes that fail before one succeeds."""
        self.written = asyncio.Event()

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document."""
        assert collection == FIRED
        return Document(id_, self.kept[id_], "1") if id_ in self.kept else None

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Keep a new one."""
        return await self.compare_and_set(collection, id_, data, version="1")

    async def compare_and_set(self, _: str, id_: str, data: Row, *, version: str) -> Document:
        """Replace it."""
        if self.full:
            self.full -= 1
            raise Transient("disk full")
        self.kept[id_] = data
        self.written.set()
        return Document(id_, data, version)

    async def list(self, _: str) -> list[Document]:
        """All."""
        return [Document(id_, data, "1") for id_, data in self.kept.items()]


class Moving(FakeClock):
    """Waiting takes time of `now`, too."""

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        await super().sleep(seconds)
        self.set(self.now() + timedelta(seconds=seconds))


@dataclass
class World:
    """A scheduler's surroundings."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(FIVE))
    state: Memory = field(default_factory=Memory)
    answer: Callable[[int], Any] = lambda _: {}
    """What the n-th request is answered; an error is raised."""
    asked: list[tuple[str, Row, str]] = field(default_factory=list)
    """Path, body, key."""

    @property
    def keys(self) -> list[str]:
        """What was asked for."""
        return [key for _, _, key in self.asked]

    async def post(self, path: str, body: Row, key: str) -> Any:  # noqa: ANN401 - JSON
        """Be asked."""
        self.asked.append((path, body, key))
        answer = self.answer(len(self.asked))
        if isinstance(answer, Exception):
            raise answer
        return answer

    @asynccontextmanager
    async def running(self, *schedules: Schedule) -> AsyncIterator["asyncio.Task[None]"]:
        """A scheduler at work."""
        task = asyncio.create_task(Scheduler(schedules, self.post, self.state, self.clock).run())  # type: ignore[arg-type]  # as much as it uses
        await turns()
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def at(self, instant: datetime) -> None:
        """Let it be that instant, and everything happen that then happens."""
        self.clock.set(instant)
        await turns()


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(3 * TURNS):
        await asyncio.sleep(0)


async def test_a_schedule_asks_at_its_instant_with_its_own_body() -> None:
    """Not before it, once, and again the next day."""
    world = World(clock=FakeClock(FIVE - 10 * HOUR + MINUTE))  # 19:01: too late for that day's
    async with world.running(OVERNIGHT):
        await world.at(FIVE - MINUTE)
        assert world.asked == []
        await world.at(FIVE)
        await world.at(FIVE + HOUR)
        await world.at(FIVE + 24 * HOUR)
    body = {"mode": "overnight", "schedule": "overnight", "targets": ["export"]}
    assert world.asked == [
        ("runs", body, "overnight.2024-03-04T10:00Z"),
        ("runs", body, "overnight.2024-03-05T10:00Z"),
    ]


async def test_a_first_start_makes_good_what_the_day_has_missed() -> None:
    """Who installs it in the afternoon has tonight predicted."""
    world = World(clock=FakeClock(FIVE + 9 * HOUR))
    async with world.running(*(schedule for schedule in SCHEDULES.values() if schedule.path == RUNS_PATH)):
        pass
    assert sorted(world.keys) == ["overnight.2024-03-04T10:00Z", "same-day.2024-03-04T16:00Z"]


async def test_a_restart_neither_repeats_nor_loses_a_firing() -> None:
    """Killed after any of them: what was asked for stays asked for, what came meanwhile is made good."""
    world = World(FakeClock(FIVE))
    async with world.running(OVERNIGHT, MINUTELY):
        pass
    assert sorted(world.keys) == ["every-minute.2024-03-04T10:00Z", "overnight.2024-03-04T10:00Z"]
    async with world.running(OVERNIGHT, MINUTELY):
        assert len(world.keys) == 2
    world.clock.set(FIVE + 5 * MINUTE)
    async with world.running(OVERNIGHT, MINUTELY):
        pass
    assert world.keys[2:] == ["every-minute.2024-03-04T10:05Z"]


async def test_an_answer_says_before_when_no_other_firing_is_wanted() -> None:
    """The firing at that very instant is made."""
    world = World(answer=lambda n: {"next_at": (FIVE + 3 * MINUTE).isoformat()} if n == 1 else {"next_at": "soon"})
    async with world.running(MINUTELY):
        for minute in range(6):
            await world.at(FIVE + minute * MINUTE)
    assert [key[-6:] for key in world.keys] == ["10:00Z", "10:03Z", "10:04Z", "10:05Z"]


async def test_schedules_do_not_wait_for_each_other() -> None:
    """One that is not answered holds up its own next firing alone."""
    never = asyncio.Event()
    world = World()

    async def post(path: str, body: Row, key: str) -> Any:  # noqa: ANN401 - JSON
        await world.post(path, body, key)
        if path == "runs":
            await never.wait()
        return {}

    task = asyncio.create_task(Scheduler((OVERNIGHT, MINUTELY), post, world.state, world.clock).run())  # type: ignore[arg-type]  # as above
    await turns()
    for minute in range(3):
        await world.at(FIVE + minute * MINUTE)
    task.cancel()
    await asyncio.wait([task])
    assert world.keys.count("overnight.2024-03-04T10:00Z") == 1
    assert len(world.keys) == 4
    assert "overnight" not in world.state.kept


async def test_a_request_that_a_dead_process_was_at_is_asked_anew() -> None:
    """Its key is at work for as long as the coordinator remembers it: the next life has keys of its own."""
    never = asyncio.Event()
    world = World()

    async def dies(path: str, body: Row, key: str) -> Any:  # noqa: ANN401 - JSON
        await world.post(path, body, key)
        await never.wait()

    for life, post in ((".a", dies), (".b", world.post)):
        scheduler = Scheduler((OVERNIGHT,), post, world.state, world.clock, life=life)  # type: ignore[arg-type]  # as above
        task = asyncio.create_task(scheduler.run())
        await turns()
        await world.at(FIVE)
        task.cancel()
        await asyncio.wait([task])
    assert world.keys == ["overnight.2024-03-04T10:00Z.a", "overnight.2024-03-04T10:00Z.b"]


async def test_who_is_away_is_asked_again_under_the_same_key() -> None:
    """So that what was done although nobody heard of it is not done twice."""
    world = World(Moving(FIVE), answer=lambda n: {} if n == 4 else Transient("away"))
    async with world.running(OVERNIGHT):
        await world.state.written.wait()
    assert world.keys == ["overnight.2024-03-04T10:00Z"] * 4


async def test_a_firing_is_given_up_when_it_is_too_late_for_it() -> None:
    """And the next one is made at its instant."""
    world = World(Moving(FIVE), answer=lambda _: Transient("away"))
    async with world.running(OVERNIGHT):
        await world.state.written.wait()
        assert FIVE + OVERNIGHT.late <= world.clock.now() < FIVE + OVERNIGHT.late + 2 * MINUTE
        world.answer = lambda _: {}
        await world.at(FIVE + 24 * HOUR)
    assert world.keys[-2:] == ["overnight.2024-03-04T10:00Z", "overnight.2024-03-05T10:00Z"]


async def test_what_is_refused_is_not_asked_again() -> None:
    """It would be refused again; the next firing may not be."""
    world = World(FakeClock(FIVE), answer=lambda _: Permanent("no"))
    async with world.running(OVERNIGHT):
        assert world.keys == ["overnight.2024-03-04T10:00Z"]
        await world.at(FIVE + 24 * HOUR)
    assert world.keys[1:] == ["overnight.2024-03-05T10:00Z"]


async def test_a_full_disk_ends_no_schedule() -> None:
    """What was asked for is noted once that can be."""
    world = World(Moving(FIVE))
    world.state.full = 5
    async with world.running(OVERNIGHT):
        await world.state.written.wait()
    assert world.keys == ["overnight.2024-03-04T10:00Z"]


async def test_a_clock_that_stands_far_before_what_has_fired_is_refused() -> None:
    """Nothing would fire until that time is there again; an hour is a correction."""
    world = World(FakeClock(FIVE))
    async with world.running(MINUTELY):
        pass
    await require_clock(world.state, FIVE - HOUR)  # type: ignore[arg-type]  # as above
    with pytest.raises(Permanent, match="shows 2024-03-01 00:00 UTC, but schedules have fired at 2024-03-04 10:00"):
        await require_clock(world.state, datetime(2024, 3, 1, tzinfo=UTC))  # type: ignore[arg-type]  # as above
