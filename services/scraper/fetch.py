"""Fetching: one session, a throttle per host, retries, and every answer classified before it is believed.

| answer | is |
| --- | --- |
| 429, 408, 5xx, timeout, connection error, truncated or undecodable body, HTML, unparsable payload | tried again |
| 401, 403, 404, any other 4xx | failed at once: a 403 is never an empty success (failure 5) |
| well-formed but empty | suspicious: tried again, and believed from the fourth attempt on |

A source that only fails is not asked at all for a while (`breaker.py`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import aiohttp

from services.scraper.answer import NOT_MODIFIED, Answer, Keeper, KeptByNobody, received
from services.scraper.breaker import DOWN, Breaker, NotAsked, Refused
from services.scraper.credits import UsedUp, credits_left, used_up
from services.scraper.domain.wire import Fault, Parsed
from services.scraper.keys import Keys
from services.scraper.session import PLACE, open_session
from services.scraper.sources.endpoint import Request
from services.scraper.verdicts import classify, http_date
from shared.errors import Missing, Permanent, Transient
from shared.ports import Clock, Secrets
from shared.registries.sources import Source
from shared.runtime import metrics
from shared.runtime.deadline import TooLate
from shared.runtime.retry import RetryPolicy, retry
from shared.runtime.throttle import Place, Throttle

T = TypeVar("T")
Meter = Counter[str]
"""Telemetry of a step: requests, retries, faults_<kind>."""

TRUST_EMPTY_FROM = 4
"""Attempt from which an empty answer is believed: real upstreams give false ones in short bursts, the local one at most
three in a row (docs/adr/0007-empty-answers.md)."""


PARSING = 20.0
"""Seconds that parsing may take on top of the time limit of the transfer: a busy machine is no slow upstream."""

SMALL: Final = 4_096
"""Bytes of a body that is parsed sooner than a thread is woken."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """An accepted answer."""

    parsed: Parsed[T]
    body: bytes
    fetched_at: datetime
    published_at: datetime | None
    """The Last-Modified header, where there is one."""
    attempts: int
    credits_left: int | None = None
    """What the source says is left of those that were paid for; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that brought nothing: a value, because one unit's failure is never another's."""

    reason: str
    attempts: int
    credits_left: int | None = None
    """Where it failed for want of credits."""
    keyless: bool = False
    """Nobody was asked: the source wants a key, and there is none."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The upstream has nothing newer than what the request's conditions name (304)."""

    fetched_at: datetime
    attempts: int


