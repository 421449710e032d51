"""The warehouse: BigQuery SQL, idempotent appends, atomic replacement."""

import asyncio
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from shared.errors import Permanent
from shared.ports import Job, Params, Row, Warehouse
from tests.contract.fakes import THINGS, TOTALS

Cell = Any
"""Any SQL value."""
DAY = date(2024, 3, 10)
"""Daylight saving starts in New York on this date."""
EVENING = datetime(2024, 3, 10, 23, 30, 0, 123456, tzinfo=UTC)
SCOPE = "game_date = @day"
ON_DAY: Params = {"day": DAY}
ALL = "SELECT game_date, unit, count, score, flag, seen_at FROM contract.things ORDER BY game_date, unit"


def thing(unit: str, count: Cell = 1, *, day: Cell = DAY, **more: Cell) -> Row:
    return {"game_date": day, "unit": unit, "count": count, **more}


async def one(warehouse: Warehouse, expression: str, **params: Cell) -> Cell:
    """The value of one SQL expression."""
    rows = await warehouse.query(f"SELECT {expression} AS value", params)
    return rows[0]["value"]


async def units(warehouse: Warehouse) -> list[str]:
    return [row["unit"] for row in await warehouse.query(ALL)]


# -- rows come back as they were written


async def test_every_type_comes_back_as_it_was_written(warehouse: Warehouse) -> None:
    """Dates stay dates, instants aware UTC to the microsecond, integers and floats themselves."""
    row = thing("a", 2**62, score=0.1, flag=False, seen_at=EVENING)
    assert await warehouse.append(THINGS.name, [row]) == 1
    (found,) = await warehouse.query(ALL)
    assert found == row
    assert list(found) == [column.name for column in THINGS.columns]
    assert found["seen_at"].tzinfo is UTC
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in row.items()}


async def test_columns_are_the_same_rows_the_other_way_round(warehouse: Warehouse) -> None:
    """Numbers and truth values come as floats, null as NaN and zero as zero; the rest as `query` gives it."""
    await warehouse.append(THINGS.name, [thing("a", 0, flag=True), thing("b", 2, score=0.1, day=date(2024, 3, 11))])
    found = await warehouse.columns("SELECT game_date, unit, count, score, flag FROM contract.things ORDER BY unit")
    assert list(found) == ["game_date", "unit", "count", "score", "flag"]
    assert (list(found["game_date"]), list(found["unit"])) == ([DAY, date(2024, 3, 11)], ["a", "b"])
    assert list(found["count"]) == [0.0, 2.0]
    assert (math.isnan(found["score"][0]), found["score"][1]) == (True, 0.1)
    assert (found["flag"][0], math.isnan(found["flag"][1])) == (1.0, True)
    nothing = await warehouse.columns("SELECT unit, count FROM contract.things WHERE count > @most", {"most": 9})
    assert [len(column) for column in nothing.values()] == [0, 0]


async def test_columns_refuse_instants(warehouse: Warehouse) -> None:
    """Nothing that is trained on is one."""
    with pytest.raises(Permanent, match="seen_at"):
        await warehouse.columns("SELECT unit, seen_at FROM contract.things")


async def test_an_instant_of_another_zone_is_the_same_instant(warehouse: Warehouse) -> None:
    """Zones are a way of writing; what is stored is UTC."""
    eastern = EVENING.astimezone(timezone(timedelta(hours=-4)))
    await warehouse.append(THINGS.name, [thing("a", seen_at=eastern)])
    assert (await warehouse.query(ALL))[0]["seen_at"] == EVENING
    assert await one(warehouse, "@at", at=eastern) == EVENING


async def test_f31_zero_is_not_missing(warehouse: Warehouse) -> None:
    """0, 0.0, FALSE and the empty string are values; only what is absent is null."""
    await warehouse.append(THINGS.name, [thing("", 0, score=0.0, flag=False), thing("absent")])
    zeros, absent = await warehouse.query(ALL)
    assert (zeros["unit"], zeros["count"], zeros["score"], zeros["flag"]) == ("", 0, 0.0, False)
    assert (absent["score"], absent["flag"], absent["seen_at"]) == (None, None, None)
    assert await one(warehouse, "IFNULL(@zero, 7)", zero=0) == 0


async def test_an_integer_is_welcome_where_a_float_is_declared(warehouse: Warehouse) -> None:
    """Widening loses nothing."""
    await warehouse.append(THINGS.name, [thing("a", score=3)])
    assert (await warehouse.query(ALL))[0]["score"] == 3.0


