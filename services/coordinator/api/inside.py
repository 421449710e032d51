"""The readings of the API, answered in the process that asks, without HTTP: by whoever has the ports."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs
from pydantic_core import to_json

from services.coordinator.api.route import Asked, Route, part, refusing
from shared.registries.keys import Role
from shared.runtime.access import Caller
from shared.runtime.answers import Refusal

OWNER: Final = Caller("local", Role.ADMIN)
"""Who can open the files may read what they hold."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a route."""

    status: int
    body: bytes
    """JSON."""
    following: Mapping[str, str] | None = None
    """Of a list, the query of its next part."""


class Inside:
    """The routes that read. Those that change something are not here."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(_pattern(route.path), route) for route in routes if route.method == hdrs.METH_GET]

    async def get(self, path: str, query: Mapping[str, str]) -> Answered:
        """What GET `path` answers.

        Raises:
            TipoffError: of the handler.
        """
        try:
            route, variable = self._found(path)
            with refusing():
                asked = Asked(OWNER, route.query.model_validate(dict(query)), None, variable)
            answer, end = part(asked.query, await route.handler(asked))
        except Refusal as refusal:
            return Answered(refusal.status, to_json({"error": str(refusal), "remedy": refusal.remedy}))
        body = answer if isinstance(answer, bytes) else await asyncio.to_thread(to_json, answer)
        following = None if end is None else {**query, "offset": str(end), "limit": str(asked.query.limit)}
        return Answered(route.status, body, following)

    def _found(self, path: str) -> tuple[Route, Mapping[str, str]]:
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                return route, found.groupdict()
        raise Refusal(HTTPStatus.NOT_FOUND, f"GET {path}: Not Found", "see docs/coordinator.md")


def _pattern(path: str) -> re.Pattern[str]:
    """Of a path whose variable parts are in braces."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(f"(?P<{each}>[^/]+)" if n % 2 else re.escape(each) for n, each in enumerate(parts)))
