"""Accuracy against its definitions: SQL sums and `shared.accuracy` beside the formulas, written out once more."""

import math
import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from services.coordinator.sql import sql
from services.coordinator.watch.leaks import suspects
from shared.accuracy import report, wilson
from shared.ports import Params, Row, Warehouse
from shared.tables import QUANTILES
from tests.unit.analytics.conftest import Process
from tests.unit.shared.rows import SLATE, box, game, load, prediction

NIGHTS = [SLATE - timedelta(days=n) for n in range(7, 0, -1)]
ALL: Params = {
    "first": NIGHTS[0], "last": SLATE, "mode": "", "market": "", "system": "", "tier": "", "lined": False, "by": "all",
}  # fmt: skip


def night(day: date, dice: random.Random) -> tuple[Row, list[Row], list[Row]]:
    """A game with twelve players who score a few points, and what was predicted of them and of one who did not play."""
    game_id = f"00{day:%y%m%d}01"
    boxes, made = [], []
    for player in range(13):
        if player < 12:
            points = dice.randint(0, 9)
            boxes.append(box(game_id, player, day, "BOS" if player % 2 else "GSW", points=points, minutes=20.0))
        cuts = sorted(float(dice.randint(0, 18)) / 2 for _ in QUANTILES)
        line = None if player % 4 == 0 else dice.randint(1, 14) / 2
        p_over = dice.random()
        known: Row = {f"q{round(100 * q):02d}": cut for q, cut in zip(QUANTILES, cuts, strict=True)}
        known |= {"mean": sum(cuts) / 11, "recommendation": "no_line"}
        if line is not None:
            p_market = None if player % 3 == 0 else dice.uniform(0.3, 0.7)
            edge = None if p_market is None else p_over - p_market
            known |= {"line": line, "p_over": p_over, "p_push": 0.0, "p_market": p_market, "edge": edge}
            known["recommendation"] = "pass" if edge is None else "over" if edge > 0 else "under"
        made.append(prediction(game_id, player, day, **known))
    return game(game_id, day), boxes, made


async def graded(warehouse: Warehouse, process: Process) -> list[Row]:
    """A week of nights, graded; answers the published predictions."""
    dice = random.Random(5)  # noqa: S311 - test data
    nights = [night(day, dice) for day in NIGHTS]
    published = [row for _, _, made in nights for row in made]
    await load(
        warehouse,
        raw__games=[row for row, _, _ in nights],
        raw__player_box_scores=[row for _, boxes, _ in nights for row in boxes],
        predictions__player_prop_predictions=published,
    )
    await process("player_game_summary", "grade")
    return published


async def measured(warehouse: Warehouse, **asked: object) -> list[dict[str, Any]]:
    """The report of the graded nights."""
    params: Params = {**ALL, **asked}  # type: ignore[dict-item]  # scalars, as the tests give them
    return report(await warehouse.query(sql("accuracy"), params), await warehouse.query(sql("accuracy_bins"), params))


async def test_measures_are_those_of_the_definitions(warehouse: Warehouse, process: Process) -> None:
    """MAE of the median, bias, CRPS, coverage, quantile ECE, Brier, ECE in tenths, hits: by their formulas."""
    published = await graded(warehouse, process)
    [found] = await measured(warehouse)
    played = await warehouse.query("SELECT game_id, player_id, points FROM analytics.player_game_summary")
    points = {(row["game_id"], row["player_id"]): row["points"] for row in played}
    rows = [row for row in published if (row["game_id"], row["player_id"]) in points]
    y = np.array([points[row["game_id"], row["player_id"]] for row in rows], dtype=float)
    q = np.array([[row[f"q{round(100 * level):02d}"] for level in QUANTILES] for row in rows])
    levels = np.array(QUANTILES)
    away = y[:, None] - q
    loss = np.maximum(levels * away, (levels - 1) * away)
    padded, at = np.pad(loss, ((0, 0), (1, 1))), np.concatenate([[0.0], levels, [1.0]])
    below = ((y[:, None] < q) + 0.5 * (y[:, None] == q)).mean(axis=0)
    assert (found["n"], found["voided"], found["dates"]) == (84, 7, 7)
    assert found["mae"] == pytest.approx(abs(y - q[:, 5]).mean())
    assert found["bias"] == pytest.approx((y - np.array([row["mean"] for row in rows])).mean())
    assert found["crps"] == pytest.approx(2 * ((padded[:, 1:] + padded[:, :-1]) / 2 * np.diff(at)).sum(axis=1).mean())
    assert found["quantile_ece"] == pytest.approx(abs(below - levels).mean())
    assert found["coverage_80"] == pytest.approx(((y >= q[:, 1]) & (y <= q[:, 9])).mean())

    line = np.array([math.nan if row["line"] is None else row["line"] for row in rows])
    told = np.isfinite(line) & (y != line)
    p = np.array([row["p_over"] for row, kept in zip(rows, told, strict=True) if kept])
    over = (y > line)[told].astype(float)
    given = found["p_over"]
    assert given["n"] == told.sum()
    assert given["brier"] == pytest.approx(((p - over) ** 2).mean())
    tenth = np.minimum((p * 10).astype(int), 9)
    gaps = [(tenth == k).mean() * abs(p[tenth == k].mean() - over[tenth == k].mean()) for k in set(tenth.tolist())]
    assert given["ece"] == pytest.approx(sum(gaps))
    assert given["hits"] == ((p > 0.5) == (over > 0.5)).sum()
    m = np.array([math.nan if row["p_market"] is None else row["p_market"] for row in rows])[told]
    priced = np.isfinite(m)
    difference = (p[priced] - over[priced]) ** 2 - (m[priced] - over[priced]) ** 2
    assert given["market"]["difference"] == pytest.approx(difference.mean())
    against = found["against"]["line"]
    known = np.isfinite(line)
    paired = abs(y - q[:, 5])[known] - abs(y - line)[known]
    assert (against["n"], against["difference"]) == (known.sum(), pytest.approx(paired.mean()))