# -- append


async def test_appending_twice_is_appending_once(warehouse: Warehouse) -> None:
    """Rows whose key is there are left alone, and the count says how many were new."""
    assert await warehouse.append(THINGS.name, [thing("a", 1), thing("b", 1)]) == 2
    assert await warehouse.append(THINGS.name, [thing("b", 9), thing("c", 1)]) == 1
    assert [(row["unit"], row["count"]) for row in await warehouse.query(ALL)] == [("a", 1), ("b", 1), ("c", 1)]


async def test_of_equal_keys_in_one_append_the_first_counts(warehouse: Warehouse) -> None:
    """A feed that repeats itself makes no duplicates."""
    assert await warehouse.append(THINGS.name, [thing("a", 1), thing("a", 2), thing("a", 1)]) == 1
    assert (await warehouse.query(ALL))[0]["count"] == 1


async def test_f08_the_second_unit_of_a_date_is_not_taken_for_the_first(warehouse: Warehouse) -> None:
    """The key is the whole key: same date and another unit, or same unit and another date, are other rows."""
    await warehouse.append(THINGS.name, [thing("game 1")])
    assert await warehouse.append(THINGS.name, [thing("game 2"), thing("game 1", day=date(2024, 3, 11))]) == 2


async def test_concurrent_appends_of_the_same_rows_make_no_duplicates(warehouse: Warehouse) -> None:
    """Ten writers, one row each: one is new."""
    added = await asyncio.gather(*(warehouse.append(THINGS.name, [thing("a", n)]) for n in range(10)))
    assert sorted(added) == [0] * 9 + [1]
    assert await units(warehouse) == ["a"]


async def test_appending_nothing_is_nothing(warehouse: Warehouse) -> None:
    """No rows, no error."""
    assert await warehouse.append(THINGS.name, []) == 0


# -- what breaks the schema is refused before anything is written

BROKEN = {
    "unknown column": (thing("bad", colour="red"), "colour"),
    "missing value": ({"game_date": DAY, "unit": "bad"}, "count"),
    "null value": (thing("bad", None), "count"),
    "text for a number": (thing("bad", "1"), "count"),
    "float for an integer": (thing("bad", 1.0), "count"),
    "bool for an integer": ({**thing("bad"), "count": True}, "count"),
    "bool for a float": (thing("bad", score=True), "score"),
    "integer for a bool": (thing("bad", flag=1), "flag"),
    "not a number": (thing("bad", score=float("nan")), "score"),
    "infinite": (thing("bad", score=float("inf")), "score"),
    "naive instant": (thing("bad", seen_at=datetime(2024, 3, 10)), "seen_at"),  # noqa: DTZ001 - naive on purpose
    "date for an instant": (thing("bad", seen_at=DAY), "seen_at"),
    "instant for a date": (thing("bad", day=EVENING), "game_date"),
    "text for a date": (thing("bad", day="2024-03-10"), "game_date"),
    "too large": (thing("bad", 2**63), "count"),
}


