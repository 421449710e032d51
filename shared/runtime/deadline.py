"""The deadline of the work at hand: what is asked of others on its behalf asks for no more time than is left.

A push has until its acknowledgement deadline; then the message comes again, whatever its handler is still waiting for.
The handler therefore ends before (`Topic.time_limit`), and whoever would wait for longer than that says so at once.
Outside of a delivery there is no deadline. Seconds are the event loop's.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from shared.errors import Transient


class TooLate(Transient):
    """A wait that would end after the deadline: not begun, and nothing to wait for and try again."""


_ends: ContextVar[float] = ContextVar("deadline", default=math.inf)


def left() -> float:
    """Seconds until the deadline, none below 0; infinity without one."""
    ends = _ends.get()
    return ends if ends == math.inf else max(0.0, ends - asyncio.get_running_loop().time())


@contextmanager
def due_within(seconds: float) -> Iterator[float]:
    """Set a deadline, unless an earlier one holds, and end nothing: for waits before `limited`. Gives the instant."""
    ends = min(_ends.get(), asyncio.get_running_loop().time() + seconds)
    before = _ends.set(ends)
    try:
        yield ends
    finally:
        _ends.reset(before)


@asynccontextmanager
async def limited(seconds: float) -> AsyncIterator[None]:
    """Set a deadline, unless an earlier one holds, and end the work that is not done by then.

    Raises:
        Transient: it was not.
    """
    with due_within(seconds) as ends:
        limit = asyncio.timeout_at(ends)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Transient(f"not done within {seconds:g} s, nine tenths of the acknowledgement deadline") from error


def refuse_beyond(seconds: float, why: str) -> None:
    """Say at once that a wait would not end before the deadline.

    Raises:
        TooLate: it would not; `why` begins the message.
    """
    if seconds > (rest := left()):
        raise TooLate(f"{why}: a wait of {seconds:.0f} s, and the delivery has {rest:.0f} s left", retry_after=seconds)
