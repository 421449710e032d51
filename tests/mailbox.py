"""A mail server and a webhook on this machine, for what leaves the house."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.policy import default

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class Heard:
    """What has arrived: subjects of mails, titles of posts, and both with their bodies."""

    mails: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    letters: list[tuple[str, str]] = field(default_factory=list)
    """Mails: subject, body."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Posts: title, body."""
    hook_status: int = 200
    urls: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, mails: int, posts: int) -> None:
        """Wait for so many."""
        async with asyncio.timeout(30):
            while len(self.mails) < mails or len(self.posts) < posts:
                self.arrived.clear()
                await self.arrived.wait()
        assert (len(self.mails), len(self.posts)) == (mails, posts)

    async def handle_DATA(self, _: object, __: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A mail."""
        assert isinstance(envelope.content, bytes)
        letter = email.message_from_bytes(envelope.content, policy=default)
        body = letter.get_body(("plain", "html"))
        self.mails.append(str(letter["Subject"]))
        self.letters.append((self.mails[-1], "" if body is None else str(body.get_content())))
        self.arrived.set()
        return "250 OK"

    async def hook(self, request: web.Request) -> web.Response:
        """A post."""
        if self.hook_status == 200:
            post = await request.json()
            self.posts.append(post["title"])
            self.calls.append((post["title"], post["message"]))
            self.arrived.set()
        return web.Response(status=self.hook_status)


@asynccontextmanager
async def house() -> AsyncIterator[Heard]:
    """Both servers."""
    heard = Heard()
    app = web.Application()
    app.router.add_post("/hook", heard.hook)
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(heard, loop=loop), "127.0.0.1", 0)
    port = smtp.sockets[0].getsockname()[1]
    try:
        async with TestServer(app) as server:
            heard.urls = [
                f"mailto://127.0.0.1:{port}?from=tipoff@example.com&to=me@example.com&mode=insecure",
                f"json://127.0.0.1:{server.port}/hook",
            ]
            yield heard
    finally:
        smtp.close()
        await smtp.wait_closed()
