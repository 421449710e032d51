"""Prices: American odds, what they imply, and what is left of it without the bookmaker's margin.

De-vigging is multiplicative ("basic normalisation"): the two implied probabilities divided by their sum (Štrumbelj
2014, "On determining probability forecasts from betting odds", International Journal of Forecasting 30 (4)).
"""

MIN_AMERICAN = 100.0
"""American odds are at most -100 or at least +100; anything between is no price."""
MAX_OVERROUND = 1.2
"""Two implied probabilities that add up to more, or to less than 1, are no two sides of one market."""


def implied(price: float | None) -> float | None:
    """The probability at which a bet at these American odds breaks even; None for what is no price.

    -150 (stake 150 to win 100) is 0.6, +150 is 0.4.
    """
    if price is None or abs(price) < MIN_AMERICAN:
        return None
    return -price / (100.0 - price) if price < 0 else 100.0 / (100.0 + price)


def devig(over_price: float | None, under_price: float | None) -> float | None:
    """The over's probability without the margin; None unless both sides are priced and fit together."""
    over, under = implied(over_price), implied(under_price)
    if over is None or under is None or not 1.0 <= over + under <= MAX_OVERROUND:
        return None
    return over / (over + under)


def fair(probability: float) -> float | None:
    """American odds without margin of what happens with this probability; None where it is certain or never does."""
    if not 0.0 < probability < 1.0:
        return None
    if probability >= 0.5:  # noqa: PLR2004 - an even chance is -100
        return -100.0 * probability / (1.0 - probability)
    return 100.0 * (1.0 - probability) / probability
