"""Strict access to JSON that others wrote."""

from datetime import UTC, date, datetime

import pytest

from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    day,
    document,
    flag,
    game_id,
    instant,
    label,
    listing,
    member,
    number,
    optional_text,
    remark,
    stamp_of,
    text,
    whole,
)
from services.scraper.sources.nba_stats.result_set import result_set

NAN, INFINITE = float("nan"), float("inf")


def test_a_fault_has_kind_text_and_wait() -> None:
    """The wait is unknown unless it is given."""
    fault = Fault("html", "HTML instead of JSON")
    assert (fault.kind, str(fault), fault.retry_after) == ("html", "HTML instead of JSON", None)
    assert Fault("rate_limited", "HTTP 429", retry_after=7.5).retry_after == 7.5


def test_a_parser_that_names_nothing_else_has_seen_nothing() -> None:
    """No refusals, no records seen, no stamp."""
    assert Parsed((1,)) == Parsed(records=(1,), refused=(), seen=0, stamp=None)


def test_a_json_body_is_decoded() -> None:
    """Objects, lists and bare values."""
    assert document(b' {"a": [1, null]} ') == {"a": [1, None]}
    assert document(b"0") == 0


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"<html>", "html", "HTML instead of JSON"),
        (b" \r\n\t<!DOCTYPE html>", "html", "HTML instead of JSON"),
        (b'{"a": "<"', "truncated", "9 bytes that are not JSON"),
        (b"x<", "truncated", "2 bytes that are not JSON"),
        (b"", "truncated", "0 bytes that are not JSON"),
        (b"\xff\xfe{", "truncated", "3 bytes that are not JSON"),
    ],
)
def test_a_body_that_is_not_json_is_a_fault(body: bytes, kind: str, message: str) -> None:
    """HTML begins with `<`; what else cannot be parsed is half a document."""
    with pytest.raises(Fault) as raised:
        document(body)
    assert (raised.value.kind, str(raised.value)) == (kind, message)


def test_a_list_is_found_under_its_path() -> None:
    """The path may have no, one or two steps."""
    assert listing([1]) == [1]
    assert listing({"a": [2], "b": [3]}, "b") == [3]
    assert listing({"a": {"b": [4]}}, "a", "b") == [4]


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ({}, (), "the payload is not a list"),
        ({"a": {}}, ("a",), "a is not a list"),
        ({"a": {"b": 5}}, ("a", "b"), "a.b is not a list"),
        ({"a": {"b": []}}, ("a", "c"), "the payload has no 'c'"),
        ({"b": []}, ("a", "b"), "the payload has no 'a'"),
        (["a"], ("a",), "the payload has no 'a'"),
        ({"a": "b"}, ("a", "b"), "the payload has no 'b'"),
    ],
)
def test_a_document_of_another_shape_is_malformed(value: object, path: tuple[str, ...], message: str) -> None:
    """The missing step, or the place that holds no list, is named."""
    with pytest.raises(Fault) as raised:
        listing(value, *path)
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)


OTHER = {"name": "Other", "headers": ["A"], "rowSet": [[0]]}
WANTED = {"name": "Wanted", "headers": ["A", "B", "C"], "rowSet": [[1, 2, 3], [4, 5, 6]]}


def test_a_result_set_is_reduced_to_the_columns_asked_for() -> None:
    """In the order asked for, from the set of that name, wherever it stands."""
    payload = {"resultSets": [5, OTHER, WANTED, OTHER]}
    assert result_set(payload, "Wanted", ("C", "A")) == ([(3, 1), (6, 4)], [])
    assert result_set(payload, "Other", ("A",)) == ([(0,)], [])


