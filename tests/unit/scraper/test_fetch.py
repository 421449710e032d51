"""The fetcher on a session with scripted replies: what is done about an answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from services.scraper import fetch, session
from services.scraper.domain.odds import Event
from services.scraper.fetch import Failed, Fetched, Fetcher, Meter, Unchanged
from services.scraper.sources.endpoint import Endpoint
from services.scraper.sources.odds_api.events import EVENTS as EVENTS_ENDPOINT
from services.scraper.sources.odds_api.events import parse_events
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Transient
from shared.registries.sources import SOURCES
from shared.runtime.deadline import due_within
from shared.runtime.metrics import REQUESTS
from shared.runtime.retry import RetryPolicy
from shared.runtime.throttle import Throttle
from tests.clock import FakeClock
from tests.unit.scraper import wire

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
KEY = "s3cr3t"
EVENTS = wire.body([wire.event()])
POLICY = RetryPolicy(attempts=6, attempt_timeout=0.2, base_delay=0.5, max_delay=4.0)


@dataclass
class Reply:
    """What comes back for one request, or what is raised instead."""

    body: bytes = EVENTS
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None
    unread: Exception | None = None
    """Raised while the body is read."""
    hangs: bool = False
    until: asyncio.Event | None = None
    """When it comes."""

    async def __aenter__(self) -> Self:
        if self.hangs:
            await asyncio.Event().wait()
        if self.until is not None:
            await self.until.wait()
        if self.error is not None:
            raise self.error
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    @property
    def content(self) -> Self:
        return self

    async def iter_any(self) -> AsyncIterator[bytes]:
        if self.unread is not None:
            raise self.unread
        yield self.body


class Session:
    """Gives one reply per request, the last one for ever, and remembers the requests."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.made_with: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.proxies: list[str | None] = []
        self.closed = False

    def get(
        self, url: str, *, params: dict[str, str], headers: dict[str, str], proxy: str | None, allow_redirects: bool
    ) -> Reply:
        assert not allow_redirects
        self.asked.append((url, params, headers))
        self.proxies.append(proxy)
        return self.replies[min(len(self.asked), len(self.replies)) - 1]

    async def close(self) -> None:
        self.closed = True


class CountingSecrets(EnvironmentSecrets):
    """Counts how often it is asked."""

    asked = 0

    async def get(self, name: str) -> Any:  # noqa: ANN401 - as the port
        self.asked += 1
        return await super().get(name)


ODDS = replace(SOURCES["odds_api"], base_url="http://odds", rate=1000, headers={"Referer": "x"})
BDL = replace(SOURCES["balldontlie"], base_url="http://bdl", rate=1000)
ESPN = replace(SOURCES["espn"], base_url="http://espn", rate=1000)


def _endpoint(source: str) -> Endpoint[Event]:
    """Events, whoever is asked."""
    return replace(EVENTS_ENDPOINT, source=source)


class Bench:
    """A fetcher, its session, and the simulated clock it waits on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *replies: Reply, jitter: float = 0.5) -> None:
        self.session = Session(*replies)
        self.clock = FakeClock(NOW)
        self.environment = {"TIPOFF_SECRET_ODDS_API_KEY": KEY, "TIPOFF_SECRET_BALLDONTLIE_API_KEY": "other"}
        self.secrets = CountingSecrets(self.environment)
        self.meter: Meter = Counter()
        self.fetcher = Fetcher(
            {source.name: source for source in (ODDS, BDL, ESPN)},
            POLICY,
            clock=self.clock,
            secrets=self.secrets,
            user_agent="tipoff-test",
            jitter=lambda: jitter,
        )

        def make(**options: Any) -> Session:  # noqa: ANN401 - aiohttp's options
            self.session.made_with = options
            return self.session

        monkeypatch.setattr(aiohttp, "ClientSession", make)

    async def get(self, source: str = "odds_api", **params: str) -> Fetched[Event] | Unchanged | Failed:
        async with self.fetcher:
            return await self.fetcher.get(_endpoint(source).request("events", "/v4/events", params), self.meter)


def _counted(source: str, outcome: str) -> float:
    counted: float = REQUESTS.labels(source, outcome)._value.get()
    return counted


async def test_an_answer_is_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed, with its body, its time and the header's; asked with source's headers, parameters and key."""
    before = _counted("odds_api", "ok")
    bench = Bench(monkeypatch, Reply(headers={"Last-Modified": "Mon, 04 Mar 2024 05:00:00 GMT"}))
    assert await bench.get(dateFormat="iso") == Fetched(
        parse_events(EVENTS), EVENTS, NOW, datetime(2024, 3, 4, 5, tzinfo=UTC), attempts=1
    )
    assert bench.session.asked == [
        ("http://odds/v4/events", {"dateFormat": "iso", "apiKey": KEY}, {"Referer": "x"}),
    ]
    assert bench.meter == {"requests": 1}
    assert bench.clock.elapsed == 0
    assert _counted("odds_api", "ok") == before + 1


