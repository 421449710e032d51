"""Every topic and subscription, once. Deployment, the bus and the docs are generated from this.

The numbers keep within Pub/Sub's limits: https://cloud.google.com/pubsub/quotas#resource_limits
"""

from dataclasses import dataclass

DEAD_LETTER_ACK_DEADLINE = 300.0
"""Seconds a dead letter is leased for where it is pushed, whatever topic it comes from."""


def time_limit(ack_deadline: float) -> float:
    """Seconds a handler may take: 90 % of the deadline, so that the bus hears how it ended before it delivers again."""
    return 0.9 * ack_deadline


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its one subscription of the same name, and its dead letter."""

    name: str
    consumer: str
    """The service that subscribes, and that publishes to the dead letter."""
    publishers: tuple[str, ...] = ("coordinator",)
    """The services that publish."""
    ack_deadline: float = 300.0
    """Seconds a delivery is leased for: 10 to 600. A push has no more; an adapter that pulls extends the lease."""
    max_delivery_attempts: int = 15
    """5 to 100. With the backoffs between them they last for nine minutes, however soon each of them fails."""
    min_backoff: float = 1.0
    max_backoff: float = 60.0
    """Seconds between redeliveries after a nack, doubling from min to max: 0 to 600."""

    @property
    def time_limit(self) -> float:
        """Seconds a handler of its messages may take."""
        return time_limit(self.ack_deadline)

    @property
    def dead_letter(self) -> str:
        """Where messages go that cannot be handled."""
        return f"{self.name}-dead"


TOPICS = {
    topic.name: topic
    for topic in (
        Topic("scraper-tasks", "scraper", ack_deadline=600.0),
        Topic("analytics-tasks", "analytics", ack_deadline=600.0),
        Topic("coordinator-tasks", "coordinator"),
        Topic("worker-tasks", "worker", ack_deadline=600.0),
        Topic("coordinator-events", "coordinator", ("scraper", "analytics", "coordinator", "worker")),
    )
}


def tasks_of(service: str) -> str:
    """The topic on which a service takes its work."""
    return TOPICS[f"{service}-tasks"].name
