"""Predictive distributions of counting statistics, a row per (player, market), as arrays.

A count is modelled as a shifted negative binomial (Greenwood & Yule 1920): max(0, X - shift) with X negative binomial.
The shift, a constant of system and market, takes skewness away without touching mean and variance; 0 is the plain
family. Quantiles are read off the mid-distribution function F(k-1) + P(k)/2, interpolated between counts (Parzen 2004):
unlike a step function's, they are calibrated for discrete outcomes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

from shared.tables import QUANTILES

Floats = npt.NDArray[np.float64]

SUPPORT = 150
"""Largest count considered, the same for all: a row must not depend on which others are in its batch."""
_OVERDISPERSION = 1.02
"""Least variance-to-mean ratio of X: keeps the negative binomial apart from its Poisson limit."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Distributions of n counts on the support 0..k. Location, variance and shift are what is stored of one."""

    mean: Floats
    """(n,) expected values of the counts."""
    location: Floats
    """(n,) means of X - shift: the expected values before censoring at 0."""
    variance: Floats
    """(n,) variances of X."""
    shift: int
    """The same for all rows."""
    pmf: Floats
    """(n, k+1) probabilities; the tail beyond k is at k."""

    @property
    def cdf(self) -> Floats:
        """(n, k+1) P(count <= j)."""
        return np.minimum(np.cumsum(self.pmf, axis=1), 1.0)

    def quantiles(self, levels: tuple[float, ...] = QUANTILES) -> Floats:
        """(n, len(levels)) quantiles in the statistic's unit, non-decreasing along each row, at least 0."""
        mid = self.cdf - 0.5 * self.pmf
        rows = np.arange(len(mid))
        last = mid.shape[1] - 1
        out = np.empty((len(mid), len(levels)))
        for column, level in enumerate(levels):
            above = np.minimum((mid < level).sum(axis=1), last)  # first count that reaches it
            below = np.maximum(above - 1, 0)
            low, high = mid[rows, below], mid[rows, above]
            share = np.divide(level - low, high - low, out=np.zeros_like(low), where=high > low)
            out[:, column] = below + np.clip(share, 0.0, 1.0) * (above - below)
        return out

    def over(self, line: Floats) -> Floats:
        """(n,) P(count > line); NaN where the line is NaN."""
        return self._at(line, 1.0 - self.cdf, below_support=1.0)

    def push(self, line: Floats) -> Floats:
        """(n,) P(count = line): 0 for half lines; NaN where the line is NaN."""
        whole = np.where(np.isnan(line), np.nan, np.where(line == np.floor(line), 1.0, 0.0))
        return whole * self._at(line, self.pmf, below_support=0.0)

    def _at(self, line: Floats, table: Floats, *, below_support: float) -> Floats:
        known = ~np.isnan(line)
        floor = np.floor(np.where(known, line, 0.0)).astype(np.int64)
        value = table[np.arange(len(table)), np.clip(floor, 0, table.shape[1] - 1)]
        return np.where(known, np.where(floor < 0, below_support, value), np.nan)


def negative_binomial(mean: Floats, variance: Floats, shift: int = 0) -> Counts:
    """Distributions of max(0, X - shift), X negative binomial with mean `mean + shift` and the given variance.

    Args:
        mean: (n,) > 0; the expected value of the count but for what is censored at 0.
        variance: (n,); raised to just above the mean of X where it is below.
        shift: at least 0.
    """
    variance = np.maximum(variance, (mean + shift) * _OVERDISPERSION)
    success = (mean + shift) / variance
    size = (mean + shift) * success / (1.0 - success)
    k, r = np.arange(SUPPORT + shift + 1, dtype=np.float64)[None, :], size[:, None]
    # C(k + r - 1, k) p^r (1 - p)^k in logarithms; scipy.stats has it too, at half a second more of start-up.
    log_pmf = gammaln(k + r) - gammaln(r) - gammaln(k + 1.0) + xlogy(r, success[:, None])
    pmf = np.exp(log_pmf + xlogy(k, 1.0 - success[:, None]))
    pmf[:, -1] += np.maximum(1.0 - pmf.sum(axis=1), 0.0)
    if shift == 0:
        return Counts(mean, mean, variance, shift, pmf)
    pmf[:, shift] += pmf[:, :shift].sum(axis=1)
    pmf = pmf[:, shift:]
    return Counts(pmf @ np.arange(SUPPORT + 1, dtype=np.float64), mean, variance, shift, pmf)
