"""Pull and StreamingPull on the wire: flow control, attempts, leases."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from google.protobuf.field_mask_pb2 import FieldMask  # type: ignore[import-untyped]  # protobuf: no type information
from google.pubsub_v1.types import pubsub

from devstack.pubsub_server import Server
from shared.cloud.pubsub_clients import Clients
from tests.unit.pubsub.conftest import DEAD, SUBSCRIPTION, TOPIC

pytestmark = pytest.mark.network

DEAD_LETTER = {"dead_letter_topic": DEAD, "max_delivery_attempts": 5}


async def publish(clients: Clients, *data: bytes) -> None:
    await clients.publisher.publish(topic=TOPIC, messages=[pubsub.PubsubMessage(data=each) for each in data], timeout=5)


async def pull(clients: Clients, most: int = 100) -> list[pubsub.ReceivedMessage]:
    reply = await clients.subscriber.pull(request={"subscription": SUBSCRIPTION, "max_messages": most}, timeout=5)
    return list(reply.received_messages)


class Streaming:
    """One StreamingPull by hand."""

    def __init__(self, clients: Clients, **first: int) -> None:
        self._clients = clients
        self.requests: asyncio.Queue[pubsub.StreamingPullRequest | None] = asyncio.Queue()
        request = {"subscription": SUBSCRIPTION, "stream_ack_deadline_seconds": 10, **first}
        self.requests.put_nowait(pubsub.StreamingPullRequest(request))

    async def responses(self) -> AsyncIterator[pubsub.StreamingPullResponse]:
        async def requests() -> AsyncIterator[pubsub.StreamingPullRequest]:
            while (request := await self.requests.get()) is not None:
                yield request

        async with asyncio.timeout(20):
            async for response in await self._clients.subscriber.streaming_pull(requests=requests(), timeout=20):
                yield response


async def test_attempts_are_counted_where_a_dead_letter_policy_needs_them(clients: Clients) -> None:
    """1, then 2; and 0, which is unset, without such a policy."""
    await clients.subscriber.create_subscription(
        request={"name": SUBSCRIPTION, "topic": TOPIC, "dead_letter_policy": DEAD_LETTER}
    )
    other = {"name": f"{SUBSCRIPTION}-other", "topic": TOPIC}
    await clients.subscriber.create_subscription(request=other)
    await publish(clients, b"x")
    (first,) = await pull(clients)
    await clients.subscriber.modify_ack_deadline(
        subscription=SUBSCRIPTION, ack_ids=[first.ack_id], ack_deadline_seconds=0
    )
    (second,) = await pull(clients)
    uncounted = await clients.subscriber.pull(subscription=other["name"], max_messages=1)
    assert [first.delivery_attempt, second.delivery_attempt] == [1, 2]
    assert uncounted.received_messages[0].delivery_attempt == 0


async def test_a_pull_waits_for_the_first_message(clients: Clients) -> None:
    """Whoever pulls before anything is published gets it once it is."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    waiting = asyncio.create_task(clients.subscriber.pull(subscription=SUBSCRIPTION, max_messages=5, timeout=10))
    await publish(clients, b"x")
    assert [received.message.data for received in (await waiting).received_messages] == [b"x"]


async def test_a_stream_sends_no_more_than_its_client_has_room_for(server: Server, clients: Clients) -> None:
    """Two outstanding; each acknowledgement on the stream makes room for one more."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    await publish(clients, *(b"%d" % n for n in range(5)))
    stream = Streaming(clients, max_outstanding_messages=2)
    got: list[bytes] = []
    sizes = []
    async for response in stream.responses():
        sizes.append(len(response.received_messages))
        got += [received.message.data for received in response.received_messages]
        stream.requests.put_nowait(
            pubsub.StreamingPullRequest(ack_ids=[received.ack_id for received in response.received_messages])
        )
        if len(got) == 5:
            stream.requests.put_nowait(None)
    assert got == [b"0", b"1", b"2", b"3", b"4"]
    assert max(sizes) == 2
    assert server.broker.core.depth(SUBSCRIPTION) == 0


async def test_a_stream_s_room_counts_bytes(clients: Clients) -> None:
    """A message larger than the room left waits; one larger than all of it still comes, alone."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    await publish(clients, b"x" * 90, b"y" * 20, b"z" * 500)
    stream = Streaming(clients, max_outstanding_bytes=100)
    sizes = []
    async for response in stream.responses():
        sizes.append([len(received.message.data) for received in response.received_messages])
        stream.requests.put_nowait(
            pubsub.StreamingPullRequest(ack_ids=[received.ack_id for received in response.received_messages])
        )
        if len(sizes) == 3:
            stream.requests.put_nowait(None)
    assert sizes == [[90], [20], [500]]


async def test_a_lease_on_a_stream_is_the_stream_s_and_can_be_ended_there(clients: Clients) -> None:
    """A deadline of 0 on the stream is a nack: the message comes again on the same stream."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC, ack_deadline_seconds=600)
    await publish(clients, b"x")
    stream = Streaming(clients)
    seen = []
    async for response in stream.responses():
        (received,) = response.received_messages
        seen.append(received.message.message_id)
        if len(seen) == 1:
            stream.requests.put_nowait(
                pubsub.StreamingPullRequest(modify_deadline_ack_ids=[received.ack_id], modify_deadline_seconds=[0])
            )
        elif len(seen) == 3:  # the third delivery needs no word from us: the second's lease ran out after 10 s
            stream.requests.put_nowait(None)
    assert len(set(seen)) == 1


async def test_an_update_changes_what_its_mask_names(clients: Clients) -> None:
    """And nothing else; a field that cannot change is named."""
    subscription = await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    subscription.ack_deadline_seconds = 20
    subscription.labels = {"team": "nba"}
    changed = await clients.subscriber.update_subscription(
        subscription=subscription, update_mask=FieldMask(paths=["ack_deadline_seconds"])
    )
    assert (changed.ack_deadline_seconds, dict(changed.labels)) == (20, {})


async def test_a_deleted_subscription_ends_its_stream(clients: Clients) -> None:
    """NOT_FOUND reaches who was waiting."""
    from google.api_core.exceptions import NotFound  # noqa: PLC0415 - used here only

    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    stream = Streaming(clients)

    async def consume() -> None:
        async for _ in stream.responses():
            await clients.subscriber.delete_subscription(subscription=SUBSCRIPTION)

    await publish(clients, b"x")
    with pytest.raises(NotFound, match=SUBSCRIPTION):
        await consume()
