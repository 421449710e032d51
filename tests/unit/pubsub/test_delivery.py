"""Responses written by hand are the ones protobuf makes."""

import pytest
from google.pubsub_v1.types import pubsub
from hypothesis import given
from hypothesis import strategies as st

from devstack.pubsub_server.broker import Time
from devstack.pubsub_server.delivery import encode
from devstack.pubsub_server.wire import Pb
from shared.embedded.broker_core import Leased, Message

LEASED = st.builds(
    Leased,
    st.text(max_size=20),
    st.builds(
        Message,
        st.text(max_size=5),
        st.one_of(st.binary(max_size=300), st.integers(0, 20_000).map(bytes)),
        st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
        st.floats(0, 1e6),
    ),
    st.integers(1, 100),
)


@pytest.mark.parametrize("kind", [pubsub.PullResponse.pb(), pubsub.StreamingPullResponse.pb()])
@given(leased=st.lists(LEASED, max_size=4), count_attempts=st.booleans())
def test_protobuf_reads_what_it_would_have_written(kind: Pb, leased: list[Leased], count_attempts: bool) -> None:  # noqa: FBT001 - hypothesis
    """Any data, attributes, instant, attempt; in both responses, as their deliveries are the same field."""
    clock = Time()
    expected = kind()
    for delivery in leased:
        source = delivery.message
        received = expected.received_messages.add(ack_id=delivery.ack_id)
        received.message.data = source.data
        received.message.message_id = source.id
        received.message.attributes.update(source.attributes)
        seconds, fraction = divmod(clock.wall(source.published_at), 1.0)
        received.message.publish_time.seconds, received.message.publish_time.nanos = int(seconds), int(fraction * 1e9)
        if count_attempts:
            received.delivery_attempt = delivery.attempt
    assert kind.FromString(encode(leased, clock, count_attempts=count_attempts)) == expected
