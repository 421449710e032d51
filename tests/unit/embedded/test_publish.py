"""Publication in DuckDB by hand: what a SELECT may give a table, and what is refused in which words."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from shared.embedded.rows import first_of_each_key, to_arrow
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.ports import Row
from tests.contract.fakes import TABLES, THINGS

DAY, NEXT = date(2024, 3, 4), date(2024, 3, 5)
TABLE = "contract.things"
SCOPE = "game_date = @day"


@pytest.fixture
async def warehouse() -> AsyncIterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(None, TABLES)
    yield warehouse
    await warehouse.close()


def thing(unit: str, day: date = DAY, count: int = 1, **values: object) -> Row:
    """A row; what is not given is null."""
    return {"game_date": day, "unit": unit, "count": count, **values}


async def kept(warehouse: DuckDBWarehouse) -> list[str]:
    """Date and unit of every row."""
    rows = await warehouse.query("SELECT game_date, unit FROM contract.things ORDER BY game_date, unit")
    return [f"{row['game_date']} {row['unit']}" for row in rows]


def select(**columns: str) -> str:
    """A SELECT of one row of the table, with some expressions changed; None leaves a column out."""
    known = {
        "game_date": "DATE '2024-03-04'", "unit": "'a'", "count": "1", "score": "0.5", "flag": "TRUE",
        "seen_at": "TIMESTAMP '2024-03-04 12:00:00+00'",
    } | columns  # fmt: skip
    return "SELECT " + ", ".join(f"{text} AS {name}" for name, text in known.items() if text)


async def transform(warehouse: DuckDBWarehouse, text: str) -> int:
    """Replace the day by what a SELECT says."""
    return await warehouse.transform(TABLE, text, scope=SCOPE, params={"day": DAY})


async def test_a_replacement_counts_what_it_wrote_and_leaves_the_rest(warehouse: DuckDBWarehouse) -> None:
    """The scope's old rows go, those of another date stay."""
    await warehouse.append(TABLE, [thing("a"), thing("b"), thing("a", NEXT)])
    written = await warehouse.replace(TABLE, [thing("b"), thing("c"), thing("d")], scope=SCOPE, params={"day": DAY})
    assert written == 3
    assert await kept(warehouse) == ["2024-03-04 b", "2024-03-04 c", "2024-03-04 d", "2024-03-05 a"]
    assert await warehouse.replace(TABLE, [], scope=SCOPE, params={"day": DAY}) == 0
    assert await kept(warehouse) == ["2024-03-05 a"]


async def test_f16_rows_outside_of_the_scope_are_counted_and_nothing_changes(warehouse: DuckDBWarehouse) -> None:
    """They would be left behind by the next replacement."""
    await warehouse.append(TABLE, [thing("old")])
    with pytest.raises(Permanent) as refused:
        await warehouse.replace(TABLE, [thing("a"), thing("b", NEXT)], scope=SCOPE, params={"day": DAY})
    assert str(refused.value) == ("contract.things: 1 of 2 rows lie outside the scope they replace (game_date = @day)")
    assert await kept(warehouse) == ["2024-03-04 old"]


async def test_f16_a_key_that_would_be_there_twice_is_named_and_nothing_changes(warehouse: DuckDBWarehouse) -> None:
    """Within what is written, or with a row that the scope leaves standing."""
    await warehouse.append(TABLE, [thing("old"), thing("stays", count=9)])
    with pytest.raises(Permanent) as refused:
        await warehouse.replace(TABLE, [thing("a"), thing("a")], scope=SCOPE, params={"day": DAY})
    reason = "contract.things would have 2 rows with the key game_date=2024-03-04, unit="
    assert str(refused.value) == f"{reason}a"
    with pytest.raises(Permanent) as refused:
        await warehouse.replace(TABLE, [thing("stays")], scope="count = 1")
    assert str(refused.value) == f"{reason}stays"
    assert await kept(warehouse) == ["2024-03-04 old", "2024-03-04 stays"]


