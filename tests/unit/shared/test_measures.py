"""The measures of predictions by hand: ratios of sums, intervals over dates, and what is too good to be true."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.coordinator.watch.leaks import suspects
from shared.accuracy import REFERENCES, report, wilson

LEVELS = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
KIND = {"mode": "overnight", "market": "points", "system": "boosted", "bucket": "all"}
SUMS = {
    "shadow": False, "n": 0, "voided": 0, "error": 0.0, "bias": 0.0, "crps": 0.0, "inside_80": 0, "inside_90": 0,
    "brier_n": 0, "brier": 0.0, "overs": 0, "hits": 0, "market_n": 0, "market_brier": 0.0, "priced_brier": 0.0,
    "brier_difference": 0.0, "picks": 0, "picks_won": 0, "picks_returned": 0, "clv_n": 0, "clv": 0.0, "clv_price_n": 0,
    "clv_price": 0.0, **{f"below_q{level:02d}": 0 for level in LEVELS},
    **{f"{name}_{what}": 0.0 for name in REFERENCES for what in ("n", "error", "difference")},
}  # fmt: skip
"""A night without anything."""


def night(number: int = 1, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    """Sums of one date of March 2024."""
    return {**KIND, **SUMS, "game_date": date(2024, 2, 29) + timedelta(days=number), **values}


def measured(*nights: dict[str, Any], bins: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """The one group of these nights."""
    [found] = report(nights, bins)
    return found


def test_every_measure_is_a_ratio_of_sums_over_predictions() -> None:
    """Of 4 and 6 predictions: error 20 + 30, bias 2 - 7, CRPS 15 + 20, inside 3 + 5 and 4 + 5 of 10."""
    found = measured(
        night(1, n=4, voided=1, error=20.0, bias=2.0, crps=15.0, inside_80=3, inside_90=4),
        night(2, n=6, voided=2, error=30.0, bias=-7.0, crps=20.0, inside_80=5, inside_90=5),
    )
    assert {name: found[name] for name in ("n", "voided", "dates", "first", "last", "shadow")} == {
        "n": 10, "voided": 3, "dates": 2, "first": "2024-03-01", "last": "2024-03-02", "shadow": False,
    }  # fmt: skip
    ratios = {name: found[name] for name in ("mae", "bias", "crps", "coverage_80", "coverage_90")}
    assert ratios == pytest.approx({"mae": 5.0, "bias": -0.5, "crps": 3.5, "coverage_80": 0.8, "coverage_90": 0.9})
    assert found["against"] == {}
    assert (found["p_over"], found["picks"]) == (None, None)


def test_a_night_of_voids_is_no_date_of_the_record() -> None:
    """It is counted among the voided, and neither first nor last; a null sum is nothing."""
    found = measured(night(1, voided=3, error=None), night(2, n=2, error=3.0), night(3, voided=1))
    assert (found["dates"], found["first"], found["last"], found["voided"]) == (1, "2024-03-02", "2024-03-02", 4)
    assert (found["mae"], found["mae_interval"]) == (1.5, None)  # one night has no spread over nights


def test_a_group_without_anything_is_left_out() -> None:
    """Voided alone is something; of it there are no measures."""
    assert report([night(1)], []) == []
    found = measured(night(1, voided=1))
    assert (found["mae"], found["first"], found["quantile_ece"]) == (None, None, None)


def test_groups_are_kept_apart_and_come_in_order() -> None:
    """By mode, market, system and bucket; bins go with their group."""
    rows = [
        night(1, n=1, error=4.0, system="similarity"), night(1, n=1, error=3.0, bucket="edge"),
        night(1, n=1, error=2.0, market="assists"), night(1, n=1, error=1.0, mode="manual"), night(2, n=1, error=9.0),
    ]  # fmt: skip
    assert [(row["mode"], row["market"], row["system"], row["bucket"], row["mae"]) for row in report(rows, [])] == [
        ("manual", "points", "boosted", "all", 1.0), ("overnight", "assists", "boosted", "all", 2.0),
        ("overnight", "points", "boosted", "all", 9.0), ("overnight", "points", "boosted", "edge", 3.0),
        ("overnight", "points", "similarity", "all", 4.0),
    ]  # fmt: skip


def test_intervals_resample_dates() -> None:
    """Two nights, all right and all wrong: from 0 to 1. Twenty: a half -+ 1.96 x 0.5 / sqrt 20. Alike: a point."""
    two = measured(night(1, n=5, error=0.0, bias=5.0), night(2, n=5, error=5.0, bias=5.0))
    assert two["mae_interval"] == [0.0, 1.0]
    assert two["bias_interval"] == [1.0, 1.0]
    twenty = measured(*(night(k, n=5, error=5.0 * (k % 2), crps=10.0 * (k % 2)) for k in range(1, 21)))
    assert twenty["mae_interval"] == pytest.approx([0.281, 0.719], abs=0.05)
    assert twenty["crps_interval"] == pytest.approx([0.562, 1.438], abs=0.1)


def test_intervals_weigh_a_date_by_its_predictions() -> None:
    """Of two nights the one with 3 of 4 predictions counts three times: both drawn once, 3 / 4; else 0 or 1."""
    found = measured(*(night(k, n=3 if k % 2 else 1, error=3.0 if k % 2 else 0.0) for k in range(1, 41)))
    low, high = found["mae_interval"]
    assert (found["mae"], low < 0.75 < high) == (0.75, True)
    assert (low, high) == pytest.approx((0.60, 0.87), abs=0.05)


def test_nights_without_predictions_are_not_drawn() -> None:
    """A night of voids does not dilute; with it alone beside one other there is no interval."""
    assert measured(night(1, n=5, error=5.0), night(2, voided=9))["mae_interval"] is None
    found = measured(night(1, n=5, error=5.0), night(2, n=5, error=5.0), night(3, voided=9))
    assert found["mae_interval"] == [1.0, 1.0]


def test_how_often_outcomes_lie_below_quantiles() -> None:
    """Exactly as often as stated but for the median, 0.61 instead of 0.5: 0.11 over eleven levels."""
    below = {f"below_q{level:02d}": level for level in LEVELS} | {"below_q50": 61}
    found = measured(night(1, n=100, **below))
    assert found["quantile_ece"] == pytest.approx(0.01)
    assert found["quantile_hit"] == {
        "0.05": 0.05, "0.1": 0.1, "0.2": 0.2, "0.3": 0.3, "0.4": 0.4, "0.5": 0.61, "0.6": 0.6, "0.7": 0.7, "0.8": 0.8,
        "0.9": 0.9, "0.95": 0.95,
    }  # fmt: skip


def test_references_are_compared_on_their_own_rows() -> None:
    """The line speaks of 4 of 10, 5.5 off on average, and the system 0.25 better there."""
    found = measured(
        night(1, n=5, line_n=2, line_error=10.0, line_difference=-1.0),
        night(2, n=5, line_n=2, line_error=12.0, line_difference=0.0),
    )
    assert found["against"] == {"line": {"n": 4, "mae": 5.5, "difference": -0.25, "interval": [-0.5, 0.0]}}
    every = measured(night(1, n=5, season_n=1, ewma_n=1, rate_n=1, line_n=1))
    assert list(every["against"]) == ["season", "ewma", "rate", "line"]


def test_what_probabilities_were_worth() -> None:
    """Of 8: Brier 2 / 8, three overs, five hits; the bins say 1.8 and 2.4 where 2 and 1 happened: 1.6 / 8."""
    tenths = tuple({**KIND, "bin": k, "n": 4, "p_over": p, "overs": o} for k, p, o in ((4, 1.8, 2), (6, 2.4, 1)))
    other = {**KIND, "system": "similarity", "bin": 4, "n": 4, "p_over": 0.0, "overs": 4}
    found = measured(night(1, n=9, brier_n=8, brier=2.0, overs=3, hits=5), bins=(*tenths, other))["p_over"]
    assert (found["n"], found["over_rate"], found["brier"], found["hits"], found["hit_rate"]) == (
        8,
        0.375,
        0.25,
        5,
        0.625,
    )
    assert found["ece"] == pytest.approx(0.2)
    assert [(row["n"], row["over_rate"]) for row in found["reliability"]] == [(4, 0.5), (4, 0.25)]
    assert [row["p_over"] for row in found["reliability"]] == pytest.approx([0.45, 0.6])
    assert found["reliability"][0]["wilson"] == pytest.approx([0.150, 0.850], abs=0.001)
    assert found["wilson"] == pytest.approx([0.306, 0.863], abs=0.001)
    assert (found["market"], found["brier_interval"]) == (None, None)


def test_the_markets_own_probabilities_beside_it() -> None:
    """On 4 priced rows: 1.2 / 4 against 1.0 / 4, a difference of 0.05."""
    found = measured(
        night(1, n=9, brier_n=8, market_n=2, priced_brier=0.6, market_brier=0.5, brier_difference=0.1),
        night(2, n=9, brier_n=8, brier=4.0, market_n=2, priced_brier=0.6, market_brier=0.5, brier_difference=0.1),
    )["p_over"]
    assert found["market"] == {
        "n": 4, "brier": pytest.approx(0.3), "market_brier": 0.25, "difference": pytest.approx(0.05),
        "interval": pytest.approx([0.05, 0.05]),
    }  # fmt: skip
    assert found["brier_interval"] == [0.0, 0.5]


def test_what_was_recommended_and_decided() -> None:
    """Six of ten won, one returned; the line moved by 3 / 6 on average, the price by 1 / 4."""
    found = measured(
        night(1, n=20, picks=10, picks_won=6, picks_returned=1, clv_n=6, clv=3.0, clv_price_n=4, clv_price=1.0)
    )["picks"]
    assert found == {
        "n": 10, "won": 6, "returned": 1, "hit_rate": 0.6, "wilson": pytest.approx([0.3127, 0.8318], abs=1e-4),
        "clv_n": 6, "clv": 0.5, "clv_interval": None, "clv_price_n": 4, "clv_price": 0.25,
    }  # fmt: skip
    returned = measured(night(1, n=20, picks_returned=1))["picks"]
    assert (returned["n"], returned["hit_rate"], returned["wilson"]) == (0, None, None)


def test_a_system_on_trial_is_marked() -> None:
    """If it was on any of the dates."""
    assert measured(night(1, n=1), night(2, n=1, shadow=True))["shadow"] is True


@pytest.mark.parametrize(
    ("hits", "n", "interval"),
    [(5, 10, [0.2366, 0.7634]), (0, 10, [0.0, 0.2775]), (10, 10, [0.7225, 1.0]), (524, 1000, [0.4930, 0.5548])],
)
def test_the_score_interval_of_a_share(hits: int, n: int, interval: list[float]) -> None:
    """Wilson 1927, as tables have it for 95 %."""
    assert wilson(hits, n) == pytest.approx(interval, abs=1e-4)
    assert wilson(0, 0) is None


HONEST = {
    "mode": "overnight", "system": "boosted", "regular_n": 2000, "regular_minus_rate": -0.2, "lined_n": 2000,
    "lined_minus_line": -0.02, "brier_n": 2000, "brier": 0.249,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"regular_minus_rate": -0.23}, None),
        ({"regular_minus_rate": -0.231}, "MAE of regulars minus that of rate times minutes -0.231 < -0.23 (N = 2000)"),
        ({"regular_minus_rate": -0.9, "regular_n": 1999}, None),
        ({"regular_minus_rate": None}, None),
        ({"lined_minus_line": -0.05}, None),
        ({"lined_minus_line": -0.051, "lined_n": 2001}, "MAE of players with a line minus the line's -0.051 < -0.05"),
        ({"lined_minus_line": -0.9, "lined_n": 1999}, None),
        ({"brier": 0.246}, None),
        ({"brier": 0.2459}, "Brier score 0.2459 < 0.246 (N = 2000)"),
        ({"brier": 0.1, "brier_n": 1999}, None),
    ],
)
def test_f29_both_sides_of_too_good(changes: dict[str, Any], reason: str | None) -> None:
    """Beyond a limit on 2,000 graded predictions the future has leaked in; fewer are luck."""
    found = suspects([HONEST | changes])
    assert len(found) == (reason is not None)
    if reason is not None:
        assert found[0]["reason"].startswith(reason)
        assert found[0]["reason"].endswith("): too good, look for leakage first")
        assert (found[0]["mode"], found[0]["system"]) == ("overnight", "boosted")


def test_each_suspect_has_all_its_reasons() -> None:
    """One line per mode and system, honest ones left out."""
    found = suspects([HONEST, HONEST | {"system": "ensemble", "brier": 0.2, "lined_minus_line": -0.3}])
    assert [one["system"] for one in found] == ["ensemble"]
    assert found[0]["reason"] == (
        "MAE of players with a line minus the line's -0.3 < -0.05 (N = 2000); Brier score 0.2 < 0.246 (N = 2000): "
        "too good, look for leakage first"
    )
