"""How wide a forecast must be, fitted to forecasts of slates that were not learned from."""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from services.worker.domain.distribution import HIGH_COUNTS, Floats, to_power
from services.worker.domain.spread import MIN_MEAN, Spread, basis
from shared.registries.markets import MARKETS

_WIDTHS = (0.5, 2.0)
_HALVINGS = 30


def fit_spread(mean: Floats, outcome: Floats, market: str, rotation: npt.NDArray[np.bool_]) -> Spread:
    """Variance linear in its basis by least squares, then calibrated: see `calibrate`.

    Args:
        mean: (n,) forecasts, in the statistic's unit.
        outcome: (n,) what happened.
        market: its name: power and way of calibration.
        rotation: (n,) rows to calibrate on.
    """
    power, mean = MARKETS[market].power, np.maximum(mean, MIN_MEAN)
    level = to_power(mean, power)
    (a, b), *_ = np.linalg.lstsq(basis(mean, power), (to_power(outcome, power) - level) ** 2)
    raw = Spread(power, 0.0, float(a), float(b))
    shift, width = calibrate(outcome[rotation], level[rotation], raw.scale(mean)[rotation], power)
    # scale x width everywhere; the shift is counted in the calibrated scale.
    return Spread(power, shift / width, raw.a * width**2, raw.b * width**2)


def fit_level(level: Floats, squared: Floats) -> tuple[float, float]:
    """(a, b) of squared errors = a + b level by least squares; a slope below 0 is none."""
    slope = float(np.cov(level, squared)[0, 1] / np.var(level)) if len(level) > 1 and np.var(level) > 0 else 0.0
    slope = max(slope, 0.0)
    return float(squared.mean() - slope * level.mean()), slope


def calibrate(outcome: Floats, centre: Floats, scale: Floats, power: float) -> tuple[float, float]:
    """(shift, width) such that centre + shift x scale and scale x width put outcomes where they are said to be.

    The shift is what is left of the median, damped by half. The width makes the 10-90 % band of the mid-distribution
    hold 80 % of high counts. Low counts have lumpy bands: there the variance of the outcomes' mid-distribution values
    becomes what the family itself implies, 1/12 less a twelfth of the expected squared probability of the outcome.
    """
    low = np.where(outcome <= 0, -np.inf, np.maximum(outcome, 0.0) ** power)
    high = (outcome + 1.0) ** power
    shift = 0.5 * float(np.median((to_power(outcome, power) - centre) / scale))
    least, most = _WIDTHS
    for _ in range(_HALVINGS):
        width = 0.5 * (least + most)
        moved, wide = centre + shift * scale, scale * width
        upper, lower = ndtr((high - moved) / wide), ndtr((low - moved) / wide)
        middle = 0.5 * (upper + lower)
        if power > HIGH_COUNTS:
            too_wide = float(((middle >= 0.1) & (middle <= 0.9)).mean()) > 0.8  # noqa: PLR2004 - the band of q10 to q90
        else:
            too_wide = float(middle.var()) < 1.0 / 12.0 - float(((upper - lower) ** 2).mean()) / 12.0
        least, most = (least, width) if too_wide else (width, most)
    return shift, 0.5 * (least + most)
