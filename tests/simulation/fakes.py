"""A state store in memory that can be made to fail at will, and a bus that records."""

from asyncio import Event
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import count

from shared.errors import AlreadyExists, Conflict
from shared.ports import BusHandler, Document, Row


async def _nothing(_: str) -> None:
    """Let the operation happen."""


class MemoryState:
    """The state port on a dict. `before` is awaited with the name of each operation, and may raise."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.before: Callable[[str], Awaitable[None]] = _nothing
        self._versions = count(1)

    async def get(self, collection: str, id_: str) -> Document | None:
        """The document, or None."""
        await self.before("get")
        return self.documents.get((collection, id_))

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """Raises `AlreadyExists` if the id is taken."""
        await self.before("create")
        if (collection, id_) in self.documents:
            raise AlreadyExists(f"{collection}/{id_} exists")
        return self._put(collection, id_, data)

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """Raises `Conflict` if the document has moved on."""
        await self.before("compare_and_set")
        if self.documents[collection, id_].version != version:
            raise Conflict(f"{collection}/{id_} is newer")
        return self._put(collection, id_, data)

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """Add to a number."""
        data = {} if (found := self.documents.get((collection, id_))) is None else found.data
        self._put(collection, id_, {**data, field: data.get(field, 0) + by})

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """Documents whose id starts with `prefix`, from `start` on and before `end`, in id order."""
        ids = sorted(id_ for of, id_ in self.documents if of == collection and id_.startswith(prefix))
        ids = [id_ for id_ in ids if id_ >= start and (end == "" or id_ < end)]
        return [self.documents[collection, id_] for id_ in ids[:limit]]

    async def delete(self, collection: str, id_: str) -> None:
        """Remove the document if it is there."""
        self.documents.pop((collection, id_), None)

    async def close(self) -> None:
        """Nothing to release."""

    def _put(self, collection: str, id_: str, data: Row) -> Document:
        document = Document(id_, data, str(next(self._versions)))
        self.documents[collection, id_] = document
        return document


class RecordingBus:
    """The publishing half of the bus port: keeps what was published. `before` may raise."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes, dict[str, str]]] = []
        self.before: Callable[[str], Awaitable[None]] = _nothing

    async def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Keep the message."""
        await self.before("publish")
        self.published.append((topic, data, dict(attributes if attributes is not None else {})))
        return str(len(self.published))

    async def missing(self, topics: Sequence[str]) -> list[str]:
        """It takes messages of every topic."""
        del topics
        return []

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """Until cancelled; nothing is ever delivered."""
        del subscription, handler, max_in_flight
        await Event().wait()

    def sent(self) -> list[str]:
        """Idempotency keys of what was published, in order."""
        return [attributes["key"] for _, _, attributes in self.published]
