"""Payloads that pass protobuf by: what is cut apart or put together by hand is what protobuf reads and writes."""

import asyncio
from typing import cast

import pytest
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # protobuf publishes no types
from google.pubsub_v1.types import pubsub
from hypothesis import example, given
from hypothesis import strategies as st

from devstack.pubsub_server.publication import parse
from devstack.pubsub_server.wire import Pb, PublishRequest
from shared.cloud.protobuf_wire import DELIMITED, LARGE, delimited, fields, numeric, varint
from shared.cloud.pubsub_publish import _Assembled, _assembled, _filled

SIZES = st.one_of(st.integers(0, 300), st.sampled_from([LARGE, LARGE + 1]))
ATTRIBUTES = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)
NOBODY = cast("asyncio.Future[str]", None)
"""Who waits for the message id: here nobody."""
MESSAGES = st.lists(st.tuples(SIZES, ATTRIBUTES, st.text(max_size=3)), max_size=5)


def request_of(topic: str, messages: list[tuple[int, dict[str, str], str]]) -> Pb:
    request = PublishRequest(topic=topic)
    for size, attributes, key in messages:
        request.messages.add(data=size * b"x", attributes=attributes, ordering_key=key, message_id="7")
    return request


@given(st.text(max_size=10), MESSAGES, st.booleans())
def test_a_request_cut_apart_is_the_one_protobuf_reads(
    topic: str,
    messages: list[tuple[int, dict[str, str], str]],
    unknown: bool,  # noqa: FBT001 - hypothesis
) -> None:
    """Data beside their messages, all else in them: together they are what was sent."""
    request = request_of(topic, messages)
    wire = request.SerializeToString() + (varint(99 << 3) + varint(1 << 63) if unknown else b"")
    publication = parse(wire)
    assert publication.topic == topic
    assert [data for data, _ in publication.messages] == [size * b"x" for size, _, _ in messages]
    whole = PublishRequest(topic=topic, messages=[message for _, message in publication.messages])
    for message, (data, _) in zip(whole.messages, publication.messages, strict=True):
        message.data = bytes(data)
    assert whole == request


@given(st.binary(max_size=30), st.binary(max_size=30), st.integers(0, 200))
@example(b"", b"", 5)
def test_what_is_no_request_is_judged_by_protobuf(before: bytes, after: bytes, cut: int) -> None:
    """Noise around a large message, or half of one: parsed as protobuf does, or refused as it does."""
    wire = before + request_of("t", [(LARGE, {"a": "b"}, "")]).SerializeToString() + after
    wire = wire[: len(wire) - cut]
    try:
        expected = PublishRequest.FromString(wire)
    except DecodeError:
        with pytest.raises(DecodeError):
            parse(wire)
    else:
        assert [data for data, _ in parse(wire).messages] == [message.data for message in expected.messages]


def test_of_a_field_sent_twice_the_last_counts() -> None:
    """As in protobuf, also where a large payload comes first."""
    message = b"".join([*delimited(1, bytes(LARGE)), *delimited(1, b"last")])
    wire = b"".join(delimited(2, message))
    [(data, _)] = parse(wire).messages
    assert data == b"last" == PublishRequest.FromString(wire).messages[0].data


@given(st.text(max_size=10), st.lists(st.tuples(SIZES, ATTRIBUTES, st.just(NOBODY)), max_size=5))
def test_a_batch_put_together_is_the_one_protobuf_writes(
    topic: str, messages: list[tuple[int, dict[str, str], asyncio.Future[str]]]
) -> None:
    """The publisher's two ways to make a request make the same one, for the client and for who reads it."""
    batch = [(size * b"x", attributes, nobody) for size, attributes, nobody in messages]
    assembled, filled = _assembled(topic, batch), _filled(topic, batch)
    assert PublishRequest.FromString(pubsub.PublishRequest.serialize(pubsub.PublishRequest.wrap(assembled))) == filled
    assert pubsub.PublishRequest.wrap(assembled).topic == topic
    assert list(assembled.messages) == list(filled.messages)


def test_what_the_client_asks_for_with_every_call_is_known_without_parsing() -> None:
    """It routes by the topic; to parse megabytes for that would cost more than sending them."""
    unreadable = _Assembled("t", [b"\xff"])
    assert pubsub.PublishRequest.wrap(unreadable).topic == "t"
    with pytest.raises(DecodeError):
        _ = unreadable.messages


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**29 - 1), st.binary(max_size=300))
def test_fields_are_found_again(number: int, first: int, value: bytes) -> None:
    """Any number, any field: written by one function, read by the other."""
    wire = numeric(first, number) + b"".join(delimited(first, value))
    a_number, a_value = fields(wire)
    assert a_number[:3] == (first, 0, 0)
    assert a_value == (first, DELIMITED, a_number[4], len(wire) - len(value), len(wire))
    assert wire[a_value[3] :] == value


@pytest.mark.parametrize("wire", [b"\x0b", b"\x0a\x05x", b"\x08", b"\x80" * 11, b"\x0d\x00", b"\x09\x00"])
def test_what_cannot_be_read_is_an_error(wire: bytes) -> None:
    """A group, a field cut short, a number without an end: none is read past its message."""
    with pytest.raises(ValueError, match=r"at byte|by byte"):
        list(fields(wire))
