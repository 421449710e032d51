"""The `moving_average` system: recent rate per minute times recent minutes, negative binomial around it.

The spread is the league's: variance = a + b * mean, with (a, b) fitted per market to the squared residuals of this very
forecast on the regular seasons 2020-21 to 2022-23 (`tipoff bench dispersion` fits them again).
"""

from collections.abc import Mapping

import numpy as np

from services.worker.domain.distribution import Counts, Floats, negative_binomial

DISPERSION: Mapping[str, tuple[float, float]] = {
    "points": (11.67, 2.31),
    "rebounds": (0.82, 1.31),
    "assists": (0.33, 1.20),
    "threes": (0.39, 1.00),
    "pra": (29.18, 1.82),
}
"""Market -> (a, b)."""

_LEAST_MEAN = 0.02
"""A player who never did it may do it once: keeps the mean positive."""


def needs(market: str) -> tuple[str, ...]:
    """The features it cannot do without."""
    return (f"{market}_per_minute", "minutes_ewma")


def predict(features: Mapping[str, Floats], market: str) -> Counts:
    """Forecast `market` for n players from `<market>_per_minute` and `minutes_ewma`, each (n,)."""
    mean = np.maximum(features[f"{market}_per_minute"] * features["minutes_ewma"], _LEAST_MEAN)
    a, b = DISPERSION[market]
    # A bench player's spread cannot be wider than that of someone who scores: a fades in over the first few units.
    return negative_binomial(mean, b * mean + a * np.minimum(mean, 1.0))
