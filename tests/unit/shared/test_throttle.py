"""Laws of shared.runtime.throttle, on a simulated clock."""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from asyncio_throttle import throttler
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent, Transient
from shared.runtime.deadline import TooLate, due_within
from shared.runtime.throttle import Throttle
from tests.clock import FakeClock


def started() -> FakeClock:
    """A clock that is not at zero."""
    clock = FakeClock()
    clock.elapsed = 1000.0
    return clock


async def later(clock: FakeClock, seconds: float, happens: Callable[[], None]) -> None:
    """What happens while others wait."""
    await clock.sleep(seconds)
    happens()


def simulated(rate: int, clock: FakeClock, **options: float) -> Throttle:
    """A throttle whose library, too, reads the simulated clock."""
    vars(throttler).update(
        time=SimpleNamespace(monotonic=clock.monotonic),
        asyncio=SimpleNamespace(sleep=clock.sleep),
    )
    return Throttle(rate, monotonic=clock.monotonic, sleep=clock.sleep, **options)  # type: ignore[arg-type]  # ints are floats


@pytest.fixture(autouse=True)
def _library_as_it_was() -> Iterator[None]:
    before = dict(vars(throttler))
    yield
    vars(throttler).update(before)


async def _admissions(throttle: Throttle, clock: FakeClock, number: int) -> list[tuple[int, float]]:
    admitted: list[tuple[int, float]] = []

    async def one(who: int) -> None:
        await throttle.acquire()
        admitted.append((who, clock.elapsed))
        throttle.release()

    async with asyncio.TaskGroup() as group:
        for who in range(number):
            group.create_task(one(who))
    return admitted


@given(st.integers(1, 20), st.integers(1, 60))
def test_law_no_window_admits_more_than_the_rate(rate: int, number: int) -> None:
    """Any rate+1 admissions in a row span more than the period, and everyone gets a turn, in order."""
    clock = started()
    admitted = asyncio.run(_admissions(simulated(rate, clock), clock, number))
    times = [time for _, time in admitted]
    assert [who for who, _ in admitted] == list(range(number))
    assert all(later - earlier > 1.0 for earlier, later in zip(times, times[rate:], strict=False))


@given(st.integers(1, 8), st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=30))
def test_law_no_window_sees_more_arrivals_than_the_rate(rate: int, delays: list[tuple[float, float]]) -> None:
    """However long a request takes to arrive and to be answered, the host counts at most `rate` in any period."""
    clock = started()
    throttle = simulated(rate, clock)
    arrivals: list[float] = []

    async def request(until_arrival: float, until_answer: float) -> None:
        await throttle.acquire()
        await clock.sleep(until_arrival)
        arrivals.append(clock.elapsed)
        await clock.sleep(until_answer)
        throttle.release()

    async def all_requests() -> None:
        async with asyncio.TaskGroup() as group:
            for delay in delays:
                group.create_task(request(*delay))

    asyncio.run(all_requests())
    assert len(arrivals) == len(delays)
    assert all(later - earlier > 1.0 for earlier, later in zip(arrivals, arrivals[rate:], strict=False))


@given(st.integers(1, 5), st.lists(st.floats(0.1, 60), min_size=1, max_size=4))
def test_law_nobody_is_admitted_while_the_host_pauses(rate: int, pauses: list[float]) -> None:
    """After a 429 the whole host waits; of several pauses the longest counts."""
    clock = started()
    throttle = simulated(rate, clock)
    for seconds in pauses:
        throttle.pause(seconds)
    admitted = asyncio.run(_admissions(throttle, clock, 7))
    assert min(time for _, time in admitted) >= 1000.0 + max(pauses)


async def test_a_pause_beyond_the_deadline_is_not_waited_for() -> None:
    """It is said at once, and whoever has more time still gets his turn."""
    clock = started()
    throttle = simulated(1, clock)
    throttle.pause(3600.0)
    with (
        due_within(540.5),
        pytest.raises(TooLate, match=r"^the host pauses: a wait of 3600 s, and the delivery has 540 s left$"),
    ):
        await throttle.acquire()
    assert (clock.elapsed, throttle.waiting) == (1000.0, 0)
    await throttle.acquire()
    assert clock.elapsed == 4600.0


async def test_a_pause_that_comes_while_somebody_waits_holds_him_too() -> None:
    """The next in line, already polling, does not slip through a pause that begins meanwhile."""
    clock = started()
    throttle = simulated(1, clock)
    await throttle.acquire()
    throttle.release()
    async with asyncio.TaskGroup() as group:
        group.create_task(later(clock, 1.005, lambda: throttle.pause(30)))
        await throttle.acquire()
    assert clock.elapsed >= 1030


