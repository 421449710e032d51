"""What learners learn from rows that can be worked out: ridge, weights, references, folds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from services.worker.domain import trees
from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.systems.base import Forecast, Forecasts
from services.worker.domain.training import boosted, ensemble, learner, market_residual, similarity
from services.worker.domain.training.columns import of_market, shared_columns
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Fit, fit_all, inputs_of, parameters
from shared.errors import Skip
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS


def frame(n: int, features: Mapping[str, Floats] | None = None, **columns: Any) -> Frame:  # noqa: ANN401 - columns
    """N rows of one player each, two a slate, all of whom played; a line of no market."""
    known: dict[str, Floats] = {}
    for market in MARKETS:
        known |= {f"{market}_{what}": np.full(n, np.nan) for what in ("line", "line_p_over", "season_mean")}
        known[f"{market}_per_minute"] = np.full(n, 0.5)
    known |= {"minutes_ewma": np.full(n, 20.0), "days_rest": np.ones(n), "is_home": np.zeros(n)}
    known |= {"zone_mismatch": np.zeros(n), "pace_factor": np.ones(n), "fatigue": np.zeros(n)}
    known |= {f"opponent_{what}_factor": np.ones(n) for what in ("points", "rebounds", "assists", "threes")}
    rows: dict[str, Any] = {
        "features": known | dict(features if features is not None else {}),
        "day": (np.datetime64("2024-01-01") + np.arange(n) // 2).astype("datetime64[D]"),
        "player_id": np.arange(n),
        "outcomes": {market: np.full(n, 10.0) for market in MARKETS},
        "minutes": np.full(n, 20.0),
        "regular": np.ones(n, dtype=np.bool_),
    }
    return Frame(**(rows | columns))


def out_of_fold(n: int, centre: Floats, power: float = 1.0) -> dict[str, tuple[Floats, Floats, float]]:
    """`boosted` of every market: these centres, a scale of 4."""
    return {market: (centre, np.full(n, 4.0), power) for market in MARKETS}


def test_a_correction_of_the_market_starts_from_its_prior() -> None:
    """400 lines of 20 (20.5) with outcomes of 26: 1.5 scales above. No gap to `boosted`, no season's mean.

    The constant: 400 x 1.5 / (400 + 4000); a tenth of the gap and none of the season's, as believed before.
    """
    known = frame(400, {"points_line": np.full(400, 20.0)}, outcomes=dict.fromkeys(MARKETS, np.full(400, 26.0)))
    found, rows = market_residual._fit(known, out_of_fold(400, np.full(400, 20.5)))
    assert list(found) == ["points"]
    assert found["points"] == pytest.approx([600.0 / 4400.0, 0.1, 0.0])
    assert rows == 400


def test_an_outcome_is_never_further_away_than_two_scales() -> None:
    """40 points where 20 were expected, and 0: +- 2 scales of 4."""
    for outcome, sign in ((40.0, 1.0), (0.0, -1.0)):
        known = frame(400, {"points_line": np.full(400, 20.0)}, outcomes=dict.fromkeys(MARKETS, np.full(400, outcome)))
        found, _ = market_residual._fit(known, out_of_fold(400, np.full(400, 20.5)))
        assert found["points"][0] == pytest.approx(sign * 800.0 / 4400.0)


def test_gaps_are_learned_by_how_far_they_went() -> None:
    """`boosted` half a scale above or below, and half of that came true: (400 x 0.125 + 400 x 0.1) / (100 + 400)."""
    sign = np.where(np.arange(400) % 2 == 0, 1.0, -1.0)
    known = frame(400, {"points_line": np.full(400, 20.0)}, outcomes=dict.fromkeys(MARKETS, 20.0 + sign))
    found, _ = market_residual._fit(known, out_of_fold(400, 20.5 + 2.0 * sign))
    assert found["points"] == pytest.approx([0.0, (400 * 0.5 * 0.25 + 400 * 0.1) / (400 * 0.25 + 400), 0.0])


def test_the_seasons_mean_is_learned_without_a_belief() -> None:
    """Half a scale above or below, and half of that came true: 400 x 0.125 / (100 + 400)."""
    sign = np.where(np.arange(400) % 2 == 0, 1.0, -1.0)
    features = {"points_line": np.full(400, 20.0), "points_season_mean": 20.0 + 2.0 * sign}
    known = frame(400, features, outcomes=dict.fromkeys(MARKETS, 20.0 + sign))
    found, _ = market_residual._fit(known, out_of_fold(400, np.full(400, 20.5)))
    assert found["points"] == pytest.approx([0.0, 0.1, 0.1])


def test_rows_without_a_line_or_an_outcome_teach_nothing() -> None:
    """300 of 500 have both: 299 are too few. The others' centres and outcomes do not count."""
    line = np.where(np.arange(500) < 100, np.nan, 20.0)
    minutes = np.where(np.arange(500) >= 400, np.nan, 20.0)
    outcome = np.where(np.arange(500) < 100, 99.0, np.where(np.arange(500) >= 400, np.nan, 24.5))
    centre = np.where(np.arange(500) < 100, 99.0, np.where(np.arange(500) >= 400, np.nan, 20.5))
    known = frame(500, {"points_line": line}, minutes=minutes, outcomes=dict.fromkeys(MARKETS, outcome))
    found, rows = market_residual._fit(known, out_of_fold(500, centre))
    assert rows == 300
    assert found["points"] == pytest.approx([300.0 * 1.125 / 4300.0, 0.1, 0.0])  # 25 - 20.5, in scales of 4
    fewer = known.take(np.arange(500) != 100)
    assert market_residual._fit(fewer, out_of_fold(499, centre[np.arange(500) != 100])) == ({}, 0)


