"""Drift of the features: are the newest slates distributed like those that were learned from?

Population stability index: sum over deciles of the training values of (p - q) ln(p / q). By custom below 0.1 nothing
happened, above 0.25 something did (Siddiqi 2006, Credit Risk Scorecards).
"""

import numpy as np

from services.worker.domain.distribution import Floats
from services.worker.domain.systems.base import Features

_BINS = 10
_FLOOR = 1e-3
"""Least share of a bin: an empty one would be infinite."""


def psi(before: Floats, after: Floats) -> float:
    """The index of one feature; nulls are a bin of their own."""
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else known
    p, q = (_shares(values, edges) for values in (before, after))
    return float(((p - q) * np.log(p / q)).sum())


def _shares(values: Floats, edges: Floats) -> Floats:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.maximum(np.append(counts, len(values) - len(known)) / max(len(values), 1), _FLOOR)


def drifted(before: Features, after: Features, most: int = 5) -> dict[str, float]:
    """The features that moved most, with their index."""
    found = {name: round(psi(before[name], after[name]), 3) for name in before}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0]))[:most])
