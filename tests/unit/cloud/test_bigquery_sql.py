"""SQL as text: statements and parameters told apart without a parser."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter
from hypothesis import given
from hypothesis import strategies as st

from shared.cloud.bigquery_sql import bind, select
from shared.errors import Permanent

QUOTED = (
    "'{}'",
    '"{}"',
    "'''{}'''",
    '"""{}"""',
    "`{}`",
    "r'{}'",
    "-- {}\n",
    "# {}\n",
    "/* {} */",
    r"'\'{}'",
    "'''it's {}'''",
)


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "select 1;", "-- a\nWITH t AS (SELECT 1) SELECT * FROM t ; -- b", "(SELECT 1)"]
)
def test_one_select_passes(sql: str) -> None:
    """In any case, with comments around and a semicolon behind."""
    assert ";" not in select(sql).text


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("", "0 statements"),
        ("-- nothing\n;", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("DELETE FROM t WHERE TRUE", "DELETE"),
        ("SELEC 1", "SELEC"),
    ],
)
def test_anything_else_is_refused_by_name(sql: str, named: str) -> None:
    """Before anything is sent."""
    with pytest.raises(Permanent, match=named):
        select(sql)


@pytest.mark.parametrize("quoted", QUOTED)
def test_what_is_quoted_is_no_code(quoted: str) -> None:
    """Neither semicolons nor parameters in strings, names and comments count."""
    sql = f"SELECT {quoted.format('; @day')} AS a"
    assert select(sql).text == sql
    assert bind(sql, {}) == (sql, [])


@given(st.sampled_from(QUOTED), st.sampled_from(QUOTED))
def test_code_between_quotes_is_code(before: str, after: str) -> None:
    """Where a quote ends is known exactly."""
    sql = f"SELECT {before.format('@no')} , @day , {after.format('@no')}"
    _, parameters = bind(sql, {"day": 1, "no": 2})
    assert [parameter.name for parameter in parameters] == ["day"]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (True, "BOOL"),
        (1, "INT64"),
        (0.5, "FLOAT64"),
        ("", "STRING"),
        (date(2024, 3, 10), "DATE"),
        (datetime(2024, 3, 10, tzinfo=UTC), "TIMESTAMP"),
    ],
)
def test_a_scalar_has_the_type_of_its_value(value: Any, type_: str) -> None:  # noqa: ANN401 - any cell
    """A bool is no integer and an instant no date."""
    text, [parameter] = bind("SELECT @x, @x", {"x": value, "unused": 1})
    assert text == "SELECT @x, @x"
    assert isinstance(parameter, ScalarQueryParameter)
    assert (parameter.name, parameter.type_, parameter.value) == ("x", type_, value)


def test_an_array_has_the_type_of_its_items() -> None:
    """Tuples are arrays, strings are not."""
    _, [parameter] = bind("SELECT @x", {"x": (1, 2)})
    assert isinstance(parameter, ArrayQueryParameter)
    assert (parameter.array_type, parameter.values) == ("INT64", [1, 2])


def test_null_and_the_empty_array_go_into_the_text() -> None:
    """They have no type that a parameter could have."""
    assert bind("SELECT @a, @b", {"a": None, "b": []}) == ("SELECT NULL, []", [])


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (2**63, "too large"),
        ([1, 2**63], "too large"),
        (datetime(2024, 3, 10), "naive"),  # noqa: DTZ001 - naive on purpose
        (Decimal(1), "Decimal"),
    ],
)
def test_a_value_bigquery_cannot_take_is_refused_by_name(value: Any, named: str) -> None:  # noqa: ANN401 - any cell
    """The message names the parameter."""
    with pytest.raises(Permanent, match=f"@x.*{named}"):
        bind("SELECT @x", {"x": value})


def test_a_parameter_without_a_value_is_named() -> None:
    """And the statement with it."""
    with pytest.raises(Permanent, match=r"@day: SELECT @day"):
        bind("-- a comment\nSELECT @day", {})
