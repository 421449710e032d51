"""Predictive distributions of counting statistics, a row per (player, market), as arrays.

A count is modelled as power-normal: some power of it is normal (Box & Cox 1964), taken at the count's upper edge so
that it stays a count:

    P(Y <= k) = Phi(((k + 1)**power - centre) / scale),    k = 0, 1, 2, ...

The power, a constant of the market, sets the skewness; centre and scale are a row's own. Quantiles are read off the
mid-distribution function F(k-1) + P(k)/2 (Parzen 2004): unlike a step function's, they are calibrated for counts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from shared.tables import QUANTILES

Floats = npt.NDArray[np.float64]

SUPPORT = 150
"""Largest count considered, the same for all: a row must not depend on which others are in its batch."""
MIN_SCALE = 0.02
"""Keeps a distribution from becoming a point, in the space of the power."""
HIGH_COUNTS = 0.8
"""Powers above are those of markets of high counts, in which one count is a small share: points, and sums with them."""
BELOW_ALL = -0.5
"""The quantile of a level that lies below every count: in the lowest quarter of P(0). People are shown 0."""
_PLATEAU = 0.25
"""Share of a count's step, to both sides of its middle, whose levels are that count."""
_TAILS = 0.35
"""Levels further than this from the median are tails."""
_CHUNK = 4096
"""Rows whose probabilities are in memory at once."""


@dataclass(frozen=True, slots=True)
class Distributions:
    """Distributions of n counts on the support 0..k. Centre, scale and power are what is stored of one."""

    centre: Floats
    """(n,) medians in the space of the power."""
    scale: Floats
    """(n,) standard deviations in the space of the power."""
    power: float
    """The same for all rows."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self.centre)

    @property
    def mean(self) -> Floats:
        """(n,) expected values of the counts, made anew as the probabilities are."""
        mean = np.empty(len(self.centre))
        for start in range(0, len(mean), _CHUNK):
            rows = slice(start, start + _CHUNK)
            mean[rows] = (1.0 - _cdf(self.centre[rows], self.scale[rows], self.power)[:, :-1]).sum(axis=1)
        return mean

    @property
    def cdf(self) -> Floats:
        """(n, k+1) P(count <= j), made anew whenever it is asked for: kept, it would be most of a training's memory."""
        return _cdf(self.centre, self.scale, self.power)

    @property
    def pmf(self) -> Floats:
        """(n, k+1) probabilities; the tail beyond k is at k."""
        return np.diff(self.cdf, axis=1, prepend=0.0)

    def quantiles(self, levels: tuple[float, ...] = QUANTILES) -> Floats:
        """(n, len(levels)) quantiles in the statistic's unit, non-decreasing along each row; -1/2: below every count.

        A level near the middle of a count's step is that count itself; between the steps it is interpolated. Each level
        thus gets the nearest of the shares that counts can realise, and the median is the count that least absolute
        error asks for. The tails of high counts are interpolated throughout: their steps are small, and a band that
        ends on counts holds both of them.
        """
        cdf, wanted = self.cdf, np.array(levels)
        pmf = np.diff(cdf, axis=1, prepend=0.0)
        out = np.maximum(_read(cdf - (0.5 + _PLATEAU) * pmf, cdf - (0.5 - _PLATEAU) * pmf, wanted), BELOW_ALL)
        tails = np.abs(wanted - 0.5) > _TAILS
        if self.power > HIGH_COUNTS and tails.any():
            mid = cdf - 0.5 * pmf
            out[:, tails] = np.maximum(_read(mid, mid, wanted[tails]), 0.0)
            out = np.maximum.accumulate(out, axis=1)
        return out

    def over(self, line: Floats) -> Floats:
        """(n,) P(count > line); NaN where the line is NaN."""
        return self._at(line, 1.0 - self.cdf, below_support=1.0)

    def push(self, line: Floats) -> Floats:
        """(n,) P(count = line): 0 for half lines; NaN where the line is NaN."""
        whole = np.where(np.isnan(line), np.nan, np.where(line == np.floor(line), 1.0, 0.0))
        return whole * self._at(line, self.pmf, below_support=0.0)

    def take(self, rows: npt.NDArray[Any]) -> "Distributions":
        """Some of the distributions, by index or mask."""
        return Distributions(self.centre[rows], self.scale[rows], self.power)

    def _at(self, line: Floats, table: Floats, *, below_support: float) -> Floats:
        known = ~np.isnan(line)
        floor = np.floor(np.where(known, line, 0.0)).astype(np.int64)
        value = table[np.arange(len(table)), np.clip(floor, 0, table.shape[1] - 1)]
        return np.where(known, np.where(floor < 0, below_support, value), np.nan)


def power_normal(centre: Floats, scale: Floats, power: float) -> Distributions:
    """Distributions with the given centres and scales, each (n,); a scale below `MIN_SCALE` is raised to it."""
    return Distributions(centre, np.maximum(scale, MIN_SCALE), power)


def _cdf(centre: Floats, scale: Floats, power: float) -> Floats:
    edges = np.arange(1, SUPPORT + 1, dtype=np.float64) ** power
    cdf = np.ones((len(centre), SUPPORT + 1))
    ndtr((edges[None, :] - centre[:, None]) / scale[:, None], out=cdf[:, :-1])
    return cdf


def to_power(count: Floats, power: float) -> Floats:
    """(n,) counts, or expectations of them, in the space of the power: at the middle of the count."""
    return np.asarray((np.maximum(count, 0.0) + 0.5) ** power)


def _read(enter: Floats, leave: Floats, levels: Floats) -> Floats:
    """(n, len(levels)) levels read off a curve that is k from enter[:, k] to leave[:, k], and linear in between."""
    rows, last = np.arange(len(enter))[:, None], enter.shape[1] - 1
    k = np.stack([np.minimum((leave < level).sum(axis=1), last) for level in levels], axis=1)
    start = np.where(k > 0, leave[rows, np.maximum(k - 1, 0)], 0.0)
    end = enter[rows, k]
    share = np.divide(levels - start, end - start, out=np.ones_like(end), where=end > start)
    return np.where(levels >= end, k, k - 1 + np.clip(share, 0.0, 1.0))
