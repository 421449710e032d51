"""Every topic and subscription, once. Deployment, the bus and the docs are generated from this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its one subscription of the same name, and its dead letter."""

    name: str
    consumer: str
    """The service that subscribes, and that publishes to the dead letter."""
    publishers: tuple[str, ...] = ("coordinator",)
    """The services that publish."""
    ack_deadline: float = 60.0
    """Seconds a delivery is leased for; the consumer's adapter extends it while the handler runs."""
    max_delivery_attempts: int = 5
    min_backoff: float = 1.0
    max_backoff: float = 60.0
    """Seconds between redeliveries after a nack, doubling from min to max."""

    @property
    def dead_letter(self) -> str:
        """Where messages go that cannot be handled."""
        return f"{self.name}-dead"


TOPICS = {
    topic.name: topic
    for topic in (
        Topic("scraper-tasks", "scraper", ack_deadline=600.0),
        Topic("analytics-tasks", "analytics", ack_deadline=600.0),
        Topic("coordinator-tasks", "coordinator", ack_deadline=300.0),
        Topic("worker-tasks", "worker", ack_deadline=300.0),
        Topic("coordinator-events", "coordinator", ("scraper", "analytics", "coordinator", "worker")),
    )
}


def tasks_of(service: str) -> str:
    """The topic on which a service takes its work."""
    return TOPICS[f"{service}-tasks"].name
