"""A route, declared: who may ask, what may be asked, what is answered. What is not declared is not served."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from services.coordinator.api import formats
from services.coordinator.api.limits import Requests
from services.coordinator.api.once import KEY_HEADER, Once
from shared.registries.api import ROWS
from shared.registries.keys import SCHEDULES, Role
from shared.runtime.access import ACCESS, Caller
from shared.runtime.answers import Refusal

_MAX_WORDS = 500
"""Characters of a refusal: a name that is not known may be as long as a body."""
PAGE = 20_000
"""Elements of a list that are answered at once."""
READING_SECONDS = 55.0
"""What a reading may take: less than the client waits."""
BODY_SECONDS = 15.0


class Query(BaseModel):
    """What may follow the question mark: nothing, unless a route says more."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Listing(Query):
    """Of a list, and which part of it; the header `Link` says where the next part is (RFC 8288)."""

    limit: int = Field(PAGE, ge=1, le=PAGE, description="elements at most; a file without it has all")
    offset: int = Field(0, ge=0, le=10_000_000, description="elements left out before the first")


class Body(BaseModel):
    """A body of JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, checked."""

    caller: Caller
    query: Any
    """As the route's `query` has it."""
    body: Any
    """As the route's `body` has it; None without one."""
    path: Mapping[str, str] = field(default_factory=dict)
    """The variable parts of the path."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route. The first line of the handler's docstring says what it does."""

    method: str
    path: str
    role: Role
    handler: Callable[[Asked], Awaitable[object]]
    """What it returns is the answer; bytes are JSON already."""
    answer: Any
    """The type of the answer."""
    query: type[Query] = Query
    body: type[Body] | None = None
    status: HTTPStatus = HTTPStatus.OK
    or_status: HTTPStatus | None = None
    """Of answers that are `Other`."""
    absent: bool = False
    """Whether what the query asks for may not be there: 404. What the path names never need be."""
    once: bool = True
    """Whether an answer may be kept for whoever asks again; not one that holds a secret."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The media types in which it answers, the preferred one last."""
        return formats.formats(self.answer) if self.method == hdrs.METH_GET else (formats.JSON,)

    @property
    def is_reading(self) -> bool:
        """Whether it answers what may be kept by whoever asks, and asked for again by its tag."""
        return self.method == hdrs.METH_GET and self.once

    @property
    def statuses(self) -> tuple[HTTPStatus, ...]:
        """All that good answers have."""
        return (self.status,) if self.or_status is None else (self.status, self.or_status)

    @property
    def summary(self) -> str:
        """What it does."""
        text = getattr(self.handler, "func", self.handler).__doc__ or ""
        return " ".join(text.partition("\n\n")[0].split())


@dataclass(frozen=True, slots=True)
class Other:
    """An answer with another status than the route's."""

    status: HTTPStatus
    answer: object


def source_of(caller: Caller, schedule: str) -> str:
    """What a run's `source` is: who asked, and of the schedules which.

    Raises:
        Refusal: the caller is not the one that may name a schedule.
    """
    if not schedule:
        return caller.actor
    if caller.actor != SCHEDULES:
        raise Refusal(HTTPStatus.FORBIDDEN, f"{caller.actor} may not ask as a schedule", "leave `schedule` out")
    return f"schedule:{schedule}"


class Served:
    """The routes of an app: checks a request, hands it to its handler, and writes the answer."""

    def __init__(self, requests: Requests, once: Once) -> None:
        self._requests = requests
        self._once = once

    def add(self, app: web.Application, routes: list[Route]) -> None:
        """Register routes."""
        for route in routes:
            app.router.add_route(route.method, route.path, self._handler(route))

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            caller = await request.app[ACCESS].require(request, route.role)
            await self._requests.count(caller)
            media = formats.chosen(request.headers.get(hdrs.ACCEPT, ""), route.formats)
            with refusing():
                query = route.query.model_validate(_query(request))
            if request.method == hdrs.METH_GET:
                return await self._read(route, request, Asked(caller, query, None, dict(request.match_info)), media)
            body = await _body(request)
            with refusing():
                parsed = None if route.body is None else route.body.model_validate_json(body)
            asked = Asked(caller, query, parsed, dict(request.match_info))
            key = request.headers.get(KEY_HEADER) if route.once else None
            what = f"{route.method} {request.path} ".encode() + body
            status, answer = await self._once.answer(caller.actor, key, what, lambda: performed(route, asked))
            return _answer(answer, status, formats.JSON, {})

        return handle

    async def _read(self, route: Route, request: web.Request, asked: Asked, media: str) -> web.Response:
        try:
            async with asyncio.timeout(READING_SECONDS):
                answer = await route.handler(asked)
        except TimeoutError as error:
            words = f"the answer takes longer than {READING_SECONDS:.0f} s"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, words, "ask for less at once") from error
        headers: dict[str, str] = {}
        answer, end = part(asked.query, answer, media)
        if media != formats.JSON:
            headers[ROWS] = str(len(formats.rows_of(answer)))
            if isinstance(answer, dict):  # the JSON says it itself
                end = answer.get("next_offset")
        if end is not None:
            following = request.rel_url.update_query(offset=end, limit=asked.query.limit)
            headers["Link"] = f'<{following}>; rel="next"'
        body = await asyncio.to_thread(formats.encoded, answer, media)
        if not route.is_reading:
            return _answer(body, route.status, media, headers)
        made = formats.tag(answer, body, getattr(asked.query, "as_of", None))
        headers |= {"Cache-Control": "private, no-cache", "Vary": "Accept, Origin"}
        known = request.if_none_match
        same = known is not None and any(each.value in ("*", made.value) for each in known)
        response = (
            web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
            if same
            else _answer(body, route.status, media, headers)
        )
        response.etag = made
        return response


def part(query: Query, answer: object, media: str) -> tuple[object, int | None]:
    """Of a list the part that was asked for, and where the next one begins; None: there is none.

    A file is whole, unless a `limit` is asked for: its readers follow no link, and files cannot be put together.
    """
    if not isinstance(query, Listing) or not isinstance(answer, list):
        return answer, None
    if media != formats.JSON and "limit" not in query.model_fields_set:
        return answer[query.offset :], None
    end = query.offset + query.limit
    return answer[query.offset : end], end if len(answer) > end else None


async def performed(route: Route, asked: Asked) -> tuple[int, bytes]:
    """A change, and its answer."""
    answer = await route.handler(asked)
    if isinstance(answer, Other):
        return answer.status, to_json(answer.answer)
    return route.status, to_json(answer)


def _answer(body: bytes, status: int, media: str, headers: Mapping[str, str]) -> web.Response:
    charset = "utf-8" if media.startswith("text/") else None
    given = {"Cache-Control": "no-store", **headers}
    return web.Response(body=body, status=status, content_type=media, charset=charset, headers=given)


@contextmanager
def refusing() -> Iterator[None]:
    """What is wrong with a request is said to the caller; what is wrong with our own data is a bug, and none of his."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        words = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise Refusal(HTTPStatus.BAD_REQUEST, words[:_MAX_WORDS]) from error


def _query(request: web.Request) -> dict[str, str]:
    """The query; a name that is given twice is refused."""
    found = dict(request.query)
    if len(found) != len(request.query):
        raise Refusal(HTTPStatus.BAD_REQUEST, "a query parameter is given twice", "give each once")
    return found


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the body did not come in {BODY_SECONDS:.0f} s") from error
