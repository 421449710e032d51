"""What one stored prediction says of any line: the scalar twin of the worker's vectorised distributions.

A prediction stores centre, scale and power of its count, P(Y <= k) = Phi(((k + 1)**power - centre) / scale)
(services/worker/domain/distribution.py). That is the whole distribution: a line that is posted or moved later is
answered without predicting again, by any process and without numpy. A test holds the two together.
"""

import math
from dataclasses import dataclass

from shared.errors import Permanent


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


def against(line: float, *, centre: float, scale: float, power: float) -> Answer:
    """The stored distribution against a line, in the statistic's unit.

    Raises:
        Permanent: the line is not a finite number, or the numbers are those of no distribution.
    """
    if not math.isfinite(line):
        raise Permanent(f"{line} is no line", remedy="give a number, such as 22.5")
    if not (scale > 0.0 and power > 0.0 and math.isfinite(centre)):
        raise Permanent(f"no count has centre {centre}, scale {scale} and power {power}")
    if line < 0:
        return Answer(1.0, 0.0, 0.0, None, None)
    floor = math.floor(line)
    over = 1.0 - _upto(floor, centre, scale, power)
    below = 0.0 if floor == 0 else _upto(floor - 1, centre, scale, power)
    push = 1.0 - over - below if line == floor else 0.0
    under = below if line == floor else 1.0 - over
    decided = over + under
    share = over / decided if decided > 0 else 0.0
    return Answer(over, push, under, fair(share), fair(1.0 - share))


def _upto(count: int, centre: float, scale: float, power: float) -> float:
    """P(Y <= count)."""
    return 0.5 * math.erfc(-((count + 1) ** power - centre) / scale / math.sqrt(2.0))


def fair(probability: float) -> float | None:
    """American odds without margin of what happens with this probability; None where it is certain or never does."""
    if not 0.0 < probability < 1.0:
        return None
    if probability >= 0.5:  # noqa: PLR2004 - an even chance is -100
        return -100.0 * probability / (1.0 - probability)
    return 100.0 * (1.0 - probability) / probability
