"""The registry of tables: what it must say, how it is compared, and which change set has what."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Permanent
from shared.tables import TABLES, Column, Table
from shared.tables.change_sets import APPLIED, CHANGE_SETS, grouped, record
from shared.tables.dictionary import document
from shared.tables.schema import Change, Found, FoundColumn, Kind, difference, refuse

ROOT = Path(__file__).parents[3]
_UNITS = re.compile(
    r"share|probabilit|P\(|percent|%|minutes?|points?|odds|dollars|seconds?|days?|hours?|miles|kilomet|games?|rate|"
    r"per \d+|per minute|possessions?|rating|statistic|unit|line|quantile|outcome|expected|mean|index|score|loss|"
    r"\bP |\(p_|variance|z-score|ratio|fouls|edge|attempts?|FGA|over the league|0 to 1|rebounds|assists|\[.+\]",
    re.IGNORECASE,
)
_RESERVED = """
    all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current
    default define desc distinct else end enum escape except exclude exists extract false fetch following for from
    full group grouping groups hash having if ignore in inner intersect interval into is join lateral left like
    limit lookup merge natural new no not null nulls of on or order outer over partition preceding proto qualify
    range recursive respect right rollup rows select set some struct tablesample then to treat true unbounded union
    unnest using when where window with within
"""
"""https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords"""


def found(table: Table) -> Found:
    """A warehouse's table that is as declared."""
    columns = {c.name: FoundColumn(c.type, c.nullable, c.description) for c in table.columns}
    return Found(columns, table.description, table.partition, table.cluster, table.retention_days)


