"""What may be written to a table."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.errors import Permanent
from shared.tables import Column, Table, Type
from shared.tables.rows import check_names, column_values, first_of_each_key, key_text

TABLE = Table(
    "raw.things",
    "Things.",
    ("a", "b"),
    (
        Column("a", "STRING", "key"),
        Column("b", "INT64", "key"),
        Column("c", "FLOAT64", "nullable", nullable=True),
        Column("d", "INT64", "nullable", nullable=True),
    ),
)
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
NAIVE = datetime(2024, 3, 4, 12)  # noqa: DTZ001 - that is the point


def test_a_rows_key_is_shown_in_the_keys_order() -> None:
    """What is missing is none."""
    assert key_text(TABLE, {"b": 7, "a": "x", "c": 1.0}) == "a=x, b=7"
    assert key_text(TABLE, {"a": "x"}) == "a=x, b=None"


def test_names_that_the_table_has_not_are_refused() -> None:
    """The first of them by the alphabet, with the row's key; rows with fewer columns pass."""
    check_names(TABLE, [{"a": "x", "b": 7, "c": 1.0, "d": 2}, {"a": "y"}, {}])
    with pytest.raises(Permanent) as raised:
        check_names(TABLE, [{"a": "x", "b": 7}, {"a": "y", "b": 8, "z": 1, "e": 2}])
    assert str(raised.value) == "raw.things has no column 'e' (row a=y, b=8)"


def test_of_each_key_the_first_row_counts() -> None:
    """By position, in order; rows differ if any part of the key does."""
    rows: list[dict[str, Any]] = [
        {"a": "x", "b": 1, "c": 1.0},
        {"a": "y", "b": 1},
        {"a": "x", "b": 1, "c": 2.0},
        {"a": "x", "b": 2},
        {"a": "y", "b": 1},
    ]
    assert first_of_each_key(TABLE, rows) == [0, 1, 3]
    assert first_of_each_key(TABLE, []) == []


def _values(kind: Type, *values: object, nullable: bool = False) -> list[Any]:
    return column_values(
        TABLE,
        Column("v", kind, "a value", nullable=nullable),
        [{"a": "x", "b": n, "v": v} for n, v in enumerate(values)],
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("STRING", ["x", ""]),
        ("INT64", [7, 0, -7]),
        ("FLOAT64", [7.5, 7, 0.0, -1]),
        ("BOOL", [True, False]),
        ("DATE", [date(2024, 3, 4)]),
        ("TIMESTAMP", [NOON]),
    ],
)
def test_values_of_a_columns_type_are_taken(kind: Type, values: list[object]) -> None:
    """In the order of the rows, as they are; none is taken where the column is nullable, also where it is missing."""
    assert _values(kind, *values) == values
    assert _values(kind, None, *values, nullable=True) == [None, *values]
    assert column_values(TABLE, Column("v", kind, "a value", nullable=True), [{"a": "x"}]) == [None]


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("STRING", None, "is missing"),
        ("FLOAT64", None, "is missing"),
        ("TIMESTAMP", None, "is missing"),
        ("STRING", 7, "is STRING, not int 7"),
        ("STRING", b"x", "is STRING, not bytes b'x'"),
        ("INT64", 7.0, "is INT64, not float 7.0"),
        ("INT64", "7", "is INT64, not str '7'"),
        ("INT64", True, "is INT64, not bool True"),
        ("FLOAT64", "7", "is FLOAT64, not str '7'"),
        ("FLOAT64", True, "is FLOAT64, not bool True"),
        ("FLOAT64", float("inf"), "is inf: not a finite number"),
        ("FLOAT64", float("nan"), "is nan: not a finite number"),
        ("BOOL", 1, "is BOOL, not int 1"),
        ("DATE", "2024-03-04", "is DATE, not str '2024-03-04'"),
        ("DATE", NOON, f"is DATE, not datetime {NOON!r}"),
        ("TIMESTAMP", date(2024, 3, 4), "is TIMESTAMP, not date datetime.date(2024, 3, 4)"),
        ("TIMESTAMP", NAIVE, "is the naive instant 2024-03-04T12:00:00: give it a time zone"),
    ],
)
def test_a_value_that_breaks_its_column_is_refused(kind: Type, value: object, problem: str) -> None:
    """With table, column and the row's key: a bool is no number and a datetime no date. Nullable or not."""
    good: dict[Type, object] = {
        "STRING": "x", "INT64": 7, "FLOAT64": 7.5, "BOOL": True, "DATE": date(2024, 3, 4), "TIMESTAMP": NOON,
    }  # fmt: skip
    for nullable in (False, True) if value is not None else (False,):
        with pytest.raises(Permanent) as raised:
            _values(kind, good[kind], value, nullable=nullable)
        assert str(raised.value) == f"raw.things.v {problem} (row a=x, b=1)"


def test_a_missing_value_of_a_column_that_needs_one_is_refused() -> None:
    """A row without it is as bad as one with none."""
    with pytest.raises(Permanent, match=r"^raw\.things\.v is missing \(row a=x, b=None\)$"):
        column_values(TABLE, Column("v", "INT64", "a value"), [{"a": "x"}])
