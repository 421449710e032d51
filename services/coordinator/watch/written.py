"""A state store that lets somebody know when a document of one collection was written."""

from collections.abc import Callable

from shared.ports import Document, Row, StateStore


class Noticed:
    """The store behind it, and a call after each write to the collection."""

    def __init__(self, inner: StateStore, collection: str, written: Callable[[], None]) -> None:
        self._inner = inner
        self._collection = collection
        self._written = written

    async def get(self, collection: str, id_: str) -> Document | None:
        """As the store."""
        return await self._inner.get(collection, id_)

    async def create(self, collection: str, id_: str, data: Row) -> Document:
        """As the store, then the call."""
        document = await self._inner.create(collection, id_, data)
        self._notice(collection)
        return document

    async def compare_and_set(self, collection: str, id_: str, data: Row, *, version: str) -> Document:
        """As the store, then the call."""
        document = await self._inner.compare_and_set(collection, id_, data, version=version)
        self._notice(collection)
        return document

    async def increment(self, collection: str, id_: str, field: str, by: int = 1) -> None:
        """As the store."""
        await self._inner.increment(collection, id_, field, by)

    async def list(
        self, collection: str, *, prefix: str = "", start: str = "", end: str = "", limit: int = 1000
    ) -> list[Document]:
        """As the store."""
        return await self._inner.list(collection, prefix=prefix, start=start, end=end, limit=limit)

    async def delete(self, collection: str, id_: str) -> None:
        """As the store."""
        await self._inner.delete(collection, id_)

    async def close(self) -> None:
        """As the store."""
        await self._inner.close()

    def _notice(self, collection: str) -> None:
        if collection == self._collection:
            self._written()
