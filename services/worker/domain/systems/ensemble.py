"""The `ensemble` system: its members, weighted per market by how they did on slates they had not seen.

Weights are at least 0 and add up to 1 (a linear pool of the means, Bates & Granger 1969); the spread is fitted to the
pooled forecast itself, since a pool of calibrated members is too wide (Ranjan & Gneiting 2010).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import Spread, spreads_of
from services.worker.domain.systems.base import Forecast, Inputs, System
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.systems import SYSTEMS

MEMBERS = SYSTEMS["ensemble"].members


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact."""

    weights: Mapping[str, Floats]
    """Market -> (members,) in the order of `MEMBERS`."""
    spreads: Mapping[str, Spread]


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    return Model(
        {market: artifact.arrays[f"weights.{market}"] for market in MARKETS},
        spreads_of(artifact.arrays),
    )


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast; minutes, probability to play and drivers are those of `boosted`."""
    model: Model = inputs.model
    if inputs.members is None:
        raise Permanent("ensemble reads its members' forecasts", remedy="predict them in the same batch")
    out = {}
    for market in MARKETS:
        boosted = inputs.members["boosted"][market]
        mean = np.zeros(len(inputs.player_id))
        for weight, member in zip(model.weights[market], MEMBERS, strict=True):
            mean += weight * inputs.members[member][market].counts.location
        out[market] = Forecast(
            model.spreads[market].around(mean),
            minutes=boosted.minutes,
            p_play=boosted.p_play,
            drivers=boosted.drivers,
        )
    return out


SYSTEM = System(predict, load=load)
