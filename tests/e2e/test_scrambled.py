"""A future made of nonsense: predictions do not see it, and grading says what it refused."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from devstack.history import write
from devstack.schema import COUNTS, SCHEMA
from tests.e2e.command import DEGRADED, DONE
from tests.e2e.nights import FIRST, LAST, Replayed, query, replay

pytestmark = pytest.mark.network

Tables = dict[str, pa.Table]
Future = Mapping[str, npt.NDArray[np.bool_]]
"""Which rows of a table are of games not yet played."""
Scramble = Callable[[Tables, Future], Tables]
Rows = list[dict[str, Any]]


def shuffled(tables: Tables, future: Future) -> Tables:
    """Statistics and scores dealt out anew, each column on its own: nothing adds up any more."""
    rng = np.random.default_rng(1)
    columns = {"player_games": (*COUNTS, "minutes"), "team_games": COUNTS, "schedule": ("home_pts", "away_pts")}
    for name, shuffled_columns in columns.items():
        places = np.flatnonzero(future[name])
        for column in shuffled_columns:
            order = np.arange(len(tables[name]))
            order[places] = rng.permutation(places)
            index = tables[name].column_names.index(column)
            tables[name] = tables[name].set_column(index, column, tables[name].column(column).take(order))
    return tables


def mirrored(tables: Tables, future: Future) -> Tables:
    """Each team's best has the game of its worst, and so on; with a three more for everyone, it all still adds up."""
    rows = {name: tables[name].to_pylist() for name in ("player_games", "team_games", "schedule")}
    extra: dict[tuple[str, str], int] = {}
    teams: dict[tuple[str, str], Rows] = {}
    for row, is_future in zip(rows["player_games"], future["player_games"], strict=True):
        if is_future:
            teams.setdefault((row["game_id"], row["team"]), []).append(row)
    for key, players in teams.items():
        lines = [{name: player[name] for name in (*COUNTS, "minutes")} for player in players]
        for player, line in zip(players, reversed(lines), strict=True):
            player.update(_with_a_three(line))
        extra[key] = len(players)
    for row in rows["team_games"]:
        row.update(_with_a_three(row, extra.get((row["game_id"], row["team"]), 0)))
    for row in rows["schedule"]:
        for side in ("home", "away"):
            row[f"{side}_pts"] += 3 * extra.get((row["game_id"], row[f"{side}_team"]), 0)
    return tables | {name: pa.Table.from_pylist(rows[name], schema=tables[name].schema) for name in rows}


def _with_a_three(line: dict[str, Any], times: int = 1) -> dict[str, Any]:
    gains = {"pts": 3, "fgm": 1, "fga": 1, "fg3m": 1, "fg3a": 1}
    return {name: line[name] + times * gains.get(name, 0) for name in line.keys() & {*COUNTS, "minutes"}}


def scrambled(history: Path, folder: Path, since: date, scramble: Scramble) -> Path:
    """A history with the games of `since` and later scrambled."""
    tables = {name: pq.read_table(history / f"{name}.parquet") for name in SCHEMA}
    schedule = tables["schedule"]
    later = schedule.filter(pc.greater_equal(schedule["game_date"], pa.scalar(since))).column("game_id")
    future = {
        name: pc.is_in(tables[name]["game_id"], value_set=later.combine_chunks()).to_numpy()
        for name in ("player_games", "team_games", "schedule")
    }
    write(scramble(tables, future), folder)
    return folder


@pytest.fixture(scope="module")
def nonsense(undisturbed: Replayed, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """The undisturbed nights in a history whose second night does not add up."""
    folder = tmp_path_factory.mktemp("nonsense")
    return replay(folder, scrambled(undisturbed.history, folder / "history", LAST, shuffled), FIRST, LAST)


def test_f29_an_inconsistent_future_leaves_predictions_as_they_are(nonsense: Replayed, undisturbed: Replayed) -> None:
    """Scrambling the slate's own box scores and scores changes no prediction in any digit."""
    assert nonsense.predictions == undisturbed.predictions


def test_grading_reports_what_it_quarantined(nonsense: Replayed) -> None:
    """The nights are complete, the grading is degraded, names the games it refused, and the command exits 3."""
    assert nonsense.done.code == DEGRADED
    assert [night["status"] for night in nonsense.report["nights"]] == ["complete", "complete"]
    grading = nonsense.report["grading"]
    assert grading["status"] == nonsense.report["status"] == "degraded"
    assert grading["quarantined"] > 0
    assert "quarantined" in grading["reasons"]["box_scores"]
    assert grading["reasons"]["box_scores"] in " ".join(nonsense.done.out.split())
    refused = query(nonsense.home, "SELECT DISTINCT reason FROM raw.quarantine WHERE step = 'box_scores'")
    assert refused
    assert all(reason for (reason,) in refused)


def test_quarantined_games_are_not_graded_and_not_lost(nonsense: Replayed, undisturbed: Replayed) -> None:
    """Nothing is graded with a refused box score; what could be graded is, and the night before stays graded."""
    graded = {night["game_date"]: night["graded"] + night["voided"] for night in nonsense.report["nights"]}
    whole = {night["game_date"]: night["graded"] + night["voided"] for night in undisturbed.report["nights"]}
    assert graded[str(FIRST)] == whole[str(FIRST)]
    assert graded[str(LAST)] < whole[str(LAST)]


def test_f29_a_consistent_other_future_changes_grades_only(undisturbed: Replayed, tmp_path: Path) -> None:
    """With other results that do add up, predictions are the same, all of them graded, with other outcomes."""
    other = replay(tmp_path, scrambled(undisturbed.history, tmp_path / "history", LAST, mirrored), FIRST, LAST)
    assert (other.done.code, other.report["status"]) == (DONE, "complete")
    assert other.predictions == undisturbed.predictions
    accuracy, usual = (of.report["nights"][1]["accuracy"]["points"] for of in (other, undisturbed))
    assert accuracy["n"] == usual["n"]
    assert accuracy["mae"] > usual["mae"]


@pytest.mark.proof
@pytest.mark.parametrize("mode", ["same_day", "overnight"])
def test_f29_a_real_slate_does_not_see_its_future(mode: str, shared_data: Path, tmp_path: Path) -> None:
    """Scrambling a real slate's future changes none of its predictions."""
    day = date(2024, 3, 6)
    true = replay(tmp_path / "true", shared_data, day, day, mode=mode)
    folder = scrambled(shared_data, tmp_path / "history", day, shuffled)
    false = replay(tmp_path / "false", folder, day, day, mode=mode)
    assert false.done.code == DEGRADED
    assert false.predictions == true.predictions
    assert false.report["grading"]["quarantined"] > 0
