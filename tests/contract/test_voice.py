"""The voice port: Apprise against a web server and a mail server on this machine, and the fake that tests use."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from shared.errors import Permanent, TipoffError, Transient
from shared.nobody import NoVoice
from shared.ports import Voice
from shared.runtime.voice import AppriseVoice, channel_name
from tests.voices import FakeVoice

pytestmark = pytest.mark.network
TOKEN = "canary-of-a-channel"


@dataclass
class House:
    """A voice, a channel of it that hears, and what makes that channel fail."""

    voice: Voice
    channel: SecretStr
    heard: Callable[[], list[tuple[str, str]]]
    pinged: Callable[[], int]
    ping_url: SecretStr
    answer: Callable[[int | None], None]
    """The status that the channel answers with from now on; None: it hangs up."""


@dataclass
class Hook:
    """A web server that keeps what is posted to it."""

    status: int | None = 200
    bodies: list[dict[str, str]] = field(default_factory=list)
    pings: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """Answer with the status, or hang up."""
        if self.status is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if self.status == 200:
            if request.method == "GET":
                self.pings += 1
            else:
                self.bodies.append(await request.json())
        return web.Response(status=self.status)


@asynccontextmanager
async def _apprise() -> AsyncIterator[House]:
    hook = Hook()
    app = web.Application()
    app.router.add_route("*", "/{token}", hook.answer)
    async with TestServer(app) as server:
        yield House(
            AppriseVoice(),
            SecretStr(f"json://127.0.0.1:{server.port}/{TOKEN}"),
            lambda: [(body["title"], body["message"]) for body in hook.bodies],
            lambda: hook.pings,
            SecretStr(f"http://127.0.0.1:{server.port}/{TOKEN}"),
            lambda status: setattr(hook, "status", status),
        )


@asynccontextmanager
async def _fake() -> AsyncIterator[House]:
    voice = FakeVoice()

    def answer(status: int | None) -> None:
        async def before(url: str) -> None:
            name = channel_name(SecretStr(url))
            if status is None or status >= 500:
                raise Transient(f"channel {name} does not answer")
            if status >= 400:
                raise Permanent(f"channel {name} refuses: status {status}")

        voice.before = before

    yield House(
        voice,
        SecretStr(f"json://fake/{TOKEN}"),
        lambda: [(title, body) for _, title, body in voice.said],
        lambda: len(voice.pings),
        SecretStr(f"http://fake/{TOKEN}"),
        answer,
    )


@pytest.fixture(params=[_apprise, _fake], ids=["apprise", "fake"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with request.param() as house:
        yield house


async def failure(work: Awaitable[None]) -> TipoffError:
    """What it fails with, which names no secret."""
    with pytest.raises(TipoffError) as raised:
        await work
    assert TOKEN not in f"{raised.value!r} {raised.value.__cause__!r}"
    return raised.value


async def test_what_is_said_is_heard_once(house: House) -> None:
    """Title and body as they are, whatever is in them."""
    await house.voice.say(house.channel, "one", "two <b>bold</b> *lines*\n- Dončić & co")
    assert house.heard() == [("one", "two <b>bold</b> *lines*\n- Dončić & co")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refusal_is_permanent(house: House, status: int) -> None:
    """It names channel and status."""
    house.answer(status)
    error = await failure(house.voice.say(house.channel, "one", "two"))
    assert isinstance(error, Permanent)
    assert channel_name(house.channel) in str(error)
    assert str(status) in str(error)
    assert isinstance(await failure(house.voice.ping(house.ping_url)), Permanent)


@pytest.mark.parametrize("status", [500, 503, None])
async def test_a_channel_that_is_down_may_come_back(house: House, status: int | None) -> None:
    """Then it hears again."""
    house.answer(status)
    assert isinstance(await failure(house.voice.say(house.channel, "one", "two")), Transient)
    assert isinstance(await failure(house.voice.ping(house.ping_url)), Transient)
    house.answer(200)
    await house.voice.say(house.channel, "three", "four")
    await house.voice.ping(house.ping_url)
    assert (house.heard(), house.pinged()) == ([("three", "four")], 1)


@pytest.mark.parametrize("status", [408, 425, 429])
async def test_who_is_asked_to_come_later_does(status: int) -> None:
    """That is no refusal."""
    async with _apprise() as house:
        house.answer(status)
        assert isinstance(await failure(house.voice.say(house.channel, "one", "two")), Transient)
        assert isinstance(await failure(house.voice.ping(house.ping_url)), Transient)


@pytest.mark.parametrize("url", [f"nonsense://{TOKEN}", TOKEN, f"slack://{TOKEN}", f"mailto://{TOKEN}", "json://"])
async def test_what_is_no_channel_is_refused(url: str) -> None:
    """With where to look how it should be."""
    error = await failure(AppriseVoice().say(SecretStr(url), "one", "two"))
    assert isinstance(error, Permanent)
    assert "no URL that Apprise knows: check its URL in the secret alert-urls (https://" in str(error)


async def test_what_is_no_url_cannot_be_pinged() -> None:
    """It names the secret, not its value."""
    error = await failure(AppriseVoice().ping(SecretStr(f"//{TOKEN}")))
    assert "secret heartbeat-url" in str(error)


async def test_a_channel_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the voice's own time, whatever Apprise would wait."""
    hung_up = threading.Event()
    monkeypatch.setattr("shared.runtime.voice._send", lambda *_: hung_up.wait())
    try:
        error = await failure(AppriseVoice(timeout=0.01).say(SecretStr(f"json://{TOKEN}"), "one", "two"))
    finally:
        hung_up.set()
    assert isinstance(error, Transient)


async def test_messages_at_once_do_not_mix_their_reasons() -> None:
    """Each thread reads its own lines of the log; and none of them is passed on."""
    records: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        """Of everything."""

        def emit(self, record: logging.LogRecord) -> None:
            """Keep it."""
            records.append(record)

    handler = Kept()
    logging.getLogger().addHandler(handler)
    try:
        async with _apprise() as good, _apprise() as bad:
            bad.answer(404)
            done = await asyncio.gather(
                *(house.voice.say(house.channel, "t", "b") for house in (good, bad) * 5), return_exceptions=True
            )
    finally:
        logging.getLogger().removeHandler(handler)
    assert ["404" if "status 404" in str(each) else each for each in done] == [None, "404"] * 5
    assert not [record for record in records if record.name.startswith("apprise")]


def test_a_channels_name_shows_its_kind_alone() -> None:
    """Nothing of the URL, and another one for each."""
    assert channel_name(SecretStr(f"Slack://{TOKEN}/b/c")).startswith("slack-")
    assert channel_name(SecretStr(TOKEN)).startswith("url-")
    names = {channel_name(SecretStr(f"mailto://{user}@example.com")) for user in "abc"}
    assert len(names) == 3


async def test_without_a_voice_nothing_can_be_said() -> None:
    """It is an error, not silence."""
    assert isinstance(await failure(NoVoice().say(SecretStr(TOKEN), "one", "two")), Permanent)
    assert isinstance(await failure(NoVoice().ping(SecretStr(TOKEN))), Permanent)
