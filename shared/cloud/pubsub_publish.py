"""Publishing in batches: what is published while a request is under way leaves together in the next one."""

import asyncio
from collections import deque
from collections.abc import Mapping

from google.pubsub_v1 import PublisherAsyncClient
from google.pubsub_v1.types import pubsub

from shared.cloud.pubsub_clients import bounded
from shared.cloud.pubsub_errors import FAILURES, translated

MAX_MESSAGES = 1_000
MAX_BYTES = 4_000_000
"""Of one request; Pub/Sub admits 1,000 messages and 10 MB. A single larger message travels alone."""

_Outgoing = tuple[bytes, Mapping[str, str], asyncio.Future[str]]


class Publisher:
    """One topic's outgoing messages, one request at a time. Its task lives only while there is something to send."""

    def __init__(self, client: PublisherAsyncClient, path: str, call_timeout: float) -> None:
        self._client = client
        self._path = path
        self._timeout = call_timeout
        self._waiting: deque[_Outgoing] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def publish(self, data: bytes, attributes: Mapping[str, str]) -> str:
        """Returns the message id once Pub/Sub has the message."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((data, attributes, future))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_waiting(), name=f"publish {self._path}")
        return await future

    async def close(self) -> None:
        """Wait for what was published."""
        if self._sender is not None:
            await self._sender

    async def _send_waiting(self) -> None:
        while self._waiting:
            await self._send(self._batch())

    def _batch(self) -> list[_Outgoing]:
        batch: list[_Outgoing] = []
        size = 0
        while self._waiting and len(batch) < MAX_MESSAGES:
            data, attributes, _ = self._waiting[0]
            size += len(data) + sum(
                4 * (len(key) + len(value)) for key, value in attributes.items()
            )  # at most, in UTF-8
            if batch and size > MAX_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _send(self, batch: list[_Outgoing]) -> None:
        request = pubsub.PublishRequest(topic=self._path)
        messages = pubsub.PublishRequest.pb(request).messages  # the wrappers cost ten times as much per message
        for data, attributes, _ in batch:
            messages.add(data=data, attributes=attributes)
        try:
            response = await self._client.publish(request=request, retry=bounded(self._timeout), timeout=self._timeout)
        except FAILURES as error:
            for _, _, future in batch:
                if not future.done():
                    failure = translated(error, self._path)
                    failure.__cause__ = error
                    future.set_exception(failure)
            return
        for (_, _, future), message_id in zip(batch, pubsub.PublishResponse.pb(response).message_ids, strict=True):
            if not future.done():
                future.set_result(message_id)