async def test_the_session_says_who_asks_and_sets_no_time_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made when the fetcher is entered and closed when it is left."""
    bench = Bench(monkeypatch, Reply())
    async with bench.fetcher as entered:
        assert entered is bench.fetcher
        assert bench.session.made_with.pop("connector").limit == 0
        assert bench.session.made_with == {
            "request_class": session._Request,
            "timeout": aiohttp.ClientTimeout(total=None),
            "headers": {"User-Agent": "tipoff-test", "Accept": "application/json, text/plain, */*"},
        }
        assert not bench.session.closed
    assert bench.session.closed


async def test_a_fetcher_must_be_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Using it before, or after, is a bug, not a failure of the upstream."""
    bench = Bench(monkeypatch, Reply())
    await bench.fetcher.__aexit__(None, None, None)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="not entered"):
            await bench.fetcher.get(_endpoint("espn").request("u", "/"), Counter())
        await bench.get()


async def test_the_key_may_travel_in_a_header_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """BallDontLie wants it there, ESPN wants none."""
    bench = Bench(monkeypatch, Reply())
    await bench.get("balldontlie")
    await bench.get("espn")
    assert bench.session.asked == [
        ("http://bdl/v4/events", {}, {"Authorization": "other"}),
        ("http://espn/v4/events", {}, {}),
    ]


