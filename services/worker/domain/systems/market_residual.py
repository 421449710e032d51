"""The `market_residual` system: the line, and the little that it leaves unsaid.

Trees learn outcome minus line, shrunk hard: from where form and season stand relative to the line, the de-vigged price
and how many books agree. It predicts only where there is a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from services.worker.domain import trees
from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Counts, Floats
from services.worker.domain.spread import Spread, spreads_of
from services.worker.domain.systems.base import Features, Forecast, Inputs, System
from services.worker.domain.trees import Trees
from shared.markets import MARKETS

SEEN = ("minutes_season_mean", "games_season")
"""Features read as they are served."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact; around a market without trees (too few lines to learn from) lies the line's own spread."""

    markets: Mapping[str, Trees]
    spreads: Mapping[str, Spread]


def columns(features: Features, market: str) -> Floats:
    """(n, columns) what the trees read of n rows with a line."""
    line = features[f"{market}_line"]
    nothing = np.full(len(line), np.nan)
    return np.ascontiguousarray(
        np.column_stack(
            [
                line,
                features[f"{market}_season_mean"] - line,
                features[f"{market}_per_minute"] * features["minutes_ewma"] - line,
                features.get(f"{market}_p_market", nothing) - 0.5,
                features.get(f"{market}_line_books", nothing),
                *(features[name] for name in SEEN),
            ]
        )
    )


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    return Model({name: trees.load(text) for name, text in artifact.trees.items()}, spreads_of(artifact.arrays))


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """A forecast of every row with a line, by market."""
    out = {}
    for market in MARKETS:
        rows = np.flatnonzero(~np.isnan(inputs.line(market)))
        some = {name: values[rows] for name, values in inputs.features.items()}
        out[market] = Forecast(forecast(inputs.model, some, market), rows=rows)
    return out


def forecast(model: Model, features: Features, market: str) -> Counts:
    """Distributions of n rows with a line."""
    line = features[f"{market}_line"]
    said = model.markets.get(market)
    left = np.zeros(len(line)) if said is None or not len(line) else said.predict(columns(features, market))
    return model.spreads[market].around(line + left)


SYSTEM = System(predict, load=load)
