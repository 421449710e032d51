"""The live product, rehearsed, predicts what a replay predicts: the last prediction before each tip, row for row."""

import os
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.nights import packed
from devstack.rehearsal import Part
from tests.e2e import rehearsed
from tests.e2e.nights import FIRST, Key, key_of, replay
from tests.mailbox import house

pytestmark = [pytest.mark.network, pytest.mark.proof]


async def _check(folder: Path, history: Path, first: date, last: date, modes: Collection[str]) -> None:
    """One rehearsal has both modes; `overnight` is predicted when it is asked for, at 05:00, and not at its cutoff."""
    async with house() as heard:
        live = await rehearsed.rehearse(folder / "live", history, Part(first, last), heard)
    for mode in modes:
        rows = live.predictions[mode]
        replayed = replay(folder / mode, history, first, last, mode=mode)
        left_out = {"predicted_at"} if mode == "overnight" else set()
        assert _kept(packed(rows).to_pylist(), left_out) == _kept(replayed.predictions, left_out), mode


def _kept(rows: list[dict[str, Any]], left_out: set[str]) -> dict[Key, dict[str, Any]]:
    kept = {key_of(row): {name: value for name, value in row.items() if name not in left_out} for row in rows}
    assert len(kept) == len(rows)  # nothing twice
    return kept


async def test_a_made_up_night_is_the_same_live_and_replayed(league_folder: Path, tmp_path: Path) -> None:
    """With lines that move and news until shortly before each tip.

    Some move between 05:00, when a slate is predicted overnight, and 07:00, up to which a replay looks: only the other
    mode can be compared.
    """
    await _check(tmp_path, league_folder, FIRST, FIRST, ["same_day"])


async def test_a_real_fortnight_is_the_same_live_and_replayed(shared_data: Path, tmp_path: Path) -> None:
    """2024-03-04 to 17, or as many days as TIPOFF_REHEARSED says."""
    first = date(2024, 3, 4)
    last = date(2024, 3, 3 + int(os.environ.get("TIPOFF_REHEARSED", "14")))
    await _check(tmp_path, shared_data, first, last, ["same_day", "overnight"])
