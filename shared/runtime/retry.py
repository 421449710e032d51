"""Retries with exponential backoff: bounded attempts, a time limit on each, never less than the asked-for wait.

`backoff` drives the attempts; waiting is ours, because its own sleep cannot be injected, its default jitter waits less
than Retry-After, its `max_time` does not bound a running attempt, and its log lines contain the exception's text.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import backoff

from shared.errors import Transient
from shared.runtime.deadline import TooLate, refuse_beyond

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Gate = Callable[[], Awaitable[None]]
OnRetry = Callable[[Transient, int, float], None]
"""Told (failure, attempt that failed, seconds until the next) before each wait."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently; times in seconds."""

    attempts: int = 8
    attempt_timeout: float = 20.0
    base_delay: float = 0.5
    """Upper bound of the first wait; it doubles with each attempt."""
    max_delay: float = 30.0
    """Upper bound of any wait that the other side did not ask for."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.attempt_timeout <= 0 or self.base_delay < 0 or self.max_delay < 0:
            raise ValueError(f"{self}: at least one attempt, a positive time limit and no negative delays")

    def delay(self, attempt: int, retry_after: float | None, jitter: float) -> float:
        """Seconds to wait after `attempt` (from 1) failed; `jitter` in [0, 1) spreads the clients apart.

        Between nothing and the exponential delay ("full jitter"), and never less than the other side asked for.
        """
        doubled: float = self.base_delay * 2 ** min(attempt - 1, 32)
        drawn = min(self.max_delay, doubled) * jitter
        return drawn if retry_after is None else max(drawn, retry_after)


async def no_gate() -> None:
    """Admit at once."""


async def retry(
    call: Callable[[int], Awaitable[T]],
    policy: RetryPolicy,
    *,
    sleep: Sleep,
    jitter: Callable[[], float] = random.random,
    gate: Gate = no_gate,
    on_retry: OnRetry | None = None,
) -> T:
    """Await `call(attempt)` until it succeeds; only `Transient` is tried again.

    `gate` (a throttle) is passed before each attempt, outside its time limit: waiting for one's turn is no failure.

    Raises:
        Transient: the last failure, once the attempts are used up, or the next would begin after the deadline of the
            work at hand. An attempt over its time limit is one.
    """
    made = 0

    async def attempt() -> T:
        nonlocal made
        made += 1
        await gate()
        try:
            async with asyncio.timeout(policy.attempt_timeout):
                return await call(made)
        except TimeoutError as error:
            raise Transient(f"no answer within {policy.attempt_timeout:g} s") from error

    async def wait(details: Any) -> None:  # noqa: ANN401 - backoff is untyped
        failure: Transient = details["exception"]
        seconds = policy.delay(made, failure.retry_after, jitter())
        try:
            refuse_beyond(seconds, f"{failure}; not tried again")
        except TooLate as error:
            raise error from failure
        if on_retry is not None:
            on_retry(failure, made, seconds)
        await sleep(seconds)

    retrying: Callable[[], Awaitable[T]] = backoff.on_exception(
        backoff.constant,
        Transient,
        interval=0,
        max_tries=policy.attempts,
        jitter=None,
        logger=None,
        giveup=lambda failure: isinstance(failure, TooLate),  # of the gate: the wait is not shorter the next time
        on_backoff=wait,
    )(attempt)
    return await retrying()
