"""The limits of a message."""

import pytest

from shared.errors import Permanent
from shared.runtime.message_limits import check_message


def test_an_empty_message_is_refused_unless_it_has_an_attribute() -> None:
    """By topic, with what to do."""
    with pytest.raises(Permanent, match=r"^empty message for topic 'work': give it data or an attribute$"):
        check_message("work", b"", {})
    check_message("work", b"", {"k": ""})
    check_message("work", b"x", {})


@pytest.mark.parametrize(
    ("attributes", "refused"),
    [
        ({str(n): "" for n in range(100)}, None),
        ({str(n): "" for n in range(101)}, "message for topic 'work' has 101 attributes, over 100"),
        ({"k" * 256: ""}, None),
        ({"k" * 257: ""}, f"attribute '{'k' * 40}' of a message for topic 'work' has 257 + 0 bytes"),
        ({"é" * 128: "v"}, None),
        ({"é" * 129: "v"}, f"attribute '{'é' * 40}' of a message for topic 'work' has 258 + 1 bytes"),
        ({"": "v"}, "attribute '' of a message for topic 'work' has 0 + 1 bytes"),
        ({"k": "v" * 1024}, None),
        ({"k": "v" * 1025}, "attribute 'k' of a message for topic 'work' has 1 + 1025 bytes"),
        ({"k": "é" * 512}, None),
        ({"k": "é" * 513}, "attribute 'k' of a message for topic 'work' has 1 + 1026 bytes"),
    ],
    ids=lambda value: "" if value is None else "refused" if isinstance(value, str) else "case",
)
def test_attributes_have_pub_subs_limits(attributes: dict[str, str], refused: str | None) -> None:
    """100 of them; keys of 1 to 256 bytes, values of at most 1,024."""
    if refused is None:
        check_message("work", b"", attributes)
        return
    with pytest.raises(Permanent) as error:
        check_message("work", b"", attributes)
    remedy = "" if "over 100" in refused else ": a key has 1 to 256 bytes, a value at most 1024"
    assert str(error.value) == refused + remedy


def test_ten_million_bytes_is_the_limit_of_data_and_attributes_together() -> None:
    """9,999,995 and a key of 2 and a value of 3 bytes fit, one byte more does not."""
    data = bytes(9_999_996)
    check_message("work", data[:-1], {"kk": "vvv"})
    with pytest.raises(Permanent) as error:
        check_message("work", data, {"kk": "vvv"})
    refusal = "message of 10,000,001 bytes for topic 'work' exceeds 10,000,000: send it in smaller pieces"
    assert str(error.value) == refusal
