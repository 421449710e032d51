"""The voice port on Apprise, which knows some hundred services by URL, and a heartbeat over HTTP.

Apprise blocks, says only yes or no, and puts its reasons into its log: each message has a thread of its own, whose log
lines are read for the status the channel answered with. Nothing else of them is repeated: they may hold addresses.
"""

import asyncio
import logging
import re
import threading
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import aiohttp
from pydantic import SecretStr

from shared.errors import Permanent, TipoffError, Transient
from shared.registries.secrets import ALERT_URLS, HEARTBEAT_URL

TIMEOUT: Final = 30.0
"""Seconds that a channel may take; Apprise itself gives up on a connection after four."""
PING_TIMEOUT: Final = 10.0
_REMEDY = f"check its URL in the secret {ALERT_URLS}"
_URL = re.compile(r"https?://[^/\s]+")
_HTTP = re.compile(r"\berror=(\d{3})\b")
_SMTP = re.compile(r"\((\d{3}), b?['\"]")
_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


def channel_name(url: SecretStr) -> str:
    """What a channel is called where its URL must not be seen: its kind, and six digits that tell it from others."""
    text = url.get_secret_value()
    kind = text.partition("://")[0].lower()
    return f"{kind if re.fullmatch(r'[a-z0-9+]{1,20}', kind) else 'url'}-{sha256(text.encode()).hexdigest()[:6]}"


class AppriseVoice:
    """Each message goes to one channel, so that one that fails silences no other."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout

    async def say(self, channel: SecretStr, title: str, body: str) -> None:
        """Send a message. One whose channel is too slow to say that it has it counts as not sent.

        Raises:
            Permanent: no URL that Apprise knows, or the channel refuses.
            Transient: it does not answer, or not now.
        """
        name = channel_name(channel)
        try:
            async with asyncio.timeout(self._timeout):
                failure = await asyncio.to_thread(_send, name, channel.get_secret_value(), title, body)
        except TimeoutError as error:
            raise Transient(f"channel {name} does not answer within {self._timeout:g} s", remedy=_REMEDY) from error
        if failure is not None:
            raise failure

    async def ping(self, url: SecretStr) -> None:
        """One GET; any answer but a refusal will do."""
        if _URL.match(url.get_secret_value()) is None:
            raise Permanent("the heartbeat's URL is not http://...", remedy=f"check the secret {HEARTBEAT_URL}")
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PING_TIMEOUT)) as session,
                session.get(url.get_secret_value()) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:  # its text may hold the URL
            raise Transient(f"the heartbeat's URL does not answer ({type(error).__name__})") from None
        if status >= HTTPStatus.BAD_REQUEST:
            failure = Transient if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER else Permanent
            raise failure(f"the heartbeat's URL answers {status}", remedy=f"check the secret {HEARTBEAT_URL}")


class _Lines(logging.Handler):
    """What Apprise logs in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if record.thread == self._thread:
            self.text += record.getMessage() + "\n"


def _send(name: str, url: str, title: str, body: str) -> TipoffError | None:
    """Send in this thread; what went wrong."""
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415 - takes a fifth of a second, and most processes have no channel

    logger = logging.getLogger("apprise")
    logger.propagate = False  # its lines hold what ours must not
    logger.setLevel(logging.DEBUG)
    lines = _Lines()
    logger.addHandler(lines)
    try:
        plugin = Apprise.instantiate(url)
        if plugin is None:
            known = "no URL that Apprise knows"
            return Permanent(f"channel {name}: {known}", remedy=f"{_REMEDY} (https://appriseit.com/services)")
        plugin.notify_format = NotifyFormat.TEXT  # as HTML a mail would lose its lines
        if plugin.notify(title=title, body=body):
            return None
    finally:
        logger.removeHandler(lines)
    return _failure(name, lines.text)


def _failure(name: str, logged: str) -> TipoffError:
    http, smtp = _HTTP.search(logged), _SMTP.search(logged)
    if http is not None:
        status = int(http[1])
        refused = status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LATER
    elif smtp is not None:
        status = int(smtp[1])
        refused = status >= 500  # noqa: PLR2004 - RFC 5321: 5yz is a permanent negative reply
    else:
        return Transient(f"channel {name} does not answer", remedy=_REMEDY)
    failure = Permanent if refused else Transient
    return failure(f"channel {name} refuses: status {status}", remedy=_REMEDY)
