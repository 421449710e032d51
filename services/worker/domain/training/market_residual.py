"""Learns `market_residual`: outcome minus line, from the rows that have one."""

import numpy as np

from services.worker.domain import trees
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import POWERS, Spread
from services.worker.domain.systems import market_residual as system
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Fit, Learned, fit_all, inputs_of, parameters
from services.worker.domain.training.spread import fit_spread
from shared.errors import Skip
from shared.features import FEATURES
from shared.markets import MARKETS

LEAST = 1500
"""Outcomes with a line below which a market has nothing to learn from."""
LEAST_NEWEST = 300
"""Outcomes with a line among the newest slates below which the spread is taken from all slates."""
ROUNDS = 60
_PARAMETERS = parameters(
    objective="regression", learning_rate=0.02, num_leaves=8, min_data_in_leaf=400, lambda_l2=50.0,
    feature_fraction=0.7, boost_from_average=False,
)  # fmt: skip
_READS = ("line", "season_mean", "per_minute", "p_market", "line_books")


def learn(frame: Frame, split: Split) -> Learned:
    """Fit on the earlier slates and forecast the newest; then fit on all.

    Raises:
        Skip: no market has enough lines.
    """
    rows = {market: _rows(frame, market) for market in MARKETS}
    enough = [market for market in MARKETS if len(rows[market][1]) >= LEAST]
    if not enough:
        raise Skip(f"no market has {LEAST} outcomes with a line")
    honest = {
        market: trees.load(text)
        for market, text in fit_all({m: _fit(*_rows(split.earlier, m)) for m in enough}).items()
    }
    spreads = {market: _spread(frame, split, market, honest.get(market)) for market in MARKETS}
    forecasts = system.predict(inputs_of(split.newest, system.Model(honest, spreads)))
    return Learned(
        {f"spread.{market}": spread.as_array() for market, spread in spreads.items()},
        fit_all({market: _fit(*rows[market]) for market in enough}),
        tuple(name for name in _names() if name in FEATURES),
        forecasts,
        sum(len(rows[market][1]) for market in enough),
    )


def _names() -> list[str]:
    needed = [*(f"{market}_{what}" for market in MARKETS for what in _READS), "minutes_ewma", *system.SEEN]
    return list(dict.fromkeys(needed))


def _fit(x: Floats, target: Floats) -> Fit:
    return Fit(x, target, None, _PARAMETERS, ROUNDS)


def _rows(frame: Frame, market: str) -> tuple[Floats, Floats]:
    """(columns, outcome minus line) of the rows that have both."""
    line = frame.features[f"{market}_line"]
    keep = ~np.isnan(line) & frame.played
    some = {name: values[keep] for name, values in frame.features.items()}
    return system.columns(some, market), frame.outcomes[market][keep] - line[keep]


def _spread(frame: Frame, split: Split, market: str, model: trees.Trees | None) -> Spread:
    """Around honest forecasts of the newest slates; around the line itself where they have few, or it has no model."""
    x, left = _rows(split.newest, market)
    if model is not None and len(left) >= LEAST_NEWEST:
        return fit_spread(x[:, 0] + model.predict(x), x[:, 0] + left, POWERS[market])
    x, left = _rows(frame, market)
    if len(left) >= LEAST_NEWEST:
        return fit_spread(x[:, 0], x[:, 0] + left, POWERS[market])
    played = frame.played  # next to no lines at all: as wide as form is
    form = frame.features[f"{market}_per_minute"] * frame.features["minutes_ewma"]
    return fit_spread(form[played], frame.outcomes[market][played], POWERS[market])