@pytest.mark.parametrize(("row", "column"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_row_is_refused_by_name(warehouse: Warehouse, row: Row, column: str) -> None:
    """The message names table and column, and the good rows beside it are not written either."""
    with pytest.raises(Permanent, match=rf"contract\.things.*{column}"):
        await warehouse.append(THINGS.name, [thing("good"), row])
    assert await warehouse.query(ALL) == []


async def test_a_broken_row_is_named_by_its_key(warehouse: Warehouse) -> None:
    """Who has to find it can find it."""
    with pytest.raises(Permanent, match="unit=the one"):
        await warehouse.append(THINGS.name, [thing("good"), thing("the one", None)])


async def test_an_unknown_table_is_named(warehouse: Warehouse) -> None:
    """A table that the registry does not declare cannot be written."""
    for write in (
        warehouse.append("contract.nothing", []),
        warehouse.replace("contract.nothing", [], scope="TRUE"),
        warehouse.transform("contract.nothing", "SELECT 1", scope="TRUE"),
    ):
        with pytest.raises(Permanent, match=r"contract\.nothing"):
            await write


# -- replace


async def test_replacing_changes_the_scope_and_nothing_else(warehouse: Warehouse) -> None:
    """Rows outside the scope stay; the count is what was written."""
    other = date(2024, 3, 11)
    await warehouse.append(THINGS.name, [thing("a"), thing("b"), thing("a", day=other)])
    assert await warehouse.replace(THINGS.name, [thing("c", 3)], scope=SCOPE, params=ON_DAY) == 1
    assert [(row["game_date"], row["unit"]) for row in await warehouse.query(ALL)] == [(DAY, "c"), (other, "a")]


async def test_replacing_by_nothing_empties_the_scope(warehouse: Warehouse) -> None:
    """A slate without rows is a result too."""
    await warehouse.append(THINGS.name, [thing("a")])
    assert await warehouse.replace(THINGS.name, [], scope=SCOPE, params=ON_DAY) == 0
    assert await units(warehouse) == []


async def test_f16_a_failing_row_leaves_the_old_rows(warehouse: Warehouse) -> None:
    """Replacement is atomic: a row that breaks the schema undoes nothing and adds nothing."""
    await warehouse.append(THINGS.name, [thing("old 1"), thing("old 2")])
    with pytest.raises(Permanent, match="count"):
        await warehouse.replace(THINGS.name, [thing("new 1"), thing("new 2", None)], scope=SCOPE, params=ON_DAY)
    assert await units(warehouse) == ["old 1", "old 2"]


async def test_f16_duplicate_keys_are_not_published(warehouse: Warehouse) -> None:
    """Two rows with one key: nothing is published, and the key is named."""
    await warehouse.append(THINGS.name, [thing("old")])
    with pytest.raises(Permanent, match="unit=twice"):
        await warehouse.replace(THINGS.name, [thing("twice", 1), thing("twice", 2)], scope=SCOPE, params=ON_DAY)
    assert await units(warehouse) == ["old"]


async def test_f16_replacing_twice_makes_no_duplicates(warehouse: Warehouse) -> None:
    """The night that is run again ends with the same rows, also when both runs overlap."""
    rows = [thing(str(n), n) for n in range(100)]
    await asyncio.gather(*(warehouse.replace(THINGS.name, rows, scope=SCOPE, params=ON_DAY) for _ in range(5)))
    assert len(await warehouse.query(ALL)) == 100


async def test_f16_a_row_outside_the_scope_is_refused(warehouse: Warehouse) -> None:
    """It would survive the next replacement as a duplicate."""
    await warehouse.append(THINGS.name, [thing("old")])
    with pytest.raises(Permanent, match="outside the scope"):
        await warehouse.replace(THINGS.name, [thing("stray", day=date(2024, 3, 11))], scope=SCOPE, params=ON_DAY)
    assert await units(warehouse) == ["old"]


async def test_a_reader_sees_the_old_rows_or_the_new(warehouse: Warehouse) -> None:
    """Never an empty scope, never both."""
    await warehouse.append(THINGS.name, [thing(f"old {n}") for n in range(50)])
    seen: list[tuple[int, int]] = []

    async def watch() -> None:
        while True:
            (row,) = await warehouse.query(
                "SELECT COUNT(*) AS n, COUNT(DISTINCT SUBSTR(unit, 1, 3)) AS kinds FROM contract.things"
            )
            seen.append((row["n"], row["kinds"]))

    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(watch())
        for n in range(10):
            await warehouse.replace(THINGS.name, [thing(f"{n:03d} {m}") for m in range(50)], scope=SCOPE, params=ON_DAY)
        watcher.cancel()
    assert set(seen) <= {(50, 1)}


# -- transform

SUMS = """
    SELECT AVG(score) AS mean, game_date, SUM(count) AS total
    FROM contract.things WHERE game_date = @day GROUP BY game_date
"""


async def test_a_transform_writes_what_its_select_says(warehouse: Warehouse) -> None:
    """Columns go by name, not by position, and the scope is replaced."""
    await warehouse.append(THINGS.name, [thing("a", 1, score=0.5), thing("b", 2, score=1.0)])
    for _ in range(2):
        assert await warehouse.transform(TOTALS.name, SUMS, scope=SCOPE, params=ON_DAY) == 1
    assert await warehouse.query("SELECT * FROM contract.totals") == [{"game_date": DAY, "total": 3, "mean": 0.75}]


async def test_a_transform_may_read_the_rows_it_replaces(warehouse: Warehouse) -> None:
    """The SELECT sees the table as it was."""
    await warehouse.append(THINGS.name, [thing("a", 1), thing("b", 2)])
    doubled = "SELECT game_date, unit, 2 * count AS count, score, flag, seen_at FROM contract.things"
    assert await warehouse.transform(THINGS.name, doubled, scope="TRUE") == 2
    assert [row["count"] for row in await warehouse.query(ALL)] == [2, 4]


BAD_SELECTS = {
    "lacks a column": ("SELECT @day AS game_date, 1 AS total", "mean"),
    "unknown column": ("SELECT @day AS game_date, 1 AS total, 0.5 AS mean, 1 AS extra", "extra"),
    "null": ("SELECT @day AS game_date, CAST(NULL AS INT64) AS total, 0.5 AS mean", "total"),
    "text for a number": ("SELECT @day AS game_date, 'one' AS total, 0.5 AS mean", "total"),
    "float for an integer": ("SELECT @day AS game_date, 1.5 AS total, 0.5 AS mean", "total"),
    "duplicate key": ("SELECT @day AS game_date, n AS total, 0.5 AS mean FROM UNNEST([1, 2]) AS n", "2024-03-10"),
    "outside the scope": ("SELECT DATE_ADD(@day, INTERVAL 1 DAY) AS game_date, 1 AS total, 0.5 AS mean", "scope"),
    "division by zero": ("SELECT @day AS game_date, 1 AS total, 1.5 / 0 AS mean", "(?i)zero"),
}


@pytest.mark.parametrize(("select", "named"), BAD_SELECTS.values(), ids=BAD_SELECTS.keys())
async def test_f16_a_transform_that_fails_leaves_the_old_rows(warehouse: Warehouse, select: str, named: str) -> None:
    """Whatever is wrong with the result is named, and nothing is published."""
    old = {"game_date": DAY, "total": 7, "mean": None}
    await warehouse.append(TOTALS.name, [old])
    with pytest.raises(Permanent, match=named):
        await warehouse.transform(TOTALS.name, select, scope=SCOPE, params=ON_DAY)
    assert await warehouse.query("SELECT * FROM contract.totals") == [old]


# -- a job's account


async def test_a_query_is_put_on_its_jobs_account(warehouse: Warehouse) -> None:
    """Rows and statements are counted, and costs of several statements add up."""
    await warehouse.append(THINGS.name, [thing("a"), thing("b")])
    job = Job(labels={"step": "test"}, timeout=60.0, maximum_bytes=2**40)
    assert len(await warehouse.query(ALL, job=job)) == 2
    assert (job.cost.rows, job.cost.jobs) == (2, 1)
    assert len(await warehouse.query(ALL, job=job)) == 2
    assert (job.cost.rows, job.cost.jobs) == (4, 2)
    assert min(job.cost.bytes_processed, job.cost.bytes_billed, job.cost.slot_ms) >= 0


async def test_a_transform_is_put_on_its_jobs_account(warehouse: Warehouse) -> None:
    """All statements of it, and the rows it wrote."""
    await warehouse.append(THINGS.name, [thing("a", 1, score=0.5), thing("b", 2, score=1.0)])
    job = Job(timeout=60.0, maximum_bytes=2**40)
    assert await warehouse.transform(TOTALS.name, SUMS, scope=SCOPE, params=ON_DAY, job=job) == 1
    assert job.cost.rows == 1
    assert job.cost.jobs >= 1


async def test_every_call_is_put_on_its_jobs_account(warehouse: Warehouse) -> None:
    """Rows that are given, and answers by column, too: the rows written or answered, and at least one statement."""
    taken = []
    for call in (
        lambda job: warehouse.append(THINGS.name, [thing("a", 1), thing("b", 2)], job),
        lambda job: warehouse.columns(f"SELECT score FROM {THINGS.name}", None, job),  # noqa: S608 - a table's name
        lambda job: warehouse.replace(THINGS.name, [thing("c", 1)], scope=SCOPE, params=ON_DAY, job=job),
        lambda job: warehouse.replace(THINGS.name, [], scope=SCOPE, params=ON_DAY, job=job),
    ):
        job = Job()
        await call(job)
        taken.append(job.cost)
    assert [cost.rows for cost in taken] == [2, 2, 1, 0]
    assert all(cost.jobs >= 1 for cost in taken)


async def test_writers_of_different_tables_do_not_disturb_each_other(warehouse: Warehouse) -> None:
    """Concurrent writes to two tables, one reading the other: each is there, wholly."""
    await warehouse.append(THINGS.name, [thing(str(n), n) for n in range(50)])
    rows = [thing(str(n), n) for n in range(50)]
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(warehouse.transform(TOTALS.name, SUMS, scope=SCOPE, params=ON_DAY))
            group.create_task(warehouse.replace(THINGS.name, rows, scope=SCOPE, params=ON_DAY))
    assert (await warehouse.query("SELECT total FROM contract.totals")) == [{"total": sum(range(50))}]
    assert len(await warehouse.query(ALL)) == 50


# -- BigQuery's SQL

EXPRESSIONS: dict[str, Any] = {
    "DATE(TIMESTAMP '2024-03-11 03:59:59+00', 'America/New_York')": date(2024, 3, 10),
    "DATE(TIMESTAMP '2024-03-11 04:00:00+00', 'America/New_York')": date(2024, 3, 11),
    "DATE(TIMESTAMP '2024-03-10 04:59:59+00', 'America/New_York')": date(2024, 3, 9),
    "TIMESTAMP('2024-03-10 07:00:00', 'America/New_York')": datetime(2024, 3, 10, 11, tzinfo=UTC),
    "TIMESTAMP('2024-03-09 07:00:00', 'America/New_York')": datetime(2024, 3, 9, 12, tzinfo=UTC),
    "TIMESTAMP(DATE '2024-03-10', 'America/New_York')": datetime(2024, 3, 10, 5, tzinfo=UTC),
    "EXTRACT(HOUR FROM TIMESTAMP '2024-03-10 23:00:00+00' AT TIME ZONE 'America/New_York')": 19,
    "DATE_ADD(DATE '2024-02-28', INTERVAL 1 DAY)": date(2024, 2, 29),
    "DATE_SUB(DATE '2024-03-31', INTERVAL 1 MONTH)": date(2024, 2, 29),
    "DATE_DIFF(DATE '2024-03-10', DATE '2024-03-01', DAY)": 9,
    "DATE_TRUNC(DATE '2024-03-10', MONTH)": date(2024, 3, 1),
    "DATE_ADD(DATE_TRUNC(DATE '2024-03-10', MONTH), INTERVAL 1 DAY)": date(2024, 3, 2),
    "EXTRACT(DAYOFWEEK FROM DATE '2024-03-10')": 1,
    "TIMESTAMP_DIFF(TIMESTAMP '2024-03-10 06:01:00+00', TIMESTAMP '2024-03-10 05:59:00+00', HOUR)": 0,
    "TIMESTAMP_DIFF(TIMESTAMP '2024-03-10 05:00:00+00', TIMESTAMP '2024-03-10 07:59:00+00', HOUR)": -2,
    "TIMESTAMP_SUB(TIMESTAMP '2024-03-10 00:10:00+00', INTERVAL 20 MINUTE)": datetime(2024, 3, 9, 23, 50, tzinfo=UTC),
    "SAFE_DIVIDE(1, 0)": None,
    "SAFE_DIVIDE(1, 4)": 0.25,
    "7 / 2": 3.5,
    "DIV(7, 2)": 3,
    "MOD(-7, 3)": -1,
    "0.1 + 0.2": 0.1 + 0.2,
    "0.44 * 3": 0.44 * 3,
    "ROUND(-2.5)": -3.0,
    "GREATEST(1, NULL)": None,
    "IF(1 < 2, 'yes', 'no')": "yes",
    "COALESCE(NULL, 0)": 0,
    "SAFE_CAST('x' AS INT64)": None,
    "CAST(TRUE AS INT64)": 1,
    "CONCAT('a', 'b', '1')": "ab1",
    "REGEXP_CONTAINS('2023-24', r'^\\d{4}-\\d{2}$')": True,
    'JSON_VALUE(\'{"a": {"b": "c"}}\', \'$.a.b\')': "c",
    "TO_HEX(MD5('a'))": "0cc175b9c0f1b6a831c399e269772661",  # pragma: allowlist secret - a digest
    "(SELECT COUNTIF(n > 1) FROM UNNEST([1, 2, 3]) AS n)": 2,
    "(SELECT COUNTIF(n > 3) FROM UNNEST([1, 2, 3]) AS n WHERE n > 3)": 0,
    "CAST(0.123456789 AS NUMERIC)": Decimal("0.123456789"),
    "(SELECT LOGICAL_OR(n > 2) FROM UNNEST([1, 2, 3]) AS n)": True,
    "(SELECT STDDEV_SAMP(n) FROM UNNEST([1, 3]) AS n)": 2**0.5,
    "(SELECT ARRAY_AGG(n ORDER BY n DESC)[OFFSET(0)] FROM UNNEST([1, 3, 2]) AS n)": 3,
    "(SELECT STRING_AGG(s, ',' ORDER BY s) FROM UNNEST(['b', 'a']) AS s)": "a,b",
    "(SELECT n FROM UNNEST([1, NULL]) AS n ORDER BY n LIMIT 1)": None,
    "(SELECT MAX(d) FROM UNNEST(GENERATE_DATE_ARRAY('2024-03-01', '2024-03-10')) AS d)": date(2024, 3, 10),
}


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS.items(), ids=EXPRESSIONS.keys())
async def test_an_expression_means_what_bigquery_says(warehouse: Warehouse, expression: str, value: Cell) -> None:
    """Value and type are those of BigQuery's reference."""
    found = await one(warehouse, expression)
    assert found == value
    assert type(found) is type(value)


async def test_qualify_keeps_the_latest_row_of_each_unit(warehouse: Warehouse) -> None:
    """Windows with QUALIFY, the way raw rows are made unique."""
    await warehouse.append(THINGS.name, [thing("a", n, day=DAY + timedelta(days=n)) for n in range(3)])
    rows = await warehouse.query(
        "SELECT unit, count FROM contract.things WHERE TRUE "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY unit ORDER BY game_date DESC) = 1"
    )
    assert rows == [{"unit": "a", "count": 2}]


