"""Bad input and bad luck: one clear line, the right exit code, and nothing lost."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

import pyarrow.parquet as pq
import pytest

from devstack.workspace import current
from tests.e2e.command import DEGRADED, DONE, FAILED, USAGE, Done, inside, tipoff
from tests.e2e.nights import FIRST, IDLE, LAST, Replayed, arguments, query, replay, tables

pytestmark = pytest.mark.network


def test_missing_history_folder_is_wrong_usage(tmp_path: Path) -> None:
    """A history that is not there is named, and makes nothing."""
    done = tipoff(tmp_path / "home", *arguments(tmp_path / "nowhere", FIRST, LAST, tmp_path))
    done.refused(USAGE, "--history", str(tmp_path / "nowhere"), "not a folder", "name a folder of Parquet tables")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("table", "column"), [("schedule", "tip_utc"), ("player_games", "minutes")])
def test_missing_column_is_named(table: str, column: str, league_folder: Path, tmp_path: Path) -> None:
    """A table without a column the upstream needs fails with table and column before anything is made."""
    history = copytree(league_folder, tmp_path / "history")
    file = history / f"{table}.parquet"
    pq.write_table(pq.read_table(file).drop_columns([column]), file)
    done = inside(tmp_path / "home", *arguments(history, FIRST, LAST, tmp_path))
    done.refused(FAILED, str(history), f"table {table}", f"no column {column}", "devstack/schema.py")
    assert not (tmp_path / "home").exists()


def test_missing_table_is_named(league_folder: Path, tmp_path: Path) -> None:
    """A folder without one of the tables fails with the table's name."""
    history = copytree(league_folder, tmp_path / "history")
    (history / "injuries.parquet").unlink()
    done = inside(tmp_path / "home", "dev", "up", "--history", history)
    done.refused(FAILED, str(history), "injuries")
    assert not (tmp_path / "home").exists()


def test_future_date_is_wrong_usage(league_folder: Path, tmp_path: Path) -> None:
    """A date after the history's last slate is refused with the dates there are."""
    done = inside(tmp_path / "home", *arguments(league_folder, FIRST, LAST.replace(month=12), tmp_path))
    done.refused(USAGE, "2024-12-16 is in the future", f"to {LAST}")
    inside(tmp_path / "home", "run", "--date", "2031-01-01").refused(USAGE, "2031-01-01 is in the future")
    assert not (tmp_path / "home").exists()


def test_wrong_fault_profile_is_wrong_usage(league_folder: Path, tmp_path: Path) -> None:
    """An unknown profile is refused with those there are."""
    done = inside(tmp_path / "home", *arguments(league_folder, FIRST, LAST, tmp_path), "--faults", "hail")
    done.refused(USAGE, "--faults", "'hail'", "storm", "unreachable:<host>")
    assert not (tmp_path / "home").exists()


def test_reading_before_anything_was_run_says_what_to_run(tmp_path: Path) -> None:
    """`predictions` in a new home names the folder and `tipoff demo`."""
    inside(tmp_path / "home", "predictions", "--json").refused(FAILED, str(tmp_path / "home"), "`tipoff demo`")


def test_date_without_games_is_success_and_says_so(league_folder: Path, tmp_path: Path) -> None:
    """Zero rows on a date without games is success (f09): `run` says "no games" and a replay counts 0/0."""
    home = tmp_path / "home"
    idle = inside(home, *arguments(league_folder, IDLE, IDLE, tmp_path))
    assert (idle.code, idle.err) == (DONE, "")
    assert " 0/0 " in idle.out
    run = inside(home, "run", "--date", str(IDLE))
    assert (run.code, run.err) == (DONE, "")
    assert f"no games on {IDLE}" in run.out
    assert query(home, "SELECT COUNT(*) FROM predictions.player_prop_predictions") == [(0,)]


def test_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Where the folder cannot be made, the line names it and TIPOFF_HOME."""
    (tmp_path / "home").write_text("in the way")
    for command in ("demo", "run"):
        inside(tmp_path / "home", command).refused(FAILED, str(tmp_path / "home"), "point TIPOFF_HOME elsewhere")
    inside(tmp_path / "home", "predictions").refused(FAILED, str(tmp_path / "home"), "`tipoff demo`")
    assert (tmp_path / "home").read_text() == "in the way"


def test_workspace_in_use_is_left_alone(undisturbed: Replayed) -> None:
    """While another process holds the workspace, commands fail with its id and touch nothing."""
    before = tables(undisturbed.home)
    folder = undisturbed.home.parent
    with held(undisturbed.home):
        for command in (("predictions",), ("run",), arguments(undisturbed.history, FIRST, LAST, folder)):
            inside(undisturbed.home, *command).refused(FAILED, "is in use by process 4711", "tipoff dev down")
    assert tables(undisturbed.home) == before


def test_taken_port_is_named(tmp_path: Path) -> None:
    """`dev up` on a port that is taken fails with the port and the flag to change it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        inside(tmp_path, "dev", "up", "--port", str(port)).refused(FAILED, f"port {port} is taken", "--port")
    assert not (tmp_path / "stack.json").exists()