def residual(n: int, lined: float = 20.0) -> tuple[Frame, Split]:
    """N earlier rows with lines on points and rebounds, and two newest ones."""
    features = {f"{market}_line": np.full(n + 2, lined) for market in ("points", "rebounds")}
    known = frame(n + 2, features, outcomes=dict.fromkeys(MARKETS, np.full(n + 2, 26.0)))
    return known, Split(known.take(np.arange(n)), known.take(np.arange(n, n + 2)))


def members(n: int, centre: float = 20.5) -> dict[str, Forecasts]:
    """`boosted` of n rows."""
    return {"boosted": dict.fromkeys(MARKETS, Forecast(Distributions(np.full(n, centre), np.full(n, 4.0), 1.0)))}


def test_the_market_is_judged_by_the_earlier_and_kept_from_all_slates() -> None:
    """400 earlier rows, 402 in all: 1.5 n / (n + 4000). The forecasts of the newest are by the 400."""
    known, parts = residual(400)
    made = market_residual.learn(
        known, parts, out_of_fold(402, np.full(402, 20.5)), out_of_fold(400, np.full(400, 20.5)), members(2)
    )
    assert list(made.arrays) == ["coefficients.points", "coefficients.rebounds"]
    assert made.arrays["coefficients.points"][0] == pytest.approx(603.0 / 4402.0)
    assert made.forecasts["points"].distributions.centre == pytest.approx([20.5 + 4.0 * 600.0 / 4400.0] * 2)
    assert (made.rows, made.trees) == (804, {})
    assert made.features == (
        "points_line", "points_line_p_over", "points_season_mean", "rebounds_line", "rebounds_line_p_over",
        "rebounds_season_mean",
    )  # fmt: skip


def test_a_market_too_new_for_the_earlier_slates_is_judged_by_the_prior() -> None:
    """298 earlier rows and 300 in all: a tenth of the gap of half a scale of 4."""
    known, parts = residual(298)
    made = market_residual.learn(
        known, parts, out_of_fold(300, np.full(300, 20.5)), out_of_fold(298, np.full(298, 20.5)), members(2, 22.5)
    )
    assert made.forecasts["points"].distributions.centre == pytest.approx([20.5 + 0.1 * 2.0] * 2)
    assert made.arrays["coefficients.points"][0] == pytest.approx(450.0 / 4300.0)


def test_without_lines_there_is_nothing_to_learn() -> None:
    """It is said how many are needed."""
    known, parts = residual(400, np.nan)
    nothing = out_of_fold(402, np.full(402, 20.5))
    with pytest.raises(Skip, match="no market has 300 outcomes with a line"):
        market_residual.learn(known, parts, nothing, nothing, members(2))


