"""Rows as canonical text: what RFC 8785 writes, whatever they were read with."""

import hashlib
import json
import math
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.record.canonical import digest, lines, number, quoted
from services.coordinator.record.schemas import NEWEST, STAMPS, STATEMENTS, sealed_columns
from shared.tables import TABLES, Column

EXAMPLES = {
    0.0: "0",
    1.0: "1",
    -110.0: "-110",
    0.1: "0.1",
    1e-6: "0.000001",
    1e-7: "1e-7",
    1.5e-9: "1.5e-9",
    1e16: "10000000000000000",
    123456789012345680000.0: "123456789012345680000",
    1e21: "1e+21",
    -1.7976931348623157e308: "-1.7976931348623157e+308",
    5e-324: "5e-324",
    333333333.3333333: "333333333.3333333",
}
"""Appendix B of RFC 8785 among them."""
VERSION_1 = "a4b0759dfd5501874fb513fb9e25f645cfb4704ade2c7cd2aeb882071a879fdd"


def written(values: Any) -> list[str]:  # noqa: ANN401 - a list or an array
    """The numbers of one column, as rows write them."""
    return [text[len('{"it":') : -1] for text in lines({"it": values}, [Column("it", "FLOAT64", "")])]


def test_numbers_are_written_as_ecmascript_writes_them() -> None:
    """Examples of the standard, one by one and together."""
    assert [number(value) for value in EXAMPLES] == [*EXAMPLES.values()]
    assert number(-0.0) == "0"
    assert written([-0.0, 1.0, -0.0, -0.0]) == ["0", "1", "0", "0"]
    assert written(np.array([*EXAMPLES])) == [*EXAMPLES.values()]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_a_column_is_written_as_its_numbers_are(values: list[float]) -> None:
    """In compiled code or digit by digit, from an array or a list; and every number is read back the same."""
    expected = [number(value) for value in values]
    assert written(values) == expected
    assert written(np.array(values, dtype=np.float64)) == expected
    assert [float(text) for text in expected] == values


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_texts_are_read_back_the_same(text: str) -> None:
    """Whatever is in them; nothing but control characters, quotes and backslashes is escaped."""
    assert json.loads(quoted(text)) == text
    plain = all(sign >= " " and sign not in '"\\' for sign in text)
    assert not plain or quoted(text) == f'"{text}"'


def test_a_row_has_sorted_names_and_fixed_dates_and_instants() -> None:
    """Null where there is nothing; the constants stand among the columns."""
    columns: dict[str, Any] = {
        "line": np.array([24.5, math.nan]),
        "player_id": np.array([203999.0, 0.0]),
        "is_main": [1.0, 0.0],
        "game_date": [date(2024, 3, 4)] * 2,
        "available_at": [datetime(2024, 3, 4, 23, 5, 0, 1, UTC).timestamp() * 1e6] * 2,
        "market": ["points", None],
        "not sealed": [1, 2],
    }
    kept = [
        Column("player_id", "INT64", ""),
        Column("line", "FLOAT64", ""),
        Column("is_main", "BOOL", ""),
        Column("game_date", "DATE", ""),
        Column("available_at", "TIMESTAMP", ""),
        Column("market", "STRING", ""),
    ]
    found = lines(columns, kept, table="100 %")
    same = '"available_at":"2024-03-04T23:05:00.000001Z","game_date":"2024-03-04"'
    assert found == [
        f'{{{same},"is_main":true,"line":24.5,"market":"points","player_id":203999,"table":"100 %"}}',
        f'{{{same},"is_main":false,"line":null,"market":null,"player_id":0,"table":"100 %"}}',
    ]
    assert digest(found) == hashlib.sha256("".join(f"{line}\n" for line in found).encode()).hexdigest()
    assert digest([]) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("table", STATEMENTS)
def test_every_column_is_sealed(table: str) -> None:
    """A column that is added to a table needs a new version of the schema, or nothing would hold what it says."""
    sealed = {column.name for column in sealed_columns(table)}
    assert sealed == {column.name for column in TABLES[table].columns} - STAMPS.get(table, frozenset())


def test_old_versions_stay() -> None:
    """Entries of a version are verified with its columns for ever: its text is never edited."""
    text = " ".join(column.name for table in STATEMENTS for column in sealed_columns(table, 1))
    assert hashlib.sha256(text.encode()).hexdigest() == VERSION_1
    assert NEWEST == 1, "add the digest of the new version here"