async def test_only_the_first_in_line_polls() -> None:
    """A thousand waiters cost as many polls as one: the others queue."""
    clock = started()
    await _admissions(simulated(500, clock), clock, 1000)
    assert len(clock.naps) < 250


@pytest.mark.parametrize(
    ("rate", "period", "max_waiters"), [(0, 1.0, 1), (-1, 1.0, 1), (1, 0.0, 1), (1, -1.0, 1), (1, 1.0, 0)]
)
def test_a_limit_that_admits_nobody_is_refused(rate: int, period: float, max_waiters: int) -> None:
    """A rate of 0 would make the library spin for ever."""
    reason = f"rate limit {rate} per {period} s admits nothing: set the source's rate to 1 or more"
    with pytest.raises(Permanent) as raised:
        simulated(rate, started(), period=period, max_waiters=max_waiters)
    assert str(raised.value) == reason


async def test_places_are_free_again_one_period_after_the_answer() -> None:
    """Two of two at 1000 s, answered at 1000 and 1000.5: the third and fourth follow a second after each."""
    clock = started()
    throttle = simulated(2, clock)
    await throttle.acquire()
    await throttle.acquire()
    throttle.release()
    clock.elapsed = 1000.5
    throttle.release()
    times = []
    for _ in range(2):
        await throttle.acquire()
        times.append(round(clock.elapsed, 1))
    assert times == [1001.0, 1001.5]


async def test_while_every_place_is_unanswered_the_first_in_line_looks_a_hundred_times_a_second() -> None:
    """A hundred looks of 0.01 s pass before the answer, and the period after it."""
    clock = started()
    throttle = simulated(1, clock)
    await throttle.acquire()
    clock.elapsed = 1002.0
    async with asyncio.TaskGroup() as group:
        group.create_task(later(clock, 1.0, throttle.release))
        await throttle.acquire()
    # Answered at 1003; free a period later.
    assert clock.elapsed == pytest.approx(1004.0, abs=0.02)
    assert 101 <= len(clock.naps) - 1 <= 103  # one is the wait of the answer itself


def test_the_wait_for_a_place() -> None:
    """What is left of a pause, nothing, or what is left of the oldest answer's period, but never less than a look."""
    clock = started()
    throttle = simulated(1, clock, period=2.0)
    assert throttle._wait() == 0.0
    throttle._unanswered = 1
    assert throttle._wait() == 0.01
    throttle.release()
    assert throttle._wait() == 2.0
    clock.elapsed += 1.5
    assert throttle._wait() == 0.5
    clock.elapsed += 0.5
    assert throttle._wait() == 0.01  # the period itself is not over yet
    clock.elapsed += 0.001
    assert throttle._wait() == 0.0
    throttle.pause(3.0)
    assert throttle._wait() == 3.0
    throttle.pause(1.0)
    assert throttle._wait() == 3.0
    clock.elapsed += 3.0
    assert throttle._wait() == 0.0


async def test_a_full_queue_is_transient() -> None:
    """Beyond the bound of waiters a request is turned away instead of piling up."""
    clock = started()
    throttle = simulated(1, clock, max_waiters=2)
    await throttle.acquire()
    waiting = [asyncio.create_task(throttle.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Transient, match=r"^2 requests already wait for this host: lower the concurrency$"):
        await throttle.acquire()
    assert throttle.waiting == 2
    throttle.release()
    await waiting[0]
    throttle.release()
    await waiting[1]
    assert (throttle.waiting, throttle._unanswered) == (0, 1)


async def test_who_gives_up_waiting_leaves_the_queue() -> None:
    """And takes no place."""
    clock = started()
    throttle = simulated(1, clock)
    await throttle.acquire()
    waiting = asyncio.create_task(throttle.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (throttle.waiting, throttle._unanswered) == (0, 1)


def test_a_throttle_unless_told_otherwise() -> None:
    """A period is a second, and five thousand may wait."""
    throttle = simulated(7, started())
    assert (throttle._rate, throttle._period, throttle._max_waiters, throttle.waiting) == (7, 1.0, 5000, 0)
    assert (throttle._throttler.rate_limit, throttle._throttler.period) == (7, 1.0)


def test_the_smallest_limits_are_taken_and_admit_at_once() -> None:
    """One request, one waiter, and a clock that has only just begun; the library knows the period, too."""
    clock = started()
    clock.elapsed = 0.0
    throttle = simulated(1, clock, period=0.001, max_waiters=1)
    assert throttle._wait() == 0.0
    assert throttle._throttler.period == 0.001
