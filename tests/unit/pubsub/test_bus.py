"""The bus's own business: batches, reconnection, limits before anything is sent."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest

from devstack.pubsub_server import Server
from shared.cloud.bus import PubSubBus
from shared.cloud.pubsub_admin import PushTo
from shared.cloud.pubsub_clients import connect
from shared.cloud.pubsub_publish import Publisher
from shared.errors import Permanent, Transient
from shared.registries.topics import TOPICS, Topic
from tests.contract.fakes import Inbox, consuming
from tests.unit.pubsub.conftest import TOPIC

pytestmark = pytest.mark.network


def bus_on(address: str, call_timeout: float = 10.0) -> PubSubBus:
    return PubSubBus("demo", {"work": Topic("work", "tester")}, emulator=address, call_timeout=call_timeout)


async def test_messages_published_together_travel_together(server: Server) -> None:
    """A thousand in a few requests, each with its own id, in order."""
    clients = await connect(server.address)
    await clients.publisher.create_topic(name=TOPIC)
    publisher = Publisher(clients.publisher, TOPIC, 10.0)
    requests = 0
    publish = clients.publisher.publish

    async def counted(**request: object) -> object:
        nonlocal requests
        requests += 1
        return await publish(**request)  # type: ignore[arg-type]  # passed on as they come

    clients.publisher.publish = counted  # type: ignore[method-assign, assignment]  # the real client, counted
    ids = await asyncio.gather(*(publisher.publish(b"%d" % n, {}) for n in range(2_500)))
    await publisher.close()
    await clients.close()
    assert requests == 3
    assert [int(each) for each in ids] == sorted(int(each) for each in ids)
    assert len(set(ids)) == 2_500


@pytest.mark.parametrize("kind", ["data", "attributes"])
async def test_a_bad_message_spoils_nobody_else_s_batch(server: Server, kind: str) -> None:
    """It is refused before it joins the batch."""
    bus = bus_on(server.address)
    await bus.ensure()
    bad = bus.publish("work", b"") if kind == "data" else bus.publish("work", b"x", {"reason": "x" * 1025})
    good, refused = await asyncio.gather(bus.publish("work", b"good"), bad, return_exceptions=True)
    await bus.close()
    assert isinstance(good, str)
    assert isinstance(refused, Permanent)


async def test_a_topic_that_was_not_deployed_is_named(server: Server) -> None:
    """Known to the registry, unknown to Pub/Sub: Permanent for publisher and consumer, with the remedy."""
    bus = bus_on(server.address)
    with pytest.raises(Permanent, match=r"topics/work.*deploy/pubsub.sh"):
        await bus.publish("work", b"x")
    with pytest.raises(Permanent, match=r"subscriptions/work.*deploy/pubsub.sh"):
        await bus.consume("work", Inbox(), max_in_flight=1)
    await bus.close()


async def test_an_unreachable_server_is_transient_and_bounded() -> None:
    """Nobody listens there: the call's time limit ends it."""
    bus = bus_on("127.0.0.1:9", call_timeout=0.3)
    async with asyncio.timeout(5):
        with pytest.raises(Transient, match="topics/work"):
            await bus.publish("work", b"x")
    await bus.close()


