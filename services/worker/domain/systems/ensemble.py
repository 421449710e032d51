"""The `ensemble` system: its members, weighted per market by their record, and the market where it speaks.

Centres are pooled in the space of the power, where the members are all normal, so that the pool is of the same family
(quantile averaging: Lichtendahl, Grushka-Cockayne & Winkler 2013); it is as wide as `boosted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Floats, power_normal
from services.worker.domain.systems.base import Forecast, Forecasts, Inputs, System
from shared.errors import Permanent
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

MEMBERS = SYSTEMS["ensemble"].members
MARKET_SHARE = 0.85
"""Weight of `market_residual` where there is a line."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact: market -> (members,) weights in the order of `MEMBERS`, at least 0, sum 1."""

    weights: Mapping[str, Floats]


def pooled(members: Mapping[str, Forecasts], market: str, weights: Floats) -> Floats:
    """(n,) the members' weighted centres."""
    centre = np.zeros(len(members[MEMBERS[0]][market].distributions.centre))
    for weight, name in zip(weights, MEMBERS, strict=True):
        centre += weight * members[name][market].distributions.centre
    return centre


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    return Model({market: artifact.arrays[f"weights.{market}"] for market in MARKETS})


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast; width, minutes, probability to play and drivers are those of `boosted`."""
    model: Model = inputs.model
    if inputs.members is None:
        raise Permanent("ensemble reads its members' forecasts", remedy="predict them in the same batch")
    out = {}
    for market, weights in model.weights.items():
        boosted = inputs.members["boosted"][market]
        centre = pooled(inputs.members, market, weights)
        lined = inputs.members.get("market_residual", {}).get(market)
        if lined is not None and lined.rows is not None:
            said = MARKET_SHARE * lined.distributions.centre + (1.0 - MARKET_SHARE) * centre[lined.rows]
            centre[lined.rows] = said
        distributions = power_normal(centre, boosted.distributions.scale, boosted.distributions.power)
        out[market] = Forecast(distributions, minutes=boosted.minutes, p_play=boosted.p_play, drivers=boosted.drivers)
    return out


SYSTEM = System(predict, load=load)
