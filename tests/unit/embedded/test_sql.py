"""From BigQuery's dialect to DuckDB's: what would go silently wrong is refused."""

import pytest

from shared.embedded.sql import to_duckdb
from shared.errors import Permanent, first_line

REFUSED = {
    "SELECT x, n FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS n": "WITH OFFSET",
    "SELECT x FROM t, UNNEST(xs) AS x WITH OFFSET": "WITH OFFSET",
    "SELECT ARRAY_AGG(x ORDER BY x LIMIT 2) FROM t": "ARRAY_AGG",
    "SELECT ARRAY_AGG(x LIMIT 1)[OFFSET(0)] FROM t": "ARRAY_AGG",
    "SELECT MOD(FARM_FINGERPRINT(x), 10) FROM t": "FARM_FINGERPRINT",
    "SELECT FORMAT('%03d', 5)": "FORMAT",
    "SELECT CURRENT_DATE('America/New_York')": "clock",
    "SELECT a FROM t ORDER BY RAND()": "chance",
    "SELECT GENERATE_UUID()": "chance",
    "SELECT a FROM t WHERE b < CURRENT_TIMESTAMP()": "clock",
    "SELECT EXTRACT(WEEK FROM d) FROM t": "EXTRACT",
}


@pytest.mark.parametrize(("sql", "named"), REFUSED.items(), ids=REFUSED.keys())
def test_what_duckdb_would_answer_differently_is_refused(sql: str, named: str) -> None:
    """The message names the construct and what to write instead."""
    with pytest.raises(Permanent, match=rf"refused by the embedded warehouse: .*{named}"):
        to_duckdb(sql)


def test_parameters_are_found_and_bound() -> None:
    """Each statement is given its own parameters, and no others: DuckDB refuses those."""
    statement = to_duckdb("SELECT @a + @b AS x, @a AS y")
    assert statement.parameters == {"a", "b"}
    assert statement.bind({"a": 0, "b": None, "c": 3}) == {"a": 0, "b": None}
    with pytest.raises(Permanent, match="@b: SELECT @a"):
        statement.bind({"a": 0})


def test_each_text_is_transpiled_once() -> None:
    """The second time it comes from the cache."""
    assert to_duckdb("SELECT 1 AS cached") is to_duckdb("SELECT 1 AS cached")


def test_a_comment_is_not_a_statements_first_line() -> None:
    """Messages show something that can be searched for."""
    assert first_line("\n-- about\n  SELECT 1\nFROM t") == "SELECT 1"
    assert first_line("-- nothing\n") == ""


def test_a_scope_may_nest_calendar_functions() -> None:
    """Mended nodes inside mended nodes."""
    text = to_duckdb("SELECT DATE_SUB(DATE_TRUNC(d, MONTH), INTERVAL EXTRACT(DAYOFWEEK FROM d) DAY) FROM t").text
    assert text.count("AS DATE)") == 2
    assert "+ 1)" in text
