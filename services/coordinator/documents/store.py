"""Documents in the archive: JSON, compressed, written once."""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from pydantic_core import from_json, to_json

from shared.ports import Archive

_LEVEL: Final = 6
_AT_ONCE: Final = 16
"""Objects that are read or written at once."""


def packed(document: Mapping[str, Any]) -> bytes:
    """A document as it is stored: the same bytes for the same document.

    JSON in which every player of a game has a line of his own, so that one of them is read without the others.
    """
    players = document.get("players")
    if players is None:
        return gzip.compress(to_json(document), _LEVEL, mtime=0)
    rest = {name: value for name, value in document.items() if name != "players"}
    lines = b",\n".join(to_json(player) for player in players)
    return gzip.compress(to_json(rest)[:-1] + b',"players":[\n' + lines + b"\n]}\n", _LEVEL, mtime=0)


def unpacked(data: bytes) -> Any:  # noqa: ANN401 - the caller knows which shape it has
    """The document."""
    return from_json(gzip.decompress(data))


async def put_once(archive: Archive, documents: Mapping[str, Mapping[str, Any]], there: Collection[str]) -> None:
    """Store documents by key, but those that are there: what was published is never changed."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def put(key: str, document: Mapping[str, Any]) -> None:
        async with room:
            await archive.put(key, await asyncio.to_thread(packed, document))

    async with asyncio.TaskGroup() as tasks:
        for key, document in documents.items():
            if key not in there:
                tasks.create_task(put(key, document))


def player_of(data: bytes, player_id: int) -> tuple[Any, Any]:
    """A game's document without its players, and one of them; None if he is not among them."""
    first, *lines = gzip.decompress(data).split(b"\n")
    begins = b'{"player_id":%d,' % player_id
    player = next((from_json(line.removesuffix(b",")) for line in lines if line.startswith(begins)), None)
    return from_json(first + b"]}"), player


async def read(archive: Archive, key: str) -> Any:  # noqa: ANN401 - the caller knows which shape it has
    """The document under a key.

    Raises:
        Permanent: there is none.
    """
    return await asyncio.to_thread(unpacked, await archive.get(key))


class Kept:
    """Documents that were read lately, by key, or what was made of them: they never change. For short ones."""

    def __init__(self, archive: Archive, most: int, made: Callable[[Any], Any] = lambda document: document) -> None:
        self._archive = archive
        self._most = most
        self._made = made
        self._found: OrderedDict[str, Any] = OrderedDict()

    async def get(self, keys: Collection[str]) -> list[Any]:
        """The documents, in that order.

        Raises:
            Permanent: one is not there.
        """
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(key: str) -> Any:  # noqa: ANN401 - the caller knows which shape it has
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
            async with room:
                data = await self._archive.get(key)
                document = await asyncio.to_thread(lambda: self._made(unpacked(data)))
            self._found[key] = document
            if len(self._found) > self._most:
                self._found.popitem(last=False)
            return document

        async with asyncio.TaskGroup() as tasks:
            reading = [tasks.create_task(one(key)) for key in keys]
        return [task.result() for task in reading]