class Fetcher:
    """Asks the upstreams. Enter it before use: it owns the HTTP session."""

    def __init__(
        self,
        hosts: Mapping[str, Source],
        policy: RetryPolicy,
        *,
        clock: Clock,
        secrets: Secrets,
        user_agent: str,
        jitter: Callable[[], float],
    ) -> None:
        self._hosts = hosts
        self._policy = policy
        self._clock = clock
        self._user_agent = user_agent
        self._jitter = jitter
        self._keys = Keys(secrets, clock.monotonic)
        self._throttles = {
            name: Throttle(host.rate, concurrency=host.concurrency, monotonic=clock.monotonic, sleep=clock.sleep)
            for name, host in hosts.items()
        }
        self._breakers = {name: Breaker(name, clock.monotonic) for name in hosts}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = open_session(self._user_agent)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, request: Request[T], meter: Meter, keeper: Keeper | None = None
    ) -> Fetched[T] | Unchanged | Failed:
        """Fetch and parse, retrying what may pass; what does not pass is returned as `Failed`, never raised.

        `keeper` is given every answer before it is judged.
        """
        kept_by = keeper if keeper is not None else KeptByNobody()
        host, breaker = self._hosts[request.source], self._breakers[request.source]
        attempts = empties = 0
        place: Place

        async def gate() -> None:
            nonlocal place
            place = await self._throttles[host.name].acquire(breaker.check)
            breaker.asked()

        async def attempt(number: int) -> Fetched[T] | Unchanged:
            nonlocal attempts, empties
            attempts = number
            meter["requests"] += 1
            answer, parsed = await self._read(host, request, place, kept_by, number)
            if parsed is None:
                metrics.REQUESTS.labels(host.name, "unchanged").inc()
                meter["unchanged"] += 1
                return Unchanged(answer.fetched_at, number)
            if parsed.seen == 0:  # so the earlier empty answers were the truth, too
                meter["faults_empty"] -= empties
            metrics.REQUESTS.labels(host.name, "ok").inc()
            left = credits_left(answer.headers)
            return Fetched(parsed, answer.body, answer.fetched_at, answer.published_at, number, left)

        def count(failure: Transient) -> None:
            nonlocal empties
            kind = kind_of(failure)
            empties += kind == "empty"
            meter[f"faults_{kind}"] += 1
            metrics.REQUESTS.labels(host.name, kind).inc()

        def on_retry(failure: Transient, _attempt: int, _seconds: float) -> None:
            count(failure)
            meter["retries"] += 1

        try:
            return await retry(
                attempt,
                replace(self._policy, attempt_timeout=self._limit(host) + PARSING),
                sleep=self._clock.sleep,
                jitter=self._jitter,
                gate=gate,
                on_retry=on_retry,
            )
        except Transient as failure:
            count(failure)
            return Failed(f"{host.name} {request.path}: {failure} ({attempts} attempts)", attempts)
        except Permanent as failure:
            kind = "not_asked" if isinstance(failure, NotAsked) else "refused"
            meter[f"faults_{kind}"] += 1
            metrics.REQUESTS.labels(host.name, kind).inc()
            left = failure.left if isinstance(failure, UsedUp) else None
            keyless = isinstance(failure, Missing)
            return Failed(f"{host.name} {request.path}: {failure}", attempts, left, keyless)

    async def _read(
        self, host: Source, request: Request[T], place: Place, keeper: Keeper, number: int
    ) -> tuple[Answer, Parsed[T] | None]:
        """One attempt's answer, and what the parser made of it, None where nothing has changed.

        The source's breaker is told how it went.
        """
        breaker, asked_at = self._breakers[host.name], self._clock.monotonic()
        PLACE.set(place)
        try:
            try:
                answer = await self._send(host, request, number)
            finally:
                place.over()
            refusal = self._refusal(host, request, answer)
            await keeper.answered(answer)
            if refusal is not None:
                raise refusal
            parsed = None if answer.status == NOT_MODIFIED else await self._parsed(request, answer, keeper)
        except (Fault, Refused) as failure:
            if failure.kind in DOWN and not (host.bucket and failure.kind == "refused_403"):
                breaker.failed(f"{request.path} {sorted(request.params.items())}", asked_at, str(failure))
            else:
                breaker.answered()
            raise
        breaker.answered()
        return answer, parsed

    async def _parsed(self, request: Request[T], answer: Answer, keeper: Keeper) -> Parsed[T]:
        try:
            if len(answer.body) <= SMALL:
                parsed = request.endpoint.parse(answer.body)
            else:  # a season's game log takes a second: not on the event loop
                parsed = await asyncio.to_thread(request.endpoint.parse, answer.body)
            require_trusted(parsed, answer.attempt)
        except Fault as fault:
            keeper.refused(str(fault))
            raise
        return parsed

    def _refusal(self, host: Source, request: Request[T], answer: Answer) -> Fault | Permanent | None:
        """Why an answer is not to be read, if it is not. A 429 pauses its host."""
        if answer.status == NOT_MODIFIED and request.conditions:
            return None
        if answer.status == 407:  # noqa: PLR2004 - HTTP
            return self._keys.proxy_refused(host, answer.status)
        if used_up(answer.status, answer.body):
            return UsedUp(host.title, credits_left(answer.headers))
        refusal = classify(answer.status, answer.headers, self._clock.now())
        if isinstance(refusal, Fault) and refusal.kind == "rate_limited":
            # The whole host pauses, not only this request.
            pause = refusal.retry_after if refusal.retry_after is not None else self._policy.base_delay
            self._throttles[host.name].pause(pause)
        if host.secret is not None and answer.status in (401, 403):
            self._keys.forget(host.secret)  # it may have been rotated: read it anew next time
            return Refused(answer.status, remedy=f"check the secret {host.secret}")
        return refusal

    async def _send(self, host: Source, request: Request[T], number: int) -> Answer:
        """What comes back. No error or traceback may hold the URL: its query may hold the key."""
        if self._session is None:
            raise RuntimeError("the fetcher is not entered")
        params, headers = dict(request.params), {**host.headers, **request.conditions}
        if host.secret is not None and host.key_param is not None:
            params[host.key_param] = await self._keys.get(host.secret)
        elif host.secret is not None:
            headers["Authorization"] = await self._keys.get(host.secret)
        proxy = await self._keys.proxy(host)
        try:
            async with (
                asyncio.timeout(self._limit(host)),
                self._session.get(
                    host.base_url + request.path, params=params, headers=headers, proxy=proxy, allow_redirects=False
                ) as response,
            ):
                body, size = await received(response)
                published_at = http_date(response.headers.get("Last-Modified"))
                return Answer(response.status, response.headers, body, size, self._clock.now(), published_at, number)
        except aiohttp.ClientPayloadError:
            raise Fault("truncated", "the body ended early") from None
        except aiohttp.ClientHttpProxyError as error:
            raise self._keys.proxy_refused(host, error.status) from None
        except aiohttp.ClientProxyConnectionError as error:
            raise Fault("connection", f"its proxy cannot be reached ({type(error).__name__})") from None
        except aiohttp.InvalidURL:
            raise Permanent(f"{host.base_url!r} is no URL", remedy=f"set TIPOFF_{host.name.upper()}_URL") from None
        except TimeoutError:
            raise Fault("timeout", f"no answer within {self._limit(host):g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Fault("connection", f"cannot be reached ({type(error).__name__})") from None

    def _limit(self, host: Source) -> float:
        """Seconds an attempt may take."""
        return min(host.deadline, self._policy.attempt_timeout)


def require_trusted(parsed: Parsed[Any], attempt: int) -> None:
    """Raises `Fault` for an empty answer that is not yet believed."""
    if parsed.seen == 0 and attempt < TRUST_EMPTY_FROM:
        raise Fault("empty", "an empty answer")


def kind_of(failure: Transient) -> str:
    """What a failed attempt is counted as; one that was not made because the host pauses, as what made it pause."""
    if isinstance(failure, TooLate):
        return failure.__cause__.kind if isinstance(failure.__cause__, Fault) else "rate_limited"
    return failure.kind if isinstance(failure, Fault) else "timeout"
