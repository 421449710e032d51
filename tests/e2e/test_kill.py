"""`kill -9` at random moments of a night, then the same command again: nothing is lost and nothing is doubled."""

import json
import random
import subprocess
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import DONE, start, tipoff
from tests.e2e.nights import Replayed, arguments, replay, tables

pytestmark = pytest.mark.network

_MOMENT = 0.01
"""Seconds between two looks at a process."""


def test_f07_killed_nights_end_like_undisturbed_ones(undisturbed: Replayed, tmp_path: Path) -> None:
    """After two kills and the same command again, every table is as if nothing had happened."""
    killed(tmp_path, undisturbed, kills=2, seed=2)
    assert_same_tables(tmp_path / "home", undisturbed.home)
    assert report(tmp_path)["totals"]["accuracy"] == undisturbed.report["totals"]["accuracy"]


@pytest.mark.proof
def test_finished_nights_are_not_repeated(undisturbed: Replayed, tmp_path: Path) -> None:
    """After a kill in the second night the first is kept as it was: its run, its clock, its counts."""
    home, command = tmp_path / "home", command_of(undisturbed, tmp_path)
    with start(home, *command) as process:
        while not (nights := finished(home)):
            assert alive(process)
        process.kill()
    assert tipoff(home, *command).code == DONE
    assert finished(home)[: len(nights)] == nights
    assert_same_tables(home, undisturbed.home)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
def test_ten_kills(seed: int, undisturbed: Replayed, tmp_path: Path) -> None:
    """After ten kills, too, every table is as if nothing had happened."""
    killed(tmp_path, undisturbed, kills=10, seed=seed)
    assert_same_tables(tmp_path / "home", undisturbed.home)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(3))
def test_ten_kills_in_a_storm(seed: int, undisturbed: Replayed, tmp_path: Path) -> None:
    """Kills and faults together change nothing either, but for how many requests it took."""
    killed(tmp_path, undisturbed, "--faults", "storm", kills=10, seed=seed)
    assert_same_tables(tmp_path / "home", undisturbed.home, but="raw.fetches")


@pytest.mark.proof
def test_ten_kills_of_real_nights(shared_data: Path, tmp_path: Path) -> None:
    """Real nights survive ten kills."""
    calm = replay(tmp_path / "calm", shared_data, date(2024, 3, 4), date(2024, 3, 5))
    killed(tmp_path, calm, kills=10, seed=1)
    assert_same_tables(tmp_path / "home", calm.home)


def killed(folder: Path, like: Replayed, *options: str, kills: int, seed: int) -> None:
    """Replay the nights `like` was, killed `kills` times at random moments and started again each time."""
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    seconds = sum(night["wall_seconds"] for night in [*like.report["nights"], like.report["grading"]])
    home, command = folder / "home", (*command_of(like, folder), *options)
    while kills:
        with start(home, *command) as process:
            while not holds_workspace(home, process):
                assert alive(process)
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.0, seconds / 2))
            if alive(process):  # else the nights are done, and the same command starts them anew
                process.kill()
                kills -= 1
    done = tipoff(home, *command)
    assert (done.code, done.err) == (DONE, "")


def command_of(like: Replayed, folder: Path) -> tuple[str | Path, ...]:
    """The command of `like`, with its files in another folder."""
    return arguments(like.history, like.first, like.last, folder)


def alive(process: subprocess.Popen[str]) -> bool:
    """Whether it still runs, a moment later."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_MOMENT)
    return process.returncode is None


def holds_workspace(home: Path, process: subprocess.Popen[str]) -> bool:
    """Whether the process has come as far as its workspace: from here on there is something to lose."""
    return any(lock.read_text() == str(process.pid) for lock in home.glob("replay-*/lock"))


def finished(home: Path) -> list[dict[str, Any]]:
    """The nights that the session counts as done."""
    for session in home.glob("replay-*/session.json"):
        nights: list[dict[str, Any]] = json.loads(session.read_text())["nights"]
        return nights
    return []


def report(folder: Path) -> dict[str, Any]:
    """The report that the last command wrote."""
    read: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return read


def assert_same_tables(left: Path, right: Path, *, but: str = "") -> None:
    """Every table of two workspaces is equal, run ids and times aside."""
    ours, theirs = tables(left), tables(right)
    assert ours.keys() == theirs.keys()
    differing = {name for name in ours.keys() - {but} if ours[name] != theirs[name]}
    assert not {name: sorted(set(ours[name]) ^ set(theirs[name]), key=repr)[:4] for name in differing}
    assert len(ours["predictions.player_prop_predictions"]) > 0
