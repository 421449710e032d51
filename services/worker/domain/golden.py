"""Golden predictions: rows that went through a model when it was made, and must come out the same where it is loaded.

Failure 27: a model trained on one library version ran on another, 8.6 points worse and without an error.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from services.worker.domain.artifact import Array, Artifact
from services.worker.domain.distribution import power_normal
from services.worker.domain.systems import system
from services.worker.domain.systems.base import Forecast, Forecasts, Inputs
from shared.errors import Permanent

ROWS = 16
TOLERANCE = 1e-9
"""Relative; the same libraries and bytes should give equal numbers."""


def record(name: str, model: Any, inputs: Inputs) -> dict[str, Array]:  # noqa: ANN401 - the system's own model
    """Arrays to put into the artifact: the rows of `inputs`, their members' forecasts, and what the model says."""
    names = sorted(inputs.features)
    arrays: dict[str, Array] = {
        "golden.names": np.array(names),
        "golden.features": np.array([inputs.features[each] for each in names]),
        "golden.player_id": inputs.player_id,
    }
    for member, forecasts in (inputs.members if inputs.members is not None else {}).items():
        for market, forecast in forecasts.items():
            arrays[f"golden.member.{member}.{market}"] = _numbers(forecast)
            if forecast.rows is not None:
                arrays[f"golden.rows.{member}.{market}"] = forecast.rows
    for market, forecast in _predict(name, model, inputs).items():
        arrays[f"golden.said.{market}"] = _numbers(forecast)
    return arrays


def verify(artifact: Artifact, model: Any) -> None:  # noqa: ANN401 - the system's own model
    """Predict the golden rows again.

    Raises:
        Permanent: one comes out otherwise; the message says which market and by how much.
    """
    arrays, name = artifact.arrays, artifact.manifest.system
    features = dict(zip(map(str, arrays["golden.names"]), arrays["golden.features"], strict=True))
    inputs = Inputs(features, arrays["golden.player_id"], None, _members(arrays))
    for market, forecast in _predict(name, model, inputs).items():
        was, now = arrays[f"golden.said.{market}"], _numbers(forecast)
        if was.shape != now.shape or not np.allclose(was, now, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            off = float(np.nanmax(np.abs(was - now))) if was.shape == now.shape else float("nan")
            raise Permanent(
                f"artifact {name} as of {artifact.manifest.as_of}: its golden predictions of {market} do not reproduce "
                f"(off by {off:.3g})",
                remedy="deploy the libraries it was trained with, or train again",
            )


def _predict(name: str, model: Any, inputs: Inputs) -> Forecasts:  # noqa: ANN401 - the system's own model
    return system(name).predict(Inputs(inputs.features, inputs.player_id, model, inputs.members))


def _numbers(forecast: Forecast) -> Array:
    """(6, rows): mean, centre, scale, power, minutes, probability to play; NaN where there is no opinion."""
    distributions = forecast.distributions
    nothing = np.full(len(distributions), np.nan)
    return np.array(
        [
            distributions.mean,
            distributions.centre,
            distributions.scale,
            np.full(len(distributions), distributions.power),
            nothing if forecast.minutes is None else forecast.minutes,
            nothing if forecast.p_play is None else forecast.p_play,
        ]
    )


def _members(arrays: Mapping[str, Array]) -> dict[str, Forecasts]:
    """The members' forecasts of the golden rows, made again from their numbers."""
    members: dict[str, dict[str, Forecast]] = {}
    for key, numbers in arrays.items():
        if key.startswith("golden.member."):
            member, market = key.removeprefix("golden.member.").rsplit(".", 1)
            _, centre, scale, power, minutes, p_play = numbers
            distributions = power_normal(centre, scale, float(power[0]) if len(power) else 1.0)
            rows = arrays.get(f"golden.rows.{member}.{market}")
            members.setdefault(member, {})[market] = Forecast(distributions, rows=rows, minutes=minutes, p_play=p_play)
    return dict(members)


def some(forecast: Forecast, rows: npt.NDArray[np.int64]) -> Forecast:
    """Those rows of a forecast that are among `rows`, which are consecutive; numbered from the first of them."""
    if forecast.rows is None:
        return forecast.take(rows)
    among = forecast.take(np.isin(forecast.rows, rows))
    return among if among.rows is None else replace(among, rows=among.rows - rows[0])
