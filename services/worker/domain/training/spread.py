"""How wide a forecast must be: variance and shift, fitted to forecasts of slates that were not learned from."""

import numpy as np

from services.worker.domain.distribution import Floats
from services.worker.domain.spread import LEAST_MEAN, Spread
from services.worker.domain.training.score import pinball

SHIFTS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 16)
"""Shifts tried; the one with the least quantile loss is kept."""
SAMPLE = 6000
"""Rows the shift is chosen on, evenly spread."""


def fit_spread(mean: Floats, outcome: Floats) -> Spread:
    """Variance = a min(mean, 1) + b mean by weighted least squares on squared errors, then the best shift.

    Args:
        mean: (n,) forecasts.
        outcome: (n,) what happened.
    """
    mean = np.maximum(mean, LEAST_MEAN)
    squared = (outcome - mean) ** 2
    basis = np.column_stack([np.minimum(mean, 1.0), mean])
    # A squared error's own spread grows with its expectation: weights of 1 / (1 + mean) keep the stars from deciding.
    weight = 1.0 / (1.0 + mean)
    (a, b), *_ = np.linalg.lstsq(basis * weight[:, None], squared * weight, rcond=None)
    if a < 0.0:
        a, b = 0.0, float((squared * mean * weight**2).sum() / ((mean * weight) ** 2).sum())
    some = np.arange(0, len(mean), max(len(mean) // SAMPLE, 1))
    candidates = [Spread(float(a), float(max(b, 0.1)), shift) for shift in SHIFTS]
    losses = [float(pinball(one.around(mean[some]).quantiles(), outcome[some]).mean()) for one in candidates]
    return candidates[int(np.argmin(losses))]
