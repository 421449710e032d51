"""Where a step's payloads come from: the upstreams, archived before they are used, or the archive itself."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

from services.scraper.domain.wire import Fault, Parsed
from services.scraper.fetch import Failed, Fetched, Meter
from services.scraper.sources.endpoint import Request
from shared.basketball.slate import Mode
from shared.errors import Transient
from shared.ports import Archive, Row
from shared.registries.sources import SOURCES

T = TypeVar("T")
_STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class Collected(Generic[T]):
    """A payload that is archived and parsed."""

    parsed: Parsed[T]
    source: str
    archive_key: str
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

    async def get(self, request: Request[T], meter: Meter) -> Fetched[T] | Failed:
        """Fetch and parse."""
        ...


class Payloads(Protocol):
    """Where a step gets its payloads."""

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """The parsed payload of a unit, or why there is none."""
        ...

    async def held(self) -> set[tuple[str, str]] | None:
        """(source, unit) of everything there is; None where everything may be asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """The archive's layout for one step: raw/<source>/<date>/<mode>/<step>/<unit>/<fetched>_<published>_<digest>.json.

    The stamps are in the name so that the file is the upstream's body, byte for byte, and no two bodies share a name.
    """

    archive: Archive
    game_date: date
    mode: Mode
    step: str

    def folder(self, source: str) -> str:
        """Prefix of everything a source gave to this step."""
        return f"raw/{source}/{self.game_date.isoformat()}/{self.mode.value}/{self.step}/"

    async def put(self, request: Request[Any], body: bytes, fetched_at: datetime, published_at: datetime | None) -> str:
        """Store a body; returns its key. Raises `Transient` when the archive is full or out of reach."""
        published = published_at.astimezone(UTC).strftime(_STAMP) if published_at is not None else "-"
        fetched = fetched_at.astimezone(UTC).strftime(_STAMP)
        name = f"{fetched}_{published}_{sha256(body).hexdigest()[:12]}.json"
        key = f"{self.folder(request.source)}{request.unit}/{name}"
        await self.archive.put(key, body)
        return key

    async def units(self, source: str) -> set[str]:
        """Units of a source that the archive holds."""
        folder = self.folder(source)
        return {key.removeprefix(folder).split("/", 1)[0] for key in await self.archive.list(folder)}

    async def newest(self, request: Request[Any]) -> str | None:
        """Key of the unit's latest payload."""
        keys = await self.archive.list(f"{self.folder(request.source)}{request.unit}/")
        return keys[-1] if keys else None


class Online:
    """Payloads from the upstreams."""

    def __init__(self, upstreams: Upstreams, shelf: Shelf, meter: Meter) -> None:
        self._upstreams = upstreams
        self._shelf = shelf
        self._meter = meter
        self.archive_failure: Transient | None = None
        """Why a payload could not be archived. It is then not loaded either; what else was collected is."""

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """Fetch, archive, and only then hand over."""
        got = await self._upstreams.get(request, self._meter)
        if isinstance(got, Failed):
            return got
        try:
            key = await self._shelf.put(request, got.body, got.fetched_at, got.published_at)
        except Transient as failure:
            self.archive_failure = failure
            return Failed(str(failure), got.attempts)
        return Collected(
            got.parsed, request.source, key, got.fetched_at, got.published_at, got.attempts, got.credits_left
        )

    async def held(self) -> set[tuple[str, str]] | None:
        """Everything may be asked for."""
        return None


class Archived:
    """Payloads of earlier fetches; no request is made."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        """The unit's latest archived payload, parsed again."""
        key = await self._shelf.newest(request)
        if key is None:
            return Failed(f"{request.source} {request.unit}: not in the archive", 0)
        fetched, published, _ = key.rsplit("/", 1)[1].split("_")
        try:
            parsed = await asyncio.to_thread(request.endpoint.parse, await self._shelf.archive.get(key))
        except Fault as failure:
            return Failed(f"{key}: {failure}", 0)
        published_at = None if published == "-" else _instant(published)
        return Collected(parsed, request.source, key, _instant(fetched), published_at, 0)

    async def held(self) -> set[tuple[str, str]] | None:
        """What the archive holds for the step."""
        return {(source, unit) for source in SOURCES for unit in await self._shelf.units(source)}


def _instant(stamp: str) -> datetime:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
