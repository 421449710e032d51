"""What the server does not do, and what nobody may ask of it: said by name, with Pub/Sub's own status."""

from typing import Any

import grpc  # type: ignore[import-untyped]  # grpcio publishes no type information
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.protobuf.duration_pb2 import Duration  # type: ignore[import-untyped]  # protobuf: no type information
from google.pubsub_v1.types import pubsub

from devstack.pubsub_server import Server
from shared.cloud.pubsub_clients import Clients
from tests.unit.pubsub.conftest import DEAD, SUBSCRIPTION, TOPIC

pytestmark = pytest.mark.network

SNAPSHOT = "projects/demo/snapshots/snap"
UNIMPLEMENTED = {
    "create_snapshot": ({"name": SNAPSHOT, "subscription": SUBSCRIPTION}, "Subscriber.CreateSnapshot"),
    "delete_snapshot": ({"snapshot": SNAPSHOT}, "Subscriber.DeleteSnapshot"),
    "list_snapshots": ({"project": "projects/demo"}, "Subscriber.ListSnapshots"),
    "seek": ({"subscription": SUBSCRIPTION, "snapshot": SNAPSHOT}, "Subscriber.Seek"),
    "detach_subscription": ({"subscription": SUBSCRIPTION}, "Publisher.DetachSubscription"),
    "update_topic": ({"topic": {"name": TOPIC}, "update_mask": {"paths": ["labels"]}}, "Publisher.UpdateTopic"),
}


@pytest.mark.parametrize("method", UNIMPLEMENTED)
async def test_a_method_that_is_not_served_is_named(clients: Clients, method: str) -> None:
    """UNIMPLEMENTED, with the method's name."""
    request, named = UNIMPLEMENTED[method]
    client: Any = clients.publisher if named.startswith("Publisher") else clients.subscriber
    with pytest.raises(GoogleAPICallError, match=named) as caught:
        await getattr(client, method)(request=request, timeout=5, retry=None)
    assert caught.value.grpc_status_code is grpc.StatusCode.UNIMPLEMENTED


async def test_schemas_are_named(server: Server) -> None:
    """A whole service that is not there is refused the same way."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = channel.unary_unary("/google.pubsub.v1.SchemaService/ListSchemas")
        with pytest.raises(grpc.aio.AioRpcError, match=r"SchemaService\.ListSchemas") as caught:
            await call(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


FEATURES: dict[str, dict[str, Any]] = {
    "enable_message_ordering": {"enable_message_ordering": True},
    "enable_exactly_once_delivery": {"enable_exactly_once_delivery": True},
    "filter": {"filter": "attributes:key"},
    "retain_acked_messages": {"retain_acked_messages": True},
    "message_retention_duration": {"message_retention_duration": Duration(seconds=600)},
    "bigquery_config": {"bigquery_config": {"table": "a.b.c"}},
    "cloud_storage_config": {"cloud_storage_config": {"bucket": "bucket"}},
    "message_transforms": {"message_transforms": [{"disabled": True}]},
    "no_wrapper": {"push_config": {"push_endpoint": "http://127.0.0.1/", "no_wrapper": {"write_metadata": True}}},
}


@pytest.mark.parametrize("feature", FEATURES)
async def test_a_feature_that_is_not_served_is_named(clients: Clients, feature: str) -> None:
    """A subscription that asks for it is not created: ignoring it would be a surprise later."""
    request = {"name": SUBSCRIPTION, "topic": TOPIC, **FEATURES[feature]}
    with pytest.raises(GoogleAPICallError, match=feature) as caught:
        await clients.subscriber.create_subscription(request=request, timeout=5)
    assert caught.value.grpc_status_code is grpc.StatusCode.UNIMPLEMENTED


async def test_ordering_keys_are_named(clients: Clients) -> None:
    """Order would not be kept."""
    with pytest.raises(GoogleAPICallError, match="ordering_key") as caught:
        await clients.publisher.publish(
            topic=TOPIC, messages=[pubsub.PubsubMessage(data=b"x", ordering_key="k")], timeout=5
        )
    assert caught.value.grpc_status_code is grpc.StatusCode.UNIMPLEMENTED


INVALID: dict[str, tuple[dict[str, Any], grpc.StatusCode, str]] = {
    "deadline": ({"ack_deadline_seconds": 601}, grpc.StatusCode.INVALID_ARGUMENT, "10 to 600"),
    "attempts": (
        {"dead_letter_policy": {"dead_letter_topic": DEAD, "max_delivery_attempts": 4}},
        grpc.StatusCode.INVALID_ARGUMENT,
        "5 to 100",
    ),
    "backoff": (
        {"retry_policy": {"minimum_backoff": Duration(seconds=9), "maximum_backoff": Duration(seconds=3)}},
        grpc.StatusCode.INVALID_ARGUMENT,
        "minimum_backoff",
    ),
    "endpoint": ({"push_config": {"push_endpoint": "ftp://x"}}, grpc.StatusCode.INVALID_ARGUMENT, "ftp://x"),
    "name": ({"name": "work"}, grpc.StatusCode.INVALID_ARGUMENT, "name=work"),
    "topic": ({"topic": f"{TOPIC}-gone"}, grpc.StatusCode.NOT_FOUND, "work-gone"),
    "dead letter": (
        {"dead_letter_policy": {"dead_letter_topic": f"{DEAD}-gone"}},
        grpc.StatusCode.NOT_FOUND,
        "work-dead-gone",
    ),
}


@pytest.mark.parametrize("wrong", INVALID)
async def test_a_bad_subscription_is_refused(clients: Clients, wrong: str) -> None:
    """Limits and references are Pub/Sub's."""
    fields, code, named = INVALID[wrong]
    with pytest.raises(GoogleAPICallError, match=named) as caught:
        await clients.subscriber.create_subscription(
            request={"name": SUBSCRIPTION, "topic": TOPIC, **fields}, timeout=5
        )
    assert caught.value.grpc_status_code is code


