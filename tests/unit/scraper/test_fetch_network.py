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
