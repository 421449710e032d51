"""Deliveries on the wire, and what comes back for them."""

from collections.abc import Iterable, Sequence

from devstack.pubsub_server.broker import Broker, Time
from devstack.pubsub_server.refusal import invalid
from devstack.pubsub_server.wire import Pb
from shared.embedded.broker_core import Leased

CHUNK_BYTES = 1_500_000
CHUNK_MESSAGES = 1_000
"""What one response carries at most, but for a single larger message: gRPC's receivers admit 4 MB by default."""


def fill(response: Pb, leased: Iterable[Leased], clock: Time, *, count_attempts: bool) -> Pb:
    """Put the deliveries into a PullResponse or StreamingPullResponse; returns it.

    Pub/Sub counts attempts only where a dead letter policy needs them.
    """
    for delivery in leased:
        source = delivery.message
        received = response.received_messages.add(ack_id=delivery.ack_id)
        if count_attempts:
            received.delivery_attempt = delivery.attempt
        message = received.message  # filled in place: a message given as an argument would be copied
        message.data, message.message_id = source.data, source.id
        message.attributes.update(source.attributes)
        message.publish_time.FromNanoseconds(int(clock.wall(source.published_at) * 1e9))
    return response


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
