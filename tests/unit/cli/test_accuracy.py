"""The ledger on a terminal and as pictures; `predictions` against any line."""

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from cli import accuracy, plots, predictions
from shared.accuracy import REFERENCES, report
from shared.errors import Permanent
from shared.registries.markets import MARKETS
from shared.tables import QUANTILE_COLUMNS, QUANTILES

Group = dict[str, Any]


def printed(table: Table) -> str:
    """The table as text."""
    console = Console(width=200, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def sums(nights: int = 12, **changes: object) -> list[dict[str, Any]]:
    """Sums by date as the API gives them: a hundred predictions a night, a calibrated system a little off."""
    dice = random.Random(1)  # noqa: S311 - test data
    rows = []
    for night in range(nights):
        noise = dice.uniform(-5, 5)
        row: dict[str, Any] = {
            "game_date": str(date(2024, 3, 1) + timedelta(days=night)), "mode": "overnight", "market": "points",
            "system": "boosted", "bucket": "all", "shadow": False, "n": 100, "voided": 20, "error": 480.0 + noise,
            "bias": 3.0, "crps": 340.0, "inside_80": 80, "inside_90": 90, "brier_n": 50, "brier": 12.4, "overs": 24,
            "hits": 26, "market_n": 40, "market_brier": 9.96, "priced_brier": 9.94,
            "brier_difference": -0.02 + noise / 99,
            "picks": 10, "picks_won": 6, "picks_returned": 1, "clv_n": 10, "clv": 1.5, "clv_price_n": 0,
            "clv_price": None,
            **{f"below_{column}": 100 * q + 1 for column, q in zip(QUANTILE_COLUMNS, QUANTILES, strict=True)},
            **{f"{name}_n": 100 for name in REFERENCES}, **{f"{name}_error": 500.0 for name in REFERENCES},
            **{f"{name}_difference": -20.0 + noise for name in REFERENCES},
        }  # fmt: skip
        rows.append(row | changes)
    return rows


def bins(**changes: object) -> list[dict[str, Any]]:
    """Tenths of the probabilities."""
    kind = {"mode": "overnight", "market": "points", "system": "boosted", "bucket": "all"}
    tenths = {3: (100, 35.0, 40), 4: (200, 92.0, 90), 5: (250, 137.0, 130), 9: (3, 2.8, 2)}
    return [{**kind, "bin": k, "n": n, "p_over": p, "overs": o, **changes} for k, (n, p, o) in tenths.items()]


def test_a_line_of_the_ledger_has_n_and_intervals() -> None:
    """Counts, measures, half the interval's width; a paired difference keeps its sign."""
    [group] = report(sums(), bins())
    row = printed(accuracy.errors_table([group], ("market", "mode", "system"))).splitlines()[-1].split()
    assert row[:4] == ["points", "overnight", "boosted", "1,200"]
    assert float(row[4]) == pytest.approx(4.8, abs=0.05)
    assert row[5].startswith("±.0")
    assert row[6] == "+0.03"
    assert (group["quantile_ece"], group["coverage_80"]) == (pytest.approx(0.01), 0.8)
    naive = printed(accuracy.naive_table([group], ("market", "mode", "system"))).splitlines()[-1].split()
    assert naive[-2].startswith("-0.2")


def test_the_market_table_shows_shares_with_n_and_wilson() -> None:
    """A hit rate is nothing without its N."""
    [group] = report(sums(), bins())
    order = ("market", "mode", "system")
    lined = " ".join(printed(accuracy.market_table([group], order)).splitlines()[-1].split())
    assert lined.startswith("points overnight boosted 600 ")
    picked = " ".join(printed(accuracy.picks_table([group], order)).splitlines()[-1].split())
    assert picked == "points overnight boosted 600 52.0 % [48-56] 120 60.0 % [51-68] +0.15"


def test_one_night_has_no_interval_and_nothing_no_row() -> None:
    """No spread over nights, no interval; no grades, no lines, no numbers out of thin air."""
    [group] = report(sums(1), [])
    assert group["mae_interval"] is None
    assert "±" not in printed(accuracy.errors_table([group], ("market",)))
    empty = {name: 0 for name in sums(1)[0] if name.endswith("_n")} | {"n": 0, "voided": 3, "picks": 0}
    [void] = report(sums(1, **empty, picks_returned=0), [])
    assert (void["mae"], void["quantile_ece"], void["p_over"], void["picks"], void["against"]) == (
        None, None, None, None, {},
    )  # fmt: skip
    assert accuracy.errors_table([void], ("market",)).row_count == 0
    assert report([], []) == []


def test_edges_and_tiers_come_in_their_own_order() -> None:
    """10 % comes after 6 %, whatever the alphabet says; a shadow system is marked."""
    names = ["10 % and more", "no price", "0-2 %", "6-10 %"]
    assert sorted(names, key=accuracy._place) == ["0-2 %", "6-10 %", "10 % and more", "no price"]
    [group] = report(sums(shadow=True), bins())
    assert accuracy._names(group, ("system",)) == ["boosted (shadow)"]


def test_plots_are_written_and_say_what_they_found(tmp_path: Path) -> None:
    """Four pictures, for several markets and systems, one of them on trial."""
    several: list[dict[str, Any]] = [
        {"market": market, "system": system, "shadow": system == "boosted"}
        for market in MARKETS
        for system in ("boosted", "similarity")
    ]
    rows = [row for one in several for row in sums(**one)]
    tenths = [row for one in several for row in bins(market=one["market"], system=one["system"])]
    groups = report(rows, tenths)
    written = plots.write(groups, rows, tmp_path / "made", cut=False)
    assert [path.name for path in written] == [
        "coverage.png", "reliability.png", "error_over_time.png", "differences.png",
    ]  # fmt: skip
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    title = plots.differences(groups, cut=False)
    assert title is not None
    total = len(REFERENCES) * len(several)
    assert f"below zero in {total} of {total} comparisons" in title.get_suptitle()


def test_without_lines_or_grades_there_is_less_to_draw(tmp_path: Path) -> None:
    """No line, no reliability; nothing graded, nothing at all; a file in the way is named."""
    nothing = {name: 0 for name in sums(1)[0] if name.endswith("_n")}
    rows = sums(1, **nothing)
    names = [path.stem for path in plots.write(report(rows, []), rows, tmp_path, cut=True)]
    assert names == ["coverage", "error_over_time"]
    assert plots.write([], [], tmp_path, cut=False) == []
    (tmp_path / "file").touch()
    with pytest.raises(Permanent, match="name a writable folder"):
        plots.write(report(rows, []), rows, tmp_path / "file", cut=False)


def test_an_answer_to_a_line_is_a_row() -> None:
    """Probabilities and fair prices; what is certain has none."""
    answer = {
        "player_name": "Ann One", "market": "points", "system": "boosted", "shadow": True, "asked_line": 8.0,
        "mean": 7.5, "p_over": 0.411, "p_push": 0.117, "p_under": 0.472, "fair_over": 115.0, "fair_under": None,
    }  # fmt: skip
    row = " ".join(printed(predictions.over_table([answer])).splitlines()[-1].split())
    assert row == "Ann One points boosted (sh… 8 7.5 41.1 11.7 47.2 +115"


@pytest.mark.parametrize(
    ("drivers", "told"),
    [
        (None, "this system does not tell"),
        ([["minutes", 1.234], ["opponent", -0.5]], "mean 7.5; minutes +1.23, opponent -0.50"),
        ([["2024-01-05 at BOS", "31 points"]], "2024-01-05 at BOS: 31 points"),
    ],
)
def test_explanations_are_in_the_statistics_unit(drivers: list[list[object]] | None, told: str) -> None:
    """Contributions with their sign, comparable games as they were, or that nothing is told."""
    row = {
        "player_name": "Ann One", "system": "boosted", "shadow": False, "mean": 7.5,
        "drivers": None if drivers is None else json.dumps(drivers),
    }  # fmt: skip
    assert told in predictions.explanation(row)