def as_declared() -> dict[str, Found]:
    return {name: found(table) for name, table in TABLES.items()}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_says_everything_about_itself(table: Table) -> None:
    """Key, partition and clusters are its own columns; key columns are never null; expected rows are told."""
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert {table.partition, *table.key, *table.cluster} <= set(names)
    assert table.key
    assert not any(table.column(name).nullable for name in table.key)
    assert table.column(table.partition).type in ("DATE", "TIMESTAMP")
    assert len(table.cluster) <= 4
    assert table.rows, f"{table.name}: how many rows are to be expected?"
    assert all(column.description for column in table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_number_has_a_unit(table: Table) -> None:
    """A FLOAT64's description names its unit, or says that it is a share or a probability."""
    unitless = [c.name for c in table.columns if c.type == "FLOAT64" and not _UNITS.search(c.description)]
    assert unitless == []


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_f06_no_column_is_a_reserved_word(table: Table) -> None:
    """BigQuery would reject statements that name it."""
    assert [column.name for column in table.columns if column.name in _RESERVED.split()] == []


def test_nothing_partitioned_by_game_date_expires() -> None:
    """BigQuery counts from the partition's date: a backfill of an old season would vanish as it is written."""
    assert [t.name for t in TABLES.values() if t.partition == "game_date" and t.retention_days is not None] == []


def test_the_seeds_clustering_is_declared() -> None:
    """By the columns that predictions and games are asked for by; what others call system_id is `system` here."""
    assert TABLES["predictions.player_prop_predictions"].cluster == ("player_lookup", "system", "game_date")
    assert TABLES["analytics.player_game_summary"].cluster == ("player_lookup", "team_abbr", "game_date")


def test_the_data_dictionary_is_what_the_registry_says() -> None:
    """`python -m shared.tables.dictionary > docs/data-dictionary.md` was run after the last change."""
    assert (ROOT / "docs" / "data-dictionary.md").read_text("utf-8") == document()


# -- the difference


def test_an_empty_warehouse_lacks_every_table() -> None:
    """And nothing else is to be done about it."""
    changes = difference(TABLES, {})
    assert [(change.kind, change.table) for change in changes] == [("create", name) for name in TABLES]


def test_a_warehouse_as_declared_lacks_nothing() -> None:
    """Also where it lets be null what the registry does not: an added column is null in the rows there were."""
    assert difference(TABLES, as_declared()) == []
    relaxed = {
        name: replace(t, columns={n: replace(c, nullable=True) for n, c in t.columns.items()})
        for name, t in as_declared().items()
    }
    assert difference(TABLES, relaxed) == []


@given(st.data())
def test_a_missing_column_is_the_only_difference_it_makes(data: st.DataObject) -> None:
    """Whichever column of whichever table a warehouse lacks, the plan adds that one, and nothing else changes."""
    table = TABLES[data.draw(st.sampled_from(sorted(TABLES)))]
    column = data.draw(st.sampled_from([column.name for column in table.columns]))
    there = as_declared()
    columns = {name: c for name, c in there[table.name].columns.items() if name != column}
    there[table.name] = replace(there[table.name], columns=columns)
    assert [(c.kind, c.table, c.column) for c in difference(TABLES, there)] == [("column", table.name, column)]


THING = Table("raw.things", "Things.", ("game_date",), (Column("game_date", "DATE", "date"),), rows="few")
ONLY = {THING.name: THING}
CASES = {
    "another description": (replace(found(THING), description="Old."), "describe"),
    "another cluster": (replace(found(THING), cluster=("game_date",)), "cluster"),
    "kept for a week": (replace(found(THING), retention_days=7), "retain"),
    "another type": (
        replace(found(THING), columns={"game_date": FoundColumn("STRING", nullable=False, description="date")}),
        "refused",
    ),
    "a column too many": (
        replace(found(THING), columns={**found(THING).columns, "x": FoundColumn("STRING", nullable=True)}),
        "refused",
    ),
    "another partition": (replace(found(THING), partition="day"), "refused"),
}


def test_a_retired_column_is_dropped() -> None:
    """A column that others took over from goes; one that nobody knows is still refused."""
    there = {THING.name: CASES["a column too many"][0]}
    changes = difference({THING.name: replace(THING, retired=("x", "y"))}, there)
    assert [(change.kind, change.what) for change in changes] == [("drop", "drop what is retired: x")]


@pytest.mark.parametrize(("there", "kind"), CASES.values(), ids=CASES.keys())
def test_each_difference_is_of_its_kind(there: Found, kind: str) -> None:
    """One difference, one change."""
    assert [change.kind for change in difference(ONLY, {THING.name: there})] == [kind]


def test_what_loses_something_is_refused_with_a_remedy() -> None:
    """A person decides about types, partitions and columns nobody declares any more."""
    changes = difference(ONLY, {THING.name: CASES["another type"][0]})
    with pytest.raises(Permanent, match=r"raw\.things has game_date as STRING, not DATE: give the new type"):
        refuse(changes, "the warehouse")
    refuse([change for change in changes if change.kind != "refused"], "the warehouse")


# -- change sets


def test_change_sets_are_numbered_from_one_without_a_gap() -> None:
    """Their numbers are what `ops.migrations` is read by."""
    assert [each.number for each in CHANGE_SETS] == list(range(1, len(CHANGE_SETS) + 1))
    assert len({each.name for each in CHANGE_SETS}) == len(CHANGE_SETS)


@given(st.sampled_from(sorted(TABLES)), st.sampled_from(sorted({*get_args(Kind)} - {"refused"})))
def test_every_change_belongs_to_exactly_one_change_set(table: str, kind: str) -> None:
    """Nothing that a plan may contain is left out, and nothing is done twice."""
    change = Change(table, kind, "x")  # type: ignore[arg-type]  # drawn from the kinds there are
    assert [left for _, left in grouped([change]) if left] == [[change]]


def test_the_clustering_change_sets_are_the_two_tables_own() -> None:
    """And columns are added before anything is clustered by them."""
    changes = [Change(name, kind, "x") for kind in ("cluster", "column") for name in TABLES]
    owners = {each.name: {c.table for c in left} for each, left in grouped(changes)}
    assert owners["cluster_player_prop_predictions"] == {"predictions.player_prop_predictions"}
    assert owners["cluster_player_game_summary"] == {"analytics.player_game_summary"}
    kinds = [change.kind for _, left in grouped(changes) for change in left]
    assert ("cluster", "column") not in set(pairwise(kinds))


def test_a_change_sets_record_says_what_it_did() -> None:
    """As a row of `ops.migrations`."""
    at = datetime(2024, 3, 10, tzinfo=UTC)
    row = record(CHANGE_SETS[0], [Change("raw.things", "column", "add colour")], at)
    assert row.keys() == {column.name for column in TABLES[APPLIED].columns}
    assert json.loads(row["changes"]) == ["raw.things: add colour"]
