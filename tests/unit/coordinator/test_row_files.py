"""Rows as CSV and Parquet."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.api.row_files import Rows, columns_of, in_parts, whole
from shared.basketball.slate import Mode
from shared.registries.api import CSV, PARQUET

NIGHT = datetime(2024, 3, 4, 22, 40, tzinfo=UTC)
CELLS = st.fixed_dictionaries(
    {
        "name": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "mean": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "voided": st.none() | st.booleans(),
        "day": st.none() | st.dates(),
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    }
)


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_parquet_has_what_the_rows_have(rows: list[dict[str, Any]]) -> None:
    """Typed: numbers, dates and instants come back as what they were; the same rows make the same bytes."""
    made = whole(PARQUET, rows)
    assert pq.read_table(io.BytesIO(made)).to_pylist() == rows
    assert whole(PARQUET, rows) == made


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_csv_has_a_line_for_each_row(rows: list[dict[str, Any]]) -> None:
    """Below the names; nothing is an empty cell, whatever a text holds."""
    text = whole(CSV, rows).decode()
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["name"] for line in found] == ["" if row["name"] is None else row["name"] for row in rows]
    assert [line["mean"] for line in found] == ["" if row["mean"] is None else repr(row["mean"]) for row in rows]
    assert [line["day"] for line in found] == ["" if row["day"] is None else str(row["day"]) for row in rows]


def test_csv_writes_instants_and_numbers_as_json_does() -> None:
    """What is no finite number is empty, a mode its name, an instant in UTC."""
    row = {"at": NIGHT, "mode": Mode.OVERNIGHT, "mean": float("nan"), "line": 20.5, "voided": False}
    assert whole(CSV, [row]) == b"at,mode,mean,line,voided\r\n2024-03-04T22:40:00Z,overnight,,20.5,False\r\n"


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("made_up", [None, 1], "count"),
        ("made_up", [1, 2.5], "number"),
        ("made_up", [True, None], "flag"),
        ("made_up", [True, 1], "text"),
        ("made_up", [None], "text"),
        ("line", [None], "number"),
        ("tip_utc", [None], "instant"),
        ("game_date", [date(2024, 3, 4)], "date"),
        ("line", ["a"], "text"),
    ],
    ids=["count", "number", "flag", "mixed", "nothing", "known-number", "known-instant", "date", "text"],
)
def test_a_column_is_typed_by_its_values_and_without_any_by_its_name(
    name: str, values: list[object], kind: str
) -> None:
    """So that the parts of a list have one type, also where one of them holds nothing but nulls."""
    assert columns_of([{name: value} for value in values]) == {name: kind}


@pytest.mark.parametrize("media", [CSV, PARQUET], ids=["csv", "parquet"])
async def test_a_file_in_parts_is_the_rows_of_all_parts(media: str) -> None:
    """In order; also of no part at all."""

    async def parts(*found: Rows) -> AsyncIterator[Rows]:
        for rows in found:
            yield rows

    one, two = [{"n": 1}], [{"n": 2}, {"n": 3}]
    made = b"".join([part async for part in in_parts(media, parts(one, two), {"n": "count"})])
    nothing = b"".join([part async for part in in_parts(media, parts(), {"n": "count"})])
    if media == CSV:
        assert (made, nothing) == (b"n\r\n1\r\n2\r\n3\r\n", b"n\r\n")
    else:
        assert pq.read_table(io.BytesIO(made)).to_pylist() == one + two
        assert pq.read_table(io.BytesIO(nothing)).to_pydict() == {"n": []}


@pytest.mark.parametrize("media", [CSV, PARQUET], ids=["csv", "parquet"])
def test_without_rows_there_are_no_columns(media: str) -> None:
    """And still it is a file."""
    made = whole(media, [])
    assert made == b"" if media == CSV else pq.read_table(io.BytesIO(made)).num_columns == 0
