"""Deliveries on the wire, and what comes back for them."""

from collections.abc import Iterable, Sequence

from devstack.pubsub_server.broker import Broker, Time
from devstack.pubsub_server.refusal import invalid
from devstack.pubsub_server.wire import Pb, StreamingPullResponse
from shared.embedded.broker_core import Leased
from shared.protobuf_wire import delimited, fields

CHUNK_BYTES = 1_500_000
CHUNK_MESSAGES = 1_000
"""What one response carries at most, but for a single larger message: gRPC's receivers admit 4 MB by default, and the
client works on one response while the next is made."""

_RECEIVED_MESSAGES, _MESSAGE, _DATA = 1, 2, 1
"""Fields of StreamingPullResponse, ReceivedMessage and PubsubMessage."""


def fill(response: Pb, leased: Iterable[Leased], clock: Time, *, count_attempts: bool, with_data: bool = True) -> None:
    """Add the deliveries to a PullResponse or StreamingPullResponse.

    Pub/Sub counts attempts only where a dead letter policy needs them.
    """
    add = response.received_messages.add
    for delivery in leased:
        source = delivery.message
        received = add()
        received.ack_id = delivery.ack_id
        if count_attempts:
            received.delivery_attempt = delivery.attempt
        message = received.message
        if with_data:
            message.data = bytes(source.data)
        message.message_id = source.id
        if source.attributes:
            message.attributes.update(source.attributes)
        seconds, fraction = divmod(clock.wall(source.published_at), 1.0)
        message.publish_time.seconds = int(seconds)
        message.publish_time.nanos = int(fraction * 1e9)


def encode(leased: Sequence[Leased], clock: Time, *, count_attempts: bool) -> bytes:
    """A serialised response with these deliveries, in which the data is copied once.

    For large messages `fill` and serialising cost three copies more.
    """
    response = StreamingPullResponse()
    fill(response, leased, clock, count_attempts=count_attempts, with_data=False)
    wire = response.SerializeToString()
    view = memoryview(wire)
    parts: list[bytes | memoryview] = []
    for delivery, received in zip(leased, fields(wire), strict=True):
        # A message that comes twice is merged: the second time with the data alone.
        data = delimited(_MESSAGE, *delimited(_DATA, delivery.message.data))
        parts += delimited(_RECEIVED_MESSAGES, view[received.value : received.end], *data)
    return b"".join(parts)


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
