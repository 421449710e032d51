"""The `moving_average` system: recent rate per minute times recent minutes, negative binomial around it.

The spread is the league's: variance = a + b * mean, with (a, b) fitted per market to the squared residuals of this very
forecast on the regular seasons 2020-21 to 2022-23 (`tipoff bench dispersion` fits them again).
"""

from collections.abc import Mapping

import numpy as np

from services.worker.domain.distribution import Counts, Floats, negative_binomial
from services.worker.domain.systems.base import Features, System, per_market
from shared.markets import MARKETS

DISPERSION: Mapping[str, tuple[float, float]] = {
    "points": (11.67, 2.31),
    "rebounds": (0.82, 1.31),
    "assists": (0.33, 1.20),
    "threes": (0.39, 1.00),
}
"""Market -> (a, b)."""

_LEAST_MEAN = 0.02
"""A player who never did it may do it once: keeps the mean positive."""


def mean(features: Features, market: str) -> Floats:
    """(n,) expected count from `<market>_per_minute` and `minutes_ewma`."""
    return np.maximum(features[f"{market}_per_minute"] * features["minutes_ewma"], _LEAST_MEAN)


def predict(features: Features, market: str) -> Counts:
    """Forecast `market` for n players."""
    expected = mean(features, market)
    a, b = DISPERSION[market]
    # A bench player's spread cannot be wider than that of someone who scores: a fades in over the first few units.
    return negative_binomial(expected, b * expected + a * np.minimum(expected, 1.0))


SYSTEM = System(per_market(predict), needs=(*(f"{market}_per_minute" for market in MARKETS), "minutes_ewma"))
