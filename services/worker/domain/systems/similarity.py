"""The `similarity` system: how comparable situations went, against what form said then.

A situation is a player before a game, described by a few standardised features: role and rates, rest, the opponent. Of
the reference situations in the artifact the nearest are taken (Euclidean distance; his own are drawn nearer), and what
they had beyond their form's forecast, on average and shrunk, is added to his (nearest neighbours: Fix & Hodges 1951).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from services.worker.domain.artifact import Array, Artifact
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import Spread, spreads_of
from services.worker.domain.systems import moving_average
from services.worker.domain.systems.base import Drivers, Features, Forecast, Inputs, System
from services.worker.domain.systems.boosted import TOP
from shared.registries.markets import MARKETS

NEIGHBOURS = 120
SHRINKAGE = 360.0
"""Neighbours' worth of 'as form says' that is mixed in."""
OWN = 0.5
"""Factor on the squared distance to a player's own earlier situations."""

_BLOCK = 32
"""Rows whose distances are added up together."""

Single = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded artifact: m reference situations."""

    features: tuple[str, ...]
    centre: Floats
    scale: Floats
    """(features,) each; what the features are standardised by, weights included."""
    points: Single
    """(m, features) standardised."""
    player_id: npt.NDArray[np.int64]
    day: npt.NDArray[np.datetime64]
    surplus: Mapping[str, Floats]
    """Market -> (m,) outcome minus form's forecast."""
    spreads: Mapping[str, Spread]


def standardised(features: Features, names: tuple[str, ...], centre: Floats, scale: Floats) -> Single:
    """(n, names) situations as points; what is null lies at the centre."""
    columns = [
        np.nan_to_num((features[name] - middle) / width, nan=0.0)
        for name, middle, width in zip(names, centre, scale, strict=True)
    ]
    return np.asarray(np.clip(np.column_stack(columns), -4.0, 4.0), dtype=np.float32)


def nearest(model: Model, points: Single, player_id: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], Single]:
    """((n, k) indices of the nearest reference situations, (n, m) squared distances).

    Feature by feature instead of one matrix product: a product's last bits depend on how many rows it has. A few rows
    at a time, so that what is added up stays in the processor's cache.
    """
    distance = np.zeros((len(points), len(model.points)), dtype=np.float32)
    columns, step = np.ascontiguousarray(model.points.T), np.empty((_BLOCK, len(model.points)), dtype=np.float32)
    for start in range(0, len(points), _BLOCK):
        block, some = distance[start : start + _BLOCK], points[start : start + _BLOCK]
        squared = step[: len(some)]
        for j, column in enumerate(columns):
            np.subtract(some[:, j, None], column, out=squared)
            np.square(squared, out=squared)
            block += squared
    distance[player_id[:, None] == model.player_id[None, :]] *= np.float32(OWN)
    k = min(NEIGHBOURS, len(model.points))
    chosen = np.argpartition(distance, k - 1, axis=1)[:, :k]
    return np.sort(chosen, axis=1), distance


def load(artifact: Artifact) -> Model:
    """The model in memory."""
    return of(artifact.manifest.features, artifact.arrays)


def of(features: tuple[str, ...], arrays: Mapping[str, Array]) -> Model:
    """A model from its numbers; without spreads only its means can be asked for."""
    return Model(
        features,
        arrays["centre"],
        arrays["scale"],
        arrays["points"],
        arrays["player_id"],
        arrays["day"].astype("datetime64[D]"),
        {market: arrays[f"surplus.{market}"].astype(np.float64) for market in MARKETS},
        spreads_of(arrays),
    )


def means(inputs: Inputs, model: Model) -> tuple[dict[str, Floats], npt.NDArray[np.intp], Single]:
    """(market -> (n,) expected counts, neighbours, distances)."""
    points = standardised(inputs.features, model.features, model.centre, model.scale)
    chosen, distance = nearest(model, points, inputs.player_id)
    k = chosen.shape[1]
    out = {
        market: moving_average.mean(inputs.features, market)
        + model.surplus[market][chosen].sum(axis=1) / (k + SHRINKAGE)
        for market in MARKETS
    }
    return out, chosen, distance


def predict(inputs: Inputs) -> dict[str, Forecast]:
    """Every market's forecast; its drivers are the nearest comparable games."""
    model: Model = inputs.model
    expected, chosen, distance = means(inputs, model)
    return {
        market: Forecast(
            model.spreads[market].around(expected[market]),
            drivers=partial(comparables, model, market, chosen, distance),
        )
        for market in MARKETS
    }


def comparables(model: Model, market: str, chosen: npt.NDArray[np.intp], distance: Single) -> Drivers:
    """The nearest games of each row: ("<player id> on <date>", what he had beyond form's forecast)."""
    out: Drivers = []
    for i, row in enumerate(chosen):
        top = row[np.argsort(distance[i, row], kind="stable")][:TOP]
        out.append(
            [(f"{model.player_id[j]} on {model.day[j]}", round(float(model.surplus[market][j]), 2)) for j in top]
        )
    return out


SYSTEM = System(predict, needs=moving_average.SYSTEM.needs, load=load)
