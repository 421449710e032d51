"""What one stored prediction says of any line: the scalar twin of the worker's vectorised distributions.

A prediction stores location, variance and shift of its count, max(0, X - shift) with X negative binomial of mean
location + shift (services/worker/domain/distribution.py). That is the whole distribution: a line that is posted or
moved later is answered without predicting again, by any process and without numpy. A test holds the two together.
"""

import math
from dataclasses import dataclass

from shared.errors import Permanent
from shared.odds import fair


@dataclass(frozen=True, slots=True)
class Answer:
    """A count against a line."""

    p_over: float
    """P(count > line)."""
    p_push: float
    """P(count = line); 0 for a half line."""
    p_under: float
    """P(count < line)."""
    fair_over: float | None
    """American odds without margin of the over, stakes returned on a push; null where it is certain or impossible."""
    fair_under: float | None
    """Those of the under."""


def against(line: float, *, location: float, variance: float, shift: int) -> Answer:
    """The stored distribution against a line, in the statistic's unit.

    Raises:
        Permanent: the line is not a finite number, or the moments are those of no negative binomial.
    """
    if not math.isfinite(line):
        raise Permanent(f"{line} is no line", remedy="give a number, such as 22.5")
    mean = location + shift
    if not 0.0 < mean < variance:
        raise Permanent(f"no count has location {location}, variance {variance} and shift {shift}")
    if line < 0:
        return Answer(1.0, 0.0, 0.0, None, None)
    floor = math.floor(line)
    at = [_probability(k, mean, variance) for k in range(floor + shift + 1)]
    upto = min(math.fsum(at), 1.0)
    push = 0.0
    if line == floor:
        push = min(math.fsum(at), 1.0) if floor == 0 else at[-1]
    over, under = 1.0 - upto, max(upto - push, 0.0)
    decided = over + under
    share = over / decided if decided > 0 else 0.0
    return Answer(over, push, under, fair(share), fair(1.0 - share))


def _probability(k: int, mean: float, variance: float) -> float:
    """P(X = k) of the negative binomial with these moments."""
    success = mean / variance
    size = mean * success / (1.0 - success)
    choose = math.lgamma(k + size) - math.lgamma(size) - math.lgamma(k + 1)
    return math.exp(choose + size * math.log(success) + k * math.log1p(-success))