BAD_MESSAGES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "none": ([], "1 to 1000"),
    "empty": ([{"data": b"fine"}, {"data": b""}], "empty message"),
    "large": ([{"data": b"x" * 10_000_001}], "10,000,000"),
    "attribute": ([{"data": b"x", "attributes": {"k": "v" * 1025}}], "1024"),
    "attributes": ([{"data": b"x", "attributes": {str(n): "" for n in range(101)}}], "100"),
}


@pytest.mark.parametrize("wrong", BAD_MESSAGES)
async def test_a_bad_message_spoils_its_request(server: Server, clients: Clients, wrong: str) -> None:
    """INVALID_ARGUMENT, and nothing of the request is published."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    messages, named = BAD_MESSAGES[wrong]
    with pytest.raises(GoogleAPICallError, match=named) as caught:
        await clients.publisher.publish(request={"topic": TOPIC, "messages": messages}, timeout=10)
    assert caught.value.grpc_status_code is grpc.StatusCode.INVALID_ARGUMENT
    assert server.broker.core.depth(SUBSCRIPTION) == 0


async def test_a_foreign_ack_id_is_invalid(clients: Clients) -> None:
    """An ack id this subscription never gave."""
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC)
    with pytest.raises(GoogleAPICallError, match="bogus") as caught:
        await clients.subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=["bogus"], timeout=5)
    assert caught.value.grpc_status_code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_push_subscription_is_not_pulled(clients: Clients) -> None:
    """FAILED_PRECONDITION."""
    push = pubsub.PushConfig(push_endpoint="http://127.0.0.1:9/")
    await clients.subscriber.create_subscription(name=SUBSCRIPTION, topic=TOPIC, push_config=push)
    with pytest.raises(GoogleAPICallError, match="push") as caught:
        await clients.subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=5)
    assert caught.value.grpc_status_code is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_port_that_is_taken_is_named(server: Server) -> None:
    """A second server does not share the first one's port."""
    from devstack.pubsub_server import serve  # noqa: PLC0415 - the fixture is the subject

    port = int(server.address.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        async with serve(port):
            pass
