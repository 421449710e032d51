"""A host's rate limit, kept by everyone who talks to it.

Built on asyncio-throttle, with what it lacks: it polls every 10 ms per waiter, so waiters queue (first come, first
served) and only the first polls; `rate_limit=0` would spin for ever and is refused; and the whole host pauses when it
answers 429.
"""

import asyncio
from collections.abc import Awaitable, Callable

from asyncio_throttle.throttler import Throttler

from shared.errors import Permanent, Transient


class Throttle:
    """At most `rate` admissions in any `period` seconds, none while paused, at most `max_waiters` in the queue."""

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
        self._turn = asyncio.Semaphore(1)
        self._monotonic = monotonic
        self._sleep = sleep
        self._paused_until = 0.0
        self._max_waiters = max_waiters
        self.waiting = 0

    def pause(self, seconds: float) -> None:
        """Admit nobody for `seconds` from now; a running longer pause stays."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    async def acquire(self) -> None:
        """Wait for one's turn.

        Raises:
            Transient: the queue is full.
        """
        if self.waiting >= self._max_waiters:
            raise Transient(f"{self.waiting} requests already wait for this host", remedy="lower the concurrency")
        self.waiting += 1
        try:
            async with self._turn:
                while (remaining := self._paused_until - self._monotonic()) > 0:
                    await self._sleep(remaining)
                await self._throttler.acquire()  # type: ignore[no-untyped-call]  # it publishes no types
                while (remaining := self._paused_until - self._monotonic()) > 0:  # a 429 came while we polled
                    await self._sleep(remaining)
        finally:
            self.waiting -= 1
