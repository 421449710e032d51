"""Responses assembled by hand are the ones protobuf makes."""

from hypothesis import given
from hypothesis import strategies as st

from devstack.pubsub_server.broker import Time
from devstack.pubsub_server.delivery import encode, fill
from devstack.pubsub_server.wire import StreamingPullResponse
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


@given(st.lists(LEASED, max_size=4), st.booleans())
def test_assembled_and_filled_responses_are_equal(leased: list[Leased], count_attempts: bool) -> None:  # noqa: FBT001 - hypothesis
    """Any data, attributes, attempt: parsing the assembled bytes gives the message that `fill` makes."""
    clock = Time()
    filled = StreamingPullResponse()
    fill(filled, leased, clock, count_attempts=count_attempts)
    assert StreamingPullResponse.FromString(encode(leased, clock, count_attempts=count_attempts)) == filled
