"""A client of the coordinator's API: the one way in which commands read and change anything."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from http import HTTPStatus
from typing import Any

import aiohttp

from shared.errors import Permanent, Transient

_TIMEOUT = aiohttp.ClientTimeout(total=60.0)


class Client:
    """Speaks to one coordinator."""

    def __init__(self, session: aiohttp.ClientSession, url: str, api_key: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"X-API-Key": api_key}

    async def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """GET /v1/<path>. Raises `Permanent` or `Transient` with the API's own words."""
        return await self._call("GET", path, params=query)

    async def start_run(self, game_date: date, mode: str, **body: object) -> dict[str, Any]:
        """POST /v1/runs."""
        answer: dict[str, Any] = await self._call(
            "POST", "runs", json={"game_date": game_date.isoformat(), "mode": mode, **body}
        )
        return answer

    async def post(self, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """POST /v1/<path>. Raises as `get`."""
        return await self._call("POST", path, json=body)

    async def _call(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - passed to aiohttp
        try:
            async with self._session.request(
                method, f"{self._url}/v1/{path}", headers=self._headers, **request
            ) as response:
                body = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(
                f"the coordinator at {self._url} does not answer ({type(error).__name__})",
                remedy="`tipoff dev status` shows what runs; `tipoff dev up` starts it",
            ) from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            kind = Transient if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Permanent
            raise kind(_text(body))
        return body


def _text(body: Mapping[str, str]) -> str:
    error, remedy = body.get("error", "the coordinator refused"), body.get("remedy", "")
    return error if not remedy or remedy in error else f"{error}: {remedy}"


@asynccontextmanager
async def connect(url: str, api_key: str) -> AsyncIterator[Client]:
    """A client of the coordinator at `url`."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        yield Client(session, url, api_key)
