"""Values that are fetched once for all who wait."""

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from shared.errors import Transient
from shared.runtime.cached import MAX_BACKOFF, MIN_BACKOFF, Cached
from tests.clock import FakeClock


class Source:
    """Gives 1, 2, ... for ten seconds each, once it is let; `failure` comes in their place."""

    def __init__(self) -> None:
        self.fetches = 0
        self.failure: Transient | None = None
        self.let = asyncio.Event()
        self.let.set()
        self.clock = FakeClock()
        self.cached = Cached("the value", self.fetch, self.clock)

    async def fetch(self) -> tuple[int, float]:
        self.fetches += 1
        await self.let.wait()
        if self.failure is not None:
            raise self.failure
        return self.fetches, 10.0


async def turns() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_value_is_kept_for_as_long_as_it_may_be() -> None:
    """Fetched again at the instant at which it ends, not before."""
    source = Source()
    for elapsed, value in ((0.0, 1), (9.9, 1), (10.0, 2), (19.9, 2), (20.0, 3)):
        source.clock.elapsed = elapsed
        assert await source.cached.current() == value
    assert source.fetches == 3


async def test_one_fetch_serves_all_who_wait() -> None:
    """Fifty at once cost one fetch, its failure too."""
    for failure in (None, Transient("away")):
        source = Source()
        source.failure = failure
        answers = await asyncio.gather(*(source.cached.current() for _ in range(50)), return_exceptions=True)
        assert source.fetches == 1
        assert {str(answer) for answer in answers} == {"1" if failure is None else "away"}


async def test_after_a_failure_nobody_waits_and_nothing_is_fetched_for_a_while() -> None:
    """1, 2, 4, ... 60 seconds of peace, then one fetch; a success makes the next pause short again."""
    source = Source()
    source.failure = Transient("away")
    for fetches, pause in enumerate((MIN_BACKOFF, 2.0, 4.0, 8.0, 16.0, 32.0, MAX_BACKOFF, MAX_BACKOFF), 1):
        with pytest.raises(Transient, match="away"):
            await source.cached.current()
        source.let.clear()  # whoever fetched now would wait
        source.clock.elapsed += pause - 0.1
        with pytest.raises(Transient, match="the value could not be fetched a moment ago"):
            await asyncio.wait_for(source.cached.current(), 1)
        assert source.fetches == fetches
        source.let.set()
        source.clock.elapsed += 0.2
    source.failure = None
    assert await source.cached.current() == 9
    source.failure = Transient("away again")
    source.clock.elapsed += 10.0
    with pytest.raises(Transient, match="away again"):
        await source.cached.current()
    source.clock.elapsed += MIN_BACKOFF
    with pytest.raises(Transient, match="away again"):
        await source.cached.current()


async def test_what_was_known_ends_though_no_other_can_be_fetched() -> None:
    """Nothing is used for longer than it may be."""
    source = Source()
    assert await source.cached.current() == 1
    source.failure = Transient("away")
    source.clock.elapsed = 10.0
    for _ in range(2):
        with pytest.raises(Transient):
            await source.cached.current()


async def test_who_hangs_up_does_not_end_it_for_the_others() -> None:
    """The first one to ask goes away; the second gets the value of the same fetch."""
    source = Source()
    source.let.clear()
    first, second = (asyncio.create_task(source.cached.current()) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    assert first.cancelled()
    source.let.set()
    assert await second == 1
    assert source.fetches == 1


async def test_a_failure_that_nobody_waits_for_any_more_is_no_lost_exception() -> None:
    """All who asked have gone: the loop has nothing to complain of, and the pause begins all the same."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    source = Source()
    source.failure = Transient("away")
    source.let.clear()
    waiter = asyncio.create_task(source.cached.current())
    await turns()
    waiter.cancel()
    with suppress(asyncio.CancelledError):
        await waiter
    source.let.set()
    await turns()
    gc.collect()
    with pytest.raises(Transient, match="a moment ago"):
        await source.cached.current()
    assert (source.fetches, complaints) == (1, [])


async def test_closing_ends_a_fetch_under_way() -> None:
    """No task is left; closing when there is none, or twice, is no error."""
    source = Source()
    await source.cached.close()
    source.let.clear()
    waiter = asyncio.create_task(source.cached.current())
    await turns()
    await source.cached.close()
    await source.cached.close()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert [task for task in asyncio.all_tasks() if task.get_name() == "the value"] == []
