"""The ports of one process, on the world all processes share. Every await is a place where the dice are asked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from shared.errors import AlreadyExists, Conflict, Permanent
from shared.ports import BusHandler, Document, Job, Params, Row
from tests.simulation.chaos import Chaos, Mortal, part
from tests.simulation.loop import VirtualLoop
from tests.simulation.tables import Tables, name_of

SLATE = date(2024, 3, 4)
"""The one slate that nights are about."""
START = datetime(2024, 3, 4, 10, tzinfo=UTC)
"""05:00 Eastern: there is still time to wait for what is late."""
Published = Callable[[str, str, bytes, Mapping[str, str]], str]


class SimulatedClock:
    """The night's time, wrong by as much as the process's own clock is."""

    def __init__(self, process: Mortal, chaos: Chaos, loop: VirtualLoop) -> None:
        self._process, self._chaos, self._loop = process, chaos, loop

    def now(self) -> datetime:
        """The instant that this process believes it is."""
        return START + timedelta(seconds=round(self._loop.elapsed + self._process.skew, 6))

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._loop.elapsed

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await self._chaos.before(self._process, "clock.sleep", may_fail=False)
        await asyncio.sleep(seconds)
        await self._chaos.after(self._process, "clock.sleep", may_fail=False)

    async def until(self, instant: datetime) -> None:
        """Wait in virtual time."""
        await self.sleep(max(0.0, (instant - self.now()).total_seconds()))


class Documents:
    """What the state store holds."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.on_write: Callable[[str, Row | None, Row, bool], None] = lambda *_: None
        """Told of (id, before, after, whether a request for a run is the cause) of every write of a run."""
        self._versions = count(1)

    def put(self, collection: str, id_: str, data: Row) -> Document:
        """Write, whatever was there."""
        before = self.documents.get((collection, id_))
        document = self.documents[collection, id_] = Document(id_, data, str(next(self._versions)))
        if collection == "runs":
            self.on_write(id_, None if before is None else before.data, data, part.get() == "asked")
        return document

    def of(self, collection: str) -> dict[str, Row]:
        """Id -> data of a collection."""
        return {id_: document.data for (of, id_), document in self.documents.items() if of == collection}


class SimulatedState:
    """The state port."""

    def __init__(self, process: Mortal, chaos: Chaos, store: Documents) -> None:
        self._process, self._chaos, self._store = process, chaos, store

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document, or None."""
        await self._chaos.before(self._process, "state.get")
        found = self._store.documents.get((collection, id_))
        await self._chaos.after(self._process, "state.get")
        return found

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Raises `AlreadyExists` if the id is taken."""
        place = f"state.create {collection}"
        await self._chaos.before(self._process, place)
        if (collection, id_) in self._store.documents:
            self._chaos.count("taken", collection)
            raise AlreadyExists(f"{collection}/{id_} exists")
        document = self._store.put(collection, id_, data)
        await self._chaos.after(self._process, place)
        return document

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """Raises `Conflict` if the document has moved on."""
        found = self._store.documents.get((collection, id_))
        sent = collection == "runs" and found is not None and len(data["outbox"]) < len(found.data["outbox"])
        place = f"state.compare_and_set {'sent' if sent else collection}"
        await self._chaos.before(self._process, place)
        found = self._store.documents.get((collection, id_))
        if found is None or found.version != version:
            self._chaos.count("conflict", collection)
            raise Conflict(f"{collection}/{id_} is newer")
        document = self._store.put(collection, id_, data)
        await self._chaos.after(self._process, place)
        return document

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """Add to a number."""
        await self._chaos.before(self._process, "state.increment")
        found = self._store.documents.get((collection, id_))
        data = {} if found is None else found.data
        self._store.put(collection, id_, {**data, field: data.get(field, 0) + by})
        await self._chaos.after(self._process, "state.increment")

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents whose id starts with `prefix`, from `start` on and before `end`, in id order."""
        await self._chaos.before(self._process, "state.list")
        ids = sorted(id_ for of, id_ in self._store.documents if of == collection and id_.startswith(prefix))
        ids = [id_ for id_ in ids if id_ >= start and (end == "" or id_ < end)]
        found = [self._store.documents[collection, id_] for id_ in ids[:limit]]
        await self._chaos.after(self._process, "state.list")
        return found

    async def delete(self, collection: str, id_: str) -> None:
        """Remove the document if it is there."""
        await self._chaos.before(self._process, "state.delete")
        self._store.documents.pop((collection, id_), None)
        await self._chaos.after(self._process, "state.delete")

    async def close(self) -> None:
        """Nothing to release."""


class SimulatedBus:
    """The publishing half of the bus port; the night itself delivers."""

    def __init__(self, process: Mortal, chaos: Chaos, publish: Published) -> None:
        self._process, self._chaos, self._publish = process, chaos, publish

    async def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish durably; returns the message id."""
        await self._chaos.before(self._process, "bus.publish")
        id_ = self._publish(self._process.service, topic, data, attributes if attributes is not None else {})
        await self._chaos.after(self._process, "bus.publish")
        return id_

    async def missing(self, topics: Sequence[str]) -> list[str]:
        """Nobody asks."""
        raise AssertionError(f"missing of {topics}")

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """The night itself delivers."""
        del handler, max_in_flight
        raise AssertionError(f"{subscription}: nobody consumes through the port")


