"""What books quote: docs/analytics.md, "Phase 3"; docs/accuracy.md, "Lines and prices"."""

from collections.abc import Sequence
from math import inf

from shared.ports import Row

PICK_EM = ("prizepicks", "underdog")
"""Books that pay the same whatever the chance: their lines count, their prices are no odds."""
MARGIN = (1.0, 1.2)
"""Bounds of the sum of the implied probabilities of one market's two sides."""


def newest(lines: Sequence[Row]) -> Row:
    """A book's newest line; of several posted at once the most balanced, of equally balanced ones the lowest."""
    latest = max(line["available_at"] for line in lines)
    return min((line for line in lines if line["available_at"] == latest), key=lambda line: (_tilt(line), line["line"]))


def _tilt(line: Row) -> float:
    """How far the two American prices are apart; a line without both is a last resort."""
    if line["over_price"] is None or line["under_price"] is None:
        return inf
    return abs(float(line["over_price"] - line["under_price"]))


def implied(price: float | None) -> float | None:
    """The probability that American odds imply; between -100 and +100 there is no price."""
    if price is None or -100 < price < 100:
        return None
    return 100 / (price + 100) if price > 0 else -price / (100 - price)


def overround(line: Row) -> float | None:
    """The sum of the implied probabilities; null where the prices are not two sides of one market of a bookmaker."""
    over, under = implied(line["over_price"]), implied(line["under_price"])
    if line["bookmaker"] in PICK_EM or over is None or under is None:
        return None
    return over + under if MARGIN[0] <= over + under <= MARGIN[1] else None


def fair(line: Row) -> float | None:
    """The over's probability without the margin; null where there is no overround."""
    over, whole = implied(line["over_price"]), overround(line)
    return None if over is None or whole is None else over / whole
