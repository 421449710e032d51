"""One consumer: it pulls as many messages as it has room for, and holds their leases until their handlers return."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.types import pubsub

from shared.cloud.pubsub_clients import bounded, endless
from shared.cloud.pubsub_errors import FAILURES, translated
from shared.errors import Permanent
from shared.ports import BusHandler, Clock, Delivery, Nack
from shared.runtime.logs import get_logger

MAX_HELD = 1_000
"""Messages in one pull, and ack ids in one request: at about 200 bytes each they stay under its 512 KB."""
PULL_SECONDS = 60.0
"""How long a pull waits for the first message, where the server does not answer with none before."""
IDLE_SECONDS = 0.1
"""Pause after a pull without messages: a server may answer so at once."""
ARRIVAL_SECONDS = 0.2
"""How long a consumer that ends waits for its last pull before it cancels it: the answer may be on its way, and gRPC
(1.85) does not cancel a call that has just begun. What a lost pull takes comes again when its lease ends."""
GIVE_BACK_SECONDS = 5.0

_State = Enum("_State", "RUNNING DONE NACKED")


class Consumer:
    """One `consume` call."""

    def __init__(
        self,
        client: SubscriberAsyncClient,
        path: str,
        handler: BusHandler,
        clock: Clock,
        *,
        max_in_flight: int,
        lease: int,
        call_timeout: float,
    ) -> None:
        self._client = client
        self._path = path
        self._handler = handler
        self._clock = clock
        self._max_held = min(max_in_flight, MAX_HELD)
        self._lease = lease
        self._bounds: dict[str, Any] = {"retry": bounded(call_timeout), "timeout": call_timeout}
        self._held: dict[str, _State] = {}
        """By ack id, from arrival until Pub/Sub was told how the delivery ended."""
        self._pulling: asyncio.Task[Sequence[Any]] | None = None
        self._ended = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled. However it ends, what is unfinished is given back."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._settle())
                group.create_task(self._extend_leases())
                await self._deliver(group)
        except ExceptionGroup as failures:
            refusal, *others = failures.exceptions
            if isinstance(refusal, Permanent) and not others:
                raise refusal from failures
            raise
        finally:
            await self._give_back()

    async def _deliver(self, group: asyncio.TaskGroup) -> None:
        while True:
            while len(self._held) >= self._max_held:
                self._room.clear()
                await self._room.wait()
            self._pulling = asyncio.create_task(self._pull(self._max_held - len(self._held)))
            messages = await asyncio.shield(self._pulling)
            if not messages:
                await self._clock.sleep(IDLE_SECONDS)
                continue
            # They come leased for as long as the subscription says, which may be ten minutes.
            await self._modify([received.ack_id for received in messages], self._lease)
            group.create_task(self._work(group, deque(messages)))

    async def _pull(self, number: int) -> Sequence[Any]:
        """Up to that many messages, none if none came in time. Raw protobufs: the wrappers cost ten times as much."""
        try:
            response = await self._client.pull(
                subscription=self._path, max_messages=number, retry=endless(self._path), timeout=PULL_SECONDS
            )
        except DeadlineExceeded:
            return ()
        except FAILURES as error:
            raise translated(error, self._path) from error
        messages: Sequence[Any] = pubsub.PullResponse.pb(response).received_messages
        self._held |= {received.ack_id: _State.RUNNING for received in messages}
        return messages

    async def _work(self, group: asyncio.TaskGroup, waiting: deque[Any]) -> None:
        """Handle one message after another. The next worker starts as soon as a handler waits: tasks are not free."""
        if len(waiting) > 1:
            group.create_task(self._work(group, waiting))
        while waiting:
            await self._handle(waiting.popleft())

    async def _handle(self, received: Any) -> None:  # noqa: ANN401 - a raw protobuf
        message = received.message
        delivery = Delivery(message.message_id, message.data, dict(message.attributes), received.delivery_attempt)
        try:
            await self._handler(delivery)
        except Nack:
            self._held[received.ack_id] = _State.NACKED
        else:
            self._held[received.ack_id] = _State.DONE
        self._ended.set()

    async def _settle(self) -> None:
        while True:
            await self._ended.wait()
            self._ended.clear()
            await self._tell()

    async def _tell(self) -> None:
        """Acknowledge what is done, nack what shall come again. Leases are held until that is through."""
        done, nacked = (
            [ack_id for ack_id, state in self._held.items() if state is ended] for ended in (_State.DONE, _State.NACKED)
        )
        if done:
            await self._try(
                self._client.acknowledge(subscription=self._path, ack_ids=done, **self._bounds), "acknowledge"
            )
        await self._modify(nacked, 0)
        for ack_id in (*done, *nacked):
            del self._held[ack_id]
        self._room.set()

    async def _give_back(self) -> None:
        """Acknowledge what is done, nack all else that we hold."""
        if self._pulling is not None:
            await asyncio.wait((self._pulling,), timeout=ARRIVAL_SECONDS)
            self._pulling.cancel()
            await asyncio.wait((self._pulling,))
        for ack_id, state in self._held.items():
            if state is _State.RUNNING:
                self._held[ack_id] = _State.NACKED
        # A subscription that is gone has no leases; what is not given back in time comes again when its lease ends.
        with suppress(Permanent, TimeoutError):
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                await self._tell()

    async def _extend_leases(self) -> None:
        while True:
            await self._clock.sleep(self._lease / 2)
            await self._modify(list(self._held), self._lease)

    async def _modify(self, ack_ids: list[str], seconds: int) -> None:
        if ack_ids:
            await self._try(
                self._client.modify_ack_deadline(
                    subscription=self._path, ack_ids=ack_ids, ack_deadline_seconds=seconds, **self._bounds
                ),
                "modify deadline",
            )

    async def _try(self, call: Awaitable[object], what: str) -> None:
        """Log a call that failed for now: the messages come again, which is not this process's trouble."""
        try:
            await call
        except FAILURES as error:
            failure = translated(error, self._path)
            if isinstance(failure, Permanent):
                raise failure from error
            get_logger("pubsub").warning("settling_failed", what=what, reason=str(failure))