async def test_a_secret_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the upstream takes it: a missing page says nothing about the key."""
    bench = Bench(monkeypatch, Reply(), Reply(status=404), Reply())
    assert [type(await bench.get()) for _ in range(3)] == [Fetched, Failed, Fetched]
    assert bench.secrets.asked == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_its_secret_and_is_read_anew(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """After a rotation the next request carries the new key."""
    bench = Bench(monkeypatch, Reply(status=status), Reply())
    assert await bench.get() == Failed(f"odds_api /v4/events: HTTP {status}: check the secret odds-api-key", 1)
    bench.environment["TIPOFF_SECRET_ODDS_API_KEY"] = "rotated"
    assert isinstance(await bench.get(), Fetched)
    assert bench.session.asked[1][1] == {"apiKey": "rotated"}


async def test_a_missing_secret_fails_without_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says which; a vault that cannot be reached is tried again."""
    bench = Bench(monkeypatch, Reply())
    bench.environment.clear()
    missing = await bench.get()
    assert isinstance(missing, Failed)
    assert missing.reason.startswith("odds_api /v4/events: secret 'odds-api-key' is missing: set TIPOFF_SECRET_ODDS_")
    assert (missing.attempts, missing.keyless) == (1, True)
    assert bench.session.asked == []

    async def unreachable(_: str) -> Any:  # noqa: ANN401 - as the port
        raise Transient("the vault is down")

    bench.secrets.get = unreachable  # type: ignore[assignment,method-assign]  # fails where the port answers
    assert await bench.get() == Failed("odds_api /v4/events: the vault is down (6 attempts)", 6)
    assert bench.meter["faults_timeout"] == 6


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(status=503), "server_error"),
        (Reply(b"<html>Sorry</html>"), "html"),
        (Reply(EVENTS[:-5]), "truncated"),
        (Reply(b""), "truncated"),
        (Reply(b'{"message": "hm"}'), "malformed"),
        (Reply(b"[]"), "empty"),
        (Reply(status=408), "timeout"),
        (Reply(error=TimeoutError()), "timeout"),
        (Reply(error=aiohttp.ClientConnectionError()), "connection"),
        (Reply(error=OSError()), "connection"),
        (Reply(unread=aiohttp.ClientPayloadError()), "truncated"),
        (Reply(unread=aiohttp.ServerDisconnectedError()), "connection"),
    ],
)
async def test_a_fault_is_tried_again_and_counted(monkeypatch: pytest.MonkeyPatch, fault: Reply, kind: str) -> None:
    """Three faults in a row, then the truth: four requests, three retries after 0.25, 0.5 and 1 s."""
    before = _counted("odds_api", kind)
    bench = Bench(monkeypatch, fault, fault, fault, Reply())
    got = await bench.get()
    assert isinstance(got, Fetched)
    assert (len(got.parsed.records), got.attempts, len(bench.session.asked)) == (1, 4, 4)
    assert bench.meter == {"requests": 4, "retries": 3, f"faults_{kind}": 3}
    assert bench.clock.elapsed == 1.75
    assert _counted("odds_api", kind) == before + 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Reply(status=429), "HTTP 429"),
        (Reply(b"{"), "1 bytes that are not JSON"),
        (Reply(unread=aiohttp.ClientPayloadError(KEY)), "the body ended early"),
    ],
)
async def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch, fault: Reply, reason: str) -> None:
    """An upstream that gives nothing costs six requests and one line, and the failure that was last is counted too."""
    bench = Bench(monkeypatch, fault)
    assert await bench.get() == Failed(f"odds_api /v4/events: {reason} (6 attempts)", 6)
    assert (bench.meter["requests"], bench.meter["retries"], len(bench.session.asked)) == (6, 5, 6)
    assert sum(count for kind, count in bench.meter.items() if kind.startswith("faults_")) == 6


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Reply(status=500), "HTTP 500"),
        (Reply(b"<"), "HTML instead of JSON"),
        (Reply(error=TimeoutError(KEY)), "no answer within 0.2 s"),
        (Reply(hangs=True), "no answer within 0.01 s"),
        (Reply(error=aiohttp.ClientConnectionError(KEY)), "cannot be reached (ClientConnectionError)"),
        (Reply(error=OSError(KEY)), "cannot be reached (OSError)"),
    ],
)
async def test_an_upstream_that_is_down_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, fault: Reply, reason: str
) -> None:
    """After four failures of one request, within 5 s: it and others fail at once, and name it, why and until when."""
    bench = Bench(monkeypatch, fault)
    if fault.hangs:
        bench.fetcher._policy = replace(POLICY, attempt_timeout=0.01)
    down = (
        f"odds_api /v4/events: odds_api is down (4 failures in a row, the last: {reason}): not asked, tried again in "
    )
    assert await bench.get() == Failed(f"{down}3 s", 4)
    assert bench.clock.elapsed == 3.75  # opened at 1.75 s; the wait after the fourth attempt was begun
    assert await bench.get(date="x") == Failed(f"{down}3 s", 0)
    assert bench.meter["requests"] == len(bench.session.asked) == 4
    assert bench.meter["faults_not_asked"] == 2
    assert isinstance(await bench.get("espn"), Failed)
    assert len(bench.session.asked) == 8


