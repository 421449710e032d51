"""A host's limits on requests at once and in a period, kept by everyone who talks to it.

Built on asyncio-throttle, with what it lacks. It polls every 10 ms per waiter: here waiters queue, first come, first
served, and the first sleeps until a place is free, so that the library never has to. `rate_limit=0` would spin for
ever: it is refused. The whole host pauses when it answers 429. And the limit holds where the host counts, at its
socket: the library counts admissions, but a stalled process may send two seconds' worth at once. So a place is free
again one period and a guard after its request was *sent*: however long it takes to be sent, and whenever it is
answered, no period at the host holds more than the rate, as long as two requests' time on the wire differs by less than
the guard.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from asyncio_throttle.throttler import Throttler

from shared.errors import Permanent, Transient
from shared.runtime.deadline import refuse_beyond

GUARD = 0.015
"""Seconds by which a request may be slower on its way than one a period later: 1.5 % of a second's rate.

By the kernel's stamps ways over loopback differ by less than 1 ms; by a server's own clock, which has to wait for a
processor, by 10 ms on a machine with twice the work it can do. With 30 ms the use of a rate would fall below 97 %.
"""
_APART = 0.0015
"""Seconds between admissions, on average: about what sending one takes. All of a window's requests at once would be all
due again at once a period later, and sending the last of them would be late by what sending the others takes."""
_CATCH_UP = 0.01
"""Seconds by which that average may lag behind: a timer is late by one or two."""
_TICK = 0.001
"""Least seconds of a wait: timers are no finer, and a wait that rounding makes nothing would spin."""


def _unconditionally() -> None:
    """No condition."""


class Place:
    """A request's place in its host's window, and among its requests at once."""

    def __init__(self, throttle: "Throttle") -> None:
        self._throttle = throttle
        self.sent_at: float | None = None
        self._over = False

    def sent(self) -> None:
        """Its last byte was written: the place is free in one period and the guard. Only the first call counts."""
        if self.sent_at is None:
            self.sent_at = self._throttle.note_sent()

    def over(self) -> None:
        """It is answered or given up. One that was given up unsent counts as sent now: who knows how far it came."""
        self.sent()
        if not self._over:
            self._over = True
            self._throttle.note_over()


class Throttle:
    """At most `rate` requests arrive in any `period` seconds and `concurrency` are under way; none start in a pause."""

    def __init__(
        self,
        rate: int,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        concurrency: int = 64,
        period: float = 1.0,
        max_waiters: int = 5000,
    ) -> None:
        """Raises `Permanent` for a rate or concurrency below 1 or a period that is not positive."""
        if min(rate, concurrency, max_waiters) < 1 or period <= 0:
            raise Permanent(
                f"rate limit {rate} per {period} s, {concurrency} at once, admits nothing",
                remedy="set the source's rate and concurrency to 1 or more",
            )
        self._throttler = Throttler(rate_limit=rate, period=period)
        self._rate = rate
        self._busy_for = period + GUARD
        self._turn = asyncio.Semaphore(1)
        self._slots = asyncio.Semaphore(concurrency)
        self._monotonic = monotonic
        self._sleep = sleep
        self._paused_until = 0.0
        self._apart = min(_APART, 0.75 * period / rate)
        self._next_at = float("-inf")
        self._max_waiters = max_waiters
        self._unsent = 0
        self._sent: deque[float] = deque()
        """When the requests of the last period were sent."""
        self._one_sent = asyncio.Event()
        self.waiting = 0

    def pause(self, seconds: float) -> None:
        """Admit nobody for `seconds` from now; a running longer pause stays."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    async def acquire(self, condition: Callable[[], None] = _unconditionally) -> Place:
        """Wait for one's turn to send a request; `sent` and `over` of the place must follow.

        `condition` is called before and after each wait, and last without any wait before the place is taken: what it
        raises ends the waiting.

        Raises:
            Transient: the queue is full, or the host pauses beyond the deadline of the work at hand.
        """
        condition()
        if self.waiting >= self._max_waiters:
            raise Transient(f"{self.waiting} requests already wait for this host", remedy="lower the concurrency")
        self.waiting += 1
        try:
            await self._slots.acquire()
            with ExitStack() as unless_admitted:
                unless_admitted.callback(self._slots.release)
                async with self._turn:
                    await self._until_free(condition)
                unless_admitted.pop_all()
        finally:
            self.waiting -= 1
        return Place(self)

    def note_sent(self) -> float:
        """A place's request is on its way; the instant."""
        now = self._monotonic()
        self._unsent -= 1
        self._sent.append(now)
        self._one_sent.set()
        return now

    def note_over(self) -> None:
        """A place's request is over."""
        self._slots.release()

    async def _until_free(self, condition: Callable[[], None]) -> None:
        condition()
        while (wait := self._wait()) != 0:
            if wait is None:
                self._one_sent.clear()
                await self._one_sent.wait()
            else:
                refuse_beyond(wait, "the host pauses")
                await self._sleep(wait)
            condition()
        await self._throttler.acquire()  # type: ignore[no-untyped-call]  # it publishes no types
        self._unsent += 1
        self._next_at = max(self._next_at, self._monotonic() - _CATCH_UP) + self._apart

    def _wait(self) -> float | None:
        """Seconds until the next may be admitted, as far as can be told now; None: until another one is sent."""
        now = self._monotonic()
        if self._paused_until > now:
            return self._paused_until - now
        while self._sent and now - self._sent[0] >= self._busy_for:
            self._sent.popleft()
        if self._unsent + len(self._sent) < self._rate:
            return 0.0 if now >= self._next_at else max(self._next_at - now, _TICK)
        return max(self._sent[0] + self._busy_for - now, _TICK) if self._sent else None
