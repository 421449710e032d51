"""What an answer means, and what is done about it: against a scripted server on the loopback address."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.domain.odds import Event, parse_events
from services.scraper.domain.wire import Fault
from services.scraper.endpoints import Request, Source
from services.scraper.fetch import Failed, Fetched, Fetcher, Meter, classify, http_date, retry_after
from shared.errors import Permanent
from shared.retry import RetryPolicy
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import FakeClock, FakeSecrets

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
KEY = "s3cr3t"
EVENTS = wire.body([wire.event()])
POLICY = RetryPolicy(attempts=6, attempt_timeout=0.2, base_delay=0.5, max_delay=4.0)


# --- the table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rate_limited"),
        (408, "timeout"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "server_error"),
        (504, "server_error"),
        (204, "malformed"),
        (304, "malformed"),
    ],
)
def test_f28_statuses_that_may_pass(status: int, kind: str) -> None:
    """They are faults, tried again and counted by kind."""
    verdict = classify(status, {}, NOW)
    assert isinstance(verdict, Fault)
    assert verdict.kind == kind


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 422, 451])
def test_f05_f28_refusals_are_permanent(status: int) -> None:
    """A 403 is never an empty success, a bad request never transient."""
    assert isinstance(classify(status, {}, NOW), Permanent)


def test_a_200_is_read() -> None:
    """Its body decides."""
    assert classify(200, {}, NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "Mon, 04 Mar 2024 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Mon, 04 Mar 2024 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "Sat, 01 Jan 2000 00:00:05 GMT", "Date": "Sat, 01 Jan 2000 00:00:00 GMT"}, 5.0),
        ({"Retry-After": "in a while"}, None),
        ({"Retry-After": "-5"}, None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date counts from the answer's own Date, else from now; what cannot be read is not there."""
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=30))
def test_law_no_header_breaks_the_reader(value: str) -> None:
    """Whatever the header, it is a wait that is not negative, or none."""
    seconds = retry_after({"Retry-After": value}, NOW)
    assert seconds is None or seconds >= 0


def test_last_modified() -> None:
    """An HTTP date is an aware UTC instant."""
    assert http_date("Mon, 04 Mar 2024 05:00:00 GMT") == datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert http_date("yesterday") is None
    assert http_date(None) is None


# --- the fetcher ----------------------------------------------------------------------------------------------------

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(body: bytes = EVENTS, status: int = 200, **headers: str) -> Answer:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return respond


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


class Scripted:
    """A server that answers as told, one answer per request (the last for ever), and remembers the requests."""

    def __init__(self, answers: tuple[Answer, ...]) -> None:
        self.answers = answers
        self.requests: list[web.Request] = []

    async def respond(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return await self.answers[min(len(self.requests), len(self.answers)) - 1](request)


class Rig:
    """A fetcher of one upstream `odds_api`, its server, and the simulated clock it waits on."""

    def __init__(self, fetcher: Fetcher, server: Scripted, clock: FakeClock, secrets: FakeSecrets) -> None:
        self.fetcher = fetcher
        self.server = server
        self.clock = clock
        self.secrets = secrets
        self.meter: Meter = Counter()

    async def get(self, **params: str) -> Fetched[Event] | Failed:
        request = Request("odds_api", "events", "/v4/events", params)
        return await self.fetcher.get(request, parse_events, self.meter)


@asynccontextmanager
async def rig(*answers: Answer, key_param: str | None = "apiKey", base_url: str | None = None) -> AsyncIterator[Rig]:
    script = Scripted(answers)
    app = web.Application()
    app.router.add_get("/v4/events", script.respond)
    clock, secrets = FakeClock(NOW), FakeSecrets({"odds-api-key": KEY})
    async with TestServer(app) as server:
        url = base_url if base_url is not None else str(server.make_url("")).rstrip("/")
        source = Source("odds_api", url, 1000, {"Referer": "x"}, "odds-api-key", key_param)
        fetcher = Fetcher(
            {"odds_api": source}, POLICY, clock=clock, secrets=secrets, user_agent="tipoff-test", jitter=lambda: 0.0
        )
        async with fetcher:
            yield Rig(fetcher, script, clock, secrets)


@pytest.mark.network
async def test_an_answer_is_fetched_once() -> None:
    """Parsed, with its body, its time and the header's; the key travels as told."""
    async with rig(answer(Last_Modified="Mon, 04 Mar 2024 05:00:00 GMT")) as r:
        got = await r.get(date="2024-03-04T12:00:00Z")
        assert isinstance(got, Fetched)
        assert (got.body, got.fetched_at, got.attempts) == (EVENTS, NOW, 1)
        assert got.published_at == datetime(2024, 3, 4, 5, tzinfo=UTC)
        assert dict(r.server.requests[0].query) == {"date": "2024-03-04T12:00:00Z", "apiKey": KEY}
        assert r.server.requests[0].headers["User-Agent"] == "tipoff-test"
        assert +r.meter == {"requests": 1}


@pytest.mark.network
async def test_the_key_may_travel_in_a_header() -> None:
    """BallDontLie wants it there."""
    async with rig(answer(), key_param=None) as r:
        await r.get()
        assert r.server.requests[0].headers["Authorization"] == KEY
        assert "apiKey" not in r.server.requests[0].query


@pytest.mark.network
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (answer(status=503), "server_error"),
        (answer(b"<html>Sorry</html>"), "html"),
        (answer(EVENTS[:-5]), "truncated"),
        (answer(b""), "truncated"),
        (answer(b'{"message": "hm"}'), "malformed"),
        (answer(b"[]"), "empty"),
        (answer(status=429), "rate_limited"),
        (hang, "timeout"),
        (break_off, "truncated"),
    ],
)
async def test_a_fault_is_tried_again_and_counted(fault: Answer, kind: str) -> None:
    """Three faults in a row, then the truth: four requests, three retries, and the truth it is."""
    async with rig(fault, fault, fault, answer()) as r:
        got = await r.get()
        assert isinstance(got, Fetched)
        assert len(got.parsed.records) == 1
        assert got.attempts == 4
        assert +r.meter == {"requests": 4, "retries": 3, f"faults_{kind}": 3}


