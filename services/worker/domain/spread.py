"""How wide a learned forecast is: a variance linear in the mean, and the family's shift."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.worker.domain.distribution import Counts, Floats, negative_binomial

LEAST_MEAN = 0.02
"""A player who never did it may do it once: keeps means positive."""


@dataclass(frozen=True, slots=True)
class Spread:
    """variance = a min(mean, 1) + b mean; `shift` as in `distribution`."""

    a: float
    b: float
    shift: int

    def around(self, mean: Floats) -> Counts:
        """Distributions around the means (n,)."""
        mean = np.maximum(mean, LEAST_MEAN)
        return negative_binomial(mean, self.a * np.minimum(mean, 1.0) + self.b * mean, self.shift)

    def as_array(self) -> Floats:
        """(3,) as an artifact keeps it."""
        return np.array([self.a, self.b, float(self.shift)])


def spreads_of(arrays: Mapping[str, Any]) -> dict[str, Spread]:
    """Market -> the spread that an artifact keeps under `spread.<market>`."""
    return {
        name.removeprefix("spread."): Spread(float(values[0]), float(values[1]), int(values[2]))
        for name, values in arrays.items()
        if name.startswith("spread.")
    }