@pytest.mark.parametrize("misfit", [[1, 2], [1, 2, 3, 4], "abc", {}, None])
def test_f11_a_row_of_another_length_costs_no_other(misfit: object) -> None:
    """Which of its values is which cannot be told; it is handed out beside the others."""
    payload = {"resultSets": [WANTED | {"rowSet": [[1, 2, 3], misfit, [4, 5, 6]]}]}
    assert result_set(payload, "Wanted", ("C", "A")) == ([(3, 1), (6, 4)], [misfit])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "wanted"}, "the payload has no result set Wanted"),
        ({"headers": ["A"], "rowSet": []}, "result set Wanted lacks C, D"),
        ({"rowSet": [[1, 2, 3], [4, 5, 6, 7, 8]]}, "result set Wanted has no row that fits its headers"),
        ({"rowSet": ["abcd"]}, "result set Wanted has no row that fits its headers"),
        ({"rowSet": {}}, "rowSet is not a list"),
        ({"headers": None}, "headers is not a list"),
    ],
)
def test_a_result_set_that_does_not_fit_is_malformed(changes: dict[str, object], message: str) -> None:
    """Missing sets and columns are named; so is a set of which no row fits."""
    wanted = {"name": "Wanted", "headers": ["A", "B", "C", "D"], "rowSet": []} | changes
    with pytest.raises(Fault) as raised:
        result_set({"resultSets": [wanted]}, "Wanted", ("A", "C", "D"))
    assert (raised.value.kind, str(raised.value)) == ("malformed", message)


def test_a_field_that_is_null_is_there() -> None:
    """Absent and null are two things."""
    assert member({"a": None, "b": 2}, "a") is None
    with pytest.raises(BadRecord, match=r"^no 'c'$"):
        member({"a": None}, "c")
    with pytest.raises(BadRecord, match=r"^not an object where 'a' is expected$"):
        member(["a"], "a")


def test_a_text_is_stripped() -> None:
    """Spaces around it do not count."""
    assert text({"a": " Jo \n"}, "a") == "Jo"


@pytest.mark.parametrize("value", ["", " \t", None, 7, ["a"], True])
def test_what_is_no_text_is_refused_by_its_field(value: object) -> None:
    """A blank is no text either."""
    with pytest.raises(BadRecord) as raised:
        text({"a": value}, "a")
    assert str(raised.value) == f"a is {value!r}, not a text"


@pytest.mark.parametrize(("value", "expected"), [(7, 7), (7.0, 7), (0, 0), (-3, -3), (-3.0, -3)])
def test_a_whole_number_may_be_written_with_a_point(value: float, expected: int) -> None:
    """And comes out as an int."""
    found = whole(value, "points")
    assert found == expected
    assert type(found) is int


@pytest.mark.parametrize("value", [7.5, -0.5, "7", True, False, None, NAN, INFINITE, -INFINITE, [7]])
def test_what_is_no_whole_number_is_refused_by_its_field(value: object) -> None:
    """A fraction, a text, a truth value, null, not a number, infinity."""
    with pytest.raises(BadRecord) as raised:
        whole(value, "points")
    assert str(raised.value) == f"points is {value!r}, not a whole number"


@pytest.mark.parametrize("value", [7, 7.25, 0, -3.5])
def test_a_number_becomes_a_float(value: float) -> None:
    """Whatever its sign."""
    found = number(value, "point")
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize("value", ["7", True, None, NAN, INFINITE, -INFINITE, {}])
def test_what_is_no_number_is_refused_by_its_field(value: object) -> None:
    """Infinity included: nothing can be done with it."""
    with pytest.raises(BadRecord) as raised:
        number(value, "point")
    assert str(raised.value) == f"point is {value!r}, not a number"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-05T00:30:00Z", datetime(2024, 3, 5, 0, 30, tzinfo=UTC)),
        ("2024-03-05T00:30:00.250+02:00", datetime(2024, 3, 4, 22, 30, 0, 250_000, tzinfo=UTC)),
        ("2024-01-15T19:30:00", datetime(2024, 1, 16, 0, 30, tzinfo=UTC)),
        ("2024-07-15 19:30:00", datetime(2024, 7, 15, 23, 30, tzinfo=UTC)),
        ("2024-03-10T01:59:00", datetime(2024, 3, 10, 6, 59, tzinfo=UTC)),
        ("2024-03-10T03:00:00", datetime(2024, 3, 10, 7, 0, tzinfo=UTC)),
    ],
)
def test_an_instant_is_utc_and_eastern_where_no_zone_is_given(value: str, expected: datetime) -> None:
    """Eastern is five hours behind in winter and four in summer."""
    found = instant(value, "date")
    assert found == expected
    assert found.tzinfo is UTC


