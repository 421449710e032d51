"""Fakes of the ports and of the upstreams."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from services.scraper.answer import Answer, Keeper
from services.scraper.domain.wire import Fault
from services.scraper.fetch import Failed, Fetched, Meter, Unchanged
from services.scraper.payloads import Collected
from services.scraper.sources.endpoint import Request
from services.scraper.task import sql
from shared.errors import Transient
from shared.ports import Params, Row
from shared.raw_archive import digest_of

T = TypeVar("T")


class FakeState:
    """The scraper keeps no state: everything is an error."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the port
        raise AssertionError(f"the scraper must not use state.{name}")


class FakeUpstreams:
    """Answers by (source, unit); everything else is forbidden (403)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.published: dict[tuple[str, str], datetime] = {}
        self.asked: list[Request[Any]] = []

    async def get(
        self, request: Request[T], meter: Meter, keeper: Keeper | None = None
    ) -> Fetched[T] | Unchanged | Failed:
        self.asked.append(request)
        meter["requests"] += 1
        key = (request.source, request.unit)
        body, published = self.bodies.get(key), self.published.get(key)
        etag = None if body is None else f'"{digest_of(body)[:8]}"'
        unchanged = etag is not None and request.conditions.get("If-None-Match") == etag
        status = 403 if body is None else 304 if unchanged else 200
        sent = b"" if unchanged or body is None else body
        headers = {} if etag is None else {"etag": etag}
        if keeper is not None:
            await keeper.answered(Answer(status, headers, sent, len(sent), self.now, published, 1))
        if body is None:
            return Failed(f"{request.source} {request.path}: HTTP 403", 1)
        if unchanged:
            return Unchanged(self.now, 1)
        try:
            return Fetched(request.endpoint.parse(body), body, self.now, published, 1)
        except Fault as fault:
            if keeper is not None:
                keeper.refused(str(fault))
            return Failed(f"{request.source} {request.path}: {fault}", 1)

    def units(self) -> list[tuple[str, str]]:
        return [(request.source, request.unit) for request in self.asked]


class BrokenWarehouse:
    """Reads work, writes to one table do not."""

    def __init__(self, warehouse: Any, table: str) -> None:  # noqa: ANN401 - any adapter
        self._warehouse = warehouse
        self._table = table

    async def replace(self, table: str, rows: Sequence[Row], *, scope: str, params: Any = None) -> int:  # noqa: ANN401 - as the port
        if table == self._table:
            raise Transient(f"{table} cannot be written")
        written: int = await self._warehouse.replace(table, rows, scope=scope, params=params)
        return written

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the other methods of the port
        return getattr(self._warehouse, name)


class StubWarehouse:
    """Answers queries as told, by the name of the scraper's query or by its text, and remembers all it was given."""

    def __init__(self, answers: Mapping[str, Iterable[Row]] | None = None) -> None:
        self.answers = {name: list(rows) for name, rows in (answers if answers is not None else {}).items()}
        self.asked: list[tuple[str, Params | None]] = []
        self.replaced: list[tuple[str, list[Row], str, Params | None]] = []
        self.appended: list[tuple[str, list[Row]]] = []

    async def query(self, text: str, params: Params | None = None) -> list[Row]:
        name = next((name for name in self.answers if name.isidentifier() and text == sql(name)), text)
        self.asked.append((name, params))
        return self.answers.get(name, [])

    async def replace(self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None) -> int:
        self.replaced.append((table, list(rows), scope, params))
        return len(rows)

    async def append(self, table: str, rows: Sequence[Row]) -> int:
        self.appended.append((table, list(rows)))
        return len(rows)

    def written(self, table: str) -> list[tuple[list[Row], str, Params | None]]:
        """What one table was replaced with: rows, scope and parameters of each time."""
        return [(rows, scope, params) for name, rows, scope, params in self.replaced if name == table]


class StubPayloads:
    """Payloads by (source, unit), parsed when asked for; what is not there has failed."""

    def __init__(self, fetched_at: datetime, held: set[tuple[str, str]] | None = None) -> None:
        self.fetched_at = fetched_at
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.published: dict[tuple[str, str], datetime] = {}
        self.asked: list[Request[Any]] = []
        self.credits_left: int | None = None
        self._held = held

    async def get(self, request: Request[T]) -> Collected[T] | Failed:
        self.asked.append(request)
        key = (request.source, request.unit)
        if key not in self.bodies:
            return Failed(f"{request.source} is down", 3)
        published = self.published.get(key)
        return Collected(
            request.endpoint.parse(self.bodies[key]),
            request.source,
            "/".join(key),
            self.fetched_at,
            published,
            2,
            self.credits_left,
        )

    async def changed(self, request: Request[T], since: str | None) -> Collected[T] | Unchanged | Failed:  # noqa: ARG002 - as the protocol
        return await self.get(request)

    async def held(self) -> set[tuple[str, str]] | None:
        return self._held

    async def asked_at(self) -> datetime | None:
        return None

    def units(self) -> list[tuple[str, str]]:
        return [(request.source, request.unit) for request in self.asked]
