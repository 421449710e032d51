"""How much one caller may ask."""

from http import HTTPStatus

from aiolimiter import AsyncLimiter

from shared.registries.keys import SCHEDULES
from shared.runtime.access import Caller
from shared.runtime.answers import Refusal

WINDOW_SECONDS = 10.0
"""Requests are counted over this long: a burst is let through."""


class Requests:
    """Requests by caller."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._limiters: dict[str, AsyncLimiter] = {}
        """By actor: those with a credential, so that no stranger fills it."""

    async def count(self, caller: Caller) -> None:
        """Raises `Refusal` (429) for a caller who asks too fast. The schedules never do."""
        if caller.actor == SCHEDULES:
            return
        limiter = self._limiters.get(caller.actor)
        if limiter is None:
            limiter = AsyncLimiter(self._per_second * WINDOW_SECONDS, WINDOW_SECONDS)
            self._limiters[caller.actor] = limiter
        if not limiter.has_capacity():
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{caller.actor} asks more than {self._per_second:g} times a second",
                "ask more slowly",
                {"Retry-After": "1"},
            )
        await limiter.acquire()
