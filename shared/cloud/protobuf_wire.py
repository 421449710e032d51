"""Protobuf's wire format, as far as large payloads need it, so that they can pass protobuf by.

What protobuf touches it copies: two times where it parses, three times where it serialises, and for megabytes that is
most of what sending them costs. A serialised message is the concatenation of its fields, in which a message is a field
like any other (https://protobuf.dev/programming-guides/encoding), so that one may be taken apart and put together in
pieces: the payload is cut out before protobuf reads all else, or put in after.
"""

from collections.abc import Iterator
from functools import lru_cache

LARGE = 16_000
"""Bytes of payload from which copying them costs more than handling pieces in Python."""

_VARINT, _FIXED64, DELIMITED, _FIXED32 = 0, 1, 2, 5
"""Wire types. The two others, of groups, have gone out of use."""


Field = tuple[int, int, int, int, int]
"""One field of a serialised message: its number, its wire type, where it starts, where its value starts, where it ends.
A plain tuple, as names would make reading take half as long again."""


def fields(wire: bytes, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields of the message that lies between `start` and `end` (the end of `wire` where None).

    Raises:
        ValueError: it is cut short, or has a field of a kind that is not understood.
    """
    end = end if end is not None else len(wire)
    while start < end:
        tag, value = _read_varint(wire, start, end)
        kind = tag & 7
        if kind == DELIMITED:
            size, value = _read_varint(wire, value, end)
            stop = value + size
        elif kind == _VARINT:
            _, stop = _read_varint(wire, value, end)
        elif kind in (_FIXED32, _FIXED64):
            stop = value + (4 if kind == _FIXED32 else 8)
        else:
            raise ValueError(f"a field of wire type {kind} at byte {start}")
        if stop > end:
            raise ValueError(f"a field at byte {start} ends at {stop}, its message at {end}")
        yield tag >> 3, kind, start, value, stop
        start = stop


def delimited(number: int, *pieces: bytes | memoryview) -> tuple[bytes | memoryview, ...]:
    """The pieces as one length-delimited field (bytes, a string, a message): its head, then the pieces."""
    return head(number, sum(map(len, pieces))), *pieces


@lru_cache(1024)  # what travels together is often of a size
def head(number: int, size: int) -> bytes:
    """What comes before the `size` bytes of a length-delimited field."""
    return varint(number << 3 | DELIMITED) + varint(size)


@lru_cache(1024)
def numeric(number: int, value: int) -> bytes:
    """An integer or a bool, from 0, as a field."""
    return varint(number << 3 | _VARINT) + varint(value)


def varint(number: int) -> bytes:
    """A number from 0 in groups of seven bits, the lowest first, the eighth bit saying that more follow."""
    encoded = bytearray()
    while number >= 0x80:  # noqa: PLR2004 - the eighth bit
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_varint(wire: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    number = shift = 0
    while at < end and shift < 70:  # noqa: PLR2004 - 64 bits at most
        byte = wire[at]
        at += 1
        if byte < 0x80:  # noqa: PLR2004 - the eighth bit
            return number | byte << shift, at
        number |= (byte & 0x7F) << shift
        shift += 7
    raise ValueError(f"a number that does not end by byte {at}")