@pytest.mark.parametrize(
    ("columns", "value"),
    [
        ({"count": "CAST(7 AS INT64)"}, {"count": 7}),
        ({"count": "LENGTH('four')"}, {"count": 4}),
        ({"score": "CAST(7 AS INT64)"}, {"score": 7.0}),
        ({"score": "CAST('2.25' AS NUMERIC)"}, {"score": 2.25}),
        ({"score": "CAST(0.5 AS FLOAT64)"}, {"score": 0.5}),
        ({"score": "CAST(NULL AS FLOAT64)", "flag": "CAST(NULL AS BOOL)"}, {"score": None, "flag": None}),
        ({"flag": "1 > 2"}, {"flag": False}),
        ({"seen_at": "TIMESTAMP '2024-03-04 07:00:00-05'"}, {"seen_at": datetime(2024, 3, 4, 12, tzinfo=UTC)}),
    ],
)
async def test_a_select_may_give_what_bigquery_would_coerce(
    warehouse: DuckDBWarehouse, columns: dict[str, str], value: Row
) -> None:
    """Numbers of any width, and nulls where there may be some; one row is written."""
    assert await transform(warehouse, select(**columns)) == 1
    [row] = await warehouse.query("SELECT * FROM contract.things")
    assert {name: row[name] for name in value} == value


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"count": "1.5"}, "contract.things.count is INT64, the SELECT makes it DOUBLE: CAST it AS INT64"),
        ({"count": "'1'"}, "contract.things.count is INT64, the SELECT makes it VARCHAR: CAST it AS INT64"),
        ({"score": "'1'"}, "contract.things.score is FLOAT64, the SELECT makes it VARCHAR: CAST it AS FLOAT64"),
        ({"score": "TRUE"}, "contract.things.score is FLOAT64, the SELECT makes it BOOLEAN: CAST it AS FLOAT64"),
        ({"flag": "1"}, "contract.things.flag is BOOL, the SELECT makes it INTEGER: CAST it AS BOOL"),
        ({"unit": "1"}, "contract.things.unit is STRING, the SELECT makes it INTEGER: CAST it AS STRING"),
        ({"seen_at": "DATE '2024-03-04'"},
         "contract.things.seen_at is TIMESTAMP, the SELECT makes it DATE: CAST it AS TIMESTAMP"),
        ({"game_date": "'2024-03-04'"},
         "contract.things.game_date is DATE, the SELECT makes it VARCHAR: CAST it AS DATE"),
        ({"score": "", "more": "1"},
         "contract.things: the SELECT lacks columns ['score'] and has unknown columns ['more']"),
        ({"unit": "CAST(NULL AS STRING)"},
         "contract.things.unit is missing (row game_date=2024-03-04, unit=None)"),
        ({"score": "CAST('inf' AS FLOAT64)"},
         "contract.things.score is inf: not a finite number (row game_date=2024-03-04, unit=a)"),
        ({"score": "CAST('nan' AS FLOAT64)"},
         "contract.things.score is nan: not a finite number (row game_date=2024-03-04, unit=a)"),
    ],
)  # fmt: skip
async def test_a_select_that_does_not_fit_is_refused_in_words(
    warehouse: DuckDBWarehouse, columns: dict[str, str], reason: str
) -> None:
    """Table, column, what it is and what to do; the old rows stay."""
    await warehouse.append(TABLE, [thing("old")])
    with pytest.raises(Permanent) as refused:
        await transform(warehouse, select(**columns))
    assert str(refused.value) == reason
    assert await kept(warehouse) == ["2024-03-04 old"]


async def test_columns_of_a_select_may_come_in_any_order(warehouse: DuckDBWarehouse) -> None:
    """They are matched by name."""
    text = "SELECT TRUE AS flag, 'a' AS unit, 7 AS count, DATE '2024-03-04' AS game_date, NULL + 0.5 AS score, "
    assert await transform(warehouse, text + "CAST(NULL AS TIMESTAMP) AS seen_at") == 1
    [row] = await warehouse.query("SELECT * FROM contract.things")
    assert (row["unit"], row["count"], row["flag"], row["score"]) == ("a", 7, True, None)


async def test_after_a_refusal_the_next_replacement_goes_through(warehouse: DuckDBWarehouse) -> None:
    """Nothing of the transaction is left open."""
    with pytest.raises(Permanent):
        await warehouse.replace(TABLE, [thing("a"), thing("a")], scope=SCOPE, params={"day": DAY})
    assert await warehouse.replace(TABLE, [thing("a")], scope=SCOPE, params={"day": DAY}) == 1


def test_rows_become_arrow_columns_in_the_tables_order() -> None:
    """A missing nullable column is null; an integer is welcome where a float is declared."""
    seen = datetime(2024, 3, 4, 12, tzinfo=UTC)
    table = to_arrow(THINGS, [{"count": 2, "unit": "a", "game_date": DAY, "score": 3}, thing("b", seen_at=seen)])
    assert table.schema == pa.schema(
        [
            ("game_date", pa.date32()), ("unit", pa.string()), ("count", pa.int64()), ("score", pa.float64()),
            ("flag", pa.bool_()), ("seen_at", pa.timestamp("us", "UTC")),
        ]
    )  # fmt: skip
    assert table.to_pylist() == [
        {"game_date": DAY, "unit": "a", "count": 2, "score": 3.0, "flag": None, "seen_at": None},
        {"game_date": DAY, "unit": "b", "count": 1, "score": None, "flag": None, "seen_at": seen},
    ]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"count": 2**63}, "contract.things.count does not fit INT64: "),
        ({"unit": "\ud800"}, "contract.things.unit does not fit STRING: "),
        ({"count": None}, "contract.things.count is missing (row game_date=2024-03-04, unit=a)"),
        ({"more": 1}, "contract.things has no column 'more' (row game_date=2024-03-04, unit=a)"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_in_words(values: dict[str, Any], reason: str) -> None:
    """Table and column."""
    with pytest.raises(Permanent) as refused:
        to_arrow(THINGS, [thing("a") | values])
    assert str(refused.value).startswith(reason)


def test_of_equal_keys_the_first_row_counts() -> None:
    """Positions; a key is all of its columns."""
    rows = [thing("a"), thing("b"), thing("a", count=2), thing("a", NEXT), thing("b")]
    assert first_of_each_key(THINGS, rows).to_pylist() == [0, 1, 3]
