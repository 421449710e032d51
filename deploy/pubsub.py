"""Topics, subscriptions, dead letters and who may push where, made from the registry that the code itself uses."""

from dataclasses import dataclass
from typing import Any

from deploy.commands import Gcloud, same
from deploy.environment import Environment
from shared.errors import Permanent
from shared.registries.topics import TOPICS, Topic

RETENTION_SECONDS = 7 * 24 * 3600
DEAD_LETTER_CONSUMER = "coordinator"
"""Records what could not be handled; a dead-letter topic without a subscription would lose it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One push subscription, wanted or deployed."""

    name: str
    topic: str
    consumer: str
    ack_deadline: int
    backoff: tuple[int, int]
    """Least and most seconds between redeliveries."""
    dead_letter: str | None = None
    max_attempts: int = 0

    def flags(self, environment: Environment) -> list[str]:
        """Flags that `create` and `update` share."""
        base = environment.url(self.consumer)
        flags = [
            f"--push-endpoint={base}/push/{self.name}",
            f"--push-auth-service-account={environment.invoker}",
            f"--push-auth-token-audience={base}",
            f"--ack-deadline={self.ack_deadline}",
            f"--min-retry-delay={self.backoff[0]}s",
            f"--max-retry-delay={self.backoff[1]}s",
            f"--message-retention-duration={RETENTION_SECONDS}s",
            "--expiration-period=never",
        ]
        if self.dead_letter is not None:
            flags += [f"--dead-letter-topic={self.dead_letter}", f"--max-delivery-attempts={self.max_attempts}"]
        return flags

    def wanted(self, environment: Environment) -> dict[str, Any]:
        """How Pub/Sub describes the subscription once it is as the flags say."""
        base = environment.url(self.consumer)
        described: dict[str, Any] = {
            "pushConfig": {
                "pushEndpoint": f"{base}/push/{self.name}",
                "oidcToken": {"serviceAccountEmail": environment.invoker, "audience": base},
            },
            "ackDeadlineSeconds": self.ack_deadline,
            "retryPolicy": {"minimumBackoff": f"{self.backoff[0]}s", "maximumBackoff": f"{self.backoff[1]}s"},
            "messageRetentionDuration": f"{RETENTION_SECONDS}s",
            "expirationPolicy": {},
        }
        if self.dead_letter is not None:
            described["deadLetterPolicy"] = {
                "deadLetterTopic": f"projects/{environment.project}/topics/{self.dead_letter}",
                "maxDeliveryAttempts": self.max_attempts,
            }
        return described


def subscriptions(topic: Topic) -> tuple[Subscription, Subscription]:
    """A topic's own subscription and that of its dead letter."""
    work = Subscription(
        topic.name,
        topic.name,
        topic.consumer,
        round(topic.ack_deadline),
        (round(topic.min_backoff), round(topic.max_backoff)),
        topic.dead_letter,
        topic.max_delivery_attempts,
    )
    dead = Subscription(topic.dead_letter, topic.dead_letter, DEAD_LETTER_CONSUMER, 60, (10, 600))
    return work, dead


def apply(gcloud: Gcloud, environment: Environment) -> None:
    """Create what is missing, update what differs, leave the rest alone; nothing is ever deleted."""
    topics = {_short(item) for item in gcloud.ask("pubsub", "topics", "list")}
    deployed = {_short(item): item for item in gcloud.ask("pubsub", "subscriptions", "list")}
    for topic in TOPICS.values():
        for name in (topic.name, topic.dead_letter):
            if name not in topics:
                gcloud.change("pubsub", "topics", "create", name)
        for subscription in subscriptions(topic):
            _ensure(gcloud, environment, subscription, deployed.get(subscription.name))
        _let_agent_forward(gcloud, environment, topic)
    gcloud.bind(
        "iam service-accounts",
        environment.invoker,
        member=environment.pubsub_agent,
        role="roles/iam.serviceAccountTokenCreator",
    )


def _ensure(
    gcloud: Gcloud, environment: Environment, subscription: Subscription, deployed: dict[str, Any] | None
) -> None:
    flags = subscription.flags(environment)
    if deployed is None:
        gcloud.change("pubsub", "subscriptions", "create", subscription.name, f"--topic={subscription.topic}", *flags)
        return
    if deployed["topic"].rpartition("/")[2] != subscription.topic:
        raise Permanent(
            f"subscription {subscription.name} is attached to {deployed['topic']}",
            remedy=f"it belongs to {subscription.topic}: delete it, then run this again",
        )
    if not same(subscription.wanted(environment), deployed):
        gcloud.change("pubsub", "subscriptions", "update", subscription.name, *flags)


def _let_agent_forward(gcloud: Gcloud, environment: Environment, topic: Topic) -> None:
    """Google forwards to a dead letter as its own agent, which must publish there and acknowledge here."""
    agent = environment.pubsub_agent
    gcloud.bind("pubsub topics", topic.dead_letter, member=agent, role="roles/pubsub.publisher")
    gcloud.bind("pubsub subscriptions", topic.name, member=agent, role="roles/pubsub.subscriber")


def _short(resource: dict[str, Any]) -> str:
    return str(resource["name"]).rpartition("/")[2]
