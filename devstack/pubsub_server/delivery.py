"""Deliveries on the wire, and what comes back for them."""

from collections.abc import Iterable, Sequence

from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # protobuf publishes no types

from devstack.pubsub_server.broker import Broker, Time
from devstack.pubsub_server.refusal import invalid
from devstack.pubsub_server.wire import PubsubMessage
from shared.cloud.protobuf_wire import delimited, head, numeric
from shared.embedded.broker_core import Leased

CHUNK_BYTES = 1_500_000
CHUNK_MESSAGES = 1_000
"""What one response carries at most, but for a single larger message: gRPC's receivers admit 4 MB by default, and the
client works on one response while the next is made."""

_RECEIVED_MESSAGES = 1
_ACK_ID, _MESSAGE, _DELIVERY_ATTEMPT = 1, 2, 3
_DATA, _MESSAGE_ID, _PUBLISH_TIME = 1, 3, 4
"""Fields of PullResponse and StreamingPullResponse, of ReceivedMessage, and of PubsubMessage."""


def encode(leased: Iterable[Leased], clock: Time, *, count_attempts: bool) -> bytes:
    """A serialised PullResponse, or StreamingPullResponse, with these deliveries.

    Written by hand, as protobuf takes three times as long for what is around the data and copies the data three times
    more. Pub/Sub counts attempts only where a dead letter policy needs them.
    """
    parts: list[bytes | memoryview] = []
    published_at, publish_time = None, b""
    for delivery in leased:
        source, ack_id = delivery.message, delivery.ack_id.encode()
        data, message_id = source.data, source.id.encode()
        if source.published_at != published_at:  # what was published together comes together
            published_at = source.published_at
            publish_time = _publish_time(clock.wall(published_at))
        rest = head(_MESSAGE_ID, len(message_id)) + message_id + publish_time
        if source.attributes:
            rest += PubsubMessage(attributes=source.attributes).SerializeToString()
        data_head = head(_DATA, len(data))
        message_head = head(_MESSAGE, len(data_head) + len(data) + len(rest))
        before = head(_ACK_ID, len(ack_id)) + ack_id + message_head + data_head
        after = rest + numeric(_DELIVERY_ATTEMPT, delivery.attempt) if count_attempts else rest
        parts += head(_RECEIVED_MESSAGES, len(before) + len(data) + len(after)), before, data, after
    return b"".join(parts)


def _publish_time(seconds: float) -> bytes:
    whole, fraction = divmod(seconds, 1.0)
    return b"".join(
        delimited(_PUBLISH_TIME, Timestamp(seconds=int(whole), nanos=int(fraction * 1e9)).SerializeToString())
    )


class Receipts:
    """Acknowledgements and deadlines for one subscription's deliveries."""

    def __init__(self, broker: Broker, subscription: str) -> None:
        self._broker = broker
        self._subscription = subscription
        self._prefix = subscription + "/"

    def ack(self, ack_ids: Sequence[str]) -> None:
        """Settle."""
        self._check(ack_ids)
        self._broker.ack(self._subscription, ack_ids)

    def modify(self, deadlines: Sequence[tuple[str, int]]) -> None:
        """Move the ends of leases; 0 seconds is a nack."""
        self._check([ack_id for ack_id, _ in deadlines])
        self._broker.modify(self._subscription, deadlines)

    def _check(self, ack_ids: Sequence[str]) -> None:
        for ack_id in ack_ids:
            if not ack_id.startswith(self._prefix):
                raise invalid(f"Invalid ack id (ack_id={ack_id})")
