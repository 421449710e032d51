"""What the server knows: the resources as their creators described them, the core, time, and who waits for messages."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from devstack.pubsub_server.config import policy
from devstack.pubsub_server.refusal import check_ack_ids, check_name, exists, not_found
from devstack.pubsub_server.wire import Pb
from shared.embedded.broker_core import BrokerCore

DELETED_TOPIC = "_deleted-topic_"
"""What a subscription names as its topic once that is gone."""


class Time:
    """The broker's time. `speed` seconds of it pass in one real second, so that tests need not wait."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._wall = time.time()
        self._started = time.monotonic()

    def now(self) -> float:
        """Seconds of the broker's time since the server started."""
        return (time.monotonic() - self._started) * self.speed

    def real(self, seconds: float) -> float:
        """Real seconds that `seconds` of the broker's take."""
        return seconds / self.speed

    def wall(self, instant: float) -> float:
        """Seconds since 1970 of an instant of the broker's time."""
        return self._wall + instant / self.speed


class Broker:
    """All state of one server; everything on the event loop's thread."""

    def __init__(self, clock: Time) -> None:
        self.time = clock
        self.core = BrokerCore(on_ready=self.ring)
        self.topics: dict[str, Pb] = {}
        self.subscriptions: dict[str, Pb] = {}
        self.on_change: Callable[[str], None] = lambda _: None
        """Told the name of a subscription that was created, changed or deleted."""
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._alarm: asyncio.TimerHandle | None = None

    def create_topic(self, topic: Pb) -> None:
        """Add a topic."""
        check_name(topic.name, "topics")
        if topic.name in self.topics:
            raise exists(topic.name)
        self.topics[topic.name] = topic
        self.core.create_topic(topic.name)

    def delete_topic(self, name: str) -> None:
        """Remove a topic; its subscriptions stay."""
        self.topic(name)
        del self.topics[name]
        self.core.delete_topic(name)
        for subscription in self.subscriptions.values():
            if subscription.topic == name:
                subscription.topic = DELETED_TOPIC

    def create_subscription(self, subscription: Pb) -> None:
        """Add a subscription."""
        name = subscription.name
        check_name(name, "subscriptions")
        if name in self.subscriptions:
            raise exists(name)
        self.topic(subscription.topic)
        self._check_dead_letter(subscription)
        self.core.create_subscription(name, subscription.topic, policy(subscription))
        self.subscriptions[name] = subscription
        self._bells[name] = set()
        self.on_change(name)

    def update_subscription(self, subscription: Pb) -> None:
        """Put another description in a subscription's place."""
        self.subscription(subscription.name)
        self._check_dead_letter(subscription)
        self.core.update_subscription(subscription.name, policy(subscription))
        self.subscriptions[subscription.name] = subscription
        self.ring(subscription.name)
        self.on_change(subscription.name)

    def delete_subscription(self, name: str) -> None:
        """Remove a subscription and what it is owed; those who wait for it are woken to find it gone."""
        self.subscription(name)
        del self.subscriptions[name]
        self.core.delete_subscription(name)
        self.ring(name)
        del self._bells[name]
        self.on_change(name)

    def topic(self, name: str) -> Pb:
        """The topic, or NOT_FOUND."""
        if name not in self.topics:
            raise not_found(name)
        return self.topics[name]

    def subscription(self, name: str) -> Pb:
        """The subscription, or NOT_FOUND."""
        if name not in self.subscriptions:
            raise not_found(name)
        return self.subscriptions[name]

    def ack(self, name: str, ack_ids: Sequence[str]) -> None:
        """Settle deliveries. Those whose lease ended come again; nobody is told, as in Pub/Sub."""
        check_ack_ids(name, ack_ids)
        now = self.time.now()
        for ack_id in ack_ids:
            self.core.ack(ack_id, now)
        self.settle(name)

    def modify(self, name: str, deadlines: Sequence[tuple[str, float]]) -> None:
        """Move the ends of leases; 0 seconds is a nack."""
        check_ack_ids(name, [ack_id for ack_id, _ in deadlines])
        now = self.time.now()
        for ack_id, seconds in deadlines:
            self.core.modify_deadline(ack_id, seconds, now)
        self.settle(name)

    def settle(self, name: str) -> None:
        """Something ended: receivers of the subscription may have room again, and the next instant may be another."""
        self.ring(name)
        self.rearm()

    @contextmanager
    def bell(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be something new to pull, or room for it."""
        bell = asyncio.Event()
        bells = self._bells[name]
        bells.add(bell)
        try:
            yield bell
        finally:
            bells.discard(bell)

    def ring(self, name: str) -> None:
        """Wake whoever waits for the subscription."""
        for bell in self._bells.get(name, ()):
            bell.set()

    def rearm(self) -> None:
        """Wake up when time alone changes something."""
        pause = self.core.next_wakeup(self.time.now())
        if pause is None:
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + self.time.real(pause)
        if self._alarm is not None:
            if not self._alarm.cancelled() and loop.time() < self._alarm.when() <= at:
                return  # it rings earlier, finds nothing, and is set again
            self._alarm.cancel()
        self._alarm = loop.call_at(at, self._tick)

    def close(self) -> None:
        """Stop the alarm."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _tick(self) -> None:
        self._alarm = None
        self.core.expire(self.time.now())
        for name in self._bells:
            self.ring(name)  # an ended lease is room in its holder's flow control
        self.rearm()

    def _check_dead_letter(self, subscription: Pb) -> None:
        if subscription.HasField("dead_letter_policy"):
            self.topic(subscription.dead_letter_policy.dead_letter_topic)