def test_weights_are_found_on_a_grid_of_twentieths() -> None:
    """Outcomes that are 0.5, 0.3 and 0.2 of three centres, exactly."""
    dice = np.random.default_rng(1)
    centres = [dice.normal(10.0, 3.0, 40) for _ in range(3)]
    outcome = 0.5 * centres[0] + 0.3 * centres[1] + 0.2 * centres[2]
    assert ensemble.best_weights(centres, outcome).tolist() == pytest.approx([0.5, 0.3, 0.2])
    near = 0.45 * centres[0] + 0.55 * centres[2]
    assert ensemble.best_weights(centres, near).tolist() == pytest.approx([0.45, 0.0, 0.55])
    for n in range(3):
        assert ensemble.best_weights(centres, centres[n]).tolist() == [float(n == k) for k in range(3)]


def test_weights_are_those_of_least_absolute_error() -> None:
    """Of two centres 0 and 1 and outcomes 0, 0, 1 the median, 0, is best; squares would say a third."""
    centres = [np.zeros(3), np.ones(3)]
    assert ensemble.best_weights(centres, np.array([0.0, 0.0, 1.0])).tolist() == [1.0, 0.0]


def pooling(n: int) -> tuple[Frame, Floats]:
    """Form of 10 to 40 points a game, and trees that say 1 to power 0.9 more; outcomes as the trees say."""
    minutes = np.linspace(20.0, 80.0, n)
    trees_ = (0.5 * minutes + 0.5) ** 0.9 + 1.0
    outcome = trees_ ** (1.0 / 0.9) - 0.5
    return frame(n, {"minutes_ewma": minutes}, outcomes=dict.fromkeys(MARKETS, outcome)), trees_


def test_an_ensemble_is_judged_by_the_earlier_and_kept_from_all_slates() -> None:
    """The trees are right in the earlier slates: all the weight; in all slates they are not to be had: form is."""
    known, centre = pooling(40)
    parts = Split(known.take(np.arange(30)), known.take(np.arange(30, 40)))
    distributions = Distributions(np.full(10, 30.0), np.full(10, 4.0), 0.9)
    reads = {
        "boosted": dict.fromkeys(MARKETS, Forecast(distributions)),
        "moving_average": dict.fromkeys(MARKETS, Forecast(Distributions(np.full(10, 20.0), np.full(10, 4.0), 0.9))),
        "zone_matchup": dict.fromkeys(MARKETS, Forecast(Distributions(np.full(10, 10.0), np.full(10, 4.0), 0.9))),
    }
    earlier = out_of_fold(30, centre[:30], 0.9)
    far = out_of_fold(40, centre + 50.0, 0.9)
    made = ensemble.learn(known, parts, far, earlier, reads)
    assert made.forecasts["points"].distributions.centre == pytest.approx([30.0] * 10)
    assert made.arrays["weights.points"][0] == 0.0
    assert made.arrays["weights.points"].sum() == pytest.approx(1.0)
    assert list(made.arrays) == [f"weights.{market}" for market in MARKETS]
    assert (made.rows, made.features, made.trees) == (40, (), {})


