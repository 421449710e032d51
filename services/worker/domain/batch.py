"""A batch in, rows of `predictions.staging` out."""

import math
from datetime import datetime

import numpy as np

from services.worker.domain.distribution import Floats
from services.worker.domain.systems import SYSTEMS
from shared.contract import BatchRequested
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.ports import Row
from shared.slate import Mode
from shared.tables import QUANTILE_COLUMNS


def predict(batch: BatchRequested) -> list[Row]:
    """Every system's prediction of every market for every task of the batch.

    Raises:
        Permanent: an unknown system, or a feature missing from the tasks.
    """
    unknown = [name for name in batch.systems if name not in SYSTEMS]
    if unknown:
        raise Permanent(f"unknown system {unknown[0]!r}", remedy="deploy the worker at the coordinator's revision")
    features = _columns(batch)
    return [row for system in batch.systems for market in MARKETS for row in _rows(batch, features, system, market)]


def _columns(batch: BatchRequested) -> dict[str, Floats]:
    names = batch.tasks[0].features.keys() if batch.tasks else ()
    try:
        return {
            name: np.array(
                [np.nan if (v := task.features[name]) is None else v for task in batch.tasks], dtype=np.float64
            )
            for name in names
        }
    except KeyError as error:
        raise Permanent(f"batch {batch.key}: a task lacks feature {error}") from error


def _rows(batch: BatchRequested, features: dict[str, Floats], system: str, market: str) -> list[Row]:
    try:
        _refuse_nulls(batch, features, SYSTEMS[system].needs(market), system)
        forecast = SYSTEMS[system].predict(features, market)
        line = features[f"{market}_line"]
    except KeyError as error:
        raise Permanent(f"batch {batch.key}: {system} needs feature {error}") from error
    quantiles, over, push = forecast.quantiles(), forecast.over(line), forecast.push(line)
    return [
        {
            "game_date": batch.game_date,
            "mode": Mode(batch.mode).value,
            "game_id": task.game_id,
            "player_id": task.player_id,
            "market": market,
            "system": system,
            "run_id": batch.run_id,
            "generation": int(batch.run_id.rsplit(".", 1)[1]),
            "batch": batch.batch,
            "predicted_at": datetime.fromisoformat(task.predicted_at),
            "mean": float(forecast.mean[i]),
            **dict(zip(QUANTILE_COLUMNS, map(float, quantiles[i]), strict=True)),
            "line": _null(line[i]),
            "p_over": _null(over[i]),
            "p_push": _null(push[i]),
        }
        for i, task in enumerate(batch.tasks)
    ]


def _refuse_nulls(batch: BatchRequested, features: dict[str, Floats], needs: tuple[str, ...], system: str) -> None:
    for name in needs:
        missing = np.flatnonzero(np.isnan(features[name]))
        if len(missing):
            player = batch.tasks[missing[0]].player_id
            raise Permanent(f"batch {batch.key}: {system} needs {name}, which is null for player {player}")


def _null(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