@pytest.mark.parametrize("value", ["soon", "", None, 1709598600, "2024-13-01T00:00:00Z"])
def test_what_is_no_instant_is_refused_by_its_field(value: object) -> None:
    """Also numbers: nobody says what they count."""
    with pytest.raises(BadRecord) as raised:
        instant(value, "date")
    assert str(raised.value) == f"date is {value!r}, not an instant"


def test_the_stamp_of_a_payload() -> None:
    """Absent or unreadable it is none, and no failure."""
    assert stamp_of({"meta": {"time": "2024-03-05T00:30:00Z"}}) == datetime(2024, 3, 5, 0, 30, tzinfo=UTC)
    unstamped: list[object] = [{}, {"meta": {}}, {"meta": 5}, {"meta": {"time": "soon"}}, [], {"time": "2024-03-05"}]
    assert [stamp_of(payload) for payload in unstamped] == [None] * 6


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"name": "Jo", "id": 7}, "Jo"),
        ({"id": 7}, "7"),
        ({"name": "", "id": 7}, "7"),
        ({"name": None, "id": 7}, "7"),
        ({"name": ["Jo"], "id": 0}, "0"),
        ({"other": 1}, "{'other': 1}"),
        ("Jo", "'Jo'"),
        ([1, 2], "[1, 2]"),
    ],
)
def test_a_refused_record_is_called_by_the_first_name_it_has(record: object, expected: str) -> None:
    """Without any, an excerpt shows it."""
    assert label(record, "name", "id") == expected


def test_an_excerpt_is_two_hundred_signs_long() -> None:
    """One quotation mark and 199 letters."""
    assert label("x" * 300) == "'" + "x" * 199


def test_refusals_are_compared_by_record_and_reason() -> None:
    """Parsers are tested by them."""
    assert Refusal("a", "b") == Refusal(record="a", reason="b")


# --- what JSON can say and a warehouse cannot hold --------------------------------------------------------------------

HALF = chr(0xD83D)
"""Half a surrogate pair."""


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [101, 5_000, 200_000])
def test_f11_a_body_that_is_nested_too_deeply_is_a_fault(opening: bytes, depth: int) -> None:
    """Not a RecursionError; a hundred levels are read."""
    closing = b"]" if opening == b"[" else b"}"
    with pytest.raises(Fault, match=r"^the payload is nested more than 100 deep$"):
        document(opening * depth + b"0" + closing * depth)
    document(opening * 100 + b"0" + closing * 100)


@pytest.mark.parametrize("body", [b'"\xed\xa0\xbd"', b"1" * 5_000])
def test_f11_what_python_cannot_decode_is_a_fault(body: bytes) -> None:
    """Surrogates in UTF-8, and numbers of more digits than Python reads."""
    with pytest.raises(Fault, match="bytes that are not JSON"):
        document(body)


@pytest.mark.parametrize("value", [2**63, -(2**63), 10**400, 1e308, 2.0**63, INFINITE, -INFINITE, NAN])
def test_f11_a_number_beyond_64_bits_is_no_whole_number(value: float) -> None:
    """No OverflowError, here or in the warehouse; the greatest that fit are read."""
    with pytest.raises(BadRecord, match=r"^n is .*, not a whole number$"):
        whole(value, "n")
    assert (whole(2**63 - 1, "n"), whole(1 - 2**63, "n")) == (2**63 - 1, 1 - 2**63)


