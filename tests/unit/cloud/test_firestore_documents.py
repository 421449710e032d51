"""State documents in Firestore's terms."""

from typing import Any, cast

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore_v1._helpers import decode_value, encode_value
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # protobuf has no type information
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud.documents import checked_id, firestore_id, from_fields, state_id, to_fields
from shared.cloud.state import _update_time, _version
from shared.errors import Permanent
from shared.runtime.document_limits import MAX_TEXT_BYTES

IDS = st.text(alphabet=st.one_of(st.sampled_from("./-:_0a"), st.characters(codec="utf-8")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(), JSON, max_size=6)


def _through_firestore(fields: dict[str, Any]) -> dict[str, Any]:
    """Through the client's own wire form."""
    return cast("dict[str, Any]", decode_value(encode_value(fields)._pb, client=None))


@given(DOCUMENTS)
def test_any_json_comes_back_equal(data: dict[str, Any]) -> None:
    """Integers stay integers, of any size; nulls, lists in lists and odd names survive."""
    back = from_fields(_through_firestore(to_fields(data, "runs/a")))
    assert back == data
    assert {key: type(value) for key, value in back.items()} == {key: type(value) for key, value in data.items()}


def test_top_level_numbers_are_real_fields() -> None:
    """What `increment` may add to is a Firestore number; what Firestore cannot hold as one is text."""
    fields = to_fields({"n": 0, "share": 0.5, "yes": True, "big": 2**63, "list": [[1]], "": 1, "__x__": 2}, "runs/a")
    assert fields["numbers"] == {"n": 0, "share": 0.5}


def test_a_document_made_by_increments_alone_is_read() -> None:
    """It has numbers, and no text yet."""
    assert from_fields({"numbers": {"n": 2}}) == {"n": 2}
    assert from_fields({}) == {}


@given(IDS)
def test_ids_come_back_and_have_no_slash(id_: str) -> None:
    """Escaping loses nothing."""
    assert state_id(firestore_id(id_)) == id_
    assert "/" not in firestore_id(id_)


@given(IDS, IDS)
def test_escaping_keeps_order_and_prefixes(one: str, two: str) -> None:
    """A listing by prefix is a range of Firestore's ids, in the order of ours."""
    assert (one.encode() < two.encode()) == (firestore_id(one).encode() < firestore_id(two).encode())
    assert two.startswith(one) == firestore_id(two).startswith(firestore_id(one))


@pytest.mark.parametrize("id_", ["", "__reserved__", "x" * 1_501, "/" * 751, "\ud800"], ids=ascii)
def test_an_id_firestore_would_refuse_is_named(id_: str) -> None:
    """Empty, reserved, too long once escaped, or no Unicode."""
    with pytest.raises(Permanent, match="state document runs/x: Firestore takes no such id"):
        checked_id(id_, "runs/x")


@pytest.mark.parametrize("id_", [".", "..", "_", "a__", "2024-03-04.same_day", "x" * 1_500])
def test_every_other_id_is_taken(id_: str) -> None:
    """`.` and `..`, which Firestore reserves, are escaped like any other."""
    assert checked_id(id_, "runs/x") not in {".", ".."}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}], ids=["nan", "inf", "object", "set"])
def test_what_is_no_json_is_refused(value: object) -> None:
    """Nothing is coerced."""
    with pytest.raises(Permanent, match="runs/a is not JSON"):
        to_fields({"value": value}, "runs/a")


def test_a_document_too_long_is_named_with_its_size() -> None:
    """Firestore's limit is met before the wire."""
    overhead = len('{"value":""}')
    assert to_fields({"value": "x" * (MAX_TEXT_BYTES - overhead)}, "runs/a")
    with pytest.raises(Permanent, match=r"runs/a has 1,048,488 bytes, more than 1,048,487: keep bulk data"):
        to_fields({"value": "x" * (MAX_TEXT_BYTES - overhead + 1)}, "runs/a")


@given(st.integers(0, 4_000_000_000), st.integers(0, 999_999_999))
def test_a_version_is_the_update_time_to_the_nanosecond(seconds: int, nanos: int) -> None:
    """A version read is the precondition written."""
    stamp = Timestamp(seconds=seconds, nanos=nanos)
    version = _version(DatetimeWithNanoseconds.from_timestamp_pb(stamp))  # type: ignore[no-untyped-call]  # Google's
    assert _update_time(version, "runs/a").timestamp_pb() == stamp
