"""What a message may be: Pub/Sub's limits, checked before it is sent so that one bad message spoils no batch."""

from collections.abc import Mapping

from shared.errors import Permanent

MAX_MESSAGE_BYTES = 10_000_000
"""Data and attributes together (Pub/Sub's quota of 10 MB)."""
MAX_ATTRIBUTES = 100
MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 1024
"""Limits of one message's attributes (https://cloud.google.com/pubsub/quotas#resource_limits)."""


def check_message(topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
    """Refuse what Pub/Sub would.

    Raises:
        Permanent: no data and no attributes, too many or too long attributes, or more than 10 MB.
    """
    size = len(data)
    if attributes:
        size += _attributes_size(topic, attributes)
    elif not data:
        raise Permanent(f"empty message for topic {topic!r}", remedy="give it data or an attribute")
    if size > MAX_MESSAGE_BYTES:
        raise Permanent(
            f"message of {size:,} bytes for topic {topic!r} exceeds {MAX_MESSAGE_BYTES:,}",
            remedy="send it in smaller pieces",
        )


def _attributes_size(topic: str, attributes: Mapping[str, str]) -> int:
    if len(attributes) > MAX_ATTRIBUTES:
        raise Permanent(f"message for topic {topic!r} has {len(attributes)} attributes, over {MAX_ATTRIBUTES}")
    size = 0
    for key, value in attributes.items():
        key_bytes, value_bytes = len(key.encode()), len(value.encode())
        if not 0 < key_bytes <= MAX_KEY_BYTES or value_bytes > MAX_VALUE_BYTES:
            raise Permanent(
                f"attribute {key[:40]!r} of a message for topic {topic!r} has {key_bytes} + {value_bytes} bytes",
                remedy=f"a key has 1 to {MAX_KEY_BYTES} bytes, a value at most {MAX_VALUE_BYTES}",
            )
        size += key_bytes + value_bytes
    return size
