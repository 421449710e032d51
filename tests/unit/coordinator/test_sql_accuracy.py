"""The statements of accuracy against a recomputation in Python, row by row, from the words of docs/accuracy.md."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from statistics import fmean
from typing import Any

import pytest

from services.coordinator.sql import sql
from shared.ports import Params, Row
from shared.tables import QUANTILE_COLUMNS
from tests.unit.shared.answers import answers
from tests.unit.shared.rows import row

FIRST, LAST = date(2024, 2, 29), date(2024, 3, 4)
DATES = (date(2024, 2, 28), FIRST, date(2024, 3, 1), LAST, date(2024, 3, 5))
"""The range's own three, and one on either side."""
EDGES = (None, 0.0, 0.0199, 0.02, -0.03, 0.0399, 0.04, 0.05, -0.0599, -0.06, 0.08, -0.0999, 0.10, -0.12, 0.3)
ALL: Params = {
    "first": FIRST, "last": LAST, "mode": "", "market": "", "system": "", "tier": "", "lined": False, "by": "all",
}  # fmt: skip
CUTS: tuple[dict[str, Any], ...] = (
    {},
    {"by": "tier"},
    {"by": "month"},
    {"by": "edge"},
    {"mode": "overnight"},
    {"market": "points"},
    {"system": "b"},
    {"tier": "regular"},
    {"tier": "bench"},
    {"tier": "new", "by": "tier"},
    {"lined": True},
    {"first": date(2024, 3, 1), "last": date(2024, 3, 1)},
    {"mode": "same_day", "market": "threes", "system": "a", "tier": "regular", "lined": True, "by": "edge"},
)


@dataclass(frozen=True)
class Grade:
    """A row of the grades, and the quantiles of the prediction that it grades."""

    row: Row
    quantiles: tuple[float, ...]


@cache
def graded() -> tuple[Grade, ...]:
    """Grades of every kind, at the bounds of every tier and edge. Always the same; sums of them are exact."""
    dice = random.Random(11)  # noqa: S311 - test data
    kinds = product(DATES, ("overnight", "same_day"), ("assists", "points", "threes"), ("a", "b"))
    return tuple(_grade(dice, number, *kind) for kind in kinds for number in range(8))


def _grade(dice: random.Random, number: int, day: date, mode: str, market: str, system: str) -> Grade:
    voided = dice.random() < 0.15
    actual = float(dice.randint(0, 12))
    quantiles = tuple(sorted(float(dice.randint(0, 14)) for _ in QUANTILE_COLUMNS))

    def maybe(value: float) -> float | None:
        return None if dice.random() < 0.3 else value

    line = maybe(dice.randint(0, 24) / 2)
    result = None if voided or line is None else "push" if actual == line else "over" if actual > line else "under"
    p_over = None if line is None else dice.choice((0.0, 0.125, 0.46875, 0.5, 0.5, 0.53125, 0.6875, 0.96875, 1.0))
    brier = None if p_over is None or result in (None, "push") else (p_over - (result == "over")) ** 2
    odd = dice.random() < 0.05  # a line that the system said nothing of
    recommended = dice.random() < 0.6
    values: dict[str, Any] = {
        "game_id": f"{dice.choice(('002', '002', '004', '012'))}{day:%m%d}{number:03d}",
        "player_id": 100 + number,
        "run_id": "run",
        "voided": voided,
        "shadow": system == "b" and dice.random() < 0.5,
        "games_before": dice.choice((0, 9, 10, 10, 11, 40)),
        "minutes_before": dice.choice((None, 3.0, 14.875, 15.0, 15.0, 15.125, 30.0)),
        "line": line,
        "edge": dice.choice(EDGES),
        "recommendation": "over" if recommended else "pass",
        "pick_result": dice.choice(("won", "lost", "push", "void")) if recommended else None,
        "clv": maybe(dice.randint(-4, 4) / 2),
        "clv_price": maybe(dice.randint(-8, 8) / 64),
        "season_mean": maybe(dice.randint(0, 96) / 8),
        "ewma": maybe(dice.randint(0, 96) / 8),
        "rate_minutes": maybe(dice.randint(0, 96) / 8),
    }
    if not voided:
        values |= {
            "actual": actual,
            "error": actual - quantiles[5],
            "mean_error": dice.randint(-40, 40) / 8,
            "crps": dice.randint(0, 64) / 16,
            "pinball": dice.randint(0, 64) / 16,
            "baseline_error": maybe(dice.randint(-40, 40) / 8),
            "inside_80": quantiles[1] <= actual <= quantiles[9],
            "inside_90": quantiles[0] <= actual <= quantiles[10],
            "quantiles_below": sum(quantile < actual for quantile in quantiles),
            "quantiles_equal": sum(quantile == actual for quantile in quantiles),
            "line_result": result,
            "p_over": p_over,
            "brier": None if odd else brier,
            "market_brier": None if brier is None or odd else maybe(dice.randint(0, 32) / 64),
        }
    kind = {"game_date": day, "mode": mode, "market": market, "system": system}
    return Grade(row("predictions.prediction_grades", **kind) | values, quantiles)


