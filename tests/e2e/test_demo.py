"""`tipoff demo` as a newcomer meets it, and what the reading commands say afterwards."""

import re
from pathlib import Path
from typing import Any

import pytest

from cli.demo import best_edges
from devstack.demo import SLATES, night
from devstack.history import History
from devstack.league import generate
from shared.registries.markets import MARKETS
from shared.registries.pipeline import STEPS
from shared.registries.systems import SYSTEMS, headline
from tests.e2e.command import DEGRADED, DONE, FAILED, Done, inside, tipoff
from tests.e2e.nights import key_of, tables

pytestmark = pytest.mark.network

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def league() -> History:
    """The league a demo shows."""
    return generate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TIPOFF_HOME of a newcomer."""
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def demo(home: Path) -> Done:
    """The first `tipoff demo`."""
    return tipoff(home, "demo")


@pytest.fixture(scope="module")
def predictions(home: Path, demo: Done) -> Rows:
    """`tipoff predictions --json` after it."""
    assert demo.code == DONE, demo
    rows: Rows = tipoff(home, "predictions", "--json").json
    return rows


def test_demo_ends_in_one_screen(demo: Done, predictions: Rows) -> None:
    """It exits 0 without a progress bar: the night, the best edges, a reason, the morning, the storm, the page."""
    assert (demo.code, demo.err) == (DONE, "")
    lines = demo.out.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    best = best_edges(headline(predictions))
    assert [row["player_name"][:21] in demo.out for row in best] == [True] * 5
    for word in (
        "Best edges (ensemble)",
        f"Why {best[0]['player_name']}",
        "of 61 picks won",
        "The page: `tipoff dev up`",
    ):
        assert word in demo.out


def test_demo_s_storm_leaves_the_predictions_as_they_are(demo: Done, predictions: Rows) -> None:
    """The same night with a fifth and more of all requests failing: every prediction is the same."""
    assert f"All {len(predictions):,} predictions are the same" in demo.out
    [share] = re.findall(r"requests failed \((\d+) %\)", demo.out)
    assert int(share) >= 20


def test_demo_has_learned_systems(predictions: Rows) -> None:
    """Every system predicts, on the demo's own warm-up."""
    assert {row["system"] for row in predictions} == SYSTEMS.keys()


def test_f01_predictions_cover_every_game_of_the_slate(predictions: Rows, league: History) -> None:
    """All five games are there, with players of both teams in every market."""
    expected = {
        (game.game_id, team, market)
        for game in league.on(night(league, None))
        for team in (game.home, game.away)
        for market in MARKETS
    }
    assert {(row["game_id"], row["team_abbr"], row["market"]) for row in predictions} == expected


def test_predictions_json_is_one_array_of_objects(predictions: Rows) -> None:
    """Each object says who, when, which market, mean, interval, line and P(over); the line is real or null (f14)."""
    assert isinstance(predictions, list)
    assert len({key_of(row) for row in predictions}) == len(predictions)
    for row in predictions:
        assert {"game_id", "player_id", "market", "system", "mean", "q10", "q90", "line", "p_over"} <= row.keys()
        assert row["q10"] <= row["q50"] <= row["q90"]
        assert (row["line"] is None) == (row["p_over"] is None)
    assert {row["line"] is None for row in predictions} == {True, False}


def test_predictions_of_a_market_are_that_market_only(home: Path, predictions: Rows) -> None:
    """`--market` narrows them; `--date` of a slate that nobody ran gives an empty array, not an error."""
    threes = inside(home, "predictions", "--market", "threes", "--json")
    assert threes.json == [row for row in predictions if row["market"] == "threes"]
    unknown = inside(home, "predictions", "--date", "2024-12-01", "--json")
    assert (unknown.code, unknown.json) == (DONE, [])


def test_status_json_is_the_latest_run(home: Path, demo: Done, league: History) -> None:
    """One object: the slate's run, complete, each step with its evidence from the warehouse."""
    assert demo.code == DONE
    status = inside(home, "status", "--json")
    run = status.json
    assert (status.code, run["game_date"], run["status"]) == (DONE, str(night(league, None)), "complete")
    assert set(run["steps"]) == set(STEPS)
    for step in run["steps"].values():
        assert step["status"] == "done"
        assert step["evidence"]["verified"] == step["evidence"]["expected"]


def test_runs_and_dlq_json_are_arrays(home: Path, demo: Done, league: History) -> None:
    """The ledger holds the slate's run, those it learned from and the grading; there are no dead letters."""
    assert demo.code == DONE
    runs = inside(home, "runs", "--json").json
    assert [(run["run_id"].count("."), run["status"]) for run in runs] == [(2, "complete")] * (SLATES + 3)
    assert runs[-2]["game_date"] == str(night(league, None))
    assert inside(home, "dlq", "--json").json == []


