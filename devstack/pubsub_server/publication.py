"""What is published: a PublishRequest, the data of large messages cut out of it before protobuf copies them twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from devstack.pubsub_server.wire import Pb, PublishRequest
from shared.embedded.broker_limits import Payload
from shared.protobuf_wire import DELIMITED, LARGE, delimited, fields

_MESSAGES, _DATA = 2, 1
"""Fields of PublishRequest and PubsubMessage."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A request and, apart, the data of each of its messages."""

    request: Pb
    """Its messages may be without their data."""
    payloads: Sequence[Payload]
    """Large ones are views of what came over the wire, which lives as long as the last of them."""


def parse(wire: bytes) -> Publication:
    """The publication that is a serialised PublishRequest.

    Raises:
        google.protobuf.message.DecodeError: it is not one.
    """
    try:
        # The topic comes first, and who sends one large message usually sends several.
        if any(field.end - field.value >= LARGE for field in islice(fields(wire), 2)):
            return _cut(wire)
    except ValueError:
        pass  # nothing that we know: protobuf may, or refuses it
    request = PublishRequest.FromString(wire)
    return Publication(request, [message.data for message in request.messages])


def _cut(wire: bytes) -> Publication:
    view = memoryview(wire)
    rest: list[bytes | memoryview] = []
    payloads: list[Payload] = []
    for field in fields(wire):
        if (field.number, field.kind) != (_MESSAGES, DELIMITED):
            rest.append(view[field.start : field.end])
            continue
        data, kept = view[:0], []
        for inner in fields(wire, field.value, field.end):
            if (inner.number, inner.kind) == (_DATA, DELIMITED):
                data = view[inner.value : inner.end]  # of several the last one counts
            else:
                kept.append(view[inner.start : inner.end])
        rest += delimited(_MESSAGES, *kept)
        payloads.append(data)
    return Publication(PublishRequest.FromString(b"".join(rest)), payloads)
