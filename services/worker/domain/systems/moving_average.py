"""The `moving_average` system: recent rate per minute times recent minutes, power-normal around it.

The spread is the league's, in the space of the market's power: see `spread`; fitted to this very forecast on the
regular seasons 2020-21 to 2022-23 (`tipoff bench dispersion` fits it again).
"""

from collections.abc import Mapping

import numpy as np

from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.spread import MIN_MEAN, POWERS, Spread
from services.worker.domain.systems.base import Features, System, per_market
from shared.registries.markets import MARKETS

SPREADS: Mapping[str, Spread] = {
    "points": Spread(POWERS["points"], -0.0421, 8.2717, 1.2150),
    "rebounds": Spread(POWERS["rebounds"], -0.0596, 0.5825, 0.1395),
    "assists": Spread(POWERS["assists"], -0.0627, 0.6226, 0.0470),
    "threes": Spread(POWERS["threes"], -0.0710, -0.6527, 0.8015),
    "pra": Spread(POWERS["pra"], -0.0344, 22.7833, 1.1480),
}
"""Market -> how wide."""


def mean(features: Features, market: str) -> Floats:
    """(n,) expected count from `<market>_per_minute` and `minutes_ewma`."""
    return np.maximum(features[f"{market}_per_minute"] * features["minutes_ewma"], MIN_MEAN)


def predict(features: Features, market: str) -> Distributions:
    """Forecast `market` for n players."""
    return SPREADS[market].around(mean(features, market))


SYSTEM = System(per_market(predict), needs=(*(f"{market}_per_minute" for market in MARKETS), "minutes_ewma"))
