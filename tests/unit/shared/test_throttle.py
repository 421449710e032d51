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
from shared.runtime.throttle import GUARD, Throttle
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
        place = await throttle.acquire()
        admitted.append((who, clock.elapsed))
        place.over()

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


@given(
    st.integers(1, 8),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 0.999 * GUARD), st.floats(0, 2)), min_size=1, max_size=30),
)
def test_law_no_window_sees_more_arrivals_than_the_rate(
    rate: int, wire: float, delays: list[tuple[float, float, float]]
) -> None:
    """However long a request takes to be sent and answered, the host counts at most `rate` in any period.

    As long as times on the wire differ by less than the guard.
    """
    clock = started()
    throttle = simulated(rate, clock)
    arrivals: list[float] = []

    async def request(until_sent: float, jitter: float, until_answer: float) -> None:
        place = await throttle.acquire()
        await clock.sleep(until_sent)
        place.sent()
        await clock.sleep(wire + jitter)
        arrivals.append(clock.elapsed)
        await clock.sleep(until_answer)
        place.over()

    async def all_requests() -> None:
        async with asyncio.TaskGroup() as group:
            for delay in delays:
                group.create_task(request(*delay))

    asyncio.run(all_requests())
    assert len(arrivals) == len(delays)
    arrivals.sort()
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
    (await throttle.acquire()).over()
    async with asyncio.TaskGroup() as group:
        group.create_task(later(clock, 1.005, lambda: throttle.pause(30)))
        await throttle.acquire()
    assert clock.elapsed >= 1030


async def test_only_the_first_in_line_waits() -> None:
    """A thousand waiters cost as many waits as one, the others queue; and the library never looks in vain."""
    clock = started()
    throttle = simulated(500, clock)
    throttle._apart = 0.0
    await _admissions(throttle, clock, 1000)
    assert clock.naps[0] == pytest.approx(1.0 + GUARD)
    assert set(clock.naps[1:]) <= {0.001}
    assert len(clock.naps) <= 2


@pytest.mark.parametrize(("rate", "spread"), [(10, 0.004), (500, 0.74), (2000, 0.74)])
async def test_a_window_is_not_used_all_at_once(rate: int, spread: float) -> None:
    """1.5 ms apart, at most three quarters of a period in all, but for the first few."""
    clock = started()
    admitted = await _admissions(simulated(rate, clock), clock, rate)
    assert admitted[-1][1] - 1000.0 == pytest.approx(spread, abs=0.002)


@pytest.mark.parametrize(
    ("rate", "period", "concurrency", "max_waiters"),
    [(0, 1.0, 1, 1), (-1, 1.0, 1, 1), (1, 0.0, 1, 1), (1, -1.0, 1, 1), (1, 1.0, 0, 1), (1, 1.0, 1, 0)],
)
def test_a_limit_that_admits_nobody_is_refused(rate: int, period: float, concurrency: int, max_waiters: int) -> None:
    """A rate of 0 would make the library spin for ever."""
    reason = (
        f"rate limit {rate} per {period} s, {concurrency} at once, admits nothing: "
        "set the source's rate and concurrency to 1 or more"
    )
    with pytest.raises(Permanent) as raised:
        simulated(rate, started(), period=period, concurrency=concurrency, max_waiters=max_waiters)
    assert str(raised.value) == reason


async def test_places_are_free_again_one_period_and_the_guard_after_they_were_sent() -> None:
    """Two of two sent at 1000 and 1000.5 s, never answered: the third and fourth follow 1.015 s after each."""
    clock = started()
    throttle = simulated(2, clock)
    first, second = await throttle.acquire(), await throttle.acquire()
    first.sent()
    clock.elapsed = 1000.5
    second.sent()
    times = []
    for _ in range(2):
        (await throttle.acquire()).sent()
        times.append(clock.elapsed)
    assert times == pytest.approx([1001.015, 1001.515])


async def test_only_the_first_word_that_a_request_was_sent_counts() -> None:
    """One that was sent is not sent again when it is over; one that was given up unsent counts from then on."""
    clock = started()
    throttle = simulated(1, clock)
    place = await throttle.acquire()
    place.sent()
    clock.elapsed = 1003.0
    place.sent()
    place.over()
    assert place.sent_at == 1000.0
    unsent = await throttle.acquire()
    assert clock.elapsed == 1003.0
    clock.elapsed = 1005.0
    unsent.over()
    unsent.over()
    await throttle.acquire()
    assert clock.elapsed == pytest.approx(1006.015)