async def test_a_frame_before_the_current_row_does_not_see_it(warehouse: Warehouse) -> None:
    """The mean of earlier games is null for the first."""
    await warehouse.append(THINGS.name, [thing(str(n), n) for n in range(3)])
    rows = await warehouse.query(
        "SELECT AVG(count) OVER (ORDER BY unit ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS mean "
        "FROM contract.things ORDER BY unit"
    )
    assert [row["mean"] for row in rows] == [None, 0.0, 0.5]


async def test_array_parameters_select_by_membership(warehouse: Warehouse) -> None:
    """`IN UNNEST(@ids)`, also of nothing."""
    await warehouse.append(THINGS.name, [thing("a", 1), thing("b", 2), thing("c", 3)])
    by_unit = "SELECT unit FROM contract.things WHERE unit IN UNNEST(@ids) ORDER BY unit"
    by_count = "SELECT unit FROM contract.things WHERE count IN UNNEST(@ids) ORDER BY unit"
    assert await warehouse.query(by_unit, {"ids": ["c", "a"]}) == [{"unit": "a"}, {"unit": "c"}]
    assert await warehouse.query(by_count, {"ids": (2, 9)}) == [{"unit": "b"}]
    assert await warehouse.query(by_unit, {"ids": []}) == []


@pytest.mark.parametrize("value", ["text", "'; --", 0, -1, 0.25, False, None, DAY, EVENING], ids=repr)
async def test_a_parameter_arrives_as_it_is(warehouse: Warehouse, value: Cell) -> None:
    """Values are bound, never spliced into the text."""
    assert await one(warehouse, "@value", value=value) == value


