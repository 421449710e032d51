"""A message broker as a pure state machine: the semantics of Pub/Sub, without I/O, clock or randomness.

Every operation takes `now`, seconds on any clock that never runs backwards, and costs at most O(log n). A message
published to a topic is owed to each of the topic's subscriptions until that subscription acknowledges it. A pull
leases messages for the subscription's ack deadline; a nack, and equally a lease that runs out, makes the message due
again after an exponential backoff; after `max_delivery_attempts` it moves to the dead letter topic instead, where
there is one.

Semantics: https://cloud.google.com/pubsub/docs/subscription-overview, .../handling-failures (retry policy, dead letter
topics and the attributes they add).
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.embedded.subscription import Message, Owed, Policy, Subscription
from shared.errors import Permanent
from shared.runtime.message_limits import check_message


@dataclass(slots=True)
class Holder:
    """What one receiver holds under lease at the moment: the core counts, the receiver's flow control reads."""

    messages: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Leased:
    """One delivery: the message is its receiver's alone until the lease ends."""

    ack_id: str
    message: Message
    attempt: int
    """1 for the first delivery."""


@dataclass(slots=True)
class _Lease:
    owed: Owed
    deadline: float
    holder: Holder | None


class BrokerCore:
    """Topics, subscriptions, leases.

    `on_ready` is told the name of a subscription whenever a message becomes available for `pull`.
    """

    def __init__(self, on_ready: Callable[[str], None] = lambda _: None) -> None:
        self._on_ready = on_ready
        self._topics: dict[str, list[Subscription]] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._leases: dict[str, _Lease] = {}
        self._deadlines: list[tuple[float, int, str]] = []
        """Heap of (deadline, tie-break, ack id); an entry that is not its lease's deadline any more is stale."""
        self._backoffs: list[tuple[float, int, Owed]] = []
        """Heap of (due, tie-break, message) of what waits for its next attempt."""
        self._counter = 0

    def create_topic(self, name: str) -> None:
        """Add a topic; nothing happens if it is there."""
        self._topics.setdefault(name, [])

    def create_subscription(self, name: str, topic: str, policy: Policy) -> None:
        """Subscribe to what is published from now on.

        Raises:
            Permanent: the name is taken, or a topic does not exist.
        """
        if name in self._subscriptions:
            raise Permanent(f"subscription {name!r} already exists")
        if policy.dead_letter_topic is not None:
            self._subscribers(policy.dead_letter_topic)
        subscription = Subscription(name, policy)
        self._subscribers(topic).append(subscription)
        self._subscriptions[name] = subscription

    def update_subscription(self, name: str, policy: Policy) -> None:
        """Change how what is delivered from now on is treated.

        Raises:
            Permanent: the subscription or the dead letter topic does not exist.
        """
        if policy.dead_letter_topic is not None:
            self._subscribers(policy.dead_letter_topic)
        self._subscription(name).policy = policy

    def delete_topic(self, name: str) -> None:
        """Forget a topic; its subscriptions keep what they are owed.

        Raises:
            Permanent: unknown topic.
        """
        self._subscribers(name)
        del self._topics[name]

    def delete_subscription(self, name: str) -> None:
        """Forget a subscription and what it is owed.

        Raises:
            Permanent: unknown subscription.
        """
        subscription = self._subscription(name)
        del self._subscriptions[name]
        for subscribers in self._topics.values():
            if subscription in subscribers:
                subscribers.remove(subscription)
        subscription.deleted = True
        subscription.ready.clear()
        for ack_id in [ack_id for ack_id, lease in self._leases.items() if lease.owed.subscription is subscription]:
            self._end(ack_id)

    def publish(self, topic: str, data: bytes, attributes: Mapping[str, str], now: float) -> str:
        """Owe the message to every subscription of the topic; returns its id.

        Raises:
            Permanent: unknown topic, or a message that `check_message` refuses.
        """
        self._subscribers(topic)
        check_message(topic, data, attributes)
        self.expire(now)
        return self._enqueue(topic, data, attributes, now)

    def pull(
        self,
        subscription: str,
        max_messages: int,
        now: float,
        *,
        max_bytes: int | None = None,
        ack_deadline: float | None = None,
        holder: Holder | None = None,
    ) -> list[Leased]:
        """Lease up to `max_messages`, oldest first, for `ack_deadline` (the subscription's where None).

        `max_bytes` of data ends the list early, after one message at least. `holder` is charged while the leases last.

        Raises:
            Permanent: unknown subscription.
        """
        source = self._subscription(subscription)
        self.expire(now)
        leased: list[Leased] = []
        size = 0
        deadline = now + (ack_deadline if ack_deadline is not None else source.policy.ack_deadline)
        while source.ready and len(leased) < max_messages:
            owed = source.ready[0]
            size += len(owed.message.data)
            if leased and max_bytes is not None and size > max_bytes:
                break
            source.ready.popleft()
            owed.attempts += 1
            ack_id = f"{subscription}/{self._next()}"
            self._leases[ack_id] = _Lease(owed, now, holder)
            self._set_deadline(ack_id, deadline)
            leased.append(Leased(ack_id, owed.message, owed.attempts))
            if holder is not None:
                holder.messages += 1
                holder.bytes += len(owed.message.data)
        return leased

    def ack(self, ack_id: str, now: float) -> bool:
        """The message is done with; False if the lease had ended, so that it will come again."""
        self.expire(now)
        owed = self._end(ack_id)
        if owed is None:
            return False
        owed.subscription.owed -= 1
        return True

    def nack(self, ack_id: str, now: float) -> bool:
        """Deliver again after the backoff; False if the lease had ended."""
        self.expire(now)
        owed = self._end(ack_id)
        if owed is None:
            return False
        self._give_back(owed, now, "nacked")
        return True

    def modify_deadline(self, ack_id: str, seconds: float, now: float) -> bool:
        """Let the lease end `seconds` from now; 0 is a nack. False if it had ended."""
        if seconds <= 0:
            return self.nack(ack_id, now)
        self.expire(now)
        if ack_id not in self._leases:
            return False
        self._set_deadline(ack_id, now + seconds)
        return True

    def expire(self, now: float) -> None:
        """Let time pass: end leases that ran out, make messages ready whose backoff is over."""
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, _, ack_id = heapq.heappop(self._deadlines)
            lease = self._leases.get(ack_id)
            if lease is not None and lease.deadline == deadline:
                self._end(ack_id)
                # Backoff counts from the deadline, so that the outcome does not depend on when somebody looks.
                self._give_back(lease.owed, deadline, "ack deadline exceeded")
        while self._backoffs and self._backoffs[0][0] <= now:
            self._make_ready(heapq.heappop(self._backoffs)[2])

    def next_wakeup(self, now: float) -> float | None:
        """Seconds until time alone changes something (a lease or a backoff ends); None if it never will."""
        self._drop_stale_deadlines()
        due = [heap[0][0] for heap in (self._deadlines, self._backoffs) if heap]
        return max(0.0, min(due) - now) if due else None

    def ready(self, subscription: str) -> bool:
        """Whether a pull at the instant of the last operation would find a message.

        Raises:
            Permanent: unknown subscription.
        """
        return bool(self._subscription(subscription).ready)

    def depth(self, subscription: str) -> int:
        """Messages not yet acknowledged or moved to the dead letter: ready, leased and in backoff."""
        return self._subscription(subscription).owed

    def ack_deadline(self, subscription: str) -> float:
        """Seconds a delivery of this subscription is leased for."""
        return self._subscription(subscription).policy.ack_deadline

    def _end(self, ack_id: str) -> Owed | None:
        """End a lease; None if it had ended."""
        lease = self._leases.pop(ack_id, None)
        if lease is None:
            return None
        if lease.holder is not None:
            lease.holder.messages -= 1
            lease.holder.bytes -= len(lease.owed.message.data)
        return lease.owed

    def _enqueue(self, topic: str, data: bytes, attributes: Mapping[str, str], now: float) -> str:
        message = Message(str(self._next()), data, dict(attributes), now)
        for subscription in self._topics[topic]:
            subscription.owed += 1
            self._make_ready(Owed(message, subscription))
        return message.id

    def _give_back(self, owed: Owed, at: float, reason: str) -> None:
        """A delivery failed at the instant `at`: retry after the backoff, or move to the dead letter."""
        policy = owed.subscription.policy
        dead_letter = policy.dead_letter_topic if owed.attempts >= policy.max_delivery_attempts else None
        if dead_letter is not None and dead_letter in self._topics:
            owed.subscription.owed -= 1
            self._enqueue(dead_letter, owed.message.data, owed.letter(reason), at)
        else:
            heapq.heappush(self._backoffs, (at + policy.backoff(owed.attempts), self._next(), owed))

    def _make_ready(self, owed: Owed) -> None:
        if owed.subscription.deleted:
            return
        owed.subscription.ready.append(owed)
        self._on_ready(owed.subscription.name)

    def _set_deadline(self, ack_id: str, deadline: float) -> None:
        self._leases[ack_id].deadline = deadline
        heapq.heappush(self._deadlines, (deadline, self._next(), ack_id))
        # Acknowledged leases leave stale entries behind; rebuilding when they are the majority costs O(1) amortised.
        if len(self._deadlines) > 2 * len(self._leases) + 64:
            self._deadlines = [entry for entry in self._deadlines if self._is_current(entry)]
            heapq.heapify(self._deadlines)

    def _drop_stale_deadlines(self) -> None:
        while self._deadlines and not self._is_current(self._deadlines[0]):
            heapq.heappop(self._deadlines)

    def _is_current(self, entry: tuple[float, int, str]) -> bool:
        lease = self._leases.get(entry[2])
        return lease is not None and lease.deadline == entry[0]

    def _next(self) -> int:
        self._counter += 1
        return self._counter

    def _subscribers(self, topic: str) -> list[Subscription]:
        if topic not in self._topics:
            raise Permanent(f"unknown topic {topic!r}", remedy=f"one of {', '.join(self._topics)}")
        return self._topics[topic]

    def _subscription(self, name: str) -> Subscription:
        if name not in self._subscriptions:
            raise Permanent(f"unknown subscription {name!r}", remedy=f"one of {', '.join(self._subscriptions)}")
        return self._subscriptions[name]
