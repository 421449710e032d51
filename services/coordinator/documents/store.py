"""Documents in the archive: JSON, compressed, written once."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Final

from pydantic_core import from_json, to_json

from shared.ports import Archive

_LEVEL: Final = 6
_READERS: Final = 16
"""Objects that are read at once."""


def packed(document: object) -> bytes:
    """A document as it is stored: the same bytes for the same document."""
    return gzip.compress(to_json(document), _LEVEL, mtime=0)


def unpacked(data: bytes) -> Any:  # noqa: ANN401 - the caller knows which shape it has
    """The document."""
    return from_json(gzip.decompress(data))


async def put_once(archive: Archive, key: str, document: object) -> None:
    """Store a document, unless it is there: what was published is never changed."""
    if not await archive.has(key):
        await archive.put(key, await asyncio.to_thread(packed, document))


async def read(archive: Archive, key: str) -> Any:  # noqa: ANN401 - the caller knows which shape it has
    """The document under a key.

    Raises:
        Permanent: there is none.
    """
    return await asyncio.to_thread(unpacked, await archive.get(key))


class Kept:
    """Documents that were read lately, by key: they never change. For short ones that are read again and again."""

    def __init__(self, archive: Archive, most: int) -> None:
        self._archive = archive
        self._most = most
        self._found: OrderedDict[str, Any] = OrderedDict()

    async def get(self, keys: Collection[str]) -> list[Any]:
        """The documents, in that order.

        Raises:
            Permanent: one is not there.
        """
        room = asyncio.Semaphore(_READERS)

        async def one(key: str) -> Any:  # noqa: ANN401 - the caller knows which shape it has
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
            async with room:
                document = await read(self._archive, key)
            self._found[key] = document
            if len(self._found) > self._most:
                self._found.popitem(last=False)
            return document

        return await asyncio.gather(*(one(key) for key in keys))
