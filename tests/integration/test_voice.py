"""Alerts reach a mail server and a webhook on this machine, each once, by the voice that a coordinator has."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.policy import default
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, Envelope

from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.watch.voice import Speaker
from shared.embedded.secrets import EnvironmentSecrets
from tests.unit.coordinator.memory import opened
from tests.unit.shared.places import embedded_ports

pytestmark = pytest.mark.network


@dataclass
class Heard:
    """What has arrived: subjects of mails, titles of posts."""

    mails: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
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
        self.mails.append(str(email.message_from_bytes(envelope.content, policy=default)["Subject"]))
        self.arrived.set()
        return "250 OK"

    async def hook(self, request: web.Request) -> web.Response:
        """A post."""
        if self.hook_status == 200:
            self.posts.append((await request.json())["title"])
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


async def test_each_alert_reaches_mailbox_and_webhook_once(tmp_path: Path) -> None:
    """And its end; a bad URL beside them, and a hook that refuses for a while, cost the others nothing."""
    async with house() as heard, embedded_ports(tmp_path) as embedded:
        secrets = tmp_path / "secrets.env"
        secrets.write_text(f"TIPOFF_SECRET_ALERT_URLS='\n{chr(10).join([*heard.urls, 'nonsense://x'])}\n'\n")
        ports = replace(embedded, secrets=EnvironmentSecrets({}, secrets))
        speaker = Speaker(ports, per_hour=12)
        task = asyncio.create_task(speaker.run())
        try:
            await raise_alert(speaker.heard, "run_failed", "2024-03-04.overnight", "rosters: 0 of 30 there")
            await heard.until(2, 2)
            assert heard.mails == heard.posts
            assert heard.mails[0] == "Tipoff: PAGE run_failed (2024-03-04.overnight)"
            assert heard.mails[1].startswith("Tipoff: TICKET channel_refused (nonsense-")
            await clear_alert(speaker.heard, "run_failed", "2024-03-04.overnight")
            await heard.until(3, 3)
            heard.hook_status = 404
            await raise_alert(speaker.heard, "open_door", "scraper", "answers 200")
            await heard.until(5, 3)
            assert [title for title in heard.mails[3:] if "channel_refused (json-" in title]
            heard.hook_status = 200
            results = {row["channel"].partition("-")[0]: row["outcome"] for row in await speaker.test()}
            assert results == {"mailto": "sent", "json": "sent", "nonsense": "failed"}
            await heard.until(7, 5)
        finally:
            await speaker.rest()
            task.cancel()
            await asyncio.wait([task])
        assert heard.posts[3:] == ["Tipoff: a test message", "Tipoff: PAGE open_door (scraper)"]
        assert [title.partition(" (")[0] for title in sorted(heard.mails[5:])] == [
            "Tipoff: a test message", "Tipoff: resolved: channel_refused"
        ]  # fmt: skip
        assert {name.partition("-")[0] for name in await opened(ports.state)} == {
            "channel_refused nonsense", "open_door scraper"
        }  # fmt: skip
