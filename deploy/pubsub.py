"""Topics, subscriptions, dead letters and who may push where, made from the registry that the code itself uses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.access import PUBLISHER, publishers
from deploy.environment import Environment
from deploy.grants import policy
from deploy.resources import Command, Found, Group, Resource, by_name, run
from shared.registries.topics import DEAD_LETTER_ACK_DEADLINE, TOPICS, Topic

SCRIPT = "deploy/pubsub.sh"
API = "api pubsub.googleapis.com"
RETENTION_SECONDS = 7 * 24 * 3600
DEAD_LETTER_CONSUMER = "coordinator"
"""Records what could not be handled; a dead-letter topic without a subscription would lose it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One push subscription."""

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
        flags = [
            f"--push-endpoint={environment.url(self.consumer)}/push/{self.name}",
            f"--push-auth-service-account={environment.account('push')}",
            f"--push-auth-token-audience={environment.audience(self.consumer, 'push')}",
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
        described: dict[str, Any] = {
            "pushConfig": {
                "pushEndpoint": f"{environment.url(self.consumer)}/push/{self.name}",
                "oidcToken": {
                    "serviceAccountEmail": environment.account("push"),
                    "audience": environment.audience(self.consumer, "push"),
                },
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

    def declared(self, environment: Environment) -> Resource:
        """As a resource: it cannot be moved to another topic."""

        def commands(found: Found | None) -> tuple[Command, ...]:
            verb = (f"--topic={self.topic}",) if found is None else ()
            words = ("pubsub", "subscriptions", "create" if found is None else "update", self.name)
            return ((*words, *verb, *self.flags(environment)),)

        topic = {"topic": f"projects/{environment.project}/topics/{self.topic}"}
        remedy = f"it belongs to {self.topic}: delete it, then run {SCRIPT}"
        return Resource(self.name, commands, self.wanted(environment), fixed=topic, remedy=remedy)


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
    deadline = round(DEAD_LETTER_ACK_DEADLINE)
    dead = Subscription(topic.dead_letter, topic.dead_letter, DEAD_LETTER_CONSUMER, deadline, (10, 600))
    return work, dead


def groups(environment: Environment) -> Iterator[Group]:
    """What `pubsub.sh` makes: topics, and how they reach their consumers."""
    yield from topics(environment)
    made = [each for topic in TOPICS.values() for each in subscriptions(topic)]
    yield Group(
        "subscription",
        ("pubsub", "subscriptions", "list"),
        by_name,
        tuple(each.declared(environment) for each in made),
        SCRIPT,
        needs=(API,),
    )
    for each in made:
        acknowledge = [("roles/pubsub.subscriber", environment.pubsub_agent)] if each.dead_letter is not None else []
        yield policy("subscription", "pubsub subscriptions", each.name, acknowledge, SCRIPT)


def topics(environment: Environment) -> Iterator[Group]:
    """Topics and who publishes to them: `setup.sh` makes them too, or no service would be ready.

    Google forwards to a dead letter as its own agent, which must publish there, acknowledge the original and speak as
    the account of pushes. On a new project the agent exists once it has been asked for.
    """
    agent = environment.pubsub_agent
    dead = [topic.dead_letter for topic in TOPICS.values()]
    names = [name for topic in TOPICS.values() for name in (topic.name, topic.dead_letter)]
    yield Group(
        "topic",
        ("pubsub", "topics", "list"),
        by_name,
        tuple(Resource(name, run("pubsub", "topics", "create", name)) for name in names),
        SCRIPT,
        needs=(API,),
    )
    identity = ("beta", "services", "identity", "create", "--service=pubsub.googleapis.com")
    speak = [("roles/iam.serviceAccountTokenCreator", agent)]
    yield policy(
        "service account", "iam service-accounts", environment.account("push"), speak, SCRIPT, before=(identity,)
    )
    for name in names:
        publish = [(PUBLISHER, environment.member(service)) for service in publishers(name)]
        publish += [(PUBLISHER, agent)] if name in dead else []
        yield policy("topic", "pubsub topics", name, publish, SCRIPT)
