"""Learns `ensemble`: weights of its members per market, from forecasts that had not seen their rows."""

from collections.abc import Mapping
from itertools import product

import numpy as np

from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats, to_power
from services.worker.domain.systems import ensemble as system
from services.worker.domain.systems import system as system_of
from services.worker.domain.systems.base import Forecasts
from services.worker.domain.training.boosted import OutOfFold
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Learned, inputs_of
from shared.registries.markets import MARKETS
from shared.registries.systems import HAND_MADE

_STEPS = 20
"""The simplex of weights is searched in steps of one twentieth: the same to the bit everywhere."""
SAMPLE = 8000
"""Rows weighed, evenly spread."""


def learn(
    frame: Frame, split: Split, known: OutOfFold, earlier: OutOfFold, members: Mapping[str, Forecasts]
) -> Learned:
    """Weigh on the earlier slates and forecast the newest; then weigh on all. Arguments as of `market_residual`."""
    honest = system.Model(_weights(split.earlier, earlier))
    forecasts = system.predict(inputs_of(split.newest, honest, members))
    arrays: dict[str, Array] = {f"weights.{market}": found for market, found in _weights(frame, known).items()}
    return Learned(arrays, {}, (), forecasts, int(frame.played.sum()))


def _weights(frame: Frame, boosted: OutOfFold) -> dict[str, Floats]:
    use = np.flatnonzero(frame.played)
    use = use[:: max(len(use) // SAMPLE, 1)]
    some = frame.take(use)
    hand_made = {name: system_of(name).predict(inputs_of(some)) for name in HAND_MADE}
    out = {}
    for market in MARKETS:
        centre, _, power = boosted[market]
        centres = [
            centre[use] if name == "boosted" else hand_made[name][market].distributions.centre
            for name in system.MEMBERS
        ]
        out[market] = best_weights(centres, to_power(some.outcomes[market], power))
    return out


def best_weights(centres: list[Floats], outcome: Floats) -> Floats:
    """Weights of the centres, on a grid of the simplex, with the least absolute error in the space of the power."""
    grid = [
        np.array([*steps, _STEPS - sum(steps)]) / _STEPS
        for steps in product(range(_STEPS + 1), repeat=len(centres) - 1)
        if sum(steps) <= _STEPS
    ]
    stacked = np.array(centres)
    losses = [float(np.abs(outcome - (w[:, None] * stacked).sum(axis=0)).mean()) for w in grid]
    return grid[int(np.argmin(losses))]