def tier_of(one: Row) -> str:
    """Regular: ten earlier games of the season and fifteen minutes a game; new: fewer games; bench: fewer minutes."""
    if one["games_before"] < 10:
        return "new"
    return "regular" if one["minutes_before"] is not None and one["minutes_before"] >= 15 else "bench"


def edge_of(one: Row) -> str:
    """The edge's class, whichever side it is on; its upper end belongs to the next."""
    if one["edge"] is None:
        return "no price"
    names = {0.02: "0-2 %", 0.04: "2-4 %", 0.06: "4-6 %", 0.10: "6-10 %"}
    return next((name for end, name in names.items() if abs(one["edge"]) < end), "10 % and more")


BUCKETS: Mapping[Any, Callable[[Row], str]] = {
    "all": lambda _: "all",
    "tier": tier_of,
    "month": lambda one: f"{one['game_date']:%Y-%m}",
    "edge": edge_of,
}


def chosen(params: Params) -> list[Grade]:
    """The grades that a query asks about."""
    return [
        grade
        for grade in graded()
        for one in [grade.row]
        if params["first"] <= one["game_date"] <= params["last"]
        and all(params[name] in ("", one[name]) for name in ("mode", "market", "system"))
        and params["tier"] in ("", tier_of(one))
        and (one["line"] is not None or not params["lined"])
    ]


