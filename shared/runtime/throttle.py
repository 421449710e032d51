"""A host's rate limit, kept by everyone who talks to it.

Built on asyncio-throttle, with what it lacks. It polls every 10 ms per waiter: here waiters queue, first come, first
served, and only the first polls. `rate_limit=0` would spin for ever: it is refused. The whole host pauses when it
answers 429. And the limit holds where the host counts: the library counts admissions, but a request may arrive at any
time between its admission and its answer (a stalled process sends two seconds' worth at once), so a place is free again
only one period after the answer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from asyncio_throttle.throttler import Throttler

from shared.errors import Permanent, Transient
from shared.runtime.deadline import refuse_beyond

_POLL = 0.01
"""Seconds between looks while every place is taken by an unanswered request."""


class Throttle:
    """At most `rate` requests arrive in any `period` seconds, none start while paused, at most `max_waiters` queue."""

    def __init__(
        self,
        rate: int,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        period: float = 1.0,
        max_waiters: int = 5000,
    ) -> None:
        """Raises `Permanent` for a rate below 1 or a period that is not positive."""
        if rate < 1 or period <= 0 or max_waiters < 1:
            raise Permanent(
                f"rate limit {rate} per {period} s admits nothing", remedy="set the source's rate to 1 or more"
            )
        self._throttler = Throttler(rate_limit=rate, period=period)
        self._rate = rate
        self._period = period
        self._turn = asyncio.Semaphore(1)
        self._monotonic = monotonic
        self._sleep = sleep
        self._paused_until = 0.0
        self._max_waiters = max_waiters
        self._unanswered = 0
        self._answered: deque[float] = deque()
        """When the requests of the last period were answered."""
        self.waiting = 0

    def pause(self, seconds: float) -> None:
        """Admit nobody for `seconds` from now; a running longer pause stays."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    async def acquire(self) -> None:
        """Wait for one's turn to send a request; `release` must follow when it is answered or given up.

        Raises:
            Transient: the queue is full, or the host pauses beyond the deadline of the work at hand.
        """
        if self.waiting >= self._max_waiters:
            raise Transient(f"{self.waiting} requests already wait for this host", remedy="lower the concurrency")
        self.waiting += 1
        try:
            async with self._turn:
                await self._throttler.acquire()  # type: ignore[no-untyped-call]  # it publishes no types
                while (wait := self._wait()) > 0:
                    refuse_beyond(wait, "the host pauses")
                    await self._sleep(wait)
                self._unanswered += 1
        finally:
            self.waiting -= 1

    def release(self) -> None:
        """The request is over: its place is free in one period."""
        self._unanswered -= 1
        self._answered.append(self._monotonic())

    def _wait(self) -> float:
        """Seconds until the next may be admitted, as far as can be told now; 0 when he may."""
        now = self._monotonic()
        if self._paused_until > now:
            return self._paused_until - now
        while self._answered and now - self._answered[0] > self._period:
            self._answered.popleft()
        if self._unanswered + len(self._answered) < self._rate:
            return 0.0
        return max(self._answered[0] + self._period - now, _POLL) if self._answered else _POLL