@pytest.mark.network
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_f05_a_refusal_is_asked_once_and_never_an_empty_success(status: int) -> None:
    """It fails at once, with the status in its reason."""
    async with rig(answer(b"[]", status)) as r:
        got = await r.get()
        assert isinstance(got, Failed)
        assert f"HTTP {status}" in got.reason
        assert len(r.server.requests) == 1
        assert r.meter["faults_refused"] == 1


@pytest.mark.network
async def test_a_refused_key_names_its_secret_and_is_read_anew() -> None:
    """After a rotation the next request carries the new key."""
    async with rig(answer(status=401), answer()) as r:
        got = await r.get()
        assert isinstance(got, Failed)
        assert "check the secret odds-api-key" in got.reason
        r.secrets.values["odds-api-key"] = "rotated"
        assert isinstance(await r.get(), Fetched)
        assert r.server.requests[1].query["apiKey"] == "rotated"


@pytest.mark.network
async def test_a_missing_secret_fails_without_a_request() -> None:
    """The reason says which."""
    async with rig(answer()) as r:
        r.secrets.values.clear()
        got = await r.get()
        assert isinstance(got, Failed)
        assert "odds-api-key" in got.reason
        assert r.server.requests == []


@pytest.mark.network
async def test_an_empty_answer_is_believed_from_the_fourth_attempt_on() -> None:
    """Then the earlier ones were no faults either."""
    async with rig(answer(b"[]")) as r:
        got = await r.get()
        assert isinstance(got, Fetched)
        assert got.parsed.seen == 0
        assert got.attempts == len(r.server.requests) == 4
        assert +r.meter == {"requests": 4, "retries": 3}


@pytest.mark.network
@pytest.mark.parametrize("asked", ["9", "Mon, 04 Mar 2024 12:00:09 GMT"])
async def test_retry_after_is_never_undercut(asked: str) -> None:
    """No request leaves for the host before the time it asked for has passed, whoever sends it."""
    refusal = answer(status=429, Retry_After=asked, Date="Mon, 04 Mar 2024 12:00:00 GMT")
    async with rig(refusal, answer()) as r:
        started = r.clock.monotonic()
        await r.get()
        assert r.clock.monotonic() - started >= 9


@pytest.mark.network
async def test_a_429_pauses_the_whole_host() -> None:
    """Another request of the same host waits as long as the one that was refused."""
    async with rig(answer(status=429, Retry_After="9"), answer()) as r:
        await asyncio.gather(r.get(unit="one"), r.get(unit="two"))
        assert r.clock.longest >= 9


@pytest.mark.network
async def test_attempts_are_bounded() -> None:
    """An upstream that is down costs six requests and one line."""
    async with rig(answer(status=500)) as r:
        got = await r.get()
        assert got == Failed("odds_api /v4/events: HTTP 500 (6 attempts)", 6)
        assert len(r.server.requests) == 6
        assert r.meter["faults_server_error"] == 6


@pytest.mark.network
@pytest.mark.parametrize("base_url", ["unreachable", "nonsense://x y"])
async def test_no_reason_ever_holds_the_key(base_url: str) -> None:
    """Unreachable or misspelt upstreams are named without their query."""
    url = f"http://127.0.0.1:{unused_port()}" if base_url == "unreachable" else base_url
    async with rig(answer(), base_url=url) as r:
        got = await r.get()
        assert isinstance(got, Failed)
        assert KEY not in got.reason
        assert "cannot be reached" in got.reason or "is no URL" in got.reason


@pytest.mark.network
@pytest.mark.parametrize("fault", [answer(status=500), answer(status=403), answer(b"{"), answer(b"<"), hang, break_off])
async def test_no_answer_makes_the_key_appear(fault: Answer) -> None:
    """Whatever goes wrong, the reason does not hold it."""
    async with rig(fault) as r:
        got = await r.get()
        assert isinstance(got, Failed)
        assert KEY not in got.reason


async def test_a_fetcher_must_be_entered() -> None:
    """Using it without its session is a bug, not a failure of the upstream."""
    clock, secrets = FakeClock(NOW), FakeSecrets({})
    fetcher = Fetcher(
        {"espn": Source("espn", "http://x", 5)}, POLICY, clock=clock, secrets=secrets, user_agent="", jitter=lambda: 0.0
    )
    with pytest.raises(RuntimeError, match="not entered"):
        await fetcher.get(Request("espn", "u", "/"), parse_events, Counter())