def test_grid_and_cascade_are_of_the_latest_slate(home: Path, demo: Done, league: History) -> None:
    """Without dates both show the slate that was predicted, not the morning on which it was graded."""
    assert demo.code == DONE
    grid = inside(home, "grid", "--json")
    assert {cell["game_date"] for cell in grid.json} == {str(night(league, None))}
    assert {cell["step"] for cell in grid.json} >= STEPS.keys()
    timing = inside(home, "cascade", "--json").json["cascade_timing"]
    assert {row["game_date"] for row in timing} == {str(night(league, None))}
    inside(home, "grid", "--mode", "manual").refused(FAILED, "no manual run yet", "--from and --to")


def test_doctor_json_checks_this_machine(home: Path, demo: Done) -> None:
    """Doctor finds everything needed; what is only useful (the stack is not up) makes it exit 3."""
    assert demo.code == DONE
    doctor = inside(home, "doctor", "--json")
    checks = {check["check"]: check for check in doctor.json}
    assert doctor.code == DEGRADED
    assert all(check["ok"] for check in checks.values() if check["needed"])
    assert str(home) in checks["workspace"]["detail"]
    assert "tipoff dev up" in checks["local stack"]["detail"]


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--force", "--dry-run"),
        ("run", "--date", "2024-12-19", "--dry-run"),
        ("dev", "up", "--dry-run"),
        ("dev", "down", "--dry-run"),
    ],
    ids=" ".join,
)
def test_dry_run_changes_nothing(command: tuple[str, ...], home: Path, demo: Done) -> None:
    """`--dry-run` says what it would do and leaves every file's content and every table as it was."""
    assert demo.code == DONE
    before = _contents(home)
    done = inside(home, *command)
    assert (done.code, done.err) == (DONE, "")
    assert "would" in done.out or "nothing is running" in done.out
    assert _contents(home) == before


@pytest.mark.parametrize(
    "command", [("run", "--dry-run"), ("dev", "up", "--dry-run"), ("dev", "down", "--dry-run")], ids=" ".join
)
def test_dry_run_in_a_new_home_makes_nothing(command: tuple[str, ...], tmp_path: Path) -> None:
    """Where nothing has been run yet, `--dry-run` does not even make the folder."""
    done = inside(tmp_path / "home", *command)
    assert (done.code, done.err) == (DONE, "")
    assert not (tmp_path / "home").exists()


def test_replay_dry_run_lists_the_slates(league_folder: Path, tmp_path: Path) -> None:
    """`replay --dry-run` prints an array of date and games, and makes nothing."""
    span = ("--from", "2024-11-04", "--to", "2024-11-06")
    done = inside(tmp_path / "home", "replay", "--history", league_folder, *span, "--dry-run")
    assert (done.code, [slate["games"] for slate in done.json]) == (DONE, [9, 0, 11])
    assert not (tmp_path / "home").exists()


def test_run_again_adds_a_generation_and_keeps_the_published(home: Path, predictions: Rows, league: History) -> None:
    """`run --from-phase 3` publishes the same predictions under a new run; what was published stays (f33)."""
    before = tables(home)["predictions.player_prop_predictions"]
    done = inside(home, "run", "--date", str(night(league, None)), "--from-phase", "3", "--json")
    assert (done.code, done.json["generation"], done.json["status"]) == (DONE, 2, "complete")
    assert len(tables(home)["predictions.player_prop_predictions"]) == 2 * len(before)
    again = inside(home, "predictions", "--json").json
    assert [_essence(row) for row in again] == [_essence(row) for row in predictions]


@pytest.mark.proof  # that equal nights give equal tables, `test_kill` sees each time
def test_second_demo_is_the_first(home: Path, demo: Done, predictions: Rows) -> None:
    """Run again, it exits 0 with the same predictions."""
    again = tipoff(home, "demo")
    assert (again.code, again.err) == (DONE, "")
    told = [[line for line in one.out.splitlines() if "(did not play); " not in line] for one in (again, demo)]
    assert told[0] == told[1]
    assert inside(home, "predictions", "--json").json == predictions


def _essence(row: dict[str, Any]) -> dict[str, Any]:
    of_the_run = ("run_id", "generation", "attempt", "batch", "voided", "actual")
    return {name: value for name, value in row.items() if name not in of_the_run}


def _contents(home: Path) -> tuple[object, object]:
    """Contents of every file; of databases the rows, for opening one may tidy its file."""
    volatile = ("lock", ".duckdb", ".wal", ".sqlite", ".sqlite-wal", ".sqlite-shm")  # the lock names its last holder
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.endswith(volatile)]
    return {path: path.read_bytes() for path in files}, tables(home)