async def test_a_naive_instant_is_no_parameter(warehouse: Warehouse) -> None:
    """It would be read in whatever zone the engine is in."""
    with pytest.raises(Permanent, match="at"):
        await one(warehouse, "@at", at=datetime(2024, 3, 10))  # noqa: DTZ001 - naive on purpose


BAD_SQL = {
    "SELEC 1": "SELEC",
    "SELECT nothing FROM contract.things": "nothing",
    "SELECT 1 FROM contract.nowhere": "nowhere",
    "SELECT @missing": "missing",
    "SELECT 1; SELECT 2": "2 statements",
    "": "statement",
    "SELECT 'open": "open",
    "DELETE FROM contract.things WHERE TRUE": "SELECT",
}


@pytest.mark.parametrize(("sql", "named"), BAD_SQL.items(), ids=BAD_SQL.keys())
async def test_sql_that_cannot_run_is_permanent_and_named(warehouse: Warehouse, sql: str, named: str) -> None:
    """One line, with the engine's reason and the statement."""
    with pytest.raises(Permanent, match=named) as caught:
        await warehouse.query(sql)
    assert "\n" not in str(caught.value)


async def test_tables_as_declared_lack_nothing(warehouse: Warehouse) -> None:
    """Those that were made from the registry; none lacks nothing either."""
    assert await warehouse.missing([THINGS.name, TOTALS.name]) == []
    assert await warehouse.missing([]) == []


async def test_a_clock_of_its_own_is_about_right(warehouse: Warehouse) -> None:
    """Where the engine has one."""
    now = await warehouse.now()
    assert now is None or abs(datetime.now(UTC) - now) < timedelta(minutes=5)
