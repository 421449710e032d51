"""The bus on Google Cloud Pub/Sub, with its official asyncio clients."""

import asyncio
import os
from collections.abc import Mapping, Sequence

from shared.cloud.errors import at_once
from shared.cloud.pubsub_admin import Admin, PushTo
from shared.cloud.pubsub_clients import Clients, connect
from shared.cloud.pubsub_consume import Consumer
from shared.cloud.pubsub_publish import Publisher
from shared.errors import Permanent
from shared.ports import BusHandler, Clock
from shared.registries.topics import TOPICS, Topic
from shared.runtime.clock import WallClock
from shared.runtime.message_limits import check_message

EMULATOR = "PUBSUB_EMULATOR_HOST"
MIN_LEASE, MAX_LEASE = 10, 600
"""Pub/Sub's limits, seconds."""


class PubSubBus:
    """Pub/Sub of one project. Connects at its first use, to PUBSUB_EMULATOR_HOST or `emulator` where that is set.

    `lease` is how many seconds a delivery survives the death of its consumer; leases are renewed at half of it while
    the handler runs, so it also bounds how long a handler may block the event loop. `call_timeout` (seconds) bounds
    every unary call, its retries included.
    """

    def __init__(
        self,
        project: str,
        topics: Mapping[str, Topic] = TOPICS,
        *,
        clock: Clock | None = None,
        emulator: str | None = None,
        lease: int = 60,
        call_timeout: float = 30.0,
    ) -> None:
        if not MIN_LEASE <= lease <= MAX_LEASE:
            raise Permanent(f"a lease of {lease} s on Pub/Sub", remedy=f"{MIN_LEASE} to {MAX_LEASE} s")
        self._project = project
        self._clock = clock if clock is not None else WallClock()
        self._topics = topics
        self._names = {name for topic in topics.values() for name in (topic.name, topic.dead_letter)}
        self._emulator = emulator if emulator is not None else os.environ.get(EMULATOR)
        self._lease = lease
        self._timeout = call_timeout
        self._clients: Clients | None = None
        self._connecting = asyncio.Lock()
        self._publishers: dict[str, Publisher] = {}

    async def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish, together with what else is published to the topic at the moment; returns the message id.

        Raises:
            Permanent: unknown topic, no access, or a message Pub/Sub does not accept (empty, over 10 MB).
            Transient: Pub/Sub cannot be reached or is overloaded.
        """
        attributes = attributes if attributes is not None else {}
        publisher = self._publishers.get(topic)
        if publisher is None:
            self._check(topic, "topic")
            clients = await self._connected()
            path = f"projects/{self._project}/topics/{topic}"
            publisher = self._publishers.setdefault(topic, Publisher(clients.publisher, path, self._timeout))
        check_message(topic, data, attributes)
        return await publisher.publish(data, attributes)

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """Deliver until cancelled, at most `max_in_flight` at once; leases are renewed while their handlers run.

        However it ends, what is unfinished is given back and will be delivered again.

        Raises:
            Permanent: unknown subscription, or no access to it (in an ExceptionGroup once it runs).
            ExceptionGroup: of what handlers raised that was no `Nack`.
        """
        self._check(subscription, "subscription")
        client = (await self._connected()).subscriber
        path = f"projects/{self._project}/subscriptions/{subscription}"
        await Consumer(
            client, path, handler, self._clock,
            max_in_flight=max_in_flight, lease=self._lease, call_timeout=self._timeout,
        ).run()  # fmt: skip

    async def missing(self, topics: Sequence[str]) -> list[str]:
        """Those of the topics that are not there, or that this process may not publish to."""
        admin = Admin(await self._connected(), self._project, self._timeout)
        may = admin.exists if self._emulator is not None else admin.may_publish  # no emulator knows permissions
        found = await at_once(map(may, topics))
        return [f"topic {topic}" for topic, there in zip(topics, found, strict=True) if not there]

    async def ensure(self, push: PushTo | None = None) -> None:
        """Create what is missing of the registry's topics, dead letters and their subscriptions.

        For emulators; in the cloud deploy/pubsub.sh does it. With `push`, subscriptions push there, existing ones too.
        """
        await Admin(await self._connected(), self._project, self._timeout).ensure(self._topics.values(), push)

    async def close(self) -> None:
        """Wait for what is being published and close the connections."""
        for publisher in self._publishers.values():
            await publisher.close()
        self._publishers.clear()
        if self._clients is not None:
            await self._clients.close()
            self._clients = None

    async def _connected(self) -> Clients:
        async with self._connecting:
            if self._clients is None:
                self._clients = await connect(self._emulator)
            return self._clients

    def _check(self, name: str, kind: str) -> None:
        if name not in self._names:
            raise Permanent(f"unknown {kind} {name!r}", remedy=f"one of {', '.join(sorted(self._names))}")
