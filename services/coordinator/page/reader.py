"""The typed API in this process: pages read and change only what its routes offer, under the caller's own role."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs
from pydantic_core import from_json, to_json

from services.coordinator.api.once import Once
from services.coordinator.api.route import Asked, Listing, Other, Route, refusing
from shared.runtime.access import Caller, Untrusted


class Reader:
    """Looks routes up as an HTTP server would, without HTTP."""

    def __init__(self, routes: Sequence[Route], once: Once) -> None:
        self._routes = [(route, pattern(route.path)) for route in routes]
        self._once = once

    async def get(self, path: str, caller: Caller, **query: object) -> Any:  # noqa: ANN401 - whatever the route answers
        """What GET `path` answers, as the handler's own objects; of a list the part that the query asks for.

        Raises:
            Untrusted: the caller's role is too low.
            Refusal, TipoffError: as the route.
            LookupError: no such route is declared, which is a bug of the page.
        """
        route, parts = self._found(hdrs.METH_GET, path, caller)
        with refusing():
            asked = Asked(caller, route.query.model_validate(query), None, parts)
        answer = await route.handler(asked)
        if isinstance(answer, bytes):
            return from_json(answer)
        if isinstance(asked.query, Listing) and isinstance(answer, list):
            return answer[asked.query.offset : asked.query.offset + asked.query.limit]
        return answer

    async def post(self, path: str, caller: Caller, body: Mapping[str, object], *, once: str | None = None) -> Any:  # noqa: ANN401 - as above
        """What POST `path` answers, as JSON has it; under one `once` it happens once. Raises as `get` does."""
        route, parts = self._found(hdrs.METH_POST, path, caller)
        with refusing():
            parsed = None if route.body is None else route.body.model_validate(body)
        asked = Asked(caller, route.query(), parsed, parts)
        what = f"{route.method} {path} ".encode() + to_json(body)

        async def performed() -> tuple[int, bytes]:
            answer = await route.handler(asked)
            return (
                (answer.status, to_json(answer.answer))
                if isinstance(answer, Other)
                else (route.status, to_json(answer))
            )

        _, answer = await self._once.answer(caller.actor, once if route.once else None, what, performed)
        return from_json(answer)

    def _found(self, method: str, path: str, caller: Caller) -> tuple[Route, Mapping[str, str]]:
        for route, pattern in self._routes:
            match = pattern.fullmatch(path)
            if match is not None and route.method == method:
                if not caller.role.covers(route.role):
                    words = f"{caller.actor} is {caller.role}, this takes {route.role}"
                    raise Untrusted(HTTPStatus.FORBIDDEN, words)
                return route, match.groupdict()
        raise LookupError(f"{method} {path} is no route of the API")


def pattern(path: str) -> re.Pattern[str]:
    """What a declared path fits."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
