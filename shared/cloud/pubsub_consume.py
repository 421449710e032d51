"""One consumer: a stream of deliveries, their handlers, and the leases they run under."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from shared.cloud.pubsub_settle import Settler
from shared.cloud.pubsub_stream import Stream
from shared.errors import Permanent
from shared.ports import BusHandler, Clock, Delivery, Nack

DRAIN_SECONDS = 2.0
"""How long a consumer that ends waits for what the server has already sent it, so as to give it back."""
GIVE_BACK_SECONDS = 5.0


class Consumer:
    """One `consume` call."""

    def __init__(
        self, stream: Stream, settler: Settler, handler: BusHandler, clock: Clock, *, max_in_flight: int, lease: int
    ) -> None:
        self._stream = stream
        self._settler = settler
        self._handler = handler
        self._clock = clock
        self._lease = lease
        self._max_in_flight = max_in_flight
        self._workers = 0
        self._starting = False
        self._waiting: deque[Any] = deque()
        self._refused: Permanent | None = None
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled. However it ends, what is unfinished is given back."""
        # A task of its own, not cancelled with us: what is leased to us but on its way must come to be given back.
        reader = asyncio.create_task(self._read())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._settler.run())
                group.create_task(self._extend_leases())
                await self._dispatch(group)
        except ExceptionGroup as failures:
            if (refused := _only_permanent(failures)) is not None:
                raise refused from failures
            raise
        finally:
            await self._finish(reader)

    async def _read(self) -> None:
        try:
            await self._stream.run(self._receive)
        except Permanent as failure:
            self._refused = failure
            self._arrived.set()

    def _receive(self, messages: Iterable[Any]) -> None:
        for received in messages:
            self._settler.held[received.ack_id] = None
            self._waiting.append(received)
        self._arrived.set()

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            if self._refused is not None:
                raise self._refused
            self._engage(group)

    def _engage(self, group: asyncio.TaskGroup) -> None:
        if self._waiting and not self._starting and self._workers < self._max_in_flight:
            self._starting = True
            self._workers += 1
            group.create_task(self._work(group))

    async def _work(self, group: asyncio.TaskGroup) -> None:
        """Handle one message after another. A second worker starts only when a handler waits: tasks are not free."""
        self._starting = False
        try:
            while self._waiting:
                received = self._waiting.popleft()
                self._engage(group)
                await self._deliver(received)
        finally:
            self._workers -= 1

    async def _deliver(self, received: Any) -> None:  # noqa: ANN401 - a raw protobuf
        message = received.message
        # Of a message without attributes protobuf makes their map anew for each who asks for more than its truth.
        attributes = dict(message.attributes) if message.attributes else {}
        delivery = Delivery(message.message_id, message.data, attributes, received.delivery_attempt)
        try:
            await self._handler(delivery)
        except Nack:
            self._settler.nack(received.ack_id)
        else:
            self._settler.ack(received.ack_id)

    async def _extend_leases(self) -> None:
        while True:
            await self._clock.sleep(self._lease / 2)
            await self._settler.extend()

    async def _finish(self, reader: asyncio.Task[None]) -> None:
        self._stream.close()
        await asyncio.wait([reader], timeout=DRAIN_SECONDS)
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
        # A subscription that is gone has no leases; what cannot be given back in time comes again when its lease ends.
        with suppress(Permanent, TimeoutError):
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                await self._settler.give_back()


def _only_permanent(failures: ExceptionGroup[Exception]) -> Permanent | None:
    """Pub/Sub's own refusal, where nothing else went wrong."""
    refusals, others = failures.split(Permanent)
    if others is not None or refusals is None:
        return None
    first = refusals.exceptions[0]
    return first if isinstance(first, Permanent) else None