async def test_an_upstream_that_is_back_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first request after the pause; one more while that is under way is not let through."""
    until = asyncio.Event()
    bench = Bench(monkeypatch, *[Reply(status=503)] * 4, Reply(until=until))
    await bench.get()
    bench.clock.elapsed = 6.75
    async with bench.fetcher:
        request = _endpoint("odds_api").request("events", "/v4/events")
        probe, other = (asyncio.create_task(bench.fetcher.get(request, bench.meter)) for _ in range(2))
        assert isinstance(await other, Failed)
        until.set()
        assert isinstance(await probe, Fetched)
        assert isinstance(await bench.fetcher.get(request, bench.meter), Fetched)


async def test_who_waits_for_his_turn_is_not_sent_to_an_upstream_that_went_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those in the queue fail with the breaker, not one a second."""
    bench = Bench(monkeypatch, Reply(status=403))
    bench.fetcher._throttles["espn"] = Throttle(8, monotonic=bench.clock.monotonic, sleep=bench.clock.sleep)
    async with bench.fetcher:
        requests = [_endpoint("espn").request("events", f"/v4/events/{n}") for n in range(50)]
        got = await asyncio.gather(*(bench.fetcher.get(request, bench.meter) for request in requests))
    assert (len(got), len(bench.session.asked)) == (50, 8)
    assert bench.clock.elapsed < 1.1
    assert bench.meter == {"requests": 8, "faults_refused": 8, "faults_not_asked": 42}


async def test_a_bucket_without_the_file_is_not_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CDN answers 403 for a box score that is not there: twenty missing ones say nothing about the next."""
    bench = Bench(monkeypatch, Reply(status=403))
    bench.fetcher._hosts = {"espn": replace(ESPN, bucket=True)}
    async with bench.fetcher:
        for n in range(20):
            await bench.fetcher.get(_endpoint("espn").request("events", f"/v4/events/{n}"), bench.meter)
    assert bench.meter == {"requests": 20, "faults_refused": 20}


@pytest.mark.parametrize("status", [401, 429])
async def test_used_up_credits_are_said_and_not_asked_for_again(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """The key is right, and a 429 of that kind does not pass."""
    body = b'{"message": "Usage quota has been reached.", "error_code": "OUT_OF_USAGE_CREDITS"}'
    bench = Bench(monkeypatch, Reply(body, status, {"x-requests-remaining": "3"}))
    reason = "credits used up: The Odds API says 3 are left: buy more, or wait for the next period"
    assert await bench.get() == Failed(f"odds_api /v4/events: {reason}", 1, credits_left=3)
    assert bench.fetcher._throttles["odds_api"]._paused_until == 0


async def test_an_answer_says_what_credits_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its headers have it."""
    got = await Bench(monkeypatch, Reply(headers={"x-requests-remaining": "419"})).get()
    assert isinstance(got, Fetched)
    assert got.credits_left == 419


PROXY = "http://me:s3cr3t@proxy:3128"


def _proxied(bench: Bench, url: str) -> None:
    bench.fetcher._hosts = {"espn": replace(ESPN, proxy="nba-stats-proxy-url")}
    if url:
        bench.environment["TIPOFF_SECRET_NBA_STATS_PROXY_URL"] = url


async def test_a_source_may_be_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a secret it is, without one it is not, and one that is set later is found within five minutes."""
    bench = Bench(monkeypatch, Reply())
    _proxied(bench, "")
    await bench.get("espn")
    _proxied(bench, PROXY)
    await bench.get("espn")
    bench.clock.elapsed = 300.0
    await bench.get("espn")
    assert bench.session.proxies == [None, None, PROXY]


_PROXY_REFUSES = aiohttp.ClientHttpProxyError(
    aiohttp.RequestInfo(URL("http://espn"), "GET", CIMultiDictProxy(CIMultiDict()), URL("http://espn")),
    (),
    status=403,
)
_NO_PROXY = aiohttp.ClientProxyConnectionError(
    ConnectionKey("proxy", 3128, is_ssl=False, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None),
    OSError(KEY),
)


@pytest.mark.parametrize(
    ("url", "reply", "reason"),
    [
        (PROXY, Reply(status=407), "its proxy refuses: HTTP 407: check the secret nba-stats-proxy-url"),
        (PROXY, Reply(error=_PROXY_REFUSES), "its proxy refuses: HTTP 403: check the secret nba-stats-proxy-url"),
        ("me:s3cr3t@proxy", Reply(), "its proxy's URL is not http://...: check the secret nba-stats-proxy-url"),
    ],
)
async def test_a_proxy_that_refuses_is_one_clear_reason(
    monkeypatch: pytest.MonkeyPatch, url: str, reply: Reply, reason: str
) -> None:
    """Asked once; the secret is named, its URL is not, and it is read anew the next time."""
    bench = Bench(monkeypatch, reply, Reply())
    _proxied(bench, url)
    assert await bench.get("espn") == Failed(f"espn /v4/events: {reason}", 1)
    bench.environment["TIPOFF_SECRET_NBA_STATS_PROXY_URL"] = "http://another:1"
    assert isinstance(await bench.get("espn"), Fetched)
    assert bench.session.proxies[-1] == "http://another:1"


async def test_a_proxy_that_cannot_be_reached_is_no_upstream_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and the reason says whose fault it is."""
    bench = Bench(monkeypatch, Reply(error=_NO_PROXY))
    _proxied(bench, PROXY)
    got = await bench.get("espn")
    assert isinstance(got, Failed)
    assert "its proxy cannot be reached (ClientProxyConnectionError)" in got.reason
    assert KEY not in got.reason


