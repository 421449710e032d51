"""An event loop in virtual time: a sleep costs nothing, and the same calls give the same order of events."""

import asyncio
from collections.abc import Callable
from typing import Any


class Violation(BaseException):
    """Something is wrong. No `except Exception` of the code under test may take it for its own."""


class Hang(Violation):
    """The night does not end: nothing can happen any more, or things happen without end."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready; when nothing is, time jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._selector = _Idle(self)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self.elapsed

    def run_in_executor(self, _: object, func: Callable[..., Any], *args: object) -> "asyncio.Future[Any]":
        """What would be a thread's work is done at once: no virtual time passes."""
        done = self.create_future()
        done.set_result(func(*args))
        return done

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no input or output."""

    def _write_to_self(self) -> None:
        """There are no other threads to be woken by."""


class _Idle:
    """Where a loop waits for sockets: here it waits for nothing but time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Hang("everybody waits for something that will not come")
        self._loop.elapsed += timeout
        return []
