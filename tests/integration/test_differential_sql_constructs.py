"""Risky constructs in the project's SQL against rows written by hand from BigQuery's reference, on every engine.

DuckDB and bqemulator share sqlglot and DuckDB, and could agree on the same mistake. These could not.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Warehouse
from tests.integration.bigquery import bigquery

pytestmark = pytest.mark.asyncio(loop_scope="module")


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, hour, minute


VALUES: Mapping[str, Any] = {
    # Casts and rounding: halves go away from zero.
    "CAST(ROUND(2.5) AS INT64)": 3,
    "CAST(ROUND(-2.5) AS INT64)": -3,
    "CAST(7 AS FLOAT64)": 7.0,
    "CAST(NULL AS FLOAT64)": None,
    "CAST(-5 AS STRING)": "-5",
    "CAST(DATE '2024-03-10' AS STRING)": "2024-03-10",
    # Division.
    "7 / 2": 3.5,
    "6 / 3": 2.0,
    "SAFE_DIVIDE(0, 0)": None,
    "SAFE_DIVIDE(1.5, 0)": None,
    "SAFE_DIVIDE(NULL, 2)": None,
    "SAFE_DIVIDE(3, 2)": 1.5,
    "DIV(7, 2)": 3,
    "DIV(-7, 2)": -3,
    "DIV(4 + 2, 2)": 3,
    # NUMERIC has nine decimals and is exact; halves go away from zero.
    "CAST(CAST(1.0000000005 AS NUMERIC) AS FLOAT64)": 1.000000001,
    "CAST(CAST(-1.0000000005 AS NUMERIC) AS FLOAT64)": -1.000000001,
    "(SELECT CAST(SUM(CAST(x AS NUMERIC)) AS FLOAT64) FROM UNNEST([0.1, 0.2]) AS x)": 0.3,
    "(SELECT CAST(SUM(CAST(x AS NUMERIC)) AS FLOAT64) FROM UNNEST([0.1, NULL, 0.2]) AS x)": 0.3,
    "(SELECT CAST(SUM(CAST(IF(x > 9, x, NULL) AS NUMERIC)) AS FLOAT64) FROM UNNEST([0.1]) AS x)": None,
    # Sums and means: integers stay integers, nulls do not count, nothing has no sum.
    "(SELECT SUM(n) FROM UNNEST([1, 2]) AS n)": 3,
    "(SELECT SUM(n) FROM UNNEST([1]) AS n WHERE n > 1)": None,
    "(SELECT SUM(n) + 0.44 * SUM(n) + SUM(n) FROM UNNEST([100]) AS n)": 244.0,
    "(SELECT AVG(n) FROM UNNEST([1, 2]) AS n)": 1.5,
    "(SELECT AVG(n) FROM UNNEST([1, NULL, 2]) AS n)": 1.5,
    "(SELECT AVG(IF(n > 2, n, NULL)) FROM UNNEST([1, 2]) AS n)": None,
    "(SELECT COUNT(IF(n > 1, n, NULL)) FROM UNNEST([1, 2]) AS n)": 1,
    "(SELECT COUNTIF(n > 1) FROM UNNEST([1]) AS n WHERE n > 1)": 0,
    "(SELECT COUNTIF(n > 1) FROM UNNEST([1, NULL, 2]) AS n)": 1,
    "(SELECT COUNT(DISTINCT s) = 2 FROM UNNEST(['a', 'b', 'a', NULL]) AS s)": True,
    "(SELECT LEAST(COUNTIF(n > 0), 1) FROM UNNEST([1, 2]) AS n)": 1,
    "LEAST(1, NULL)": None,
    # Powers.
    "POW(0.5, 2)": 0.25,
    "POW(0.8, 0)": 1.0,
    "POW(2, 3)": 8.0,
    # Text: by code point, and null is contagious.
    "CONCAT('a', NULL)": None,
    "CONCAT('a', CAST(1 AS STRING), ' b')": "a1 b",
    "COALESCE(CONCAT(CAST(NULL AS STRING), 'b'), 'nothing')": "nothing",
    "(SELECT MIN(s) FROM UNNEST(['a', 'B', 'é']) AS s)": "B",
    "(SELECT MAX(s) FROM UNNEST(['a', 'B', 'é']) AS s)": "é",
    "(SELECT MIN(s) FROM UNNEST([NULL, 'b', '']) AS s)": "",
    "(SELECT COALESCE(MIN(s), '') FROM UNNEST(['a']) AS s WHERE s > 'b')": "",
    # Three-valued logic.
    "IF(NULL, 'yes', 'no')": "no",
    "IF(CAST(NULL AS FLOAT64) >= 1.0, 1, 2)": 2,
    "CASE WHEN CAST(NULL AS FLOAT64) > 1 THEN 'over' WHEN 1 = 1 THEN 'else' END": "else",
    "CASE 'x' WHEN 'y' THEN 1 END": None,
    "'x' IN ('a', NULL)": None,
    "NOT (NULL AND FALSE)": True,
    "(SELECT COUNT(*) FROM UNNEST(['a', 'b']) AS s WHERE s NOT IN (SELECT t FROM UNNEST(['a', NULL]) AS t))": 0,
    "2 IN UNNEST([1, NULL])": None,
    "1 IN UNNEST([1, NULL])": True,
    # Dates, and instants over daylight saving (New York: 10 March and 3 November 2024).
    "DATE_SUB(DATE '2024-03-10', INTERVAL 400 DAY)": date(2023, 2, 4),
    "DATE_SUB(DATE '2024-03-07', INTERVAL 7 DAY)": date(2024, 2, 29),
    "DATE_DIFF(DATE '2024-03-10', DATE '2024-03-09', DAY)": 1,
    "DATE_DIFF(DATE '2024-03-01', DATE '2024-03-02', DAY)": -1,
    "DATE '2024-03-10' BETWEEN DATE '2024-03-10' AND DATE '2024-03-10'": True,
    "TIMESTAMP(DATETIME(DATE '2024-03-09', TIME '07:00:00'), 'America/New_York')": utc(2024, 3, 9, 12),
    "TIMESTAMP(DATETIME(DATE '2024-03-10', TIME '07:00:00'), 'America/New_York')": datetime(
        2024, 3, 10, 11, tzinfo=UTC
    ),
    "TIMESTAMP(DATETIME(DATE '2024-11-02', TIME '07:00:00'), 'America/New_York')": datetime(
        2024, 11, 2, 11, tzinfo=UTC
    ),
    "TIMESTAMP(DATETIME(DATE '2024-11-03', TIME '07:00:00'), 'America/New_York')": datetime(
        2024, 11, 3, 12, tzinfo=UTC
    ),
    "TIMESTAMP_SUB(TIMESTAMP '2024-03-10 07:10:00+00', INTERVAL 20 MINUTE)": utc(2024, 3, 10, 6, 50),
}
QUERIES: Mapping[str, tuple[str, list[tuple[Any, ...]]]] = {
    "null is the smallest": (
        "SELECT n FROM UNNEST([2, NULL, 1]) AS n ORDER BY n",
        [(None,), (1,), (2,)],
    ),
    "descending, null comes last": (
        "SELECT n FROM UNNEST([2, NULL, 1]) AS n ORDER BY n DESC",
        [(2,), (1,), (None,)],
    ),
    "a window's order puts null first": (
        "SELECT n, ROW_NUMBER() OVER (ORDER BY n) AS place FROM UNNEST([2, NULL]) AS n ORDER BY place",
        [(None, 1), (2, 2)],
    ),
    "descending, a window's order puts null last": (
        "SELECT n, ROW_NUMBER() OVER (ORDER BY n DESC) AS place FROM UNNEST([NULL, 2]) AS n ORDER BY place",
        [(2, 1), (None, 2)],
    ),
    "equal values share a rank, and the next is skipped": (
        "SELECT n, RANK() OVER (ORDER BY n DESC) AS place FROM UNNEST([3, 1, 3]) AS n ORDER BY place, n",
        [(3, 1), (3, 1), (1, 3)],
    ),
    "equal values have row numbers of their own": (
        "SELECT ROW_NUMBER() OVER (ORDER BY n) - 1 AS age FROM UNNEST([3, 3]) AS n ORDER BY age",
        [(0,), (1,)],
    ),
    "QUALIFY keeps every row of the first rank": (
        "SELECT n FROM UNNEST([3, 1, 3]) AS n WHERE TRUE QUALIFY RANK() OVER (ORDER BY n DESC) = 1",
        [(3,), (3,)],
    ),
    "a window without order counts its whole partition": (
        "SELECT n, COUNT(*) OVER (PARTITION BY MOD(n, 2)) AS peers FROM UNNEST([1, 2, 3]) AS n ORDER BY n",
        [(1, 2), (2, 1), (3, 2)],
    ),
    "UNION DISTINCT takes nulls for equal": (
        "SELECT n FROM UNNEST([1, NULL]) AS n UNION DISTINCT SELECT n FROM UNNEST([NULL, 1]) AS n ORDER BY n",
        [(None,), (1,)],
    ),
    "text is ordered by code point": (
        "SELECT s FROM UNNEST(['b', 'é', 'A', 'a', '']) AS s ORDER BY s",
        [("",), ("A",), ("a",), ("b",), ("é",)],
    ),
    "null makes a group of its own": (
        "SELECT n, COUNT(*) AS times FROM UNNEST([1, NULL, NULL]) AS n GROUP BY n ORDER BY n",
        [(None, 2), (1, 1)],
    ),
    "null joins nothing": (
        "SELECT a, b FROM UNNEST([1, NULL]) AS a LEFT JOIN UNNEST([1, NULL]) AS b ON a = b ORDER BY a",
        [(None, None), (1, 1)],
    ),
    "the median of an even and an odd number of books": (
        """
        SELECT book, AVG(IF(place IN (DIV(books + 1, 2), DIV(books + 2, 2)), line, NULL)) AS line
        FROM (
          SELECT book, line, ROW_NUMBER() OVER (PARTITION BY book ORDER BY line) AS place,
            COUNT(*) OVER (PARTITION BY book) AS books
          FROM (
            SELECT 'even' AS book, line FROM UNNEST([4.5, 1.5, 3.5, 2.5]) AS line
            UNION ALL
            SELECT 'odd' AS book, line FROM UNNEST([3.5, 1.5, 9.5]) AS line
          )
        )
        GROUP BY book ORDER BY book
        """,
        [("even", 3.0), ("odd", 3.5)],
    ),
}


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["duckdb", pytest.param("bqemulator", marks=pytest.mark.network)]
)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Warehouse]:
    if request.param == "bqemulator":
        async with bigquery({}) as warehouse:
            yield warehouse
    else:
        duckdb = DuckDBWarehouse(None, {})
        yield duckdb
        await duckdb.close()


@pytest.mark.parametrize(("expression", "value"), VALUES.items(), ids=VALUES.keys())
async def test_an_expression_is_what_the_reference_says(engine: Warehouse, expression: str, value: object) -> None:
    """Value and type."""
    [row] = await engine.query(f"SELECT {expression} AS value")
    assert row["value"] == value
    assert type(row["value"]) is type(value)


@pytest.mark.parametrize(("text", "rows"), QUERIES.values(), ids=QUERIES.keys())
async def test_a_query_gives_what_the_reference_says(engine: Warehouse, text: str, rows: list[tuple[Any, ...]]) -> None:
    """Rows, in order."""
    assert [tuple(row.values()) for row in await engine.query(text)] == rows
