"""The HTTP session: one request per place in the host's window, and the place told when it is on its way."""

from contextvars import ContextVar
from typing import Final

import aiohttp
from aiohttp.connector import Connection

from shared.runtime.throttle import Place

PLACE: Final[ContextVar[Place]] = ContextVar("place")
"""Of the request that this task is about to send."""


class _Request(aiohttp.ClientRequest):
    """aiohttp's own tracing says `headers sent` before they are written; this is after."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        place = PLACE.get()
        if place.sent_at is not None:
            # aiohttp asks again by itself when a kept connection turns out to be closed: that would be one too many.
            raise aiohttp.ServerDisconnectedError
        try:
            return await super().send(conn)
        finally:
            place.sent()


def open_session(user_agent: str) -> aiohttp.ClientSession:
    """A session without limits of its own: each host's throttle has them.

    A shared limit would let one host wait for another. Each attempt has its own time limit; the session's would only
    blur the reason.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        request_class=_Request,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": user_agent, "Accept": "application/json, text/plain, */*"},
    )
