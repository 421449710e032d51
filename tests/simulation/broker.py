"""The real broker core and who takes from it, with duplicates, reorderings, lost leases and lost acknowledgements."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.embedded.broker_core import BrokerCore, Leased
from shared.embedded.subscription import Policy
from shared.ports import BusHandler, Delivery, Nack
from shared.registries.topics import TOPICS, Topic
from tests.simulation.chaos import Chaos
from tests.simulation.loop import VirtualLoop

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.witness import Witness

FOREVER = 1e6
"""A lease that its consumer extends for as long as the handler runs."""
UNEXTENDED = 60.0
"""Seconds of a lease that nobody extends: what a consumer that pulls asks for at a time; a handler may take longer."""
DEADLINES = {name: topic.ack_deadline for topic in TOPICS.values() for name in (topic.name, topic.dead_letter)}


@dataclass(slots=True)
class Receiver:
    """A subscription in a process: what handles a delivery, how many at once."""

    handler: BusHandler
    max_in_flight: int
    busy: int = 0
    leases: list[str] = field(default_factory=list)


class Broker:
    """One `BrokerCore` and the processes that take from it."""

    def __init__(self, chaos: Chaos, loop: VirtualLoop, witness: "Witness") -> None:
        self._chaos, self._loop, self._witness = chaos, loop, witness
        self.processes: list[Process] = []
        self._held: Counter[int] = Counter()
        self._age = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._newest: dict[str, int] = {}
        self.reset()

    def reset(self) -> None:
        """A new broker, which knows nothing of what the old one held."""
        self._age += 1
        self._witness.forget_deliveries()
        self._core = BrokerCore(on_ready=self._ready)
        for topic in TOPICS.values():
            self._create(topic.dead_letter, topic, None)
            self._create(topic.name, topic, topic.dead_letter)

    def publish(self, service: str, topic: str, data: bytes, attributes: Mapping[str, str]) -> str:
        """Durable once it returns; seen by the subscription once, twice, now or later."""
        self._core.depth(topic)  # every topic has a subscription of its name: refuses an unknown one
        self._witness.published(service, topic, data, attributes)
        for copy in range(1 + self._chaos.chance(self._chaos.duplicate)):
            if copy:
                self._chaos.count("duplicate", topic)
            if copy or self._chaos.chance(self._chaos.reorder):
                self._held[self._age] += 1
                wait = self._chaos.dice.expovariate(self._chaos.dice.choice((0.01, 0.1, 1.0)))
                self._loop.call_later(wait, self._late, self._age, topic, data, attributes)
            else:
                self._core.publish(topic, data, attributes, self._loop.elapsed)
        self._arm()
        return "published"

    @property
    def idle(self) -> bool:
        """Nothing is on its way."""
        return not self._held[self._age] and not any(self._core.depth(name) for name in DEADLINES)

    def left(self) -> dict[str, int]:
        """Subscription -> messages that nobody has acknowledged."""
        return {name: depth for name in DEADLINES if (depth := self._core.depth(name))}

    def dispatch(self) -> None:
        """Whoever has a free hand takes what is ready."""
        self._core.expire(self._loop.elapsed)
        if self._chaos.away("bus"):
            self._chaos.count("outage", "delivery")
            return
        for subscription in DEADLINES:
            while self._core.ready(subscription):
                free = [process for process in self.processes if process.takes(subscription)]
                if not free:
                    break
                self._deliver_to(self._chaos.dice.choice(free), subscription)
        self._arm()

    def orphan(self, subscription: str, ack_id: str) -> None:
        """The holder of a lease is gone: it ends when nobody extends it."""
        rest = self._chaos.dice.uniform(0.01, DEADLINES[subscription])
        self._core.modify_deadline(ack_id, rest, self._loop.elapsed)
        self._arm()

    def _deliver_to(self, process: "Process", subscription: str) -> None:
        extended = not self._chaos.chance(self._chaos.unextended)
        lease = FOREVER if extended else UNEXTENDED
        [leased] = self._core.pull(subscription, 1, self._loop.elapsed, ack_deadline=lease)
        receiver = process.receivers[subscription]
        self._witness.taken(subscription, leased.message.id, leased.ack_id)
        receiver.busy += 1
        receiver.leases.append(leased.ack_id)
        number = int(leased.message.id)
        if number < self._newest.get(subscription, 0):
            self._chaos.count("reordered", "")
        self._newest[subscription] = max(number, self._newest.get(subscription, 0))
        process.spawn(self._handle(process, subscription, receiver, leased))

    async def _handle(self, process: "Process", subscription: str, receiver: Receiver, leased: Leased) -> None:
        message = leased.message
        delivery = Delivery(message.id, bytes(message.data), message.attributes, leased.attempt)
        key = message.attributes.get("key", "?")
        if subscription.endswith("-dead"):
            self._witness.died(delivery.data)
        try:
            await self._chaos.before(process, f"work {_about(key)}", may_fail=False)
            self._chaos.trace(f"{process.name} takes {subscription} {key} {leased.attempt}")
            try:
                await receiver.handler(delivery)
            except Nack as nack:
                self._witness.nacked(str(nack))
                await self._chaos.before(process, "nack", may_fail=False)
                if not self._lost(subscription, leased):
                    self._core.nack(leased.ack_id, self._loop.elapsed)
            else:
                await self._chaos.before(process, "ack", may_fail=False)
                self._acknowledge(subscription, leased)
                await self._chaos.after(process, "ack", may_fail=False)
        finally:
            if process.alive:
                receiver.busy -= 1
                receiver.leases.remove(leased.ack_id)
                self._loop.call_soon(self.dispatch)

    def _acknowledge(self, subscription: str, leased: Leased) -> None:
        if self._chaos.chance(self._chaos.unacknowledged):
            self._chaos.count("ack lost", "")
            self.orphan(subscription, leased.ack_id)
        elif self._lost(subscription, leased):
            return
        elif self._core.ack(leased.ack_id, self._loop.elapsed):
            self._witness.settled(subscription, leased.message.id, leased.ack_id)
            self._witness.acknowledged(subscription, bytes(leased.message.data), leased.message.attributes)
        else:
            self._chaos.count("lease lost", "")

    def _lost(self, subscription: str, leased: Leased) -> bool:
        """Whether a verdict does not reach the bus: the message comes again when its lease ends."""
        if not self._chaos.away("bus"):
            return False
        self._chaos.count("outage", "ack")
        self.orphan(subscription, leased.ack_id)
        return True

    def _late(self, age: int, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        self._held[age] -= 1
        if age == self._age:
            self._core.publish(topic, data, attributes, self._loop.elapsed)
            self._arm()

    def _ready(self, _: str) -> None:
        self._loop.call_soon(self.dispatch)

    def _arm(self) -> None:
        """Be there when a lease or a backoff ends."""
        pause = self._core.next_wakeup(self._loop.elapsed)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if pause is not None:
            self._alarm = self._loop.call_later(pause, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._chaos.tick()
        self._core.expire(self._loop.elapsed)
        self._arm()

    def _create(self, name: str, topic: Topic, dead_letter: str | None) -> None:
        self._core.create_topic(name)
        self._core.create_subscription(name, name, Policy.of(topic, dead_letter))


def _about(key: str) -> str:
    """The step, `batch` or `ended`, of an idempotency key."""
    return key.split("/")[1] if "/" in key else "nothing"
