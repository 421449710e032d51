"""The live product, rehearsed, predicts what a replay predicts: the last prediction before each tip, row for row."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.e2e.command import DEGRADED, DONE, tipoff
from tests.e2e.nights import FIRST, Key, key_of, replay

Predicted = dict[Key, dict[str, Any]]


def _rehearsed(folder: Path, history: Path, first: date, last: date, mode: str) -> Predicted:
    file = folder / "rehearsed.parquet"
    about = ("--history", history, "--from", str(first), "--to", str(last), "--mode", mode, "--predictions", file)
    done = tipoff(folder / "live", "rehearse", *about, "--report", folder / "rehearsed.json")
    assert done.code in (DONE, DEGRADED), done
    return {key_of(row): row for row in pq.read_table(file).to_pylist()}


def _whenever(rows: Predicted) -> Predicted:
    """The rows without the instants at which they were predicted."""
    return {key: {**row, "predicted_at": None} for key, row in rows.items()}


@pytest.mark.proof
@pytest.mark.parametrize("mode", ["same_day", "overnight"])
def test_a_made_up_night_is_the_same_live_and_replayed(mode: str, league_folder: Path, tmp_path: Path) -> None:
    """With lines that move and news until shortly before each tip; `predicted_at` is the cutoff in both."""
    replayed = replay(tmp_path, league_folder, FIRST, FIRST, mode=mode)
    live = _rehearsed(tmp_path, league_folder, FIRST, FIRST, mode)
    expected = {key_of(row): row for row in replayed.predictions}
    if mode == "overnight":  # which is predicted when it is asked for, at 05:00
        live, expected = _whenever(live), _whenever(expected)
    assert live == expected


@pytest.mark.proof
@pytest.mark.parametrize("mode", ["same_day", "overnight"])
def test_a_real_fortnight_is_the_same_live_and_replayed(mode: str, shared_data: Path, tmp_path: Path) -> None:
    """2024-03-04 to 17, or as many days as TIPOFF_REHEARSED says."""
    first = date(2024, 3, 4)
    last = date(2024, 3, 3 + int(os.environ.get("TIPOFF_REHEARSED", "14")))
    replayed = replay(tmp_path, shared_data, first, last, mode=mode)
    live = _rehearsed(tmp_path, shared_data, first, last, mode)
    expected = {key_of(row): row for row in replayed.predictions}
    if mode == "overnight":
        live, expected = _whenever(live), _whenever(expected)
    assert live == expected