async def test_while_every_place_is_unsent_nobody_looks() -> None:
    """The first in line is woken when one is sent, and waits the period after it."""
    clock = started()
    throttle = simulated(1, clock)
    place = await throttle.acquire()
    async with asyncio.TaskGroup() as group:
        group.create_task(later(clock, 3.0, place.sent))
        await throttle.acquire()
    assert clock.elapsed == pytest.approx(1004.015)
    assert clock.naps[:2] == pytest.approx([3.0, 1.015])
    assert len(clock.naps) <= 3


async def test_no_more_are_under_way_at_once_than_the_concurrency() -> None:
    """However many places the window has: the third of two waits until one is over."""
    clock = started()
    throttle = simulated(100, clock, concurrency=2)
    first, _ = await throttle.acquire(), await throttle.acquire()
    first.sent()
    async with asyncio.TaskGroup() as group:
        group.create_task(later(clock, 7.0, first.over))
        await throttle.acquire()
    assert clock.elapsed == 1007.0


async def test_a_condition_that_no_longer_holds_ends_the_waiting() -> None:
    """It is looked at before and after each wait; who is turned away takes no place and leaves no trace."""
    clock = started()
    throttle = simulated(1, clock)
    (await throttle.acquire()).over()
    looks: list[float] = []

    def condition() -> None:
        looks.append(clock.elapsed)
        if clock.elapsed > 1001:
            raise Permanent("down")

    with pytest.raises(Permanent, match=r"^down$"):
        await throttle.acquire(condition)
    assert looks == pytest.approx([1000.0, 1000.0, 1001.015])
    assert (throttle.waiting, throttle._unsent, throttle._slots._value) == (0, 0, 64)
    await throttle.acquire()
    assert clock.elapsed == pytest.approx(1001.015)


async def test_a_stalled_process_makes_up_for_nothing() -> None:
    """Admitted before two seconds of standing still and sent after them, a request counts from when it was sent."""
    clock = started()
    throttle = simulated(2, clock)
    before = [await throttle.acquire() for _ in range(2)]
    clock.elapsed += 2.0
    for place in before:
        place.over()
    await throttle.acquire()
    assert clock.elapsed == pytest.approx(1003.015)


def test_the_wait_for_a_place() -> None:
    """What is left of a pause, nothing, or what is left of the oldest one's period, but never less than a tick."""
    clock = started()
    throttle = simulated(1, clock, period=2.0)
    assert throttle._wait() == 0.0
    throttle._unsent = 1
    assert throttle._wait() is None
    throttle.note_sent()
    assert throttle._wait() == pytest.approx(2.015)
    clock.elapsed += 1.5
    assert throttle._wait() == pytest.approx(0.515)
    clock.elapsed += 0.5149
    assert throttle._wait() == 0.001
    clock.elapsed += 0.0002
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
    place = await throttle.acquire()
    waiting = [asyncio.create_task(throttle.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Transient, match=r"^2 requests already wait for this host: lower the concurrency$"):
        await throttle.acquire()
    assert throttle.waiting == 2
    place.over()
    (await waiting[0]).over()
    await waiting[1]
    assert (throttle.waiting, throttle._unsent) == (0, 1)


async def test_who_gives_up_waiting_leaves_the_queue() -> None:
    """And takes no place, in the window or among those under way."""
    clock = started()
    throttle = simulated(1, clock, concurrency=3)
    await throttle.acquire()
    waiting = asyncio.create_task(throttle.acquire())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (throttle.waiting, throttle._unsent, throttle._slots._value) == (0, 1, 2)


def test_a_throttle_unless_told_otherwise() -> None:
    """A period is a second, sixty-four may be under way, and five thousand may wait."""
    throttle = simulated(7, started())
    assert (throttle._rate, throttle._busy_for, throttle._max_waiters, throttle.waiting) == (7, 1.015, 5000, 0)
    assert (throttle._throttler.rate_limit, throttle._throttler.period, throttle._slots._value) == (7, 1.0, 64)


def test_the_smallest_limits_are_taken_and_admit_at_once() -> None:
    """One request, one waiter, and a clock that has only just begun; the library knows the period, too."""
    clock = started()
    clock.elapsed = 0.0
    throttle = simulated(1, clock, period=0.001, max_waiters=1)
    assert throttle._wait() == 0.0
    assert throttle._throttler.period == 0.001
