"""How wide a forecast must be, fitted to forecasts of slates that were not learned from."""

import numpy as np
from scipy.special import ndtr

from services.worker.domain.distribution import Floats, to_power
from services.worker.domain.spread import LEAST_MEAN, Spread, basis

_TURNS = 12
_PACE = 0.8
"""Share of a correction that is taken per turn."""


def fit_spread(mean: Floats, outcome: Floats, power: float) -> Spread:
    """Variance linear in its basis by least squares, then calibrated: see `calibrate`.

    Args:
        mean: (n,) forecasts, in the statistic's unit.
        outcome: (n,) what happened.
        power: the market's.
    """
    mean = np.maximum(mean, LEAST_MEAN)
    level = to_power(mean, power)
    (a, b), *_ = np.linalg.lstsq(basis(mean, power), (to_power(outcome, power) - level) ** 2)
    raw = Spread(power, 0.0, float(a), float(b))
    shift, width = calibrate(outcome, level, raw.scale(mean), power)
    # scale x width everywhere; the shift is counted in the calibrated scale.
    return Spread(power, shift / width, raw.a * width**2, raw.b * width**2)


def fit_level(level: Floats, squared: Floats) -> tuple[float, float]:
    """(a, b) of squared errors = a + b level by least squares; a slope below 0 is none."""
    slope = float(np.cov(level, squared)[0, 1] / np.var(level)) if len(level) > 1 and np.var(level) > 0 else 0.0
    slope = max(slope, 0.0)
    return float(squared.mean() - slope * level.mean()), slope


def calibrate(outcome: Floats, centre: Floats, scale: Floats, power: float) -> tuple[float, float]:
    """(shift, width) such that centre + shift x scale and scale x width put outcomes where they are said to be.

    The mean of the outcomes' mid-distribution values becomes one half, and their variance what the discrete
    distributions themselves make it: 1/12 less a twelfth of the expected squared probability of the outcome.
    """
    low = np.where(outcome <= 0, -np.inf, np.maximum(outcome, 0.0) ** power)
    high = (outcome + 1.0) ** power
    shift, width = 0.0, 1.0
    for _ in range(_TURNS):
        moved, wide = centre + shift * scale, scale * width
        upper, lower = ndtr((high - moved) / wide), ndtr((low - moved) / wide)
        middle = 0.5 * (upper + lower)
        shift += _PACE * float((middle - 0.5).mean()) / 0.28 * width  # 0.28: the normal density's mean, 1 / (2 sqrt pi)
        expected = 1.0 / 12.0 - float(((upper - lower) ** 2).mean()) / 12.0
        width *= float(((middle - middle.mean()) ** 2).mean() / expected) ** 0.7
    return shift, width
