"""What is kept up to date while people look: each part is rendered once per change, however many look on.

One poller for the whole process asks for each part that somebody follows and, where it differs from the last, hands
everybody the same bytes of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Who is
slow gets the newest, never a queue.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from typing import Final

from services.coordinator.page.encoding import event
from shared.errors import Transient
from shared.ports import Clock
from shared.runtime.boundary import failure_of
from shared.runtime.logs import get_logger

TICK: Final = 1.0
"""Seconds between two times that it is seen what is due."""
MAX_PARTS: Final = 200
"""Parts that are followed at once."""
_log = get_logger("coordinator")

Render = Callable[[], Awaitable[str]]


class _Part:
    def __init__(self, render: Render, every: float, due: float) -> None:
        self.render = render
        self.every = every
        self.due = due
        self.viewers = 0
        self.text: str | None = None
        self.frame = b""
        self.changed = asyncio.Event()


class Hub:
    """The parts that somebody follows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: dict[Hashable, _Part] = {}
        self._wanted = asyncio.Event()
        self._closed = False

    @property
    def followed(self) -> int:
        """How many parts are followed."""
        return len(self._parts)

    async def follow(self, key: Hashable, render: Render, *, every: float, ping: float) -> AsyncGenerator[bytes]:
        """The part as server-sent events, at each change; empty where `ping` seconds brought none.

        It is looked at every so many seconds: for the first time after as many, since whoever follows has just seen it.

        Raises:
            Transient: too many parts are followed already.
        """
        part = self._parts.get(key)
        if part is None:
            if len(self._parts) >= MAX_PARTS:
                raise Transient(f"{MAX_PARTS} pages are followed live", remedy="close some, or load this one again")
            part = self._parts[key] = _Part(render, every, self._clock.monotonic() + every)
        part.viewers += 1
        self._wanted.set()
        sent = b""
        try:
            while not self._closed:
                changed = part.changed
                if part.frame != sent:
                    sent = part.frame
                    yield sent
                    continue
                try:
                    async with asyncio.timeout(ping):
                        await changed.wait()
                except TimeoutError:
                    yield b""
        finally:
            part.viewers -= 1
            if part.viewers == 0 and self._parts.get(key) is part:
                del self._parts[key]

    async def run(self) -> None:
        """Look after the parts until cancelled."""
        while True:
            await self._wanted.wait()
            await self.look()
            if not self._parts:
                self._wanted.clear()
            else:
                await self._clock.sleep(TICK)

    async def look(self) -> None:
        """Ask for every part that is due."""
        now = self._clock.monotonic()
        for part in [each for each in self._parts.values() if each.due <= now]:
            part.due = now + part.every
            failure = await failure_of(self._look(part))
            if failure is not None:  # the next look may fare better
                _log.warning("live_part_not_rendered", reason=str(failure))

    def close(self) -> None:
        """Let everybody go: the process ends."""
        self._closed = True
        for part in self._parts.values():
            part.changed.set()

    async def _look(self, part: _Part) -> None:
        text = await part.render()
        if text == part.text:
            return
        part.text, part.frame = text, event("part", text)
        part.changed.set()
        part.changed = asyncio.Event()
