"""A change that is asked for twice under one idempotency key happens once; the second asking gets the first's answer.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.errors import AlreadyExists, Conflict
from shared.ports import Document, Ports
from shared.runtime.answers import Refusal

KEY_HEADER = "Idempotency-Key"
COLLECTION = "requests"
KEPT = timedelta(days=1)
"""How long a key is remembered."""
WORKING = timedelta(minutes=5)
"""After this long whoever was at work on a request has died."""
_MOST_KEPT = 500_000
"""Bytes of an answer: a longer one does not fit into a document, and is not kept."""
_KEY = re.compile(r"[\x21-\x7e]{1,100}")


class Once:
    """Requests by caller and key."""

    def __init__(self, ports: Ports) -> None:
        self._state = ports.state
        self._clock = ports.clock

    async def answer(
        self, actor: str, key: str | None, what: bytes, perform: Callable[[], Awaitable[tuple[int, bytes]]]
    ) -> tuple[int, bytes]:
        """Status and body: those kept of an earlier asking, else what `perform` answers. What fails is not kept.

        Raises:
            Refusal: the key is none, was given for something else, or is at work.
        """
        if key is None:
            return await perform()
        if not _KEY.fullmatch(key):
            words = f"the {KEY_HEADER} is none"
            raise Refusal(HTTPStatus.BAD_REQUEST, words, "give up to 100 printable characters, such as a UUID")
        id_ = hashlib.sha256(f"{actor} {key}".encode()).hexdigest()
        fresh = {"what": hashlib.sha256(what).hexdigest(), "at": self._clock.now().isoformat()}
        try:
            document = await self._state.create(COLLECTION, id_, fresh)
        except AlreadyExists:
            document = await self._again(id_, fresh)
            if "answer" in document.data:
                return int(document.data["status"]), str(document.data["answer"]).encode()
        try:
            status, body = await perform()
        except BaseException:
            await self._state.delete(COLLECTION, id_)
            raise
        if len(body) <= _MOST_KEPT:
            kept = fresh | {"status": int(status), "answer": body.decode()}
            await self._state.compare_and_set(COLLECTION, id_, kept, version=document.version)
        return status, body

    async def sweep(self) -> None:
        """Forget what is older than a day."""
        before = (self._clock.now() - KEPT).isoformat()
        for document in await self._state.list(COLLECTION):
            if document.data["at"] < before:
                await self._state.delete(COLLECTION, document.id)

    async def _again(self, id_: str, fresh: dict[str, str]) -> Document:
        """The document of an earlier asking: with its answer, or taken over from whoever died over it."""
        busy = Refusal(HTTPStatus.CONFLICT, "the same request is at work", "ask again shortly", {"Retry-After": "1"})
        document = await self._state.get(COLLECTION, id_)
        if document is None:  # it has failed this moment
            raise busy
        if document.data["what"] != fresh["what"]:
            words = f"the {KEY_HEADER} was given for another request"
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, words, "give each request a key of its own")
        if "answer" in document.data:
            return document
        if self._clock.now() - datetime.fromisoformat(document.data["at"]) < WORKING:
            raise busy
        try:
            return await self._state.compare_and_set(COLLECTION, id_, fresh, version=document.version)
        except Conflict as error:
            raise busy from error
