"""Streams the live part of a page to whoever looks at it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from aiohttp import web

from services.coordinator.page import answers
from services.coordinator.page.encoding import COMMENT, event
from services.coordinator.page.live import Hub
from services.coordinator.page.page import Page
from services.coordinator.page.serving import LIVE, Site
from services.coordinator.page.visitors import Who
from shared.ports import Clock
from shared.runtime.access import Untrusted

PING_SECONDS = 20.0
"""A stream says at least so often that it is there, and looks whether its session is."""


class Following:
    """The streams of an app."""

    def __init__(self, site: Site, hub: Hub, clock: Clock) -> None:
        self._site = site
        self._hub = hub
        self._clock = clock

    def add(self, app: web.Application, pages: Sequence[Page]) -> None:
        """Register one for each page that has a live part, and the poller behind all of them."""
        for page in pages:
            if page.live:
                stream = self._site.handler(partial(self._follow, page), used=False)
                app.router.add_get(LIVE + page.path, stream, allow_head=False)
        app.cleanup_ctx.append(self._looking)
        app.on_shutdown.append(self._closing)

    async def _follow(self, page: Page, request: web.Request, who: Who) -> web.StreamResponse:
        visit = await self._site.counted_visit(page, request, who)
        if visit is None:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "the session has ended")
        frame, role = self._site.frame, visit.caller.role

        async def render() -> str:
            values = await page.handler(replace(visit, now=self._clock.now(), live=True))
            return frame.part(page.live, {"role": role, **values})

        response = answers.stream()
        await response.prepare(request)
        await response.write(event("version", frame.version))
        stream = self._hub.follow((str(request.rel_url), role), render, every=page.every, ping=PING_SECONDS)
        async with aclosing(stream):
            async for sent in stream:
                if sent == b"":
                    who = await self._site.visitors.who(request, used=False)
                    if self._site.visit(page, request, who) is None:
                        await response.write(event("ended"))
                        break
                await response.write(sent if sent != b"" else COMMENT)
        return response

    async def _looking(self, _: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._hub.run(), name="live pages")
        yield
        task.cancel()
        await asyncio.wait([task])

    async def _closing(self, _: web.Application) -> None:
        """Streams end before the server waits for its connections to."""
        self._hub.close()
