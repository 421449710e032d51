"""The `market_residual` system: the market's own distribution, and the little that it leaves unsaid.

The market's centre is where the family has its median, given the consensus line and, where it is priced, the de-vigged
probability. What is added is a ridge's word on how far `boosted` and the season's mean are from there, shrunk hard
(Hoerl & Kennard 1970). It predicts only where there is a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Floats, power_normal, to_power
from services.worker.domain.systems.base import Features, Forecast, Inputs, System
from shared.errors import Permanent

PRICED = 0.6
"""Share of the correction that is believed where the line is priced: such lines are sharper."""
MAX_GAP = 1.0
"""Scales beyond which a gap says no more."""
_SURE = 1e-3
"""A price never makes the market surer than this."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact: market -> (3,) coefficients of `design`."""

    coefficients: Mapping[str, Floats]


def market_centre(features: Features, market: str, scale: Floats, power: float) -> Floats:
    """(n,) the market's centre in the space of the power; NaN without a line."""
    line, over = features[f"{market}_line"], features[f"{market}_line_p_over"]
    over = np.clip(np.where(np.isnan(over), 0.5, over), _SURE, 1.0 - _SURE)
    return np.asarray(to_power(line, power) + scale * ndtri(over))


def design(features: Features, market: str, centre: Floats, scale: Floats, power: float) -> Floats:
    """(n, 3) one, and how many scales `boosted` (centre, scale) and the season's mean are from the market."""
    market_ = market_centre(features, market, scale, power)
    season = features[f"{market}_season_mean"]
    gaps = [np.clip((z - market_) / scale, -MAX_GAP, MAX_GAP) for z in (centre, to_power(season, power))]
    return np.column_stack([np.ones(len(centre)), gaps[0], np.where(np.isnan(season), 0.0, gaps[1])])


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    prefix = "coefficients."
    names = [name for name in artifact.arrays if name.startswith(prefix)]
    return Model({name.removeprefix(prefix): artifact.arrays[name] for name in names})


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """A forecast of every row with a line, by market; as wide as `boosted`."""
    model: Model = inputs.model
    if inputs.members is None:
        raise Permanent("market_residual reads the forecasts of boosted", remedy="predict boosted in the same batch")
    out = {}
    for market, coefficients in model.coefficients.items():
        rows = np.flatnonzero(~np.isnan(inputs.line(market)))
        boosted = inputs.members["boosted"][market].take(rows)
        base = boosted.distributions
        some = {name: values[rows] for name, values in inputs.features.items()}
        correction = (design(some, market, base.centre, base.scale, base.power) * coefficients).sum(axis=1)
        trust = np.where(np.isnan(some[f"{market}_line_p_over"]), 1.0, PRICED)
        centre = market_centre(some, market, base.scale, base.power) + base.scale * correction * trust
        out[market] = replace(boosted, distributions=power_normal(centre, base.scale, base.power), rows=rows)
    return out


SYSTEM = System(predict, load=load)
