"""`tipoff schema` on the embedded warehouse: shows, makes, and finds nothing left to do."""

import json
from pathlib import Path

import duckdb

from shared.tables import TABLES
from shared.tables.change_sets import CHANGE_SETS
from tests.e2e.command import DONE, FAILED, inside


def test_plan_shows_what_apply_makes(tmp_path: Path) -> None:
    """In a fresh home every table is to be made; afterwards nothing is; planning makes nothing."""
    home = tmp_path / "home"
    plan = json.loads(inside(home, "schema", "plan", "--json").out)
    assert [each["number"] for each in plan["change_sets"]] == [each.number for each in CHANGE_SETS]
    assert len(plan["change_sets"][0]["changes"]) == len(TABLES)
    assert (plan["applied"], plan["refused"], home.exists()) == (False, [], False)
    applied = inside(home, "schema", "apply")
    assert (applied.code, "tables_and_columns: applied" in applied.out) == (DONE, True)
    again = json.loads(inside(home, "schema", "plan", "--json").out)
    assert [each["changes"] for each in again["change_sets"]] == [[]] * len(CHANGE_SETS)


def test_what_must_be_decided_is_shown_and_refused(tmp_path: Path) -> None:
    """Plan exits 1 and names it; apply changes nothing."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as database:
        database.execute("CREATE SCHEMA raw")
        database.execute("CREATE TABLE raw.games (game_id BIGINT)")
    plan = inside(tmp_path, "schema", "plan", "--json")
    assert plan.code == FAILED
    assert any("has game_id as INT64, not STRING" in line for line in json.loads(plan.out)["refused"])
    inside(tmp_path, "schema", "apply").refused(FAILED, "raw.games has game_id as INT64, not STRING")
