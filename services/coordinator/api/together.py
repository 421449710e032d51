"""Readings of one thing that are asked for while another is under way are done once, for all who asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """Reads by key. A reading begins after all who get its answer have asked: no answer is older than its question."""

    def __init__(self, read: Callable[[str], Awaitable[T]]) -> None:
        self._read = read
        self._under_way: dict[str, asyncio.Task[T]] = {}
        self._next: dict[str, asyncio.Task[T]] = {}

    async def get(self, key: str) -> T:
        """What is read, raising what that raises. Who hangs up ends no reading that others wait for."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._begin(key))
            task.add_done_callback(_seen)
        return await asyncio.shield(task)

    async def _begin(self, key: str) -> T:
        before = self._under_way.get(key)
        if before is not None:
            await asyncio.wait([before])
        task = self._under_way[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            if self._under_way.get(key) is task:
                del self._under_way[key]


def _seen(task: asyncio.Task[T]) -> None:
    """All who asked may have hung up: then nobody else looks at its failure."""
    if not task.cancelled():
        task.exception()
