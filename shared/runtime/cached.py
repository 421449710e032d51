"""A value from elsewhere that many requests need: fetched once for all who wait, and left alone after a failure."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from shared.errors import Transient
from shared.ports import Clock

T = TypeVar("T")

MIN_BACKOFF, MAX_BACKOFF = 1.0, 60.0
"""Seconds between fetches that fail, doubling."""


class Cached(Generic[T]):
    """A value and how it is fetched. No lock: who asks while it cannot be had is answered at once."""

    def __init__(self, what: str, fetch: Callable[[], Awaitable[tuple[T, float]]], clock: Clock) -> None:
        """`fetch` gives the value and the seconds for which it may be kept, or raises `Transient`."""
        self._what = what
        self._fetch = fetch
        self._clock = clock
        self._kept: tuple[T, float] | None = None
        self._failures = 0
        self._next_fetch: float | None = None
        self._fetching: asyncio.Task[T | Transient] | None = None

    async def current(self) -> T:
        """The value.

        Raises:
            Transient: it cannot be fetched, or could not a moment ago.
        """
        now = self._clock.monotonic()
        if self._kept is not None and now < self._kept[1]:
            return self._kept[0]
        if self._fetching is None:
            if self._next_fetch is not None and now < self._next_fetch:
                raise Transient(f"{self._what} could not be fetched a moment ago")
            self._fetching = asyncio.create_task(self._fetched(), name=self._what)
        found = await asyncio.shield(self._fetching)  # who hangs up does not end it for the others
        if isinstance(found, Transient):
            raise Transient(str(found)) from found
        return found

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _fetched(self) -> T | Transient:
        """The value, or why there is none: an exception that nobody waits for any more would be reported as lost."""
        try:
            value, seconds = await self._fetch()
        except Transient as error:
            backoff = min(MIN_BACKOFF * 2.0**self._failures, MAX_BACKOFF)
            self._failures = min(self._failures + 1, 10)
            self._next_fetch = self._clock.monotonic() + backoff
            return error
        else:
            self._failures = 0
            self._kept = value, self._clock.monotonic() + seconds
            return value
        finally:
            self._fetching = None