def test_the_ensemble_learns_from_who_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the rows did not: their centres and outcomes are unknown. At most so many are weighed, evenly."""
    known, centre = pooling(40)
    absent = np.arange(40) % 2 == 0
    known = frame(
        40, known.features, minutes=np.where(absent, np.nan, 20.0),
        outcomes={market: np.where(absent, np.nan, values) for market, values in known.outcomes.items()},
    )  # fmt: skip
    weights = ensemble._weights(known, out_of_fold(40, np.where(absent, np.nan, centre), 0.9))
    assert weights["points"].tolist() == [1.0, 0.0, 0.0]
    seen: list[list[float]] = []
    monkeypatch.setattr(ensemble, "SAMPLE", 5)
    monkeypatch.setattr(ensemble, "best_weights", lambda centres, _: seen.append(centres[0].tolist()))
    ensemble._weights(known, out_of_fold(40, np.arange(40.0), 0.9))
    assert seen[0] == [1.0, 9.0, 17.0, 25.0, 33.0]  # every fourth of the twenty odd rows
    assert len(seen) == len(MARKETS)


def test_members_are_weighed_in_their_order() -> None:
    """Where form is right, its weight is one: trees far off, the opponent a half weaker than it was."""
    known, centre = pooling(40)
    form = 0.5 * known.features["minutes_ewma"]
    shifted = frame(
        40, {**known.features, "zone_mismatch": np.full(40, 0.6)},
        outcomes=dict.fromkeys(MARKETS, 1.3 * form - 0.4),
    )  # fmt: skip
    found = ensemble._weights(shifted, out_of_fold(40, centre - 40.0, 0.9))
    assert found["points"].tolist() == [0.0, 0.0, 1.0]  # 1.3 x form is what a mismatch of 0.6 says
    plain = frame(
        40, {**known.features, "zone_mismatch": np.full(40, 2.0)}, outcomes=dict.fromkeys(MARKETS, form - 0.4)
    )
    assert ensemble._weights(plain, out_of_fold(40, centre - 40.0, 0.9))["points"].tolist() == [0.0, 1.0, 0.0]


def test_references_are_standardised_and_weighted() -> None:
    """Minutes 10 and 30: centre 20, deviation 10, over 1.5. Rest 1 and 3: deviation 1, over 0.5. Rates: constant."""
    known = frame(
        2, {"minutes_ewma": np.array([10.0, 30.0]), "days_rest": np.array([1.0, 3.0]), "is_home": np.array([0.0, 1.0])},
        outcomes=dict.fromkeys(MARKETS, np.array([9.0, 12.0])),
    )  # fmt: skip
    found = similarity._arrays(known)
    assert similarity.NAMES == (
        "minutes_ewma", "points_per_minute", "rebounds_per_minute", "assists_per_minute", "threes_per_minute",
        "pra_per_minute", "days_rest", "is_home",
    )  # fmt: skip
    assert found["centre"].tolist() == pytest.approx([20.0, *([0.5] * 5), 2.0, 0.5])
    assert found["scale"].tolist() == pytest.approx([10.0 / 1.5, *([1e-6] * 5), 2.0, 1.0])
    assert found["points"].tolist() == [[-1.5, 0, 0, 0, 0, 0, -0.5, -0.5], [1.5, 0, 0, 0, 0, 0, 0.5, 0.5]]
    assert found["surplus.points"].tolist() == [4.0, -3.0]  # 9 - 0.5 x 10 and 12 - 0.5 x 30
    assert found["day"].tolist() == [19723, 19723]  # 1 January 2024
    assert found["player_id"].tolist() == [0, 1]
    assert {found["points"].dtype, found["surplus.pra"].dtype} == {np.dtype("float32")}


def test_references_are_the_newest_1500_of_who_played() -> None:
    """Of 2,000 rows the last 100 did not play: 400 to 1,899. Nulls count for no mean."""
    minutes = np.where(np.arange(2000) >= 1900, np.nan, 20.0)
    rest = np.where(np.arange(2000) % 2 == 0, np.nan, 4.0)
    found = similarity._arrays(frame(2000, {"days_rest": rest}, minutes=minutes))
    assert found["player_id"].tolist() == list(range(400, 1900))
    assert found["centre"][6] == 4.0


def test_similarity_is_judged_by_the_earlier_and_kept_from_all_slates() -> None:
    """Earlier games all gave two counts above form's 10: 2 n / (n + 360) more; the newest are not looked at.

    40 earlier references: 12 at their middle is 10 + 0.2, from 40 x 2 / 400.
    """
    outcome = np.where(np.arange(60) < 40, 12.0, 9.0 + np.arange(60) % 3)
    outcome[50] = np.nan
    known = frame(
        60, outcomes=dict.fromkeys(MARKETS, outcome), minutes=np.where(np.isnan(outcome), np.nan, 20.0),
    )  # fmt: skip
    parts = Split(known.take(np.arange(40)), known.take(np.arange(40, 60)))
    made = similarity.learn(known, parts)
    assert (made.rows, made.trees, made.features) == (59, {}, similarity.NAMES)
    assert made.arrays["player_id"].tolist() == [n for n in range(60) if n != 50]
    power, shift, a, b = made.arrays["spread.points"]
    assert power == 0.9
    centre = made.forecasts["points"].distributions.centre
    scale = made.forecasts["points"].distributions.scale
    # All forecasts are 10.2: the centre is its middle and the shift in scales, the variance a + b (10.7^0.9 - 0.5^0.9).
    assert centre == pytest.approx(10.7**0.9 + shift * scale)
    assert scale == pytest.approx(np.full(20, np.sqrt(max(a + b * (10.7**0.9 - 0.5**0.9), 0.02))))
    # Of 19 outcomes the median is 10, 0.2 below 10.2: half of the difference, in scales before their width.
    assert shift * scale[0] == pytest.approx(0.5 * (10.5**0.9 - 10.7**0.9))


def test_the_spread_of_similarity_is_calibrated_on_the_rotation() -> None:
    """Who had 15 recent minutes and more scored above his forecast, who had fewer far below: the shift goes up."""
    recent = np.where(np.arange(60) < 50, 15.0, 14.9)
    outcome = np.where(np.arange(60) < 40, 0.5 * recent, np.where(recent == 15.0, 9.0, 1.0))
    known = frame(60, {"minutes_ewma": recent}, outcomes=dict.fromkeys(MARKETS, outcome))
    made = similarity.learn(known, Split(known.take(np.arange(40)), known.take(np.arange(40, 60))))
    assert made.arrays["spread.points"][1] > 0.0
    assert made.arrays["spread.pra"][1] > 0.0


def test_at_most_8000_rows_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 16,000 every other one; of 15,999 all, as every second would be fewer."""
    seen: list[int] = []
    monkeypatch.setattr(ensemble, "best_weights", lambda centres, _: seen.append(len(centres[0])))
    for n in (16000, 15999):
        ensemble._weights(frame(n), out_of_fold(n, np.zeros(n)))
    assert seen == [8000] * len(MARKETS) + [15999] * len(MARKETS)


