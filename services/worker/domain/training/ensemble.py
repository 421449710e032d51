"""Learns `ensemble`: weights of its members per market, from forecasts of slates that none of them had seen."""

import numpy as np

from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import spreads_of
from services.worker.domain.systems import ensemble as system
from services.worker.domain.systems.base import Forecasts
from services.worker.domain.training.frame import Split
from services.worker.domain.training.learner import Learned, inputs_of
from services.worker.domain.training.spread import fit_spread
from shared.markets import MARKETS

_STEPS = 20
"""The simplex of weights is searched in steps of one twentieth: convex, and the same to the bit everywhere."""


def learn(split: Split, members: dict[str, Forecasts]) -> Learned:
    """Weigh the members by their honest forecasts of the newest slates."""
    newest = split.newest
    known = newest.played
    arrays: dict[str, Array] = {}
    for market in MARKETS:
        means = [members[name][market].counts.location[known] for name in system.MEMBERS]
        outcome = newest.outcomes[market][known]
        weights = best_weights(means, outcome)
        pooled = sum((w * mean for w, mean in zip(weights, means, strict=True)), start=np.zeros(len(outcome)))
        arrays[f"weights.{market}"] = weights
        arrays[f"spread.{market}"] = fit_spread(pooled, outcome).as_array()
    model = system.Model({market: arrays[f"weights.{market}"] for market in MARKETS}, spreads_of(arrays))
    forecasts = system.predict(inputs_of(newest, model, members))
    return Learned(arrays, {}, (), forecasts, int(known.sum()))


def best_weights(means: list[Floats], outcome: Floats) -> Floats:
    """Weights of three forecasts, on a grid of the simplex, with the least squared error."""
    stacked = np.array(means)
    grid = [np.array([i, j, _STEPS - i - j]) / _STEPS for i in range(_STEPS + 1) for j in range(_STEPS + 1 - i)]
    moments = stacked @ stacked.T / len(outcome)
    cross = stacked @ outcome / len(outcome)
    losses = [float(w @ moments @ w - 2.0 * w @ cross) for w in grid]
    return grid[int(np.argmin(losses))]
