"""Learns `ensemble`: weights of its members per market, from forecasts of slates that none of them had seen."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats
from services.worker.domain.systems import ensemble as system
from services.worker.domain.systems.base import Forecasts
from services.worker.domain.training.frame import Split
from services.worker.domain.training.learner import Learned, inputs_of
from services.worker.domain.training.spread import calibrate
from shared.markets import MARKETS

_STEPS = 20
"""The simplex of weights is searched in steps of one twentieth: convex, and the same to the bit everywhere."""


def learn(split: Split, members: Mapping[str, Forecasts]) -> Learned:
    """Weigh the members by their honest forecasts of the newest slates."""
    newest = split.newest
    known = newest.played
    arrays: dict[str, Array] = {}
    for market in MARKETS:
        outcome = newest.outcomes[market][known]
        means = [members[name][market].counts.mean[known] for name in system.MEMBERS]
        weights = best_weights(means, outcome)
        pool = system.pooled(members, market, weights)
        arrays[f"weights.{market}"] = weights
        arrays[f"calibration.{market}"] = np.array(
            calibrate(outcome, pool.centre[known], pool.scale[known], pool.power)
        )
    model = {m: system.Pool(arrays[f"weights.{m}"], *map(float, arrays[f"calibration.{m}"])) for m in MARKETS}
    forecasts = system.predict(inputs_of(newest, model, members))
    return Learned(arrays, {}, (), forecasts, int(known.sum()))


def best_weights(means: list[Floats], outcome: Floats) -> Floats:
    """Weights of the forecasts, on a grid of the simplex, with the least squared error."""
    stacked = np.array(means)
    grid = [
        np.array([*steps, _STEPS - sum(steps)]) / _STEPS
        for steps in product(range(_STEPS + 1), repeat=len(means) - 1)
        if sum(steps) <= _STEPS
    ]
    moments = stacked @ stacked.T / len(outcome)
    cross = stacked @ outcome / len(outcome)
    losses = [float(w @ moments @ w - 2.0 * w @ cross) for w in grid]
    return grid[int(np.argmin(losses))]
