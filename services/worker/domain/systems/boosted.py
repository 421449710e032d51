"""The `boosted` system: gradient-boosted trees on the served features, market lines left out.

Per market two models, both in the space in which the count is about normal (see `distribution`): one learns what the
centre has beyond form, the other how much wider or narrower than its level's a distribution is. Two more say whether
he plays, and how long if he does; the expected minutes are a feature of the markets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from services.worker.domain import trees
from services.worker.domain.artifact import Array, Artifact
from services.worker.domain.distribution import Floats, power_normal, to_power
from services.worker.domain.spread import MIN_MEAN
from services.worker.domain.systems import moving_average
from services.worker.domain.systems.base import Drivers, Features, Forecast, Inputs, System
from services.worker.domain.trees import Trees
from shared.registries.markets import MARKETS

MAX_MINUTES = 53.0
"""A game of one overtime."""
TOP = 5
"""Drivers told of a forecast."""
BAG = 2
"""Fits of a centre with different seeds."""
WIDTHS = (0.3, 3.0)
"""Between these factors a row's variance may differ from its level's."""
EXPECTED_MINUTES = "expected_minutes"
"""The one column of the markets' models that is no feature but a forecast."""


@dataclass(frozen=True, slots=True)
class MarketModel:
    """What is known of one market."""

    columns: tuple[str, ...]
    """Features read, and `EXPECTED_MINUTES`."""
    centre: tuple[Trees, ...]
    """Fits with several seeds: their mean counts."""
    spread: Trees
    power: float
    level: tuple[float, float]
    """(a, b): variance by level, a + b x form, in the space of the power."""
    floor: float
    """Least such variance."""
    shift: float
    width: float
    """Calibration: centre + shift x scale, scale x width."""


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact."""

    features: tuple[str, ...]
    """What the models of attendance and minutes read."""
    play: Trees
    minutes: Trees
    markets: Mapping[str, MarketModel]


def matrix(features: Features, names: tuple[str, ...]) -> Floats:
    """(n, len(names)) the features in a fixed order, rows contiguous."""
    return np.ascontiguousarray(np.column_stack([features[name] for name in names]))


def expected_minutes(model: Trees, x: Floats) -> Floats:
    """(n,) minutes given that he plays."""
    return np.clip(model.predict(x), 0.0, MAX_MINUTES)


def probability(model: Trees, x: Floats) -> Floats:
    """(n,) probability that he plays: the trees speak in log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-model.predict(x))))


def form(features: Features, market: str, power: float) -> Floats:
    """(n,) where the trees start, in the space of the power: rate per minute times expected minutes."""
    return to_power(np.maximum(features[f"{market}_per_minute"] * features[EXPECTED_MINUTES], MIN_MEAN), power)


def bagged(models: tuple[Trees, ...], x: Floats) -> Floats:
    """(n,) the mean of several fits."""
    total = np.zeros(len(x))
    for one in models:
        total += one.predict(x)
    return total / len(models)


def centre_and_scale(model: MarketModel, x: Floats, start: Floats) -> tuple[Floats, Floats]:
    """((n,), (n,)) of the distributions; x is (n, columns)."""
    centre = start + bagged(model.centre, x)
    by_level = np.maximum(model.level[0] + model.level[1] * start, model.floor)
    factor = np.clip(1.0 + model.spread.predict(np.column_stack([x, centre])), *WIDTHS)
    scale = np.sqrt(by_level * factor)
    return centre + model.shift * scale, scale * model.width


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    return of(artifact.trees, artifact.arrays)


def of(texts: Mapping[str, str], arrays: Mapping[str, Array]) -> Model:
    """A model from its trees' texts and its numbers."""
    markets = {}
    for market in MARKETS:
        power, a, b, floor, shift, width = map(float, arrays[f"market.{market}"])
        markets[market] = MarketModel(
            tuple(map(str, arrays[f"columns.{market}"])),
            tuple(trees.load(texts[f"{market}.centre{n}"]) for n in range(BAG)),
            trees.load(texts[f"{market}.spread"]),
            power,
            (a, b),
            floor,
            shift,
            width,
        )
    shared = tuple(map(str, arrays["columns.minutes"]))
    return Model(shared, trees.load(texts["play"]), trees.load(texts["minutes"]), markets)


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast, with expected minutes and the probability to play."""
    model: Model = inputs.model
    x = matrix(inputs.features, model.features)
    minutes, p_play = expected_minutes(model.minutes, x), probability(model.play, x)
    features = {**inputs.features, EXPECTED_MINUTES: minutes}
    out = {}
    for market, one in model.markets.items():
        x = matrix(features, one.columns)
        start = form(features, market, one.power)
        centre, scale = centre_and_scale(one, x, start)
        told = partial(drivers, one, x, start, centre)
        out[market] = Forecast(power_normal(centre, scale, one.power), minutes=minutes, p_play=p_play, drivers=told)
    return out


def drivers(model: MarketModel, x: Floats, start: Floats, centre: Floats) -> Drivers:
    """The strongest contributions of each row, after the rate x minutes that it starts from.

    The trees add up in the space of the power; a contribution is told in the statistic's unit, at the slope of the
    forecast: dy/dz = z^(1/p - 1) / p.
    """
    slope = np.maximum(centre, 0.0) ** (1.0 / model.power - 1.0) / model.power
    found = sum((one.contributions(x) for one in model.centre), start=np.zeros(x.shape))
    found *= slope[:, None] / len(model.centre)
    begin = np.maximum(start, 0.0) ** (1.0 / model.power) - 0.5
    order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, : TOP - 1].tolist()
    strongest = np.round(np.take_along_axis(found, np.array(order, dtype=np.int64).reshape(len(x), -1), axis=1), 3)
    return [
        [("rate_x_minutes", round(base, 3)), *((model.columns[j], value) for j, value in zip(row, values, strict=True))]
        for base, row, values in zip(begin.tolist(), order, strongest.tolist(), strict=True)
    ]


SYSTEM = System(predict, needs=moving_average.SYSTEM.needs, load=load)
