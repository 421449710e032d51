"""What goes back to Pub/Sub for deliveries: acknowledgements and nacks in batches, longer leases."""

import asyncio
from collections.abc import Awaitable, Sequence

from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.types import pubsub

from shared.cloud.pubsub_clients import bounded
from shared.cloud.pubsub_errors import FAILURES, translated
from shared.errors import Transient
from shared.runtime.logs import get_logger

MAX_IDS = 2_000
"""Ack ids in one request: they are about 200 bytes each and a request has at most 512 KB."""

_Acknowledge = pubsub.AcknowledgeRequest.pb()
_Modify = pubsub.ModifyAckDeadlineRequest.pb()


class Settler:
    """The leases that one consumer holds, from arrival until Pub/Sub was told how the delivery ended.

    A message whose acknowledgement gets lost comes again: that is logged, and not this process's trouble.
    """

    def __init__(self, client: SubscriberAsyncClient, path: str, lease: int, call_timeout: float) -> None:
        self.held: dict[str, None] = {}
        """Ack ids under lease (a set in order of arrival)."""
        self._client = client
        self._path = path
        self._lease = lease
        self._timeout = call_timeout
        self._acks: list[str] = []
        self._nacks: list[str] = []
        self._due = asyncio.Event()

    def ack(self, ack_id: str) -> None:
        """The message is done with."""
        self._acks.append(ack_id)
        self._due.set()

    def nack(self, ack_id: str) -> None:
        """The message shall come again."""
        self._nacks.append(ack_id)
        self._due.set()

    async def run(self) -> None:
        """Send what is due until cancelled; what becomes due during a call goes with the next."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self.flush()

    async def flush(self) -> None:
        """Send everything that is due.

        Raises:
            Permanent: the subscription is gone, or not ours.
        """
        # They leave the lists only once Pub/Sub was told: a flush that is cancelled is repeated by `give_back`.
        while self._acks:
            some = self._acks[:MAX_IDS]
            request = pubsub.AcknowledgeRequest.wrap(_Acknowledge(subscription=self._path, ack_ids=some))
            await self._try("acknowledge", len(some), self._client.acknowledge(
                request=request, retry=bounded(self._timeout), timeout=self._timeout
            ))  # fmt: skip
            self._done(self._acks, some)
        while self._nacks:
            some = self._nacks[:MAX_IDS]
            await self._modify(some, 0)
            self._done(self._nacks, some)

    async def extend(self) -> None:
        """Renew every lease held."""
        held = list(self.held)
        for start in range(0, len(held), MAX_IDS):
            await self._modify(held[start : start + MAX_IDS], self._lease)

    async def give_back(self) -> None:
        """Acknowledge what is done, nack all else."""
        finished = set(self._acks)
        self._nacks = [ack_id for ack_id in self.held if ack_id not in finished]
        await self.flush()

    async def _modify(self, ack_ids: Sequence[str], seconds: int) -> None:
        request = pubsub.ModifyAckDeadlineRequest.wrap(
            _Modify(subscription=self._path, ack_ids=ack_ids, ack_deadline_seconds=seconds)
        )
        await self._try("modify deadline", len(ack_ids), self._client.modify_ack_deadline(
            request=request, retry=bounded(self._timeout), timeout=self._timeout
        ))  # fmt: skip

    async def _try(self, what: str, number: int, call: Awaitable[object]) -> None:
        try:
            await call
        except FAILURES as error:
            failure = translated(error, self._path)
            if not isinstance(failure, Transient):
                raise failure from error
            get_logger("pubsub").warning("settling_failed", what=what, messages=number, reason=str(failure))

    def _done(self, due: list[str], some: Sequence[str]) -> None:
        del due[: len(some)]
        for ack_id in some:
            self.held.pop(ack_id, None)
