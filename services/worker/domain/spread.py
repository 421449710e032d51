"""From a point forecast to a distribution: power-normal around it, as wide as forecasts of that level have been."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.worker.domain.distribution import Distributions, Floats, power_normal, to_power

ROTATION_MINUTES = 15.0
"""Calibrated on players with at least so many recent minutes."""

MIN_MEAN = 0.02
"""A player who never did it may do it once: keeps means positive."""
_FLOOR = 0.02
"""Least variance in the space of the power."""


FADE = 3.0
"""Counts over which a spread's constant part fades in: who hardly ever does it cannot miss by much."""


def basis(mean: Floats, power: float) -> Floats:
    """(n, 2) what the variance at a point forecast is linear in; both vanish with the forecast."""
    return np.column_stack([np.minimum(mean / FADE, 1.0), to_power(mean, power) - 0.5**power])


@dataclass(frozen=True, slots=True)
class Spread:
    """In the space of the power: variance = (a, b) . basis, and the centre moved by `shift` scales."""

    power: float
    shift: float
    a: float
    b: float

    def around(self, mean: Floats) -> Distributions:
        """Distributions around the point forecasts (n,), in the statistic's unit."""
        mean = np.maximum(mean, MIN_MEAN)
        scale = self.scale(mean)
        return power_normal(to_power(mean, self.power) + self.shift * scale, scale, self.power)

    def scale(self, mean: Floats) -> Floats:
        """(n,) standard deviations around point forecasts, in the space of the power."""
        found = basis(mean, self.power)
        return np.sqrt(np.maximum(self.a * found[:, 0] + self.b * found[:, 1], _FLOOR))

    def as_array(self) -> Floats:
        """(4,) as an artifact keeps it."""
        return np.array([self.power, self.shift, self.a, self.b])


def spreads_of(arrays: Mapping[str, Any]) -> dict[str, Spread]:
    """Market -> the spread that an artifact keeps under `spread.<market>`."""
    return {
        name.removeprefix("spread."): Spread(*map(float, values))
        for name, values in arrays.items()
        if name.startswith("spread.")
    }
