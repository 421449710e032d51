"""Distributions, decisions and quotes as columns of `predictions.staging`: plain Python values, None for NaN."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.worker.domain.decision import Decisions
from services.worker.domain.distribution import Distributions
from services.worker.domain.systems.base import Forecast
from shared.contract import LineQuote
from shared.ports import Row
from shared.tables import QUANTILE_COLUMNS

Columns = dict[str, list[Any]]
"""Column -> n values."""
_AS_QUOTED = ("p_market", "book", "over_price", "under_price")


def of_distributions(forecast: Distributions) -> Columns:
    """What is stored of the distributions, and their quantiles."""
    return {
        "mean": forecast.mean.tolist(),
        "centre": forecast.centre.tolist(),
        "scale": forecast.scale.tolist(),
        "power": [forecast.power] * len(forecast),
        **dict(zip(QUANTILE_COLUMNS, forecast.quantiles().T.tolist(), strict=True)),
    }


def of_opinions(forecast: Forecast) -> Columns:
    """What a system says beside the count: minutes, probability to play, what moved it."""
    n = len(forecast.distributions)
    drivers = None if forecast.drivers is None else forecast.drivers()
    return {
        "minutes": [None] * n if forecast.minutes is None else forecast.minutes.tolist(),
        "p_play": [None] * n if forecast.p_play is None else forecast.p_play.tolist(),
        "drivers": [None] * n if drivers is None else [json.dumps(each) for each in drivers],
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


def of_quotes(quotes: Sequence[LineQuote | None]) -> Columns:
    """What is copied from the quotes: a line never comes without its books and time."""
    times = [None if quote is None else datetime.fromisoformat(quote.at) for quote in quotes]
    names = {"line": "line", "line_books": "books"} | {name: name for name in _AS_QUOTED}
    copied = {
        column: [None if quote is None else getattr(quote, name) for quote in quotes] for column, name in names.items()
    }
    return copied | {"line_at": times}


def rows_of(columns: Columns) -> list[Row]:
    """Columns of equal length as rows: one dictionary each, made in one go."""
    names = tuple(columns)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