async def test_intervals_resample_dates(warehouse: Warehouse, process: Process) -> None:
    """A difference's interval is that of a bootstrap over nights, the same on every call, and holds the difference."""
    await graded(warehouse, process)
    [found] = await measured(warehouse)
    [again] = await measured(warehouse)
    assert found == again
    days = await warehouse.query(
        "SELECT game_date, SUM(ABS(error) - ABS(actual - line)) AS total, COUNT(actual - line) AS n "
        "FROM predictions.prediction_grades GROUP BY game_date ORDER BY game_date"
    )
    dice = np.random.default_rng(0)
    weights = dice.multinomial(len(days), np.full(len(days), 1 / len(days)), size=500)
    totals, counts = np.array([row["total"] for row in days]), np.array([row["n"] for row in days])
    bounds = np.percentile((weights @ totals) / (weights @ counts), [2.5, 97.5])
    assert found["against"]["line"]["interval"] == pytest.approx(list(bounds))
    low, high = found["against"]["line"]["interval"]
    assert low < found["against"]["line"]["difference"] < high


@pytest.mark.parametrize("by", ["tier", "edge", "month"])
async def test_a_cut_leaves_nobody_out(warehouse: Warehouse, process: Process, by: str) -> None:
    """The parts add up to the whole."""
    await graded(warehouse, process)
    [whole] = await measured(warehouse)
    parts = await measured(warehouse, by=by)
    assert sum(part["n"] for part in parts) == whole["n"]
    assert sum(part["p_over"]["n"] for part in parts if part["p_over"]) == whole["p_over"]["n"]
    assert sum(part["mae"] * part["n"] for part in parts if part["n"]) == pytest.approx(whole["mae"] * whole["n"])


async def test_tiers_are_by_what_was_known_before(warehouse: Warehouse, process: Process) -> None:
    """Ten earlier games of fifteen minutes make a regular; nobody has them in a week."""
    await graded(warehouse, process)
    assert [part["bucket"] for part in await measured(warehouse, by="tier")] == ["new"]
    assert await measured(warehouse, tier="regular") == []
    lined = await measured(warehouse, lined=True)
    assert [part["n"] for part in lined] == [part["against"]["line"]["n"] for part in lined]


async def test_the_leak_query_counts_its_populations(warehouse: Warehouse, process: Process) -> None:
    """Points with a line, and their Brier score; no regulars in a week, and no alarm on a few dozen grades."""
    await graded(warehouse, process)
    [found] = await measured(warehouse)
    params = {name: ALL[name] for name in ("first", "last", "mode", "system")}
    rows = await warehouse.query(sql("accuracy_leaks"), params)
    assert [(row["regular_n"], row["lined_n"], row["brier_n"]) for row in rows] == [
        (0, found["against"]["line"]["n"], found["p_over"]["n"])
    ]
    assert rows[0]["lined_minus_line"] == pytest.approx(found["against"]["line"]["difference"])
    assert suspects(rows) == []


LEAK: Row = {
    "mode": "overnight", "system": "boosted", "regular_n": 20000, "regular_minus_rate": -0.14, "lined_n": 9000,
    "lined_minus_line": -0.007, "brier_n": 9000, "brier": 0.2495,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"regular_minus_rate": -0.88}, "MAE of regulars minus that of rate times minutes -0.88 < -0.23"),
        ({"lined_minus_line": -0.06}, "MAE of players with a line minus the line's -0.06 < -0.05"),
        ({"brier": 0.24}, "Brier score 0.24 < 0.246"),
        ({"brier": 0.24, "brier_n": 1999}, None),
        ({"brier": None}, None),
    ],
)
def test_f29_what_is_too_good_is_an_alarm(changes: Row, reason: str | None) -> None:
    """Honest gains pass; what only the future could have told does not, once there are enough grades to say so."""
    found = suspects([LEAK | changes])
    assert (found == []) == (reason is None)
    if reason is not None:
        assert reason in found[0]["reason"]
        assert "look for leakage first" in found[0]["reason"]


@pytest.mark.parametrize(("hits", "n", "expected"), [(0, 0, None), (54, 100, [0.4426, 0.6344]), (10, 10, [0.7225, 1])])
def test_wilson_by_hand(hits: int, n: int, expected: list[float] | None) -> None:
    """The score interval keeps inside 0 and 1, and says nothing of nothing."""
    found = wilson(hits, n)
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-3))