async def test_a_source_with_a_shorter_deadline_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt takes no longer than the shorter of the two."""
    bench = Bench(monkeypatch, Reply(hangs=True))
    bench.fetcher._hosts = {"espn": replace(ESPN, deadline=0.01)}
    got = await bench.get("espn")
    assert isinstance(got, Failed)
    assert "no answer within 0.01 s" in got.reason


async def test_a_misspelt_address_is_named_without_its_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking again would not help; the setting is named."""
    bench = Bench(monkeypatch, Reply(error=aiohttp.InvalidURL(f"http://odds?apiKey={KEY}")))
    reason = "odds_api /v4/events: 'http://odds' is no URL: set TIPOFF_ODDS_API_URL"
    assert await bench.get() == Failed(reason, 1)


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_f05_a_refusal_is_asked_once_and_never_an_empty_success(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """It fails at once, with the status in its reason, and is counted apart."""
    before = _counted("odds_api", "refused")
    bench = Bench(monkeypatch, Reply(b"[]", status))
    assert await bench.get() == Failed(f"odds_api /v4/events: HTTP {status}", 1)
    assert bench.meter == {"requests": 1, "faults_refused": 1}
    assert _counted("odds_api", "refused") == before + 1


async def test_f05_a_403_of_a_source_without_a_key_is_a_refusal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret is to blame."""
    assert await Bench(monkeypatch, Reply(status=403)).get("espn") == Failed("espn /v4/events: HTTP 403", 1)


async def test_an_empty_answer_is_believed_from_the_fourth_attempt_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the earlier ones were no faults either; a fault of another kind stays one."""
    bench = Bench(monkeypatch, Reply(b"[]"))
    got = await bench.get()
    assert isinstance(got, Fetched)
    assert (got.parsed.seen, got.attempts) == (0, 4)
    assert dict(bench.meter) == {"requests": 4, "retries": 3, "faults_empty": 0}
    mixed = Bench(monkeypatch, Reply(status=500), Reply(b"[]"))
    assert isinstance(await mixed.get(), Fetched)
    assert dict(mixed.meter) == {"requests": 4, "retries": 3, "faults_server_error": 1, "faults_empty": 0}


async def test_who_makes_fewer_attempts_than_that_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three empty answers prove nothing."""
    bench = Bench(monkeypatch, Reply(b"[]"))
    bench.fetcher._policy = replace(POLICY, attempts=3)
    assert await bench.get() == Failed("odds_api /v4/events: an empty answer (3 attempts)", 3)
    assert dict(bench.meter) == {"requests": 3, "retries": 2, "faults_empty": 3}


async def test_a_host_with_a_full_queue_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure says so; no request was made."""
    bench = Bench(monkeypatch, Reply())
    bench.fetcher._throttles["odds_api"].waiting = 5000
    reason = "odds_api /v4/events: 5000 requests already wait for this host: lower the concurrency (0 attempts)"
    assert await bench.get() == Failed(reason, 0)
    assert bench.session.asked == []


@pytest.mark.parametrize("asked", ["9", "Mon, 04 Mar 2024 12:00:09 GMT"])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_for_exactly(monkeypatch: pytest.MonkeyPatch, asked: str, status: int) -> None:
    """No request leaves before the time the host asked for has passed, and none waits longer."""
    headers = {"Retry-After": asked, "Date": "Mon, 04 Mar 2024 12:00:00 GMT"}
    bench = Bench(monkeypatch, Reply(status=status, headers=headers), Reply())
    assert isinstance(await bench.get(), Fetched)
    assert bench.clock.elapsed == 9


@pytest.mark.parametrize(
    ("status", "headers", "waited"),
    [
        (429, {"Retry-After": "9"}, 9.0),
        (429, {}, 0.5),
        (429, {"Retry-After": "0"}, 0.0),
        (503, {"Retry-After": "9"}, 0.0),
        (200, {"Retry-After": "9"}, 0.0),
    ],
)
async def test_a_429_pauses_the_whole_host(
    monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str], waited: float
) -> None:
    """As long as it asks for, or half a second; another host goes on, and no other status pauses anybody."""
    bench = Bench(monkeypatch, Reply(b"[" if status == 200 else b"", status, headers), Reply())
    bench.fetcher._policy = replace(POLICY, attempts=1)
    assert isinstance(await bench.get(), Failed)
    assert bench.clock.elapsed == 0
    await bench.get("espn")
    assert bench.clock.elapsed == 0
    await bench.get()
    assert bench.clock.elapsed == waited


