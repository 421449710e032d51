"""Distributions that put everything on one count."""

import numpy as np

from services.worker.domain.distribution import Distributions


def certain(*value: float) -> Distributions:
    """A row per count, at power 1/2.

    Quantiles are -0.8, -0.6, -0.2, five times 0, 0.2, 0.6, 0.8 around it: twice the levels' mean of them is 0.24.
    """
    return Distributions((np.array(value) + 0.5) ** 0.5, np.full(len(value), 1e-4), 0.5)
