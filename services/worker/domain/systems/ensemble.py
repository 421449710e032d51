"""The `ensemble` system: its members, weighted per market by how they did on slates they had not seen.

Weights are at least 0 and add up to 1. Centres and scales are pooled in the space of the power, where the members are
all normal, so that the pool is of the same family (quantile averaging: Lichtendahl, Grushka-Cockayne & Winkler 2013);
its own calibration then takes the place of theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Counts, Floats, power_normal
from services.worker.domain.systems.base import Forecast, Forecasts, Inputs, System
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.systems import SYSTEMS

MEMBERS = SYSTEMS["ensemble"].members


@dataclass(frozen=True, slots=True)
class Pool:
    """How one market is pooled."""

    weights: Floats
    """(members,) in the order of `MEMBERS`."""
    shift: float
    width: float
    """Calibration: centre + shift x scale, scale x width."""


def pooled(members: Mapping[str, Forecasts], market: str, weights: Floats) -> Counts:
    """The members' weighted centres and scales, before calibration."""
    counts = [members[name][market].counts for name in MEMBERS]
    centre, scale = np.zeros(len(counts[0].centre)), np.zeros(len(counts[0].centre))
    for weight, one in zip(weights, counts, strict=True):
        centre += weight * one.centre
        scale += weight * one.scale
    return power_normal(centre, scale, counts[0].power)


def load(artifact: Artifact) -> dict[str, Pool]:
    """Market -> how it is pooled."""
    arrays = artifact.arrays
    return {
        market: Pool(arrays[f"weights.{market}"], *map(float, arrays[f"calibration.{market}"])) for market in MARKETS
    }


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast; minutes, probability to play and drivers are those of `boosted`."""
    model: Mapping[str, Pool] = inputs.model
    if inputs.members is None:
        raise Permanent("ensemble reads its members' forecasts", remedy="predict them in the same batch")
    out = {}
    for market, pool in model.items():
        boosted = inputs.members["boosted"][market]
        raw = pooled(inputs.members, market, pool.weights)
        counts = power_normal(raw.centre + pool.shift * raw.scale, raw.scale * pool.width, raw.power)
        out[market] = Forecast(counts, minutes=boosted.minutes, p_play=boosted.p_play, drivers=boosted.drivers)
    return out


SYSTEM = System(predict, load=load)
