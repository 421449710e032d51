"""Deliveries on the wire."""

from collections.abc import Iterable

from devstack.pubsub_server.broker import Time
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
