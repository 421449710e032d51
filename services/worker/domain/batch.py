"""A batch in, rows of `predictions.staging` out."""

from datetime import datetime

import numpy as np

from services.worker.domain.columns import of_decisions, of_distributions, of_quotes, rows_of
from services.worker.domain.decision import Quotes, Standing, decide
from services.worker.domain.distribution import Floats
from services.worker.domain.systems import SYSTEMS
from shared.contract import BatchRequested
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.ports import Row
from shared.slate import Mode


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
    except KeyError as error:
        raise Permanent(f"batch {batch.key}: {system} needs feature {error}") from error
    n = len(batch.tasks)
    predicted_at = [datetime.fromisoformat(task.predicted_at) for task in batch.tasks]
    quotes = [task.lines.get(market) for task in batch.tasks]
    decisions = decide(forecast, Quotes.of(quotes, predicted_at), Standing())
    return rows_of(
        {
            "game_date": [batch.game_date] * n,
            "mode": [Mode(batch.mode).value] * n,
            "game_id": [task.game_id for task in batch.tasks],
            "player_id": [task.player_id for task in batch.tasks],
            "market": [market] * n,
            "system": [system] * n,
            "run_id": [batch.run_id] * n,
            "generation": [int(batch.run_id.rsplit(".", 1)[1])] * n,
            "batch": [batch.batch] * n,
            "predicted_at": predicted_at,
            "shadow": [False] * n,
            "minutes": [None] * n,
            "p_play": [None] * n,
            "artifact": [None] * n,
            "drivers": [None] * n,
            **of_distributions(forecast),
            **of_quotes(quotes),
            **of_decisions(decisions),
        }
    )


def _refuse_nulls(batch: BatchRequested, features: dict[str, Floats], needs: tuple[str, ...], system: str) -> None:
    for name in needs:
        missing = np.flatnonzero(np.isnan(features[name]))
        if len(missing):
            player = batch.tasks[missing[0]].player_id
            raise Permanent(f"batch {batch.key}: {system} needs {name}, which is null for player {player}")
