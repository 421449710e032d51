"""Distributions, decisions and quotes as columns of `predictions.staging`: plain Python values, None for NaN."""

import math
from datetime import datetime
from typing import Any

from services.worker.domain.decision import Decisions
from services.worker.domain.distribution import Counts
from shared.contract import LineQuote
from shared.ports import Row
from shared.tables import QUANTILE_COLUMNS

Columns = dict[str, list[Any]]
"""Column -> n values."""


def of_distributions(forecast: Counts) -> Columns:
    """What is stored of the distributions, and their quantiles."""
    return {
        "mean": forecast.mean.tolist(),
        "location": forecast.location.tolist(),
        "variance": forecast.variance.tolist(),
        "shift": [forecast.shift] * len(forecast.mean),
        **dict(zip(QUANTILE_COLUMNS, forecast.quantiles().T.tolist(), strict=True)),
    }


def of_decisions(made: Decisions) -> Columns:
    """What the predictions say of their lines."""
    numbers = {name: getattr(made, name) for name in ("p_over", "p_push", "edge", "fair_over", "fair_under")}
    return {
        **{
            name: [None if math.isnan(value) else value for value in column.tolist()]
            for name, column in numbers.items()
        },
        "recommendation": made.recommendation.tolist(),
        "pass_reason": made.pass_reason.tolist(),
    }


def of_quote(quote: LineQuote | None) -> Row:
    """One row's columns that are copied from its quote: a line never comes without its books and time."""
    if quote is None:
        return dict.fromkeys(("line", "line_books", "line_at", "p_market", "book", "over_price", "under_price"))
    return {
        "line": quote.line,
        "line_books": quote.books,
        "line_at": datetime.fromisoformat(quote.at),
        "p_market": quote.p_market,
        "book": quote.book,
        "over_price": quote.over_price,
        "under_price": quote.under_price,
    }
