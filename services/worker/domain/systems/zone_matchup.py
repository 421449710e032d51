"""The `zone_matchup` system: form, moved by how the opponent defends where he scores, by pace and by fatigue.

Hand-made: each adjustment is half of what it would be if all of it were real (defence ratings of a season regress by
about half), and each goes one way: a weaker defence and a faster game never lower a forecast, tired legs never raise
it.
"""

import numpy as np

from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.spread import MIN_MEAN
from services.worker.domain.systems import moving_average
from services.worker.domain.systems.base import Features, System, per_market
from shared.registries.markets import MARKETS

SHARE = 0.5
"""How much of an adjustment is believed."""
TIRED = 0.02
"""What full fatigue takes away."""


def mean(features: Features, market: str) -> Floats:
    """(n,) expected counts. Where the opponent or the pace is not known yet, form stands."""
    name = MARKETS[market].allowed
    allowed = 1.0 + features[name] if name == "zone_mismatch" else features[name]
    factor = _half(allowed) * _half(features["pace_factor"]) * (1.0 - TIRED * features["fatigue"])
    return np.maximum(moving_average.mean(features, market) * factor, MIN_MEAN)


def _half(ratio: Floats) -> Floats:
    return 1.0 + SHARE * (np.where(np.isnan(ratio), 1.0, ratio) - 1.0)


def predict(features: Features, market: str) -> Distributions:
    """Forecast `market` for n players, as wide as form."""
    return moving_average.SPREADS[market].around(mean(features, market))


SYSTEM = System(per_market(predict), needs=(*moving_average.SYSTEM.needs, "fatigue"))