def total(values: Iterable[float | None]) -> float | None:
    """As SQL adds up: what is unknown is left out, and of nothing the sum is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def apart(one: Row, name: str) -> float | None:
    """Distance of the outcome from a reference; unknown where either is."""
    return None if one["actual"] is None or one[name] is None else abs(one["actual"] - one[name])


def size(value: float | None) -> float | None:
    """Without its sign."""
    return None if value is None else abs(value)


def minus(left: float | None, right: float | None) -> float | None:
    """The difference; unknown where either is."""
    return None if left is None or right is None else left - right


def below(grades: list[Grade], position: int) -> float:
    """How often the outcome lay below a quantile, half where it equals it; of the void never."""
    found = 0.0
    for grade in grades:
        actual, quantile = grade.row["actual"], grade.quantiles[position]
        if actual is not None:
            found += 1.0 if actual < quantile else 0.5 if actual == quantile else 0.0
    return found


def against(rows: list[Row], prefix: str, name: str) -> Row:
    """N, error and paired difference of a reference."""
    return {
        f"{prefix}_n": sum(not one["voided"] and one[name] is not None for one in rows),
        f"{prefix}_error": total(apart(one, name) for one in rows),
        f"{prefix}_difference": total(minus(size(one["error"]), apart(one, name)) for one in rows),
    }


def sums(grades: list[Grade]) -> Row:
    """The measures' sums over one group."""
    rows = [grade.row for grade in grades]
    sided = [one for one in rows if one["brier"] is not None]
    priced = [one for one in rows if one["market_brier"] is not None]
    picks = [one for one in rows if one["pick_result"] is not None]
    levels = enumerate(QUANTILE_COLUMNS)
    return {
        "shadow": any(one["shadow"] for one in rows),
        "n": sum(not one["voided"] for one in rows),
        "voided": sum(one["voided"] for one in rows),
        "error": total(size(one["error"]) for one in rows),
        "bias": total(one["mean_error"] for one in rows),
        "crps": total(one["crps"] for one in rows),
        "inside_80": sum(one["inside_80"] is True for one in rows),
        "inside_90": sum(one["inside_90"] is True for one in rows),
        **{f"below_{column}": below(grades, position) for position, column in levels},
        **against(rows, "season", "season_mean"),
        **against(rows, "ewma", "ewma"),
        **against(rows, "rate", "rate_minutes"),
        **against(rows, "line", "line"),
        "brier_n": len(sided),
        "brier": total(one["brier"] for one in sided),
        "overs": sum(one["line_result"] == "over" for one in sided),
        "hits": sum((one["p_over"] > 0.5) is (one["line_result"] == "over") for one in sided),
        "market_n": len(priced),
        "market_brier": total(one["market_brier"] for one in priced),
        "priced_brier": total(one["brier"] for one in priced),
        "brier_difference": total(one["brier"] - one["market_brier"] for one in priced),
        "picks": sum(one["pick_result"] in ("won", "lost") for one in picks),
        "picks_won": sum(one["pick_result"] == "won" for one in picks),
        "picks_returned": sum(one["pick_result"] in ("push", "void") for one in picks),
        "clv_n": sum(one["clv"] is not None for one in picks),
        "clv": total(one["clv"] for one in picks),
        "clv_price_n": sum(one["clv_price"] is not None for one in picks),
        "clv_price": total(one["clv_price"] for one in picks),
    }


def grouped(grades: Iterable[Grade], *key: Callable[[Row], Any]) -> list[tuple[tuple[Any, ...], list[Grade]]]:
    """Grades by key, in its order."""
    groups: defaultdict[tuple[Any, ...], list[Grade]] = defaultdict(list)
    for grade in grades:
        groups[tuple(part(grade.row) for part in key)].append(grade)
    return sorted(groups.items())


def named(*names: str) -> tuple[Callable[[Row], Any], ...]:
    """The columns as parts of a key."""

    def part(name: str) -> Callable[[Row], Any]:
        return lambda one: one[name]

    return tuple(part(name) for name in names)


async def asked(statement: str, params: Params) -> list[Row]:
    """The statement's answer over the grades, which lie there backwards."""
    rows = [grade.row for grade in reversed(graded())]
    return await answers(sql(statement), params, predictions__prediction_grades=rows)


@pytest.mark.parametrize("cut", CUTS, ids=str)
async def test_the_sums_of_accuracy_are_those_of_its_measures(cut: dict[str, Any]) -> None:
    """Of every date, mode, market, system and bucket, in that order, whatever is asked for."""
    params = {**ALL, **cut}
    names = ("game_date", "mode", "market", "system")
    groups = grouped(chosen(params), *named(*names), BUCKETS[params["by"]])
    expected = [dict(zip((*names, "bucket"), key, strict=True)) | sums(grades) for key, grades in groups]
    assert await asked("accuracy", params) == expected


@pytest.mark.parametrize("cut", CUTS, ids=str)
async def test_the_bins_of_accuracy_are_tenths_of_the_overs_probability(cut: dict[str, Any]) -> None:
    """Pushes are left out; certainty is in the last tenth."""
    params = {**ALL, **cut}

    def tenth(one: Row) -> int:
        return min(int(one["p_over"] * 10), 9)

    names = ("mode", "market", "system")
    sided = [grade for grade in chosen(params) if grade.row["brier"] is not None]
    expected = [
        {
            **dict(zip((*names, "bucket", "bin"), key, strict=True)),
            "n": len(grades),
            "p_over": sum(grade.row["p_over"] for grade in grades),
            "overs": sum(grade.row["line_result"] == "over" for grade in grades),
        }
        for key, grades in grouped(sided, *named(*names), BUCKETS[params["by"]], tenth)
    ]
    assert await asked("accuracy_bins", params) == expected


