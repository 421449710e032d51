"""A streaming pull that reconnects: Pub/Sub ends every stream after half an hour, and networks end them sooner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from uuid import uuid4

from google.pubsub_v1 import SubscriberAsyncClient
from google.pubsub_v1.types import pubsub

from shared.cloud.pubsub_errors import FAILURES, translated
from shared.errors import Permanent
from shared.ports import Clock
from shared.runtime.logs import get_logger

STREAM_SECONDS = 1800.0
"""No stream lives longer; the next one follows at once."""
HEARTBEAT = 30.0
MIN_BACKOFF, MAX_BACKOFF = 0.1, 30.0
MAX_OUTSTANDING_BYTES = 100_000_000

Receive = Callable[[Iterable[Any]], None]
"""Takes the raw `ReceivedMessage`s of one response."""


class Stream:
    """The incoming half of a consumer. `close` half-closes, so that what is already on its way still arrives."""

    def __init__(
        self,
        client: SubscriberAsyncClient,
        path: str,
        *,
        lease: int,
        max_in_flight: int,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._client = client
        self._path = path
        self._lease = lease
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._jitter = jitter
        self._client_id = str(uuid4())
        self._closing = asyncio.Event()

    async def run(self, receive: Receive) -> None:
        """Pass on what arrives until closed.

        Raises:
            Permanent: there is no such subscription, or no access to it.
        """
        failures = 0
        while not self._closing.is_set():
            try:
                call = await self._client.streaming_pull(requests=self._requests(), retry=None, timeout=STREAM_SECONDS)
                async for response in call:
                    failures = 0
                    receive(pubsub.StreamingPullResponse.pb(response).received_messages)
            except FAILURES as error:
                failure = translated(error, self._path)
                if isinstance(failure, Permanent):
                    raise failure from error
                get_logger("pubsub").info("stream_ended", subscription=self._path, reason=str(failure))
            failures += 1
            await self._pause(failures)

    def close(self) -> None:
        """Ask for no more."""
        self._closing.set()

    async def _requests(self) -> AsyncIterator[pubsub.StreamingPullRequest]:
        yield pubsub.StreamingPullRequest(
            subscription=self._path,
            client_id=self._client_id,
            stream_ack_deadline_seconds=self._lease,
            max_outstanding_messages=self._max_in_flight,
            max_outstanding_bytes=MAX_OUTSTANDING_BYTES,
        )
        while not await self._closed_within(HEARTBEAT):
            yield pubsub.StreamingPullRequest()

    async def _closed_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        except TimeoutError:
            return False

    async def _pause(self, failures: int) -> None:
        if not self._closing.is_set():
            doubled = MIN_BACKOFF * 2.0 ** min(failures - 1, 32)
            await self._clock.sleep(min(MAX_BACKOFF, doubled) * (0.5 + self._jitter() / 2))
