"""Serves the declared pages, files and forms."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from services.coordinator.api.inside import Inside
from services.coordinator.api.limits import Requests
from services.coordinator.api.route import READING_SECONDS, refusing
from services.coordinator.page import answers, forms
from services.coordinator.page.failures import KINDS, Failed, failed
from services.coordinator.page.layout import Frame
from services.coordinator.page.page import VISITOR, Action, Download, Page, Redirect, Sent, Visit
from services.coordinator.page.visitors import Visitors, Who, is_foreign, is_ours
from shared.ports import Clock
from shared.registries.keys import Role
from shared.runtime.access import Caller, Untrusted
from shared.runtime.answers import Refusal

_NOBODY = Who(None, "")
_Answer = Callable[[web.Request, Who], Awaitable[web.StreamResponse]]


class Site:
    """The pages of an app."""

    def __init__(self, frame: Frame, visitors: Visitors, reader: Inside, requests: Requests, clock: Clock) -> None:
        self.frame = frame
        self.visitors = visitors
        self._reader = reader
        self._requests = requests
        self._clock = clock

    def add(
        self,
        app: web.Application,
        pages: Sequence[Page],
        actions: Sequence[Action],
        downloads: Sequence[Download] = (),
    ) -> None:
        """Register them."""
        for download in downloads:
            app.router.add_get(download.path, self.handler(partial(self._send, download)))
        for page in pages:
            app.router.add_get(page.path, self.handler(partial(self._show, page)))
        app.middlewares.append(self._lost)
        for action in actions:
            app.router.add_post(action.path, self.handler(partial(self._perform, action)))

    @web.middleware
    async def _lost(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """To a browser, a path that leads nowhere is answered with a page; to programs as everywhere, with JSON."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            if request.path.startswith("/v1/") or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
                raise
        return await self.handler(_nowhere)(request)

    def handler(self, answer: _Answer, *, used: bool = True) -> Handler:
        """Answers a request of somebody, known or not; a failure is a page, too. `used`: it is a use of the session."""

        async def handle(request: web.Request) -> web.StreamResponse:
            who = _NOBODY
            try:
                who = await self.visitors.who(request, used=used)
                if who.caller is not None:
                    await self._requests.count(who.caller)
                return await answer(request, who)
            except KINDS as error:
                shown = failed(error)
            return self.frame.answer(request, who, "error.html", {"failed": shown}, shown.status)

        return handle

    def visit(self, page: Page | Download, request: web.Request, who: Who) -> Visit | None:
        """His visit; None: he has to sign in first.

        Raises:
            Untrusted: his role is too low.
            Refusal: the query does not fit.
        """
        caller = who.caller
        if caller is None:
            if not self.frame.opens(page):
                return None
            caller = VISITOR
        _require(caller, page.role)
        with refusing():
            query = page.query.model_validate(forms.gathered(request.query.items(), page.query))
        return Visit(caller, query, dict(request.match_info), self._reader, self._clock.now())

    async def counted_visit(self, page: Page | Download, request: web.Request, who: Who) -> Visit | None:
        """The same, counted: those who have not signed in share one limit of requests."""
        visit = self.visit(page, request, who)
        if visit is not None and visit.caller is VISITOR:
            await self._requests.count(VISITOR)
        return visit

    async def _show(self, page: Page, request: web.Request, who: Who) -> web.Response:
        visit = await self.counted_visit(page, request, who)
        if visit is None:
            return answers.to_sign_in(request)
        try:
            async with asyncio.timeout(READING_SECONDS):
                values = await page.handler(visit)
        except Redirect as other:
            return answers.elsewhere(other.path)
        except TimeoutError:
            slow = Failed(HTTPStatus.SERVICE_UNAVAILABLE, "the answer takes too long", "ask for less at once")
            return self.frame.answer(request, who, "error.html", {"failed": slow}, slow.status)
        about: dict[str, object] = {
            "role": visit.caller.role,
            "part": page.live,
            "live": LIVE + str(request.rel_url) if page.live else "",
        }
        return self.frame.answer(request, who, page.template, {**about, **values})

    async def _send(self, download: Download, request: web.Request, who: Who) -> web.StreamResponse:
        visit = await self.counted_visit(download, request, who)
        if visit is None:
            return answers.to_sign_in(request)
        async with asyncio.timeout(READING_SECONDS):
            file = await download.handler(visit)
        response = answers.attachment(file)
        await response.prepare(request)
        try:
            async for part in file.parts:
                await response.write(part)
        except KINDS:  # too late to say so: who loads it sees that it is broken off, and takes it for no whole file
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response

    async def _perform(self, action: Action, request: web.Request, who: Who) -> web.Response:
        if is_foreign(request):
            raise Untrusted(HTTPStatus.FORBIDDEN, "this form was sent from another site")
        fields = await forms.read(request)
        kept = {"action": request.path, "does": action.does, "fields": forms.entered(fields), "failed": None}
        if who.caller is None:
            about = {"next": "/", "refused": "", "kept": forms.packed(fields)} | kept
            return self.frame.answer(request, who, "sign_in.html", about, HTTPStatus.UNAUTHORIZED)
        if not is_ours(request, who, forms.one(fields, forms.TOKEN)):
            return self.frame.answer(request, who, "again.html", kept, HTTPStatus.FORBIDDEN)
        _require(who.caller, action.role)
        once = forms.one(fields, forms.ONCE)
        once = once if once != "" else secrets.token_hex(16)
        try:
            form = forms.checked(action, fields)
            sent = Sent(who.caller, form, dict(request.match_info), self._reader, self._clock.now(), once)
            where = await action.handler(sent)
        except KINDS as error:  # nothing that was entered is lost
            shown = failed(error)
            return self.frame.answer(request, who, "again.html", kept | {"failed": shown}, shown.status)
        return answers.elsewhere(where)


LIVE = "/live"
"""Before the path of a page: its live part."""


async def _nowhere(request: web.Request, _: Who) -> web.StreamResponse:
    raise Refusal(HTTPStatus.NOT_FOUND, f"there is no page {request.path}", "look for it from the first page")


def _require(caller: Caller, role: Role) -> None:
    if not caller.role.covers(role):
        raise Untrusted(HTTPStatus.FORBIDDEN, f"{caller.actor} is {caller.role}, this takes {role}")
