"""The fetcher against a server on the loopback address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from services.scraper.fetch import Failed, Fetched, Fetcher, Meter
from services.scraper.sources.odds_api.events import EVENTS as EVENTS_ENDPOINT
from shared.embedded.secrets import EnvironmentSecrets
from shared.registries.sources import SOURCES
from shared.runtime.retry import RetryPolicy
from tests.clock import FakeClock
from tests.unit.scraper import wire

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
KEY = "s3cr3t"
EVENTS = wire.body([wire.event()])
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def break_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(EVENTS))})
    await response.prepare(request)
    await response.write(EVENTS[:20])
    assert request.transport is not None
    request.transport.close()
    return response


@asynccontextmanager
async def served(answer: Answer | None, base_url: str = "") -> AsyncIterator[Fetcher]:
    """A fetcher of one upstream, on the loopback address or elsewhere."""
    app = web.Application()
    if answer is not None:
        app.router.add_get("/v4/events", answer)
    async with TestServer(app) as server:
        url = base_url or str(server.make_url("")).rstrip("/")
        fetcher = Fetcher(
            {"odds_api": replace(SOURCES["odds_api"], base_url=url, rate=1000, headers={"Referer": "x"})},
            RetryPolicy(attempts=2, attempt_timeout=0.2),
            clock=FakeClock(NOW),
            secrets=EnvironmentSecrets({"TIPOFF_SECRET_ODDS_API_KEY": KEY}),
            user_agent="tipoff-test",
            jitter=lambda: 0.0,
        )
        async with fetcher:
            yield fetcher


REQUEST = EVENTS_ENDPOINT.request("events", "/v4/events", {"date": "2024-03-04T12:00:00Z"})


@pytest.mark.network
async def test_a_request_travels_with_its_parameters_and_headers() -> None:
    """As the server sees them."""
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.Response(body=EVENTS, headers={"Last-Modified": "Mon, 04 Mar 2024 05:00:00 GMT"})

    async with served(answer) as fetcher:
        got = await fetcher.get(REQUEST, Counter())
    assert isinstance(got, Fetched)
    assert (got.body, got.published_at) == (EVENTS, datetime(2024, 3, 4, 5, tzinfo=UTC))
    assert dict(seen[0].query) == {"date": "2024-03-04T12:00:00Z", "apiKey": KEY}
    assert (seen[0].headers["User-Agent"], seen[0].headers["Referer"]) == ("tipoff-test", "x")


@pytest.mark.network
@pytest.mark.parametrize(
    ("answer", "base_url", "kind"),
    [
        (break_off, "", "truncated"),
        (hang, "", "timeout"),
        (None, "unreachable", "connection"),
        (None, "nonsense://x y", "connection"),
        (None, "no url", "refused"),
    ],
)
async def test_what_goes_wrong_on_the_way_is_told_apart(answer: Answer | None, base_url: str, kind: str) -> None:
    """Half a body, no answer, nobody there, no address; none of the reasons holds the key."""
    url = f"http://127.0.0.1:{unused_port()}" if base_url == "unreachable" else base_url
    meter: Meter = Counter()
    async with served(answer, url) as fetcher:
        got = await fetcher.get(REQUEST, meter)
    assert isinstance(got, Failed)
    assert KEY not in got.reason
    assert meter[f"faults_{kind}"] == (1 if kind == "refused" else 2)


@pytest.mark.network
async def test_a_place_is_told_when_its_request_is_on_its_way() -> None:
    """Long before the answer comes: the window counts from there."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return web.Response(body=EVENTS)

    async with served(answer) as fetcher:
        fetcher._policy = RetryPolicy(attempts=1)
        throttle = fetcher._throttles["odds_api"]
        asking = asyncio.create_task(fetcher.get(REQUEST, Counter()))
        await arrived.wait()
        assert (throttle._unsent, len(throttle._sent), throttle._slots._value) == (0, 1, 15)
        go_on.set()
        assert isinstance(await asking, Fetched)
        assert (throttle._unsent, len(throttle._sent), throttle._slots._value) == (0, 1, 16)


@pytest.mark.network
async def test_nothing_is_sent_without_a_place() -> None:
    """A kept connection that the server closes on the next request: aiohttp would ask again at once, we do in turn."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["n"])
        if len(asked) == 2:
            assert request.transport is not None
            request.transport.close()
        return web.Response(body=EVENTS)

    async with served(answer) as fetcher:
        fetcher._policy = RetryPolicy(attempts=1)
        got = [await fetcher.get(EVENTS_ENDPOINT.request("events", "/v4/events", {"n": n}), Counter()) for n in "12"]
    assert [type(one) for one in got] == [Fetched, Failed]
    assert asked == ["1", "2"]


@pytest.mark.network
async def test_a_redirect_is_not_followed() -> None:
    """It would be a request without a place, and carry the key to whom it names."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        raise web.HTTPFound("/v4/events")

    async with served(answer) as fetcher:
        fetcher._policy = RetryPolicy(attempts=1)
        got = await fetcher.get(REQUEST, Counter())
    assert isinstance(got, Failed)
    assert "HTTP 302 instead of 200" in got.reason
    assert asked == ["/v4/events"]


@pytest.mark.network
async def test_a_source_is_asked_through_its_proxy() -> None:
    """Which sees the whole URL; what it refuses is its refusal, not the source's."""
    seen: list[str] = []

    async def proxied(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request.raw_path if hasattr(request, "raw_path") else str(request.url))
        return web.Response(body=EVENTS) if len(seen) == 1 else web.Response(status=407)

    server = web.ServerRunner(web.Server(proxied))
    await server.setup()
    await web.TCPSite(server, "127.0.0.1", 0).start()
    host, port = server.addresses[0][:2]
    async with served(None, "http://stats.invalid") as fetcher:
        fetcher._hosts = {"odds_api": replace(fetcher._hosts["odds_api"], proxy="nba-stats-proxy-url")}
        fetcher._keys._kept["nba-stats-proxy-url"] = f"http://u:p@{host}:{port}"
        first, second = await fetcher.get(REQUEST, Counter()), await fetcher.get(REQUEST, Counter())
    await server.cleanup()
    assert isinstance(first, Fetched)
    assert seen[0].startswith("http://stats.invalid/v4/events?")
    assert second == Failed("odds_api /v4/events: its proxy refuses: HTTP 407: check the secret nba-stats-proxy-url", 1)
