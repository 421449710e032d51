"""Google's synchronous client, the one most people use, on our server: nothing about it is special-cased."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import Queue
from typing import TypeVar

import pytest
from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient  # type: ignore[import-untyped]  # no type information
from google.cloud.pubsub_v1.subscriber.message import Message  # type: ignore[import-untyped]  # as above

from devstack.pubsub_server import Server
from tests.unit.pubsub.conftest import SUBSCRIPTION, TOPIC

pytestmark = pytest.mark.network

T = TypeVar("T")


async def in_thread(server: Server, monkeypatch: pytest.MonkeyPatch, work: Callable[[], T]) -> T:
    """Run synchronous code beside the server's loop, with the environment variable every client knows."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", server.address)
    return await asyncio.to_thread(work)


async def test_futures_and_callbacks_work(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Futures resolve to ids; the callback gets each message once, with data, attributes and publish time."""

    def work() -> tuple[dict[bytes, str], dict[bytes, str], set[str]]:
        with PublisherClient() as publisher, SubscriberClient() as subscriber:
            publisher.create_topic(name=TOPIC)
            subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
            inbox: Queue[Message] = Queue()

            def callback(message: Message) -> None:
                message.ack()
                inbox.put(message)

            pull: Future[None] = subscriber.subscribe(SUBSCRIPTION, callback)
            futures = {b"%d" % n: publisher.publish(TOPIC, b"%d" % n, origin="sync") for n in range(50)}
            sent = {data: future.result(timeout=20) for data, future in futures.items()}
            messages = [inbox.get(timeout=20) for _ in range(50)]
            pull.cancel()
            pull.result(timeout=20)
            assert all(message.publish_time.year >= 2024 for message in messages)
            got = {message.data: message.message_id for message in messages}
            return sent, got, {message.attributes["origin"] for message in messages}

    sent, got, origins = await in_thread(server, monkeypatch, work)
    assert got == sent
    assert origins == {"sync"}


async def test_a_nacked_message_reaches_the_callback_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a retry policy redelivery is immediate."""

    def work() -> list[str]:
        with PublisherClient() as publisher, SubscriberClient() as subscriber:
            publisher.create_topic(name=TOPIC)
            subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
            inbox: Queue[Message] = Queue()
            pull = subscriber.subscribe(SUBSCRIPTION, inbox.put)
            publisher.publish(TOPIC, b"again").result(timeout=20)
            first = inbox.get(timeout=20)
            first.nack()
            second = inbox.get(timeout=20)
            second.ack()
            pull.cancel()
            pull.result(timeout=20)
            return [first.message_id, second.message_id]

    first, second = await in_thread(server, monkeypatch, work)
    assert first == second


async def test_resources_are_managed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create, get, list in pages, delete; a second creation and a missing thing are refused by name."""

    def work() -> None:
        with PublisherClient() as publisher, SubscriberClient() as subscriber:
            names = [f"{TOPIC}-{n}" for n in range(5)]
            for name in names:
                publisher.create_topic(name=name)
            listed = publisher.list_topics(request={"project": "projects/demo", "page_size": 2})
            assert [topic.name for topic in listed] == names
            assert publisher.get_topic(topic=names[0]).name == names[0]
            subscriber.create_subscription(name=SUBSCRIPTION, topic=names[0])
            assert list(publisher.list_topic_subscriptions(topic=names[0])) == [SUBSCRIPTION]
            assert [each.name for each in subscriber.list_subscriptions(project="projects/demo")] == [SUBSCRIPTION]
            assert subscriber.get_subscription(subscription=SUBSCRIPTION).ack_deadline_seconds == 10
            with pytest.raises(AlreadyExists, match="work-1"):
                publisher.create_topic(name=names[1])
            publisher.delete_topic(topic=names[0])
            assert subscriber.get_subscription(subscription=SUBSCRIPTION).topic == "_deleted-topic_"
            subscriber.delete_subscription(subscription=SUBSCRIPTION)
            with pytest.raises(NotFound, match=SUBSCRIPTION):
                subscriber.get_subscription(subscription=SUBSCRIPTION)

    await in_thread(server, monkeypatch, work)
