"""A batch in, rows of `predictions.staging` out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from services.worker.domain.evaluate import columns, evaluate
from services.worker.domain.systems.base import Features, Forecast
from shared.contract import BatchRequested
from shared.ports import Row
from shared.slate import Mode
from shared.tables import QUANTILE_COLUMNS


@dataclass(frozen=True, slots=True)
class Predicted:
    """What became of a batch."""

    rows: list[Row]
    absent: dict[str, str]
    """System -> why it said nothing."""


_NOTHING: Mapping[str, Any] = {}


def predict(
    batch: BatchRequested, models: Mapping[str, Any] = _NOTHING, refused: Mapping[str, str] = _NOTHING
) -> Predicted:
    """Every system's prediction of every market for every task of the batch.

    Args:
        batch: what is asked.
        models: learned system -> its loaded model.
        refused: learned system -> why it could not be loaded.

    Raises:
        Permanent: an unknown system, or a feature missing from the tasks.
    """
    evaluated = evaluate(batch, models, refused)
    features = columns(batch)
    rows = [
        row
        for system, forecasts in evaluated.forecasts.items()
        for market, forecast in forecasts.items()
        for row in _rows(batch, features, system, market, forecast)
    ]
    return Predicted(rows, dict(evaluated.absent))


def _rows(batch: BatchRequested, features: Features, system: str, market: str, forecast: Forecast) -> list[Row]:
    which = np.arange(len(batch.tasks)) if forecast.rows is None else forecast.rows
    counts, line = forecast.counts, features[f"{market}_line"][which]
    quantiles, over, push = counts.quantiles(), counts.over(line), counts.push(line)
    return [
        {
            "game_date": batch.game_date,
            "mode": Mode(batch.mode).value,
            "game_id": batch.tasks[task].game_id,
            "player_id": batch.tasks[task].player_id,
            "market": market,
            "system": system,
            "run_id": batch.run_id,
            "generation": int(batch.run_id.rsplit(".", 1)[1]),
            "batch": batch.batch,
            "predicted_at": datetime.fromisoformat(batch.tasks[task].predicted_at),
            "mean": float(counts.mean[i]),
            **dict(zip(QUANTILE_COLUMNS, map(float, quantiles[i]), strict=True)),
            "line": _null(line[i]),
            "p_over": _null(over[i]),
            "p_push": _null(push[i]),
        }
        for i, task in enumerate(which.tolist())
    ]


def _null(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