class SimulatedWarehouse:
    """The warehouse port as the coordinator uses it, and what the other services write through it."""

    def __init__(self, process: Mortal, chaos: Chaos, tables: Tables) -> None:
        self._process, self._chaos, self.tables = process, chaos, tables

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """Rows of a SELECT."""
        del job
        await self._chaos.before(self._process, "warehouse.query")
        rows = self.tables.query(sql, params if params is not None else {})
        await self._chaos.after(self._process, "warehouse.query")
        return rows

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """Rows of a SELECT, by column."""
        del job
        await self._chaos.before(self._process, "warehouse.columns")
        columns = self.tables.columns(sql, params if params is not None else {})
        await self._chaos.after(self._process, "warehouse.columns")
        return columns

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Insert the rows whose key is not there yet, all or none."""
        del job
        place = f"warehouse.append {table}"
        await self._chaos.before(self._process, place)
        new = self.tables.append(table, rows)
        await self._chaos.after(self._process, place)
        return new

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """The coordinator replaces nothing."""
        del rows, scope, params, job
        raise AssertionError(f"rows of {table} were replaced")

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Publish a run, all or none."""
        del job, scope
        assert (table, name_of(select)) == ("predictions.player_prop_predictions", "publish")
        assert params is not None
        await self._chaos.before(self._process, "warehouse.transform")
        run_id = str(params["run_id"])
        rows = self.tables.publish(run_id, run_id.split(".")[1])
        await self._chaos.after(self._process, "warehouse.transform")
        return rows

    async def now(self, job: Job | None = None) -> datetime | None:
        """Nobody asks."""
        raise AssertionError(f"the warehouse's clock, for {job}")

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """Nobody asks."""
        raise AssertionError(f"missing of {tables}")

    async def write(self, effect: Callable[[], object]) -> None:
        """One atomic write of another service."""
        await self._chaos.before(self._process, "warehouse.replace")
        effect()
        await self._chaos.after(self._process, "warehouse.replace")

    async def close(self) -> None:
        """Nothing to release."""


class SimulatedArchive:
    """The archive port."""

    def __init__(self, process: Mortal, chaos: Chaos, tables: Tables) -> None:
        self._process, self._chaos, self._objects = process, chaos, tables.archive

    async def put(self, key: str, data: bytes) -> None:
        """Store all of it or nothing."""
        await self._chaos.before(self._process, "archive.put")
        self._objects[key] = data
        await self._chaos.after(self._process, "archive.put")

    async def get(self, key: str) -> bytes:
        """Raises `Permanent` if there is no such object."""
        await self._chaos.before(self._process, "archive.get")
        if key not in self._objects:
            raise Permanent(f"no {key} in the archive")
        await self._chaos.after(self._process, "archive.get")
        return self._objects[key]

    async def has(self, key: str) -> bool:
        """Whether there is such an object."""
        await self._chaos.before(self._process, "archive.has")
        found = key in self._objects
        await self._chaos.after(self._process, "archive.has")
        return found

    async def list(self, prefix: str) -> list[str]:
        """Keys that start with `prefix`, sorted."""
        await self._chaos.before(self._process, "archive.list")
        found = sorted(key for key in self._objects if key.startswith(prefix))
        await self._chaos.after(self._process, "archive.list")
        return found
