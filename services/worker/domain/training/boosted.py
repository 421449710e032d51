"""Learns `boosted`: attendance, minutes, then what each market leaves after rate x minutes."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from services.worker.domain import trees
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import Spread
from services.worker.domain.systems import boosted as system
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import MARKET_FREE, Fit, Learned, fit_all, inputs_of, parameters
from services.worker.domain.training.spread import fit_spread
from shared.markets import MARKETS

_COMMON = parameters(
    learning_rate=0.04, num_leaves=24, min_data_in_leaf=150, feature_fraction=0.5, lambda_l2=10.0, max_bin=127
)
ROUNDS = {"play": 150, "minutes": 250, "market": 150}
FOLDS = 3
"""Folds of weeks over which the minutes that the markets learn from are forecast out of sample."""


def learn(frame: Frame, split: Split) -> Learned:
    """Fit on the earlier slates and forecast the newest; then, with the spreads those gave, fit on all of them."""
    honest = _fit(split.earlier)
    means = _means(honest, split.newest)
    known = split.newest.played
    spreads = {market: fit_spread(means[market][known], split.newest.outcomes[market][known]) for market in MARKETS}
    arrays = {f"spread.{market}": spread.as_array() for market, spread in spreads.items()}
    model = _model(honest, spreads)
    forecasts = system.predict(inputs_of(split.newest, model))
    return Learned(arrays, _fit(frame), MARKET_FREE, forecasts, int(frame.played.sum()))


def _fit(frame: Frame) -> dict[str, str]:
    """The models' texts by name."""
    x = system.matrix(frame.features, MARKET_FREE)
    played = frame.played
    attendance = Fit(x, played.astype(float), None, _COMMON | {"objective": "binary"}, ROUNDS["play"])
    some = frame.take(played)
    x = x[played]
    first = fit_all({"play": attendance, "minutes": _minutes(x, some.minutes), **_folds(x, some)})
    minutes = np.empty(len(some))
    for fold, held in enumerate(_held(some)):
        minutes[held] = system.expected_minutes(trees.load(first.pop(f"fold{fold}")), x[held])
    wide = system.with_minutes(x, minutes)
    return first | fit_all(
        {
            market: Fit(
                wide,
                some.outcomes[market],
                system.start(some.features, market, minutes),
                _COMMON | {"objective": "regression"},
                ROUNDS["market"],
            )
            for market in MARKETS
        }
    )


def _minutes(x: Floats, target: Floats) -> Fit:
    return Fit(x, target, None, _COMMON | {"objective": "regression"}, ROUNDS["minutes"])


def _held(frame: Frame) -> list[npt.NDArray[np.bool_]]:
    """Masks of the folds: whole weeks in turn, so that neighbours of a row are mostly in its own fold."""
    week = frame.day.astype("datetime64[W]").astype(np.int64)
    return [week % FOLDS == fold for fold in range(FOLDS)]


def _folds(x: Floats, frame: Frame) -> dict[str, Fit]:
    return {f"fold{fold}": _minutes(x[~held], frame.minutes[~held]) for fold, held in enumerate(_held(frame))}


def _model(texts: Mapping[str, str], spreads: Mapping[str, Spread]) -> system.Model:
    loaded = {name: trees.load(text) for name, text in texts.items()}
    markets = {market: loaded[market] for market in MARKETS}
    return system.Model(MARKET_FREE, loaded["play"], loaded["minutes"], markets, spreads)


def _means(texts: Mapping[str, str], frame: Frame) -> dict[str, Floats]:
    """Market -> expected counts of every row, before any spread is known."""
    plain = dict.fromkeys(MARKETS, Spread(1.0, 1.5, 0))
    forecasts = system.predict(inputs_of(frame, _model(texts, plain)))
    return {market: forecast.counts.location for market, forecast in forecasts.items()}
