"""How `boosted` is learned: which rows, targets and folds go into which fit, and what is kept. Fits are made up here.

Eight slates of two games of two players: player 0 always plays, player 1 in the even slates only. The fits say what a
test lets them say; the arithmetic around them is worked out on paper.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from services.worker.domain.distribution import Floats
from services.worker.domain.training import boosted, columns
from services.worker.domain.training.boosted import Fitted
from services.worker.domain.training.columns import of_market, shared_columns
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Fit
from services.worker.domain.training.spread import calibrate
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS
from tests.unit.worker.forest import constant, model

N = 16
PLAYED = np.array([n % 4 != 3 for n in range(N)])
"""Of the four rows of two slates the last one is missing."""
EARLY = np.arange(12) < 6
"""Of the twelve rows that are learned from, those of the first four slates."""
POWERS = [market.power for market in MARKETS.values()]
COMMON = {
    "verbose": -1, "seed": 20201222, "deterministic": True, "force_row_wise": True, "num_threads": 1,
    "boost_from_average": True, "learning_rate": 0.15, "num_leaves": 16, "min_data_in_leaf": 150,
    "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 20.0, "max_bin": 63,
}  # fmt: skip
"""Parameters that all fits have in common."""

Says = Callable[[str, Fit], float]
Fits = Callable[[Says], list[dict[str, Fit]]]


def frame() -> Frame:
    """Every feature is the place of its row; a rate of 1/2 a minute, and at least 15 recent minutes from row 4 on."""
    place = np.arange(N, dtype=np.float64)
    features: dict[str, Floats] = dict.fromkeys(FEATURES, place + 0.25)
    features |= {f"{market}_per_minute": np.full(N, 0.5) for market in MARKETS}
    features |= {"minutes_ewma": np.where(place < 4, 14.9, 15.0)}
    outcomes = {market: np.where(PLAYED, 10.0 + shift + place % 5, np.nan) for shift, market in enumerate(MARKETS)}
    days = (np.datetime64("2024-01-01") + np.arange(N) // 2).astype("datetime64[D]")
    minutes = np.where(PLAYED, 20.0 + place, np.nan)
    return Frame(features, days, np.arange(N) % 2, outcomes, minutes, np.ones(N, dtype=np.bool_))


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    """Let fits say something; every call is kept."""

    def let(says: Says) -> list[dict[str, Fit]]:
        calls: list[dict[str, Fit]] = []

        def fit_all(wanted: Mapping[str, Fit]) -> dict[str, str]:
            calls.append(dict(wanted))
            return {name: model(one.matrix.shape[1], constant(says(name, one))) for name, one in wanted.items()}

        monkeypatch.setattr(boosted, "fit_all", fit_all)
        return calls

    return let


PREDICTED = {
    "play": 0.0, "minutes": 25.0, "fold0": 20.0, "fold1": 30.0, "centre0": 5.0, "centre1": 6.0, "fold0.0": 1.0,
    "fold0.1": 2.0, "fold1.0": -1.0, "fold1.1": -2.0, "spread": 0.25,
}  # fmt: skip


def fitted(fits: Fits) -> tuple[list[dict[str, Fit]], Fitted]:
    """One fit of the whole frame, with constants by name."""
    calls = fits(lambda name, _: PREDICTED[name])
    return calls, boosted._fit(frame())


def test_attendance_and_minutes_are_learned_first(fits: Fits) -> None:
    """Attendance from all rows, by log-odds; minutes from those who played, also without each fold of slates."""
    calls, _ = fitted(fits)
    first = calls[0]
    place = np.arange(N) + 0.25
    assert list(first) == ["play", "minutes", "fold0", "fold1"]
    assert first["play"].target.tolist() == PLAYED.astype(float).tolist()
    assert first["play"].matrix.shape == (N, len(shared_columns()))
    assert first["play"].matrix[:, 0].tolist() == place.tolist()
    assert first["minutes"].target.tolist() == (20.0 + np.arange(N)[PLAYED]).tolist()
    assert first["minutes"].matrix[:, 0].tolist() == place[PLAYED].tolist()
    assert first["fold0"].target.tolist() == (20.0 + np.arange(N)[PLAYED][~EARLY]).tolist()
    assert first["fold0"].matrix[:, 0].tolist() == place[PLAYED][~EARLY].tolist()
    assert first["fold1"].target.tolist() == (20.0 + np.arange(N)[PLAYED][EARLY]).tolist()
    assert first["fold1"].matrix[:, 0].tolist() == place[PLAYED][EARLY].tolist()
    assert {name: one.rounds for name, one in first.items()} == {"play": 30, "minutes": 30, "fold0": 30, "fold1": 30}
    assert first["play"].parameters == COMMON | {"objective": "binary"}
    for name in ("minutes", "fold0", "fold1"):
        assert first[name].parameters == COMMON | {"objective": "regression"}


def test_each_market_is_fitted_once_for_its_centre_and_once_for_its_spread(fits: Fits) -> None:
    """Two seeds of all rows and two of each fold; then one spread: by absolute errors, and by squares, slowly."""
    calls, _ = fitted(fits)
    assert len(calls) == 1 + 2 * len(MARKETS)
    for centres, spread in zip(calls[1::2], calls[2::2], strict=True):
        assert list(centres) == ["centre0", "centre1", "fold0.0", "fold0.1", "fold1.0", "fold1.1"]
        for name, one in centres.items():
            seed = 20201222 + int(name[-1])
            assert one.parameters == COMMON | {"objective": "regression_l1", "seed": seed}
            assert one.rounds == 30
        assert list(spread) == ["spread"]
        assert spread["spread"].parameters == COMMON | {
            "objective": "regression", "learning_rate": 0.06, "num_leaves": 7, "min_data_in_leaf": 400,
        }  # fmt: skip
        assert spread["spread"].rounds == 40


def centre_of(start: Floats) -> Floats:
    """Out of fold: the first fold's fits say 1 and 2, the second's -1 and -2."""
    return start + np.where(EARLY, 1.5, -1.5)


def test_the_centre_learns_what_form_leaves_over(fits: Fits) -> None:
    """Form is half of the minutes expected out of fold: 20 in the first, 30 in the second; the target is the rest.

    Its market's power of 10.5 and 15.5, and of the outcome and a half.
    """
    calls, _ = fitted(fits)
    for shift, (power, centres) in enumerate(zip(POWERS, calls[1::2], strict=True)):
        start = np.where(EARLY, 10.5, 15.5) ** power
        outcome = (10.5 + shift + np.arange(N) % 5)[PLAYED] ** power
        market = list(MARKETS)[shift]
        assert centres["centre0"].target == pytest.approx(outcome - start)
        assert centres["fold0.1"].target == pytest.approx((outcome - start)[~EARLY])
        assert centres["fold1.0"].target == pytest.approx((outcome - start)[EARLY])
        width = len(of_market(market))
        assert centres["centre1"].matrix.shape == (12, width)
        assert centres["centre1"].matrix[:, 0].tolist() == (np.arange(N)[PLAYED] + 0.25).tolist()
        assert centres["centre1"].matrix[:, -1].tolist() == np.where(EARLY, 20.0, 30.0).tolist()
        assert centres["fold0.0"].matrix[:, -1].tolist() == [30.0] * 6
        assert centres["fold1.1"].matrix[:, -1].tolist() == [20.0] * 6


def by_level(power: float, shift: int) -> tuple[Floats, Floats, Floats, float, float, float]:
    """(start, centre out of fold, variance by level, a, b, floor) by least squares on two levels.

    With two levels the line goes through the means of both: b is the difference of the mean squares over that of the
    levels, unless it falls.
    """
    start = np.where(EARLY, 10.5, 15.5) ** power
    centre = centre_of(start)
    squared = ((10.5 + shift + np.arange(N) % 5)[PLAYED] ** power - centre) ** 2
    slope = (squared[~EARLY].mean() - squared[EARLY].mean()) / (15.5**power - 10.5**power)
    slope = max(slope * 12 / 11, 0.0)  # the covariance is one of samples, the variance that of these rows
    constant_ = squared.mean() - slope * start.mean()
    floor = 0.05 * squared.mean()
    return start, centre, np.maximum(constant_ + slope * start, floor), constant_, slope, floor


def test_the_spread_learns_relative_squared_errors_out_of_fold(fits: Fits) -> None:
    """Squared error over the variance of its level, less one; it reads the centre out of fold beside the features."""
    calls, _ = fitted(fits)
    for shift, (power, spread) in enumerate(zip(POWERS, calls[2::2], strict=True)):
        _, centre, level, *_ = by_level(power, shift)
        squared = ((10.5 + shift + np.arange(N) % 5)[PLAYED] ** power - centre) ** 2
        one = spread["spread"]
        assert one.target == pytest.approx(squared / level - 1.0)
        assert one.matrix.shape == (12, len(of_market(list(MARKETS)[shift])) + 1)
        assert one.matrix[:, -1] == pytest.approx(centre)
        assert one.matrix[:, -2].tolist() == np.where(EARLY, 20.0, 30.0).tolist()


def test_what_is_kept_of_a_market(fits: Fits) -> None:
    """Its numbers, its columns and its trees; the fits of folds are not kept. Out of fold: calibrated, NaN if absent.

    Calibrated on the rotation alone: the rows from 4 on, of which nine played.
    """
    _, made = fitted(fits)
    rotation = np.arange(12) >= 3
    for shift, (power, market) in enumerate(zip(POWERS, MARKETS, strict=True)):
        _, centre, level, a, b, floor = by_level(power, shift)
        scale = np.sqrt(level * 1.25)  # the spread's trees say a quarter more
        outcome = (10.0 + shift + np.arange(N) % 5)[PLAYED]
        moved, width = calibrate(outcome[rotation], centre[rotation], scale[rotation], power)
        assert made.arrays[f"market.{market}"] == pytest.approx([power, a, b, floor, moved, width])
        assert tuple(made.arrays[f"columns.{market}"]) == of_market(market)
        known_centre, known_scale, known_power = made.out_of_fold[market]
        assert known_power == power
        assert known_centre[PLAYED] == pytest.approx(centre + moved * scale)
        assert known_scale[PLAYED] == pytest.approx(scale * width)
        assert np.isnan(known_centre[~PLAYED]).all()
        assert np.isnan(known_scale[~PLAYED]).all()
    assert tuple(made.arrays["columns.minutes"]) == shared_columns()
    assert set(made.texts) == {
        "play", "minutes", *(f"{market}.{name}" for market in MARKETS for name in ("centre0", "centre1", "spread")),
    }  # fmt: skip
    for name, text in made.texts.items():
        assert f"leaf_value={PREDICTED[name.rsplit('.', 1)[-1]]}\n" in text


def test_a_variance_changes_by_a_factor_of_03_to_3_at_most(fits: Fits) -> None:
    """Trees that say nine times as much are heard as three."""
    fits(lambda name, _: 8.0 if name == "spread" else PREDICTED[name])
    made = boosted._fit(frame())
    _, _, level, *_ = by_level(0.9, 0)
    width = made.arrays["market.points"][5]
    assert made.out_of_fold["points"][1][PLAYED] == pytest.approx(np.sqrt(level * 3.0) * width)


def test_boosted_is_judged_by_the_earlier_and_kept_from_all_slates(fits: Fits) -> None:
    """Fits that say how many rows they saw: minutes of 9 earlier rows, of 12 in all."""
    fits(lambda _, one: float(len(one.matrix)))
    known = frame()
    parts = Split(known.take(np.arange(12)), known.take(np.arange(12, 16)))
    learned, out_of_fold, earlier = boosted.learn(known, parts)
    assert learned.forecasts["points"].minutes is not None
    assert learned.forecasts["points"].minutes.tolist() == [9.0] * 4
    assert "leaf_value=12.0\n" in learned.trees["minutes"]
    assert "leaf_value=16.0\n" in learned.trees["play"]
    assert (len(out_of_fold["points"][0]), len(earlier["points"][0])) == (16, 12)
    assert learned.rows == 12
    assert set(learned.arrays) == {
        "columns.minutes",
        *(f"{what}.{m}" for m in MARKETS for what in ("market", "columns")),
    }


def test_what_boosted_reads_of_the_feature_store(fits: Fits) -> None:
    """Every column of any of its models once, but for the expected minutes, which it forecasts itself."""
    fits(lambda name, _: PREDICTED.get(name, 0.0))
    known = frame()
    learned, *_ = boosted.learn(known, Split(known.take(np.arange(12)), known.take(np.arange(12, 16))))
    assert set(learned.features) == {
        *shared_columns(), *(name for market in MARKETS for name in of_market(market) if name != "expected_minutes"),
    }  # fmt: skip
    assert len(set(learned.features)) == len(learned.features)
    assert learned.features[: len(shared_columns())] == shared_columns()


def test_a_market_is_learned_from_form_and_what_its_entry_names() -> None:
    """After what is read for every market, and before the expected minutes."""
    for market, own in ((name, entry.learned_from) for name, entry in MARKETS.items()):
        assert of_market(market) == (
            *columns._SHARED, *(f"{market}_{name}" for name in columns._FORM), *own, "expected_minutes",
        )  # fmt: skip
