"""Where a step's payloads come from: the upstreams, archived before they are parsed, or the archive itself."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from services.scraper.answer import Answer, Keeper
from services.scraper.domain.wire import Fault, Parsed
from services.scraper.fetch import Failed, Fetched, Meter, Unchanged, require_trusted
from services.scraper.shelf import Shelf
from services.scraper.sources.endpoint import Request
from shared.errors import Permanent, Transient
from shared.ports import Row
from shared.raw_archive import fetched_at, is_answer, read_body, read_record
from shared.registries.sources import SOURCES

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Collected(Generic[T]):
    """A payload that is archived and parsed."""

    parsed: Parsed[T]
    source: str
    archive_key: str
    """Of the record of its fetch."""
    fetched_at: datetime
    published_at: datetime | None
    attempts: int
    credits_left: int | None = None
    """What a paid source says is left, if it was asked just now."""

    def stamps(self, available_at: datetime) -> Row:
        """What every row made of it says of where it comes from, and since when it was known."""
        return {"available_at": available_at, "fetched_at": self.fetched_at, "source": self.source}


class Upstreams(Protocol):
    """Asks the upstreams; `services.scraper.fetch.Fetcher` does."""

    async def get(
        self, request: Request[T], meter: Meter, keeper: Keeper | None = None
    ) -> Fetched[T] | Unchanged | Failed:
        """Fetch and parse; the keeper is given every answer first."""
        ...


class Account(Protocol):
    """Hears what became of every payload; `services.scraper.fetch_log.FetchLog` does."""

    def handed(self, request: Request[Any], archive_key: str) -> None:
        """The step has it."""
        ...

    def unusable(self, request: Request[Any], archive_key: str, reason: str) -> None:
        """The parser refused it."""
        ...


class Payloads(Protocol):
    """Where a step gets its payloads."""

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """The parsed payload of a unit, or why there is none."""
        ...

    async def changed(self, request: Request[T], since: str | None) -> Collected[T] | Unchanged | Failed:
        """The same, unless the upstream says that nothing has changed since the fetch under the archive key `since`."""
        ...

    async def held(self) -> set[tuple[str, str]] | None:
        """(source, unit) of everything there is; None where everything may be asked for."""
        ...

    async def asked_at(self) -> datetime | None:
        """When what there is was asked for last; None where it is asked for now."""
        ...


class Online:
    """Payloads from the upstreams."""

    def __init__(self, upstreams: Upstreams, shelf: Shelf, meter: Meter, account: Account) -> None:
        self._upstreams = upstreams
        self._shelf = shelf
        self._meter = meter
        self._account = account
        self.archive_failure: Transient | None = None
        """Why an answer could not be archived. It is then not loaded either; what else was collected is."""

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """Fetch, archive, and only then parse and hand over."""
        got = await self._ask(request)
        if isinstance(got, Unchanged):
            return Failed(f"{request.source} {request.path}: HTTP 304, though nothing was asked for", got.attempts)
        return got

    async def changed(self, request: Request[T], since: str | None) -> Collected[T] | Unchanged | Failed:
        """Ask on the conditions that the earlier fetch's validators make; without any, as usual."""
        return await self._ask(replace(request, conditions=await self._conditions(since)))

    async def held(self) -> set[tuple[str, str]] | None:
        """Everything may be asked for."""
        return None

    async def asked_at(self) -> datetime | None:
        """Now."""
        return None

    async def _ask(self, request: Request[T]) -> Collected[T] | Unchanged | Failed:
        kept = _Kept(self._shelf, request)
        got = await self._upstreams.get(request, self._meter, kept)
        if kept.failure is not None:
            self.archive_failure = kept.failure
        if isinstance(got, Failed):
            if kept.unusable is not None:
                self._account.unusable(request, *kept.unusable)
            return got
        if kept.key is None:
            return Failed(str(kept.failure), got.attempts)
        if isinstance(got, Unchanged):
            return got
        self._account.handed(request, kept.key)
        return Collected(
            got.parsed, request.source, kept.key, got.fetched_at, got.published_at, got.attempts, got.credits_left
        )

    async def _conditions(self, since: str | None) -> dict[str, str]:
        if since is None:
            return {}
        try:
            headers = (await read_record(self._shelf.archive, since)).headers
        except (Permanent, Transient):  # then it is asked for as if for the first time
            return {}
        conditions = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
        return {name: value for name, value in conditions.items() if value is not None}


class _Kept:
    """Archives the answers to one request. What cannot be archived does not stop the request: its end is not used."""

    def __init__(self, shelf: Shelf, request: Request[Any]) -> None:
        self._shelf = shelf
        self._request = request
        self.key: str | None = None
        """Of the latest answer; None if it is not archived."""
        self.failure: Transient | None = None
        self.unusable: tuple[str, str] | None = None
        """(key, reason) of the latest answer that the parser refused."""

    async def answered(self, answer: Answer) -> None:
        """Archive it."""
        self.key = None
        try:
            self.key = await self._shelf.put(self._request, answer)
        except Transient as failure:
            self.failure = failure

    def refused(self, reason: str) -> None:
        """Remember why."""
        if self.key is not None:
            self.unusable = self.key, reason


class Archived:
    """Payloads of earlier fetches; no request is made."""

    def __init__(self, shelf: Shelf, account: Account) -> None:
        self._shelf = shelf
        self._account = account

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """The unit's newest answer that can be parsed; else why its newest cannot."""
        keys = await self._shelf.fetches(request)
        if not keys:
            return Failed(f"{request.source} {request.unit}: not in the archive", 0)
        reasons: list[str] = []
        for key in filter(is_answer, keys):
            got = await self._parsed(request, key)
            if isinstance(got, Collected):
                self._account.handed(request, key)
                return got
            self._account.unusable(request, key, got.reason)
            reasons.append(f"{key}: {got.reason}")
        if not reasons:
            refusal = await read_record(self._shelf.archive, keys[0])
            reasons.append(f"{keys[0]}: HTTP {refusal.status}")
        return Failed(reasons[0], 0)

    async def changed(self, request: Request[T], since: str | None) -> Collected[T] | Unchanged | Failed:  # noqa: ARG002 - as the protocol
        """What is archived is what is known."""
        return await self.get(request)

    async def held(self) -> set[tuple[str, str]] | None:
        """What the archive holds for the step."""
        return {(source, unit) for source in SOURCES for unit in await self._shelf.units(source)}

    async def asked_at(self) -> datetime | None:
        """When the newest of it was fetched: names that go by the time are those of then."""
        return max(map(fetched_at, await self._shelf.newest()), default=None)

    async def _parsed(self, request: Request[T], key: str) -> Collected[T] | Failed:
        try:
            record = await read_record(self._shelf.archive, key)
            body = await read_body(self._shelf.archive, record)
            parsed = await asyncio.to_thread(request.endpoint.parse, body)
            require_trusted(parsed, record.attempt)
        except (Fault, Permanent) as failure:
            return Failed(str(failure), 0)
        return Collected(parsed, request.source, key, record.fetched_at, record.published_at, 0)