def _unreachable(*hosts: str) -> str:
    return ",".join(f"unreachable:{host}" for host in hosts)


def test_f05_unreachable_injury_report_degrades(undisturbed: Replayed, tmp_path: Path) -> None:
    """Without any list of injuries the night is degraded and says so; everybody is predicted all the same."""
    faults = _unreachable("ak-static.cms.nba.com", "site.api.espn.com", "api.balldontlie.io")
    night = replay(tmp_path, undisturbed.history, LAST, LAST, faults=faults, command=impatient)
    assert (night.done.code, night.report["status"]) == (DEGRADED, "degraded")
    assert "nba_official" in night.report["nights"][0]["reasons"]["injuries"]
    assert f"{LAST} injuries" in night.done.out
    assert night.keyed().keys() == {key for key, row in undisturbed.keyed().items() if row["game_date"] == LAST}


def test_unreachable_cdn_is_made_good_by_the_fallback(undisturbed: Replayed, tmp_path: Path) -> None:
    """Without the NBA's CDN, box scores come from other upstreams: every game is collected and graded."""
    night = replay(tmp_path, undisturbed.history, LAST, LAST, faults="unreachable:cdn.nba.com", command=impatient)
    [slate] = night.report["nights"]
    assert night.done.code in (DONE, DEGRADED)
    assert slate["games"] == {"expected": 6, "collected": 6}
    assert slate["graded"] + slate["voided"] == slate["predictions"] > 0
    sources = {source for (source,) in query(night.home, "SELECT DISTINCT source FROM raw.player_box_scores")}
    assert "nba_cdn" not in sources


def test_unreachable_box_scores_fail_in_one_line(undisturbed: Replayed, tmp_path: Path) -> None:
    """Without the season's box scores nothing is predicted: exit 1 and one line that names the upstream."""
    given = arguments(undisturbed.history, LAST, LAST, tmp_path)
    faults = _unreachable("stats.nba.com", "cdn.nba.com", "api.balldontlie.io")
    done = impatient(tmp_path / "home", *given, "--faults", faults)
    done.refused(FAILED, "nba_cdn")


def test_archive_out_of_reach_fails_and_keeps_what_is_there(undisturbed: Replayed, tmp_path: Path) -> None:
    """With a file where the archive should be, a run fails and names it; once it is gone the same command completes."""
    home = copytree(undisturbed.home, tmp_path / "home")
    [archive] = home.glob("*/archive")
    archive.rename(tmp_path / "archive")
    archive.write_text("in the way")
    published = tables(home)["predictions.player_prop_predictions"]
    command = ("run", "--date", "2024-11-14", "--mode", "overnight")
    inside(home, *command).refused(FAILED, "archive", str(archive))
    assert tables(home)["predictions.player_prop_predictions"] == published
    archive.unlink()
    (tmp_path / "archive").rename(archive)
    assert inside(home, *command).code == DONE
    assert set(published) < set(tables(home)["predictions.player_prop_predictions"])


def test_an_older_slate_leaves_the_clock_where_it_stood(undisturbed: Replayed, tmp_path: Path) -> None:
    """What was published since would be of the future: nobody could see it."""
    home = copytree(undisturbed.home, tmp_path / "home")
    world = current(home)
    assert world is not None
    stood = world.clock()
    assert inside(home, "run", "--date", str(FIRST), "--mode", "same_day", "--redo", "publish").code == DONE
    assert world.clock() == stood
    assert inside(home, "report", "--date", str(LAST), "--mode", "same_day").code == DONE


def impatient(home: Path, *given: str | Path) -> Done:
    """`tipoff` with as few attempts per request as the settings allow: who never answers need not be asked longer."""
    return inside(home, *given, TIPOFF_ATTEMPTS="4")


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the workspace in `home` as another process would."""
    [lock] = home.glob("*/lock")
    before = lock.read_text()
    with lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate()
        file.write("4711")
        file.flush()
        yield
    lock.write_text(before)
