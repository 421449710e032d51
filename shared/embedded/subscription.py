"""What one subscription of the broker owes, and how it treats its deliveries."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.registries.topics import Topic

SOURCE_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
DELIVERY_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"
REASON = "reason"
"""Attributes of a dead letter: where it comes from, how often it was delivered, and what ended the last delivery."""


@dataclass(frozen=True, slots=True)
class Message:
    """What was published."""

    id: str
    data: bytes
    attributes: Mapping[str, str]
    published_at: float
    """The instant on the caller's clock."""


@dataclass(frozen=True, slots=True)
class Policy:
    """For how long a subscription leases, and what becomes of a delivery that fails."""

    ack_deadline: float
    max_delivery_attempts: int
    min_backoff: float
    max_backoff: float
    dead_letter_topic: str | None = None
    """None: what fails is retried for ever."""

    @classmethod
    def of(cls, topic: Topic, dead_letter: str | None) -> "Policy":
        """That of a topic of the registry."""
        return cls(topic.ack_deadline, topic.max_delivery_attempts, topic.min_backoff, topic.max_backoff, dead_letter)

    def backoff(self, attempts: int) -> float:
        """Seconds to wait after that many deliveries."""
        # The exponent is bounded because 2.0 ** 1024 overflows and a message without dead letter is retried for ever.
        return min(self.max_backoff, self.min_backoff * 2.0 ** min(attempts - 1, 60))


@dataclass(slots=True)
class Subscription:
    """What is ready, in its order, and how much is owed in all."""

    name: str
    policy: Policy
    ready: "deque[Owed]" = field(default_factory=deque)
    owed: int = 0
    deleted: bool = False


@dataclass(slots=True)
class Owed:
    """A message that one subscription has not acknowledged yet."""

    message: Message
    subscription: Subscription
    attempts: int = 0

    def letter(self, reason: str) -> dict[str, str]:
        """The attributes it has as a dead letter."""
        return {
            **self.message.attributes,
            # The last part of the name: Pub/Sub marks with the subscription's id, not its path.
            SOURCE_SUBSCRIPTION: self.subscription.name.rpartition("/")[2],
            DELIVERY_COUNT: str(self.attempts),
            REASON: f"{reason} at delivery {self.attempts} of {self.subscription.policy.max_delivery_attempts}",
        }
