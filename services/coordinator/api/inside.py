"""The typed API in the process that asks, without HTTP: under the caller's own role, and by the routes' own rules."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import hdrs
from pydantic_core import from_json, to_json

from services.coordinator.api import formats
from services.coordinator.api.once import Once
from services.coordinator.api.route import Asked, Route, part, performed, refusing
from shared.registries.keys import Role
from shared.runtime.access import Caller, Untrusted
from shared.runtime.answers import Refusal

OWNER: Final = Caller("local", Role.ADMIN)
"""Who can open the files may read what they hold."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a route, as HTTP would carry it."""

    status: int
    body: bytes
    rows: int | None = None
    """Of a file, how many are in it."""
    following: Mapping[str, str] | None = None
    """Of a list, the query of its next part."""


class Inside:
    """The routes, looked up as an HTTP server would."""

    def __init__(self, routes: Sequence[Route], once: Once) -> None:
        self._routes = [(pattern(route.path), route) for route in routes]
        self._once = once

    async def get(self, path: str, caller: Caller, **query: object) -> Any:  # noqa: ANN401 - whatever the route answers
        """What GET `path` answers, as the handler's own objects; of a list the part that the query asks for.

        Raises:
            Untrusted: the caller's role is too low.
            Refusal, TipoffError: as the route; 404 for a path that nothing reads.
        """
        route, variable = self._found(hdrs.METH_GET, path, caller)
        asked, answer = await _read(route, caller, query, variable)
        answer, _ = part(asked.query, answer, formats.JSON)
        return from_json(answer) if isinstance(answer, bytes) else answer

    async def answered(self, path: str, query: Mapping[str, str], accept: str = "") -> Answered:
        """The same for the owner of the files, in whatever format, refusals too, as HTTP would carry it."""
        try:
            route, variable = self._found(hdrs.METH_GET, path, OWNER)
            media = formats.chosen(accept, route.formats)
            asked, answer = await _read(route, OWNER, query, variable)
        except Refusal as refusal:
            return Answered(refusal.status, to_json({"error": str(refusal), "remedy": refusal.remedy}))
        answer, end = part(asked.query, answer, media)
        rows = None if media == formats.JSON else len(formats.rows_of(answer))
        body = await asyncio.to_thread(formats.encoded, answer, media)
        following = None if end is None else {**query, "offset": str(end), "limit": str(asked.query.limit)}
        return Answered(HTTPStatus.OK, body, rows, following)

    async def post(self, path: str, caller: Caller, body: Mapping[str, object], *, once: str | None = None) -> Any:  # noqa: ANN401 - as above
        """What POST `path` answers, as JSON has it; under one `once` it happens once. Raises as `get` does."""
        route, variable = self._found(hdrs.METH_POST, path, caller)
        with refusing():
            parsed = None if route.body is None else route.body.model_validate(body)
        asked = Asked(caller, route.query(), parsed, variable)
        what = f"{route.method} {path} ".encode() + to_json(body)
        key = once if route.once else None
        _, answer = await self._once.answer(caller.actor, key, what, lambda: performed(route, asked))
        return from_json(answer)

    def _found(self, method: str, path: str, caller: Caller) -> tuple[Route, Mapping[str, str]]:
        for fits, route in self._routes:
            match = fits.fullmatch(path)
            if match is not None and route.method == method:
                if not caller.role.covers(route.role):
                    words = f"{caller.actor} is {caller.role}, this takes {route.role}"
                    raise Untrusted(HTTPStatus.FORBIDDEN, words)
                return route, match.groupdict()
        raise Refusal(HTTPStatus.NOT_FOUND, f"{method} {path}: Not Found", "see docs/coordinator.md")


async def _read(
    route: Route, caller: Caller, query: Mapping[str, object], variable: Mapping[str, str]
) -> tuple[Asked, object]:
    with refusing():
        asked = Asked(caller, route.query.model_validate(query), None, variable)
    return asked, await route.handler(asked)


def pattern(path: str) -> re.Pattern[str]:
    """What a declared path fits: its variable parts are in braces."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
