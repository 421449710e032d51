"""StreamingPull: one response carries as many messages as are due and the client's flow control has room for."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information

from devstack.pubsub_server.broker import Broker
from devstack.pubsub_server.config import check_deadline
from devstack.pubsub_server.delivery import CHUNK_BYTES, CHUNK_MESSAGES, fill
from devstack.pubsub_server.refusal import invalid
from devstack.pubsub_server.subscriber import refuse_push
from devstack.pubsub_server.wire import Pb, StreamingPullResponse
from devstack.rpc import Refused
from shared.embedded.broker_core import Holder, Leased

FIRST_ONLY = ("subscription", "client_id", "max_outstanding_messages", "max_outstanding_bytes", "protocol_version")


async def streaming_pull(broker: Broker, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
    """Serve one stream until the client half-closes it or goes away. What it still holds then, it may yet settle."""
    first = await context.read()
    if first is grpc.aio.EOF:
        return
    stream = _Stream(broker, first, context)
    with broker.bell(first.subscription) as bell:
        writer = asyncio.create_task(stream.write(bell))
        reader = asyncio.create_task(stream.read(first, bell))
        try:
            await asyncio.wait((writer, reader), return_when=asyncio.FIRST_EXCEPTION)
        finally:
            writer.cancel()
            reader.cancel()
            outcomes = await asyncio.gather(writer, reader, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            raise outcome


class _Stream:
    def __init__(self, broker: Broker, first: Pb, context: Any) -> None:  # noqa: ANN401 - grpcio is untyped
        self._subscription = first.subscription
        refuse_push(broker.subscription(self._subscription))
        check_deadline("stream_ack_deadline_seconds", first.stream_ack_deadline_seconds)
        self._broker = broker
        self._context = context
        self._ack_deadline = first.stream_ack_deadline_seconds
        self._max_messages = first.max_outstanding_messages
        self._max_bytes = first.max_outstanding_bytes
        self._holder = Holder()
        self._closing = False

    async def read(self, first: Pb, bell: asyncio.Event) -> None:
        """Take acknowledgements and deadlines; an empty request is a heartbeat."""
        self._take(first)
        while (request := await self._context.read()) is not grpc.aio.EOF:
            for field in FIRST_ONLY:
                if getattr(request, field):
                    raise invalid(f"{field} may be set on a stream's first request only")
            self._take(request)
        self._closing = True
        bell.set()

    async def write(self, bell: asyncio.Event) -> None:
        """Send what is due, as fast as the client takes it."""
        while not self._closing:
            bell.clear()
            attempts = self._broker.subscription(self._subscription).HasField("dead_letter_policy")
            leased = self._pull()
            if leased:
                self._broker.rearm()
                await self._context.write(
                    fill(StreamingPullResponse(), leased, self._broker.time, count_attempts=attempts)
                )
            else:
                await bell.wait()

    def _pull(self) -> Sequence[Leased]:
        room, size = CHUNK_MESSAGES, CHUNK_BYTES
        if self._max_messages > 0:
            room = min(room, self._max_messages - self._holder.messages)
        if self._max_bytes > 0:
            size = min(size, self._max_bytes - self._holder.bytes)
        if room <= 0 or size <= 0:
            return ()
        return self._broker.core.pull(
            self._subscription,
            room,
            self._broker.time.now(),
            max_bytes=size,
            ack_deadline=float(self._ack_deadline),
            holder=self._holder,
        )

    def _take(self, request: Pb) -> None:
        if request.stream_ack_deadline_seconds:
            check_deadline("stream_ack_deadline_seconds", request.stream_ack_deadline_seconds)
            self._ack_deadline = request.stream_ack_deadline_seconds
        if request.ack_ids:
            self._broker.ack(self._subscription, request.ack_ids)
        ack_ids, deadlines = request.modify_deadline_ack_ids, request.modify_deadline_seconds
        if len(ack_ids) != len(deadlines):
            raise invalid(f"{len(ack_ids)} modify_deadline_ack_ids but {len(deadlines)} modify_deadline_seconds")
        if ack_ids:
            for seconds in deadlines:
                check_deadline("modify_deadline_seconds", seconds, least=0)
            self._broker.modify(self._subscription, list(zip(ack_ids, deadlines, strict=True)))
