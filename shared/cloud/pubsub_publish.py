"""Publishing in batches: what is published while a request is under way leaves together in the next one."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from google.pubsub_v1 import PublisherAsyncClient
from google.pubsub_v1.types import pubsub

from shared.cloud.protobuf_wire import LARGE, delimited, head
from shared.cloud.pubsub_clients import bounded
from shared.cloud.pubsub_errors import FAILURES, translated

MAX_MESSAGES = 1_000
MAX_BYTES = 4_000_000
"""Of one request; Pub/Sub admits 1,000 and 10 MB. At 100 KB a message half as much costs a twentieth more, in calls,
and so does twice as much, in memory that the caches do not hold. A single larger message travels alone."""
MAX_REQUESTS = 4
"""Under way at once, per topic."""

_Request = pubsub.PublishRequest.pb()
_Message = pubsub.PubsubMessage.pb()
# The raw protobuf classes: the client's own wrappers cost ten times as much per message.

_TOPIC, _MESSAGES, _DATA = 1, 2, 1
"""Fields of PublishRequest and PubsubMessage."""

_Outgoing = tuple[bytes, Mapping[str, str], asyncio.Future[str]]


class Publisher:
    """One topic's outgoing messages. No background task lives longer than a request."""

    def __init__(self, client: PublisherAsyncClient, path: str, call_timeout: float) -> None:
        self._client = client
        self._path = path
        self._timeout = call_timeout
        self._waiting: deque[_Outgoing] = deque()
        self._requests: set[asyncio.Task[None]] = set()
        self._scheduled = False

    async def publish(self, data: bytes, attributes: Mapping[str, str]) -> str:
        """Returns the message id once Pub/Sub has the message."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str] = loop.create_future()
        self._waiting.append((data, dict(attributes), future))
        if not self._scheduled and len(self._requests) < MAX_REQUESTS:
            self._scheduled = True
            loop.call_soon(self._start)  # at the end of this turn: whoever publishes in it comes along
        return await future

    async def close(self) -> None:
        """Wait for what was published."""
        while self._requests or self._scheduled:
            await asyncio.sleep(0)
            await asyncio.gather(*self._requests)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._requests) < MAX_REQUESTS:
            request = asyncio.create_task(self._send(*self._batch()), name=f"publish {self._path}")
            self._requests.add(request)
            request.add_done_callback(self._finished)

    def _finished(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        self._start()

    def _batch(self) -> tuple[pubsub.PublishRequest, list[asyncio.Future[str]]]:
        batch: list[_Outgoing] = []
        size = 0
        while self._waiting and len(batch) < MAX_MESSAGES:
            data, attributes, _ = self._waiting[0]
            # An upper bound, as UTF-8 has four bytes a character: asking protobuf would serialise the message.
            size += len(data) + sum(4 * (len(key) + len(value)) for key, value in attributes.items())
            if batch and size > MAX_BYTES:
                break
            batch.append(self._waiting.popleft())
        make = _assembled if size > LARGE * len(batch) else _filled
        return pubsub.PublishRequest.wrap(make(self._path, batch)), [future for _, _, future in batch]

    async def _send(self, request: pubsub.PublishRequest, futures: list[asyncio.Future[str]]) -> None:
        try:
            response = await self._client.publish(request=request, retry=bounded(self._timeout), timeout=self._timeout)
        except FAILURES as error:
            for future in futures:
                if not future.done():
                    failure = translated(error, self._path)
                    failure.__cause__ = error
                    future.set_exception(failure)
            return
        for future, message_id in zip(futures, pubsub.PublishResponse.pb(response).message_ids, strict=True):
            if not future.done():
                future.set_result(message_id)


def _filled(topic: str, batch: Sequence[_Outgoing]) -> Any:  # noqa: ANN401 - a raw protobuf
    request = _Request(topic=topic)
    for data, attributes, _ in batch:
        message = request.messages.add()  # filled in place: a list of messages would be copied
        message.data = data
        if attributes:
            message.attributes.update(attributes)
    return request


def _assembled(topic: str, batch: Sequence[_Outgoing]) -> "_Assembled":
    pieces: list[bytes | memoryview] = [*delimited(_TOPIC, topic.encode())]
    for data, attributes, _ in batch:
        rest = _Message(attributes=attributes).SerializeToString() if attributes else b""
        data_head = head(_DATA, len(data))
        message_head = head(_MESSAGES, len(data_head) + len(data) + len(rest))
        pieces += message_head, data_head, data, rest
    return _Assembled(topic, pieces)


class _Assembled:
    """A PublishRequest, put together when it is sent; parsed only for who looks into it, as a debug log does."""

    def __init__(self, topic: str, pieces: Sequence[bytes | memoryview]) -> None:
        self.topic = topic  # the client routes by it,
        self.HasField = _Request(topic=topic).HasField  # and asks with every call whether it is there
        self._pieces = pieces

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        return b"".join(self._pieces)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of a raw protobuf
        return getattr(_Request.FromString(self.SerializeToString()), name)
