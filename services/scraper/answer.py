"""What an upstream sent, before anybody has made anything of it, and who keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp

from services.scraper.domain.wire import Fault

MAX_BODY = 64 * 2**20
"""Bytes of an answer; the longest known is a tenth of that. Whoever sends more is broken or hostile."""
MAX_REFUSAL = 64 * 2**10
"""Bytes that are kept of a refusal."""
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    size: int
    """Bytes sent; of a refusal fewer may be kept."""
    fetched_at: datetime
    published_at: datetime | None
    """The Last-Modified header, where there is one."""
    attempt: int


class Keeper(Protocol):
    """Keeps the answers to one request."""

    async def answered(self, answer: Answer) -> None:
        """Called with every answer before it is judged or parsed."""
        ...

    def refused(self, reason: str) -> None:
        """The latest answer had the right status and cannot be used."""
        ...


class KeptByNobody:
    """For whoever only wants to know the answer."""

    async def answered(self, answer: Answer) -> None:
        """Forget it."""

    def refused(self, reason: str) -> None:
        """Forget it."""


async def received(response: aiohttp.ClientResponse) -> tuple[bytes, int]:
    """(body, bytes sent); of a refusal the body is cut at `MAX_REFUSAL`.

    Raises:
        Fault: there are more than `MAX_BODY` bytes.
    """
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise Fault("too_large", f"HTTP {response.status} with more than {MAX_BODY // 2**20} MB")
    body = b"".join(parts)
    return body if response.status == 200 else body[:MAX_REFUSAL], size  # noqa: PLR2004 - HTTP
