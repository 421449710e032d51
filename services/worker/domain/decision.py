"""From a distribution and the market's line to a decision: edge, fair prices, recommendation. Pure and vectorised.

Everything about a line is NaN or None exactly where there is no line: nothing here invents one (failures 13, 14). The
de-vigged market probability comes with the quote; the edge is measured against it, both sides given no push, since
stakes are returned on one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from services.worker.domain.distribution import Distributions, Floats
from shared.contract import LineQuote

Texts = npt.NDArray[Any]
"""(n,) strings, None where there is none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When an edge is worth a recommendation."""

    min_edge: float = 0.03
    """In probability. At -110 both ways a pick must win 52.4 % to break even: 0.024 above an even chance."""
    max_edge: float = 0.20
    """Beyond it the market more likely knows something - an injury, a rotation - than leaves so much on the table."""
    min_books: int = 2
    max_age_hours: float = 36.0
    """A line posted longer before the prediction is stale. The overnight cutoff sees lines of the evening before."""
    min_p_play: float = 0.75
    """A pick on a player who does not play is void, and the line of one in doubt is not what it seems."""


PASS_REASONS = {
    "shadow system": "the system is on trial; its record decides whether it may recommend",
    "may not play": "the probability that he plays is low",
    "no two-sided price": "without both prices at the line there is no market probability to have an edge against",
    "few books": "the consensus rests on too few books",
    "stale line": "the newest quote is old",
    "implausible edge": "so far from the market it more likely knows what the system does not",
    "small edge": "the probability is too close to the market's",
}
"""Why a line is passed, most important first: what `pass_reason` may say."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """The lines of n predictions of one market; NaN where there is none."""

    line: Floats
    p_market: Floats
    books: Floats
    age_hours: Floats
    """From the newest quote to the prediction."""

    @classmethod
    def of(cls, quotes: Sequence[LineQuote | None], predicted_at: Sequence[datetime]) -> "Quotes":
        """The quotes as arrays."""

        def numbers(quote: LineQuote, at: datetime) -> tuple[float | None, ...]:
            age = at - datetime.fromisoformat(quote.at)
            return quote.line, quote.p_market, quote.books, age.total_seconds() / 3600.0

        pairs = zip(quotes, predicted_at, strict=True)
        known = [(None,) * 4 if quote is None else numbers(quote, at) for quote, at in pairs]
        return cls(*np.array(known, dtype=np.float64).reshape(-1, 4).T.copy())


@dataclass(frozen=True, slots=True)
class Decisions:
    """What n predictions say of their lines; columns of `predictions.player_prop_predictions`, each (n,)."""

    p_over: Floats
    p_push: Floats
    edge: Floats
    fair_over: Floats
    fair_under: Floats
    recommendation: Texts
    pass_reason: Texts


_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the predictions beside distribution and line."""

    shadow: bool = False
    p_play: Floats | None = None
    """(n,) probability that he plays; None where no model says."""
    policy: Policy = field(default=_POLICY)


def decide(forecast: Distributions, quotes: Quotes, standing: Standing) -> Decisions:
    """Weigh n distributions against their lines."""
    over, push = forecast.over(quotes.line), forecast.push(quotes.line)
    decided = 1.0 - push
    share = np.divide(over, decided, out=np.full_like(over, np.nan), where=decided > 0)  # NaN > 0 is False
    edge = share - quotes.p_market
    reason = _pass_reasons(edge, quotes, standing)
    recommendation = np.where(edge > 0, "over", "under").astype(object)
    recommendation[reason != None] = "pass"  # noqa: E711 - elementwise
    recommendation[np.isnan(quotes.line)] = "no_line"
    return Decisions(
        p_over=over,
        p_push=push,
        edge=edge,
        fair_over=fair_price(share),
        fair_under=fair_price(1.0 - share),
        recommendation=recommendation,
        pass_reason=reason,
    )


def fair_price(probability: Floats) -> Floats:
    """American odds without margin, (n,); NaN where the probability is NaN, 0 or 1."""
    p = np.where((probability > 0.0) & (probability < 1.0), probability, np.nan)
    price: Floats = np.where(p >= 0.5, -100.0 * p / (1.0 - p), 100.0 * (1.0 - p) / p)  # noqa: PLR2004 - even is -100
    return price


def _pass_reasons(edge: Floats, quotes: Quotes, standing: Standing) -> Texts:
    policy = standing.policy
    nothing = np.zeros(len(edge), dtype=bool)
    holds = {
        "shadow system": nothing | standing.shadow,
        "may not play": nothing if standing.p_play is None else standing.p_play < policy.min_p_play,
        "no two-sided price": np.isnan(quotes.p_market),
        "few books": quotes.books < policy.min_books,
        "stale line": quotes.age_hours > policy.max_age_hours,
        "implausible edge": np.abs(edge) > policy.max_edge,
        "small edge": ~(np.abs(edge) >= policy.min_edge),
    }
    reasons = np.full(len(edge), None, dtype=object)
    for text in reversed(PASS_REASONS):  # the most important is written last
        reasons[holds[text]] = text
    reasons[np.isnan(quotes.line)] = None
    return reasons