def mean(values: Iterable[float | None]) -> Any:  # noqa: ANN401 - None, or nearly that number
    """The mean of what is known, to the last bits; None of nothing."""
    known = [value for value in values if value is not None]
    return pytest.approx(fmean(known), rel=1e-12) if known else None


@pytest.mark.parametrize(
    "cut",
    [{}, {"mode": "overnight"}, {"system": "b"}, {"last": FIRST}, {"mode": "same_day", "system": "a", "first": LAST}],
    ids=str,
)
async def test_leaks_are_looked_for_in_points_of_regular_seasons(cut: dict[str, Any]) -> None:
    """Of players who played: regulars, players with a line, and probabilities."""
    params = {**ALL, **cut}
    points = [
        grade
        for grade in chosen(params)
        if grade.row["market"] == "points" and not grade.row["voided"] and grade.row["game_id"].startswith("002")
    ]
    expected = []
    for (mode, system), grades in grouped(points, *named("mode", "system")):
        rows = [grade.row for grade in grades]
        regular = [one for one in rows if tier_of(one) == "regular"]
        lined = [one for one in rows if one["line"] is not None]
        expected.append(
            {
                "mode": mode,
                "system": system,
                "regular_n": len(regular),
                "regular_mae": mean(size(one["error"]) for one in regular),
                "regular_minus_rate": mean(minus(size(one["error"]), apart(one, "rate_minutes")) for one in regular),
                "lined_n": len(lined),
                "lined_mae": mean(size(one["error"]) for one in lined),
                "lined_minus_line": mean(minus(size(one["error"]), apart(one, "line")) for one in lined),
                "brier_n": sum(one["brier"] is not None for one in rows),
                "brier": mean(one["brier"] for one in rows),
            }
        )
    assert await asked("accuracy_leaks", params) == expected


@pytest.mark.parametrize("mode", ["overnight", "same_day"])
async def test_grades_are_summed_up_by_slate_market_and_system(mode: str) -> None:
    """Means over the players who played, each beside its N."""
    params = {**ALL, "mode": mode}
    expected = []
    for (day, market, system), grades in grouped(chosen(params), *named("game_date", "market", "system")):
        rows = [grade.row for grade in grades]
        known = [one for one in rows if not one["voided"]]
        based = [one for one in rows if one["baseline_error"] is not None]
        expected.append(
            {
                "game_date": day,
                "market": market,
                "system": system,
                "predictions": len(rows),
                "graded": len(known),
                "voided": len(rows) - len(known),
                "mae": mean(size(one["error"]) for one in rows),
                "mae_with_baseline": mean(size(one["error"]) for one in based),
                "with_baseline": len(based),
                "baseline_mae": mean(size(one["baseline_error"]) for one in based),
                "bias": mean(one["error"] for one in rows),
                "pinball": mean(one["pinball"] for one in rows),
                "coverage_80": mean(float(one["inside_80"]) for one in known),
                "with_line": sum(one["brier"] is not None for one in rows),
                "brier": mean(one["brier"] for one in rows),
            }
        )
    assert await asked("grades", params) == expected


async def test_a_slate_whose_players_are_all_void_has_no_means() -> None:
    """Nothing was right, nothing wrong: unknown, and no division by nothing."""
    void = row(
        "predictions.prediction_grades", game_date=LAST, mode="overnight", market="points", system="a", voided=True
    )
    [found] = await answers(sql("grades"), {**ALL, "mode": "overnight"}, predictions__prediction_grades=[void])
    assert found == {
        "game_date": LAST, "market": "points", "system": "a", "predictions": 1, "graded": 0, "voided": 1,
        "mae": None, "mae_with_baseline": None, "with_baseline": 0, "baseline_mae": None, "bias": None,
        "pinball": None, "coverage_80": None, "with_line": 0, "brier": None,
    }  # fmt: skip
