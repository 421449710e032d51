"""A change that is asked for twice under one idempotency key happens once; the second asking gets the first's answer.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.errors import AlreadyExists, Conflict, TipoffError
from shared.ports import Document, Ports
from shared.runtime.answers import Refusal
from shared.runtime.logs import get_logger

_log = get_logger("coordinator")

KEY_HEADER = "Idempotency-Key"
COLLECTION = "requests"
KEPT = timedelta(days=1)
"""How long a key is remembered: until the end of the day after the one it was given on."""
WORKING = timedelta(minutes=5)
"""After this long whoever was at work on a request has died."""
_MAX_ANSWER_BYTES = 500_000
"""A longer answer does not fit into a document, and is not kept."""
_PAGE = 20
"""Documents that are forgotten at once."""
_KEY = re.compile(r"[\x21-\x7e]{1,100}")


class Once:
    """Requests by caller and key."""

    def __init__(self, ports: Ports) -> None:
        self._state = ports.state
        self._clock = ports.clock

    async def answer(
        self, actor: str, key: str | None, what: bytes, perform: Callable[[], Awaitable[tuple[int, bytes]]]
    ) -> tuple[int, bytes]:
        """Status and body: those kept of an earlier asking, else what `perform` answers. What fails is not remembered.

        Raises:
            Refusal: the key is invalid, was given for something else, is at work, or its answer was too long to keep.
        """
        if key is None:
            return await perform()
        if not _KEY.fullmatch(key):
            words = f"the {KEY_HEADER} is invalid"
            raise Refusal(HTTPStatus.BAD_REQUEST, words, "give up to 100 printable characters, such as a UUID")
        now = self._clock.now()
        digest = hashlib.sha256(f"{actor} {key}".encode()).hexdigest()
        fresh = {"what": hashlib.sha256(what).hexdigest(), "at": now.isoformat()}
        today, yesterday = (f"{now.date() - timedelta(days=back)}.{digest}" for back in (0, 1))
        if await self._state.get(COLLECTION, yesterday) is not None:
            document = await self._again(yesterday, fresh)
        else:
            try:
                document = await self._state.create(COLLECTION, today, fresh)
            except AlreadyExists:
                document = await self._again(today, fresh)
        if "status" in document.data:
            return _kept(document)
        performed = False
        try:
            status, body = await perform()
            performed = True
        finally:
            if not performed:
                await self._state.delete(COLLECTION, document.id)
        kept = fresh | {"status": int(status), "answer": body.decode() if len(body) <= _MAX_ANSWER_BYTES else None}
        try:
            await self._state.compare_and_set(COLLECTION, document.id, kept, version=document.version)
        except TipoffError as error:  # it is done all the same
            _log.warning("answer_not_kept", reason=str(error))
        return status, body

    async def sweep(self) -> None:
        """Forget what is older than yesterday."""
        before = str(self._clock.now().date() - KEPT)
        while old := await self._state.list(COLLECTION, end=before, limit=_PAGE):
            for document in old:
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
        if "status" in document.data:
            return document
        if self._clock.now() - datetime.fromisoformat(document.data["at"]) < WORKING:
            raise busy
        try:
            return await self._state.compare_and_set(COLLECTION, id_, fresh, version=document.version)
        except Conflict as error:
            raise busy from error


def _kept(document: Document) -> tuple[int, bytes]:
    """The answer of a request that was performed."""
    if document.data["answer"] is None:
        words = "the request was performed, and its answer was too long to keep"
        raise Refusal(HTTPStatus.CONFLICT, words, "ask for what it changed")
    return int(document.data["status"]), str(document.data["answer"]).encode()