class Cable:
    """A TCP proxy in front of the server, whose connections can be cut."""

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.partition(":")
        self._writers: list[asyncio.StreamWriter] = []
        self.connections = 0

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers += [writer, far_writer]
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def test_a_consumer_survives_a_cut_connection(server: Server) -> None:
    """It pulls again: what is published then is delivered, and what was in hand is settled."""
    inbox = Inbox()
    cable = Cable(server.address)
    proxy = await asyncio.start_server(cable.connect, "127.0.0.1", 0)
    bus = bus_on(f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    await bus.ensure()
    async with consuming(bus, "work", inbox):
        await bus.publish("work", b"before")
        await inbox.take()
        before = cable.connections
        cable.cut()
        await bus.publish("work", b"after")
        while b"after" not in {delivery.data for delivery in inbox.deliveries}:
            await inbox.take()
    await bus.close()
    cable.cut()
    proxy.close()
    await proxy.wait_closed()
    assert cable.connections > before
    assert server.broker.core.depth("projects/demo/subscriptions/work") == 0


async def test_a_cancelled_consumer_takes_nothing_more(server: Server) -> None:
    """At whatever point of its last pull: what is published afterwards goes to the next consumer, at once."""
    bus = bus_on(server.address)
    await bus.ensure()
    for turns in range(12):
        ended = asyncio.create_task(bus.consume("work", Inbox(), max_in_flight=5))
        for _ in range(turns):
            await asyncio.sleep(0)
        ended.cancel()
        await asyncio.wait([ended])
    message_id = await bus.publish("work", b"for the living")
    inbox = Inbox()
    async with consuming(bus, "work", inbox):
        (delivery,) = await inbox.take()
    await bus.close()
    assert (delivery.message_id, delivery.attempt) == (message_id, 1)


async def test_ensure_twice_changes_nothing(server: Server) -> None:
    """Topics, dead letters, and a subscription for each, with the registry's policies."""
    bus = PubSubBus("demo", emulator=server.address)
    await bus.ensure()
    await bus.ensure()
    await bus.close()
    assert len(server.broker.topics) == len(server.broker.subscriptions) == 2 * len(TOPICS)
    topic = TOPICS["worker-tasks"]
    subscription = server.broker.subscriptions["projects/demo/subscriptions/worker-tasks"]
    assert subscription.ack_deadline_seconds == topic.ack_deadline
    assert subscription.dead_letter_policy.dead_letter_topic.endswith("worker-tasks-dead")
    assert subscription.dead_letter_policy.max_delivery_attempts == topic.max_delivery_attempts
    assert subscription.retry_policy.maximum_backoff.seconds == topic.max_backoff


async def test_ensure_turns_pull_into_push(server: Server) -> None:
    """Existing subscriptions get the endpoint; dead letters go to the coordinator."""
    bus = PubSubBus("demo", emulator=server.address)
    await bus.ensure()
    urls = {topic.consumer: f"http://127.0.0.1:9/{topic.consumer}" for topic in TOPICS.values()}
    await bus.ensure(PushTo(urls, audience="tipoff", email="push@demo.iam"))
    await bus.close()
    configs = {
        name.rpartition("/")[2]: each.push_config.push_endpoint for name, each in server.broker.subscriptions.items()
    }
    assert configs["worker-tasks"] == "http://127.0.0.1:9/worker/push/worker-tasks"
    assert configs["worker-tasks-dead"] == "http://127.0.0.1:9/coordinator/push/worker-tasks-dead"


def test_a_lease_outside_pubsub_s_limits_is_refused() -> None:
    """10 to 600 seconds."""
    with pytest.raises(Permanent, match="10 to 600"):
        PubSubBus("demo", lease=5)


@pytest.mark.parametrize("granted", [["pubsub.topics.publish"], []])
async def test_off_emulators_a_topic_is_one_that_may_be_published_to(server: Server, granted: list[str]) -> None:
    """Pub/Sub answers nobody's question about permissions with an error: a topic that is not there grants nothing."""
    bus = bus_on(server.address)
    await bus.ensure()
    bus._emulator = None
    asked: list[object] = []

    async def permissions(request: object, **_: object) -> SimpleNamespace:
        asked.append(request)
        return SimpleNamespace(permissions=granted)

    clients = await bus._connected()
    clients.publisher.test_iam_permissions = permissions  # type: ignore[method-assign, assignment]  # no server has it
    assert await bus.missing(["work"]) == ([] if granted else ["topic work"])
    assert asked == [{"resource": TOPIC, "permissions": ["pubsub.topics.publish"]}]
    await bus.close()
