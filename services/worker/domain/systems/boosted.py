"""The `boosted` system: gradient-boosted trees on the served features, market lines left out.

Minutes first: one model says how long he plays if he plays, another whether he plays at all. Per market, trees then
learn what is left of the outcome after rate x minutes; around that mean lies a shifted negative binomial whose
variance is linear in the mean, both fitted to forecasts of slates that the trees had not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from services.worker.domain import trees
from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import Spread, spreads_of
from services.worker.domain.systems import moving_average
from services.worker.domain.systems.base import Drivers, Features, Forecast, Inputs, System
from services.worker.domain.trees import Trees
from shared.markets import MARKETS

MOST_MINUTES = 53.0
"""A game of one overtime."""
TOP = 5
"""Drivers told of a forecast."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact."""

    features: tuple[str, ...]
    play: Trees
    minutes: Trees
    markets: Mapping[str, Trees]
    spreads: Mapping[str, Spread]


def matrix(features: Features, names: tuple[str, ...]) -> Floats:
    """(n, len(names)) the features in a fixed order, rows contiguous."""
    return np.ascontiguousarray(np.column_stack([features[name] for name in names]))


def expected_minutes(model: Trees, x: Floats) -> Floats:
    """(n,) minutes given that he plays."""
    return np.clip(model.predict(x), 0.0, MOST_MINUTES)


def probability(model: Trees, x: Floats) -> Floats:
    """(n,) probability that he plays: the trees speak in log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-model.predict(x))))


def with_minutes(x: Floats, minutes: Floats) -> Floats:
    """The matrix the market models read: features and the minutes forecast, last."""
    return np.ascontiguousarray(np.column_stack([x, minutes]))


def start(features: Features, market: str, minutes: Floats) -> Floats:
    """(n,) where a market's trees start: rate per minute times expected minutes."""
    return np.asarray(features[f"{market}_per_minute"] * minutes)


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    models = {name: trees.load(text) for name, text in artifact.trees.items()}
    markets = {market: models[market] for market in MARKETS}
    return Model(artifact.manifest.features, models["play"], models["minutes"], markets, spreads_of(artifact.arrays))


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast, with expected minutes and the probability to play."""
    model: Model = inputs.model
    x = matrix(inputs.features, model.features)
    minutes, p_play = expected_minutes(model.minutes, x), probability(model.play, x)
    wide = with_minutes(x, minutes)
    out = {}
    for market in MARKETS:
        base = start(inputs.features, market, minutes)
        counts = model.spreads[market].around(base + model.markets[market].predict(wide))
        told = partial(drivers, model, market, wide, base)
        out[market] = Forecast(counts, minutes=minutes, p_play=p_play, drivers=told)
    return out


def drivers(model: Model, market: str, wide: Floats, base: Floats) -> Drivers:
    """The strongest contributions of each row, after the rate x minutes it starts from."""
    found = model.markets[market].contributions(wide)
    names = (*model.features, "expected_minutes")
    order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, : TOP - 1]
    return [
        [("rate_x_minutes", round(float(base[i]), 3))]
        + [(names[j], round(float(found[i, j]), 3)) for j in order[i] if found[i, j] != 0.0]
        for i in range(len(found))
    ]


SYSTEM = System(predict, needs=moving_average.SYSTEM.needs, load=load)
