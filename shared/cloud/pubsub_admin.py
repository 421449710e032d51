"""Topics and subscriptions from the registry, where no deployment makes them: on emulators."""

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists, NotFound
from google.pubsub_v1.types import pubsub

from shared.cloud.pubsub_clients import Clients, bounded
from shared.cloud.pubsub_errors import FAILURES, translated
from shared.registries.topics import Topic

PUBLISH = "pubsub.topics.publish"
"""The permission."""


@dataclass(frozen=True, slots=True)
class PushTo:
    """Where push subscriptions deliver, and as whom."""

    urls: Mapping[str, str]
    """Base URL by consuming service; dead letters go to `dead_letters`."""
    audience: str
    email: str
    """The service account the token is for."""
    dead_letters: str = "coordinator"

    def config(self, service: str, name: str) -> pubsub.PushConfig:
        """Push settings of the subscription `name`, consumed by `service`."""
        return pubsub.PushConfig(
            push_endpoint=f"{self.urls[service]}/push/{name}",
            oidc_token=pubsub.PushConfig.OidcToken(service_account_email=self.email, audience=self.audience),
        )


class Admin:
    """Finds and creates what is missing."""

    def __init__(self, clients: Clients, project: str, call_timeout: float) -> None:
        self._clients = clients
        self._project = project
        self._timeout = call_timeout
        self._how: dict[str, Any] = {"retry": bounded(call_timeout), "timeout": call_timeout}

    async def ensure(self, topics: Iterable[Topic], push: PushTo | None) -> None:
        """Every topic with its subscription, its dead letter and the dead letter's subscription."""
        for topic in topics:
            await self._topic(topic.dead_letter)
            await self._topic(topic.name)
            dead = self._subscription(topic, topic.dead_letter)
            main = self._subscription(topic, topic.name)
            main.dead_letter_policy = pubsub.DeadLetterPolicy(
                dead_letter_topic=self._path("topics", topic.dead_letter),
                max_delivery_attempts=topic.max_delivery_attempts,
            )
            if push is not None:
                dead.push_config = push.config(push.dead_letters, topic.dead_letter)
                main.push_config = push.config(topic.consumer, topic.name)
            for subscription in (dead, main):
                await self._create(subscription, pushed=push is not None)

    async def exists(self, topic: str) -> bool:
        """Whether the topic is there."""
        path = self._path("topics", topic)
        try:
            await self._clients.publisher.get_topic(request={"topic": path}, **self._how)
        except NotFound:
            return False
        except FAILURES as error:
            raise translated(error, path) from error
        return True

    async def may_publish(self, topic: str) -> bool:
        """Whether the topic is there and this process may publish to it. Whoever may do nothing may ask that, too."""
        path = self._path("topics", topic)
        request = {"resource": path, "permissions": [PUBLISH]}
        try:
            answer = await self._clients.publisher.test_iam_permissions(request=request, **self._how)
        except NotFound:
            return False
        except FAILURES as error:
            raise translated(error, path) from error
        return PUBLISH in answer.permissions

    async def _topic(self, name: str) -> None:
        path = self._path("topics", name)
        await self._call(path, self._clients.publisher.create_topic(request={"name": path}, **self._how))

    async def _create(self, subscription: pubsub.Subscription, *, pushed: bool) -> None:
        client, path = self._clients.subscriber, subscription.name
        created = await self._call(path, client.create_subscription(request=subscription, **self._how))
        if pushed and not created:
            request = {"subscription": path, "push_config": subscription.push_config}
            await self._call(path, client.modify_push_config(request=request, **self._how))

    async def _call(self, path: str, call: Awaitable[object]) -> bool:
        """Whether it was made; False if it was there already."""
        try:
            await call
        except AlreadyExists:
            return False
        except FAILURES as error:
            raise translated(error, path) from error
        return True

    def _subscription(self, topic: Topic, name: str) -> pubsub.Subscription:
        return pubsub.Subscription(
            name=self._path("subscriptions", name),
            topic=self._path("topics", name),
            ack_deadline_seconds=max(1, round(topic.ack_deadline)),
            retry_policy=pubsub.RetryPolicy(
                minimum_backoff=timedelta(seconds=topic.min_backoff),
                maximum_backoff=timedelta(seconds=topic.max_backoff),
            ),
        )

    def _path(self, kind: str, name: str) -> str:
        return f"projects/{self._project}/{kind}/{name}"
