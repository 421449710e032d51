"""The services' doors: whether Cloud Run's IAM really stands before each of them."""

from collections.abc import Sequence
from http import HTTPStatus

import aiohttp

from shared.cloud.errors import at_once
from shared.runtime.logs import get_logger

TIMEOUT = 10.0

_log = get_logger("doors")


class PublicDoors:
    """Asks every URL as anybody could, all at once; redirects are not followed."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    async def statuses(self) -> dict[str, int]:
        """HTTP status of a request without credentials, by URL; one that does not answer in time is left out."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
            found = await at_once(_status(session, url) for url in self._urls)
        return {url: status for url, status in zip(self._urls, found, strict=True) if status is not None}


async def _status(session: aiohttp.ClientSession, url: str) -> HTTPStatus | int | None:
    try:
        async with session.get(url, allow_redirects=False) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError) as error:
        _log.warning("door_not_seen", url=url, reason=type(error).__name__)
        return None
