"""What is published: a PublishRequest, the data of large messages cut out of it before protobuf copies them twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from devstack.pubsub_server.wire import Pb, PublishRequest, PubsubMessage
from shared.cloud.protobuf_wire import DELIMITED, LARGE, fields
from shared.runtime.message_limits import Payload

_MESSAGES, _DATA = 2, 1
"""Fields of PublishRequest and PubsubMessage."""

_DATA_ALONE = PubsubMessage()
"""What is left of a message whose data was cut out where there was nothing else; one for all."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A request's topic and, for each of its messages, the data and the message that it came in."""

    topic: str
    messages: Sequence[tuple[Payload, Pb]]
    """Large data are views of what came over the wire, which lives as long as the last of them, and are not in the
    message any more."""


def parse(wire: bytes) -> Publication:
    """The publication that is a serialised PublishRequest.

    Raises:
        google.protobuf.message.DecodeError: it is not one.
    """
    try:
        # The topic comes first, and who sends one large message usually sends several.
        if any(end - value >= LARGE for _, _, _, value, end in islice(fields(wire), 2)):
            return _cut(wire)
    except ValueError:
        pass  # nothing that we know: protobuf may, or refuses it
    request = PublishRequest.FromString(wire)
    return Publication(request.topic, [(message.data, message) for message in request.messages])


def _cut(wire: bytes) -> Publication:
    view = memoryview(wire)
    rest: list[memoryview] = []
    messages: list[tuple[Payload, Pb]] = []
    for number, kind, start, value, end in fields(wire):
        if number != _MESSAGES or kind != DELIMITED:
            rest.append(view[start:end])
            continue
        data, kept = view[:0], []
        for inner_number, inner_kind, inner_start, inner_value, inner_end in fields(wire, value, end):
            if inner_number == _DATA and inner_kind == DELIMITED:
                data = view[inner_value:inner_end]  # of several the last one counts
            else:
                kept.append(view[inner_start:inner_end])
        messages.append((data, PubsubMessage.FromString(b"".join(kept)) if kept else _DATA_ALONE))
    return Publication(PublishRequest.FromString(b"".join(rest)).topic, messages)