@pytest.mark.parametrize("value", [2**63, -(2**63), 10**400, INFINITE, -INFINITE, NAN])
def test_f11_a_number_that_is_no_double_is_refused(value: float) -> None:
    """A whole one of more than 64 bits is a slip; a double may be as great as it likes."""
    with pytest.raises(BadRecord, match=r"^n is .*, not a number$"):
        number(value, "n")
    assert number(1e308, "n") == 1e308


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (HALF, r"'\\ud83d', with half a surrogate pair"),
        (f"Jo {HALF} Doe", r"'Jo \\ud83d Doe', with half a surrogate pair"),
        ("a\0b", r"'a\\x00b', with a NUL"),
        (7, "7, not a text"),
    ],
)
def test_f11_a_text_that_cannot_be_stored_is_refused(value: object, reason: str) -> None:
    """And quoted so that the reason can be; where nothing depends on it there is none."""
    for read in (text, optional_text):
        with pytest.raises(BadRecord, match=rf"^a is {reason}$"):
            read({"a": value}, "a")
    assert remark({"a": value}, "a") is None


def test_a_text_has_its_bounds() -> None:
    """Five thousand characters; a longer one is refused by its length, not quoted."""
    assert text({"a": "x" * 5_000}, "a") == "x" * 5_000
    with pytest.raises(BadRecord, match=r"^a has 5001 characters$"):
        text({"a": "x" * 5_001}, "a")


@pytest.mark.parametrize("record", [{}, {"a": None}, {"a": ""}, {"a": " "}])
def test_an_optional_text_may_be_absent(record: dict[str, object]) -> None:
    """Or null, or blank; where there is no object there is no field."""
    assert optional_text(record, "a") is remark(record, "a") is None
    assert optional_text({"a": " b "}, "a") == remark({"a": " b "}, "a") == "b"
    with pytest.raises(BadRecord, match="not an object where 'a' is expected"):
        optional_text([], "a")


def test_f11_a_refusal_can_be_stored() -> None:
    """Whatever the record is called."""
    refusal = Refusal(f"Jo {HALF}\0" + "x" * 300, f"bad {HALF}" + "y" * 600)
    assert refusal == Refusal("Jo \\ud83d\\0" + "x" * 189, "bad \\ud83d" + "y" * 490)


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), (1, 0), (True, False), (1.0, 0.0)])
def test_yes_is_written_in_four_ways(yes: object, no: object) -> None:
    """So is no."""
    assert (flag(yes, "f"), flag(no, "f")) == (True, False)


@pytest.mark.parametrize("value", [None, "", "yes", "true", 2, -1, 0.5, NAN, [], {}, [1]])
def test_f11_what_is_neither_yes_nor_no_is_refused(value: object) -> None:
    """It is not taken for no."""
    with pytest.raises(BadRecord, match=r"^f is .*, neither yes nor no$"):
        flag(value, "f")


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}, ["0022300900"]])
def test_f11_a_game_id_is_a_text_or_a_number(value: object) -> None:
    """Whose meaning is judged elsewhere."""
    with pytest.raises(BadRecord, match=r"^gameId is .*, not a game id$"):
        game_id(value)
    assert game_id(22300900) == game_id("0022300900") == "0022300900"
    with pytest.raises(BadRecord, match=r"^gameId has 5001 characters$"):
        game_id("0" * 5_001)


@pytest.mark.parametrize(
    "value", ["0001-01-01T04:57:00Z", "1945-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00", 7, None]
)
def test_f11_an_instant_lies_in_a_year_of_the_league(value: object) -> None:
    """No zone shifts it out of the calendar."""
    with pytest.raises(BadRecord, match=r"^at is "):
        instant(value, "at")


@pytest.mark.parametrize("value", ["soon", None, 7, [], {}, "0001-01-01", "9999-12-31T00:00:00Z", "2024-02-30"])
def test_f11_a_day_is_a_date_of_the_league(value: object) -> None:
    """Its first ten signs."""
    with pytest.raises(BadRecord, match=r"^on is "):
        day(value, "on")
    assert day("2024-02-29T23:00:00Z", "on") == date(2024, 2, 29)