async def test_a_retry_after_beyond_the_delivery_fails_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps past it: the request, and whoever waits for the host after it, fail at once and say why."""
    bench = Bench(monkeypatch, Reply(status=429, headers={"Retry-After": "3600"}), Reply())
    with due_within(540.5):
        first, second = await bench.get(), await bench.get()
    assert first == Failed(
        "odds_api /v4/events: HTTP 429; not tried again: a wait of 3600 s, and the delivery has 540 s left"
        " (1 attempts)",
        1,
    )
    assert second == Failed(
        "odds_api /v4/events: the host pauses: a wait of 3600 s, and the delivery has 540 s left (0 attempts)", 0
    )
    assert bench.clock.elapsed == 0
    assert bench.meter == {"requests": 1, "faults_rate_limited": 2}


async def test_what_fails_for_want_of_time_is_counted_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's error, though the wait after it would be too long."""
    bench = Bench(monkeypatch, Reply(status=500))
    with due_within(0.1):
        assert isinstance(await bench.get(), Failed)
    assert bench.meter == {"requests": 1, "faults_server_error": 1}


async def test_waits_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a jitter of a quarter the first wait is a quarter of half a second."""
    bench = Bench(monkeypatch, Reply(status=500), Reply(), jitter=0.25)
    await bench.get()
    assert bench.clock.elapsed == 0.125


async def test_every_request_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it was answered, refused or failed."""
    bench = Bench(monkeypatch, Reply(), Reply(status=404), Reply(error=OSError()))
    for _ in range(3):
        await bench.get()
    throttle = bench.fetcher._throttles["odds_api"]
    assert (throttle._unsent, throttle.waiting, throttle._slots._value) == (0, 0, ODDS.concurrency)


async def test_each_host_has_its_own_limits_and_parsing_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty seconds on top of the transfer's."""
    limits: list[float] = []

    async def retried(_: Any, policy: RetryPolicy, **__: Any) -> Any:  # noqa: ANN401 - as `retry`
        limits.append(policy.attempt_timeout)
        raise Transient("enough")

    monkeypatch.setattr(fetch, "retry", retried)
    bench = Bench(monkeypatch)
    await bench.get()
    assert limits == [20.2]
    throttles = [bench.fetcher._throttles[name] for name in ("odds_api", "balldontlie", "espn")]
    assert len(set(map(id, throttles))) == 3
    assert [(throttle._rate, throttle._slots._value) for throttle in throttles] == [(1000, 16), (1000, 4), (1000, 16)]
