"""How a request reaches a coordinator: over aiohttp, or, where one question is asked of this machine, without it.

Importing aiohttp takes longer than most answers; a command that reads does so once.
"""

import asyncio
import http.client
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from shared.registries.api import ROWS

if TYPE_CHECKING:
    import aiohttp

TIMEOUT: Final = 60.0
"""Seconds until an answer must be there."""
CONNECTING: Final = 10.0
_NEXT = re.compile(r'<([^>]*)>;\s*rel="?next"?')


class Unanswered(Exception):  # noqa: N818 - what became of a request
    """No answer came; the text is the kind of failure."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    path: str
    """Below /v1/."""
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = TIMEOUT
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    body: bytes
    location: str | None = None
    """Where it refers to."""
    following: Mapping[str, str] | None = None
    """Of a list, the query of its next part."""
    rows: int | None = None
    """Of a file, how many are in it."""

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body; raises `ValueError` for what is no JSON."""
        return json.loads(self.body)


class Wire(Protocol):
    """Carries requests. It follows no redirect: that would take the key along, and turn a POST into a GET."""

    async def send(self, request: Request) -> Reply:
        """The answer.

        Raises:
            Unanswered: none came.
        """
        ...


class Pooled:
    """Over a session of aiohttp: many requests at once, TLS."""

    def __init__(self, session: "aiohttp.ClientSession", url: str) -> None:
        self._session = session
        self._url = url

    async def send(self, request: Request) -> Reply:
        """See `Wire`."""
        import aiohttp  # noqa: PLC0415 - see above

        try:
            async with self._session.request(
                request.method,
                f"{self._url}/v1/{request.path}",
                params=request.params,
                json=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=request.timeout, sock_connect=CONNECTING),
            ) as response:
                headers = response.headers
                following = _following(headers.getall("Link", []))
                body, rows = await response.read(), _counted(headers.get(ROWS))
                return Reply(response.status, body, headers.get("Location"), following, rows)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unanswered(type(error).__name__) from error


class Plain:
    """Over the standard library, one request after another, to a coordinator on this machine."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._base = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=CONNECTING)

    async def send(self, request: Request) -> Reply:
        """See `Wire`."""
        return await asyncio.to_thread(self._sent, request)

    def _sent(self, request: Request) -> Reply:
        query = f"?{urlencode(request.params)}" if request.params else ""
        body = None if request.body is None else json.dumps(request.body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        connection = self._connection
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(request.timeout)
            connection.request(
                request.method, f"{self._base}/v1/{request.path}{query}", body, {**request.headers, **kind}
            )
            answer = connection.getresponse()
            headers = answer.headers
            following, rows = _following(headers.get_all("Link", [])), _counted(headers.get(ROWS))
            return Reply(answer.status, answer.read(), headers.get("Location"), following, rows)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise Unanswered(type(error).__name__) from error

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _counted(header: str | None) -> int | None:
    """The rows of a file; raises `ValueError` for what is no number."""
    return None if header is None else int(header)


def _following(links: Iterable[str]) -> dict[str, str] | None:
    """The query of the next part, as headers `Link` name it (RFC 8288)."""
    found = _NEXT.search(", ".join(links))
    return None if found is None else dict(parse_qsl(urlsplit(found[1]).query))
