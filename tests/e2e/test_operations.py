"""`tipoff backfill`, `grid`, `cascade`, `alerts`, `reconcile`, as a user types them."""

from pathlib import Path

import pytest

from tests.e2e.command import DONE, FAILED, inside

pytestmark = pytest.mark.network

WINDOW = ("--from", "2024-12-18", "--to", "2024-12-19")
"""Two slates of the generated league."""
CELLS = ["schedule", "box_scores", "rosters"]


def test_a_backfill_runs_what_its_dry_run_listed_and_the_grid_shows_it(tmp_path: Path) -> None:
    """Exactly those cells, once: then nothing is left, and what was not asked for is missing, with exit code 1."""
    fill = ("backfill", *WINDOW, "--to-step", "rosters")
    listed = inside(tmp_path, *fill, "--dry-run", "--json").json
    assert [(cell["game_date"][-2:], cell["step"]) for cell in listed] == [(d, s) for d in ("18", "19") for s in CELLS]
    assert not list(tmp_path.iterdir()), "a dry run makes nothing where nothing is"
    done = inside(tmp_path, *fill, "--json")
    assert (done.code, done.json["status"], done.json["cells"]) == (DONE, "complete", len(listed))
    assert inside(tmp_path, *fill, "--dry-run", "--json").json == []
    grid = inside(tmp_path, "grid", *WINDOW, "--mode", "backfill", "--json")
    assert grid.code == FAILED
    statuses = {(cell["game_date"], cell["step"]): cell["status"] for cell in grid.json}
    assert all(statuses[cell["game_date"], cell["step"]] == "done" for cell in listed)
    assert statuses["2024-12-19", "publish"] == "missing"
    cascade = inside(tmp_path, "cascade", *WINDOW, "--mode", "backfill", "--json").json
    assert {row["phase"] for row in cascade["cascade_timing"]} == {1}
    assert (inside(tmp_path, "alerts", "--json").json, inside(tmp_path, "alerts").code) == ([], DONE)
    asked = inside(tmp_path, "reconcile", "--dry-run", "--mode", "backfill", "--days", "1", "--json").json
    assert asked["dry_run"] is True
