"""The in-process bus: a small asyncio shell around `broker_core`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from shared.embedded.broker_core import BrokerCore, Leased
from shared.embedded.subscription import Policy
from shared.ports import BusHandler, Clock, Delivery, Nack
from shared.registries.topics import TOPICS, Topic

MAX_BACKOFF = 1.0
"""Seconds between redeliveries at most: on one machine nothing that fails comes back within minutes by itself."""


class EmbeddedBus:
    """Pub/Sub inside one process. Messages live as long as the bus does.

    Each topic gets a subscription of its own name, and so does each dead-letter topic: without one, messages were lost.
    """

    def __init__(self, clock: Clock, topics: Mapping[str, Topic] = TOPICS) -> None:
        self._clock = clock
        self._core = BrokerCore(on_ready=self._wake)
        self._consumers: dict[str, set[_Consumer]] = {}
        for topic in topics.values():
            self._create(topic.dead_letter, topic, dead_letter=None)
            self._create(topic.name, topic, dead_letter=topic.dead_letter)

    async def publish(self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish; returns the message id.

        Raises:
            Permanent: unknown topic, or more than 10 MB.
        """
        return self._core.publish(topic, data, attributes if attributes is not None else {}, self._clock.monotonic())

    async def consume(self, subscription: str, handler: BusHandler, *, max_in_flight: int) -> None:
        """Deliver until cancelled, at most `max_in_flight` at once; leases are extended while their handlers run.

        However it ends, what is unfinished is given back and will be delivered again.

        Raises:
            Permanent: unknown subscription.
            ExceptionGroup: of what handlers raised that was no `Nack`.
        """
        core = self._core
        core.depth(subscription)  # refuses an unknown subscription
        consumer = _Consumer(core, self._clock, subscription, handler, max_in_flight, lambda: self._wake(subscription))
        self._consumers[subscription].add(consumer)
        try:
            await consumer.run()
        finally:
            self._consumers[subscription].discard(consumer)
            consumer.give_back()

    async def missing(self, topics: Sequence[str]) -> list[str]:
        """Those of the topics that are not there."""
        return [topic for topic in topics if topic not in self._consumers]

    def depth(self, subscription: str) -> int:
        """Messages that the subscription has neither acknowledged nor given up on.

        Raises:
            Permanent: unknown subscription.
        """
        return self._core.depth(subscription)

    def _wake(self, subscription: str) -> None:
        for consumer in self._consumers[subscription]:
            consumer.bell.set()

    def _create(self, name: str, topic: Topic, *, dead_letter: str | None) -> None:
        self._consumers[name] = set()
        self._core.create_topic(name)
        policy = Policy.of(topic, dead_letter)
        self._core.create_subscription(name, name, replace(policy, max_backoff=min(policy.max_backoff, MAX_BACKOFF)))


class _Consumer:
    """One `consume` call. `bell` rings when there may be something to pull, or a new instant to wait for."""

    def __init__(
        self,
        core: BrokerCore,
        clock: Clock,
        subscription: str,
        handler: BusHandler,
        max_in_flight: int,
        wake: Callable[[], None],
    ) -> None:
        self.bell = asyncio.Event()
        self._core = core
        self._clock = clock
        self._subscription = subscription
        self._handler = handler
        self._max_in_flight = max_in_flight
        self._workers = 0
        self._starting = False
        self._wake = wake
        self._in_flight: set[str] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._extend_leases())
            while True:
                self.bell.clear()
                self._core.expire(self._clock.monotonic())
                self._engage(group)
                await self._rung()

    def give_back(self) -> None:
        """Nack whatever is unfinished."""
        for ack_id in self._in_flight:
            self._core.nack(ack_id, self._clock.monotonic())
        self._wake()

    def _engage(self, group: asyncio.TaskGroup) -> None:
        if not self._starting and self._workers < self._max_in_flight and self._core.ready(self._subscription):
            self._starting = True
            self._workers += 1
            group.create_task(self._work(group))

    async def _work(self, group: asyncio.TaskGroup) -> None:
        """Handle one message after another. A second worker starts only when a handler waits: tasks are not free."""
        self._starting = False
        try:
            while leased := self._core.pull(self._subscription, 1, self._clock.monotonic()):
                self._in_flight.add(leased[0].ack_id)
                self._engage(group)
                await self._deliver(leased[0])
        finally:
            self._workers -= 1

    async def _deliver(self, leased: Leased) -> None:
        message = leased.message
        try:
            await self._handler(Delivery(message.id, message.data, message.attributes, leased.attempt))
        except Nack:
            self._core.nack(leased.ack_id, self._clock.monotonic())
            self._wake()  # whoever waits must now also wait for this backoff
        else:
            self._core.ack(leased.ack_id, self._clock.monotonic())
        self._in_flight.discard(leased.ack_id)

    async def _extend_leases(self) -> None:
        deadline = self._core.ack_deadline(self._subscription)
        while True:
            await self._clock.sleep(deadline / 2)
            for ack_id in self._in_flight:
                self._core.modify_deadline(ack_id, deadline, self._clock.monotonic())

    async def _rung(self) -> None:
        pause = self._core.next_wakeup(self._clock.monotonic())
        if pause is None:
            await self.bell.wait()
            return
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._ring_after(pause))
            await self.bell.wait()
            alarm.cancel()

    async def _ring_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self.bell.set()