def test_a_learner_sees_a_frame_as_a_batch() -> None:
    """Its features and players, a model and members."""
    known = frame(3)
    inputs = inputs_of(known, "model", {"boosted": {}})
    assert (inputs.features, inputs.player_id.tolist()) == (known.features, [0, 1, 2])
    assert (inputs.model, inputs.members) == ("model", {"boosted": {}})
    assert (inputs_of(known).model, inputs_of(known).members) == (None, None)


def test_models_fitted_beside_each_other_keep_their_names() -> None:
    """Each by its own matrix, target, parameters and rounds."""
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    step = np.where(x[:, 0] > 0, 5.0, 1.0)
    quick = parameters(objective="regression", learning_rate=1.0, min_data_in_leaf=1, num_leaves=2)
    fits = {
        "up": Fit(x, step, quick, 1),
        "down": Fit(-x, step, quick, 1),
        "half": Fit(x, step / 2, quick, 1),
        "slow": Fit(x, step, quick | {"learning_rate": 0.5}, 2),
    }
    predicted = {name: trees.load(text).predict(np.array([[0.5]]))[0] for name, text in fit_all(fits).items()}
    assert predicted == pytest.approx({"up": 5.0, "down": 1.0, "half": 2.5, "slow": 4.5}, abs=1e-5)


def test_parameters_make_a_fit_the_same_to_the_bit() -> None:
    """One thread, a seed, no race; ours come over them."""
    assert parameters(num_leaves=7, seed=3) == {
        "verbose": -1, "seed": 3, "deterministic": True, "force_row_wise": True, "num_threads": 1,
        "boost_from_average": True, "num_leaves": 7,
    }  # fmt: skip
    assert parameters()["seed"] == learner.SEED == 20201222


def test_folds_are_two_stretches_of_slates() -> None:
    """Of five slates the first three and the last two, whole slates; of four two each."""
    found = boosted.folds(frame(10))
    assert [mask.tolist() for mask in found] == [[True] * 6 + [False] * 4, [False] * 6 + [True] * 4]
    assert [mask.sum() for mask in boosted.folds(frame(8))] == [4, 4]


def test_no_model_of_boosted_reads_a_line() -> None:
    """Only what is served, no market's feature; the market's own rates; the expected minutes come last."""
    market = {name for name, feature in FEATURES.items() if feature.family == "market"}
    assert set(shared_columns()) <= set(FEATURES) - market
    for name in MARKETS:
        columns = of_market(name)
        assert columns[: len(shared_columns())] == shared_columns()
        assert columns[-1] == "expected_minutes"
        assert set(columns[:-1]) <= set(FEATURES) - market
        assert {f"{name}_per_minute", f"{name}_ewma"} <= set(columns)
        assert len(set(columns)) == len(columns)
