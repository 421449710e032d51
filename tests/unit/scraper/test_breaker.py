"""A source's circuit breaker: when it opens, what it lets through, and that storms do not open it."""

import heapq
from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.upstream.faults import Fault, FaultProfile
from services.scraper.breaker import FAILURES, PROBE_AFTER, STUBBORN, Breaker, NotAsked
from tests.clock import FakeClock

DOWN = {Fault.FLAKY, Fault.HUNG, Fault.HTML, Fault.UNREACHABLE}


class Bench:
    """A breaker and its clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.breaker = Breaker("espn", self.clock.monotonic)

    def fail(self, request: str = "r", *, after: float = 1.0) -> None:
        asked_at = self.clock.elapsed
        self.clock.elapsed += after
        self.breaker.failed(request, asked_at, "HTTP 503")

    def open(self) -> bool:
        try:
            self.breaker.check()
        except NotAsked:
            return True
        return False


def opened() -> Bench:
    bench = Bench()
    for n in range(FAILURES):
        bench.fail(str(n))
    return bench


def test_it_opens_after_as_many_failures_in_a_row_of_any_requests() -> None:
    """And says whose, why and until when."""
    bench = Bench()
    for n in range(FAILURES - 1):
        bench.fail(str(n))
        assert not bench.open()
    bench.fail("another")
    with pytest.raises(
        NotAsked, match=r"^espn is down \(8 failures in a row, the last: HTTP 503\): not asked, tried again in 5 s$"
    ):
        bench.breaker.check()


def test_fewer_of_one_request_are_enough() -> None:
    """No fault lasts for four answers to the same request."""
    bench = Bench()
    for _ in range(STUBBORN - 1):
        bench.fail()
    assert not bench.open()
    bench.fail()
    assert bench.open()


def test_an_answer_ends_the_count() -> None:
    """Any: one that refuses shows that somebody is there."""
    bench = Bench()
    for _ in range(3):
        for n in range(FAILURES - 1):
            bench.fail(str(n))
        bench.clock.elapsed += 1
        bench.breaker.answered()
        bench.clock.elapsed += 1
    assert not bench.open()


def test_what_hung_while_others_were_answered_does_not_count() -> None:
    """A hundred requests at once, ten of which hang: they end last, one after the other."""
    bench = Bench()
    bench.clock.elapsed = 0.1
    bench.breaker.answered()
    bench.clock.elapsed = 20.0
    for n in range(10):
        bench.breaker.failed(str(n), 0.0, "no answer within 20 s")
    assert not bench.open()


def test_half_open_it_lets_one_probe_through() -> None:
    """When the pause is over; nobody else until the probe has its answer, which closes it."""
    bench = opened()
    bench.clock.elapsed += PROBE_AFTER[0]
    assert not bench.open()
    bench.breaker.asked()
    assert bench.open()
    bench.breaker.answered()
    assert not bench.open()
    bench.breaker.asked()
    assert not bench.open()


def test_a_probe_that_fails_doubles_the_pause_and_one_that_succeeds_begins_anew() -> None:
    """5, 10, 20, 40, 60, 60 s; those that were under way when it opened change nothing."""
    bench = opened()
    bench.fail("late", after=0.0)
    pauses = []
    for _ in range(6):
        before = bench.clock.elapsed
        while bench.open():
            bench.clock.elapsed += 0.5
        pauses.append(bench.clock.elapsed - before)
        bench.breaker.asked()
        bench.fail(after=0.0)
    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    bench.clock.elapsed += 60.0
    bench.breaker.asked()
    bench.clock.elapsed += 1.0
    bench.breaker.answered()
    for n in range(FAILURES):
        bench.clock.elapsed += 1.0
        bench.fail(str(n), after=0.0)
    bench.clock.elapsed += PROBE_AFTER[0]
    assert not bench.open()


def test_a_probe_that_is_never_heard_of_again_holds_nobody_for_good() -> None:
    """It was cancelled: after another pause somebody else may try."""
    bench = opened()
    bench.clock.elapsed += PROBE_AFTER[0]
    bench.breaker.asked()
    bench.clock.elapsed += PROBE_AFTER[0] - 0.1
    assert bench.open()
    bench.clock.elapsed += 0.1
    assert not bench.open()


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "answer"]), st.floats(0.01, 30)), max_size=80))
def test_law_open_means_only_failures_since_the_last_answer_and_not_for_good(steps: list[tuple[str, float]]) -> None:
    """Whatever happens, it is only open after enough failures in a row, and for a minute at most at a time."""
    bench, row = Bench(), 0
    for what, after in steps:
        bench.clock.elapsed += after
        if what == "ask" and not bench.open():
            bench.breaker.asked()
        elif what == "answer":
            bench.breaker.answered()
            row = 0
        elif what == "fail":
            bench.fail(after=0.0)
            row += 1
        if bench.open():
            assert row >= STUBBORN
    bench.clock.elapsed += PROBE_AFTER[1]
    assert not bench.open()


def _night(profile: FaultProfile, urls: int, at_once: int) -> tuple[int, float | None]:
    """(requests made, when the breaker opened) for a night's URLs, asked in parallel until each has its answer."""
    clock = FakeClock()
    breaker, asked, order, made = Breaker("espn", clock.monotonic), Counter[str](), count(), 0
    waiting, under_way = [f"u{n}" for n in range(urls)], list[tuple[float, int, str, float, Fault | None]]()
    while waiting or under_way:
        while waiting and len(under_way) < at_once:
            try:
                breaker.check()
            except NotAsked:
                return made, clock.elapsed
            url = waiting.pop(0)
            verdict = profile.verdict("site.api.espn.com", url, asked[url])
            asked[url] += 1
            made += 1
            breaker.asked()
            fault = None if verdict is None else verdict.fault
            ends = clock.elapsed + (3.0 if fault is Fault.HUNG else 0.02 + 0.001 * (made % 7))
            heapq.heappush(under_way, (ends, next(order), url, clock.elapsed, fault))
            clock.elapsed += 0.001
        ends, _, url, asked_at, fault = heapq.heappop(under_way)
        clock.elapsed = max(clock.elapsed, ends)
        if fault in DOWN:
            breaker.failed(url, asked_at, "trouble")
        else:
            breaker.answered()
        if fault is not None:
            waiting.append(url)
    return made, None


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_no_storm_opens_it(at_once: int) -> None:
    """Thirty nights of 200 requests, a third of which fail."""
    nights = [_night(FaultProfile.named("storm", seed=seed), 200, at_once) for seed in range(30)]
    assert [opened_at for _, opened_at in nights if opened_at is not None] == []
    assert sum(made for made, _ in nights) > 30 * 250


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_a_dead_host_opens_it_at_once(at_once: int) -> None:
    """After a handful of requests."""
    made, opened_at = _night(FaultProfile.named("unreachable:site.api.espn.com"), 200, at_once)
    assert made <= FAILURES + at_once
    assert opened_at is not None
    assert opened_at < 5.0
