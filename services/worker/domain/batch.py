"""A batch in, rows of `predictions.staging` out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.worker.domain.columns import of_decisions, of_distributions, of_opinions, of_quotes, rows_of
from services.worker.domain.decision import Quotes, Standing, decide
from services.worker.domain.evaluate import evaluate
from services.worker.domain.systems.base import Forecast
from shared.basketball.slate import Mode
from shared.contract import BatchRequested
from shared.ports import Row
from shared.registries.systems import SYSTEMS


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
    rows = [
        row
        for system, forecasts in evaluated.forecasts.items()
        for market, forecast in forecasts.items()
        for row in _rows(batch, system, market, forecast)
    ]
    return Predicted(rows, dict(evaluated.absent))


def _rows(batch: BatchRequested, system: str, market: str, forecast: Forecast) -> list[Row]:
    tasks = batch.tasks if forecast.rows is None else [batch.tasks[row] for row in forecast.rows]
    n = len(tasks)
    predicted_at = [datetime.fromisoformat(task.predicted_at) for task in tasks]
    quotes = [task.lines.get(market) for task in tasks]
    shadow = SYSTEMS[system].stage == "shadow"
    decisions = decide(forecast.distributions, Quotes.of(quotes, predicted_at), Standing(shadow, forecast.p_play))
    return rows_of(
        {
            "game_date": [batch.game_date] * n,
            "mode": [Mode(batch.mode).value] * n,
            "game_id": [task.game_id for task in tasks],
            "player_id": [task.player_id for task in tasks],
            "market": [market] * n,
            "system": [system] * n,
            "run_id": [batch.run_id] * n,
            "generation": [int(batch.run_id.rsplit(".", 1)[1])] * n,
            "attempt": [batch.attempt] * n,
            "batch": [batch.batch] * n,
            "predicted_at": predicted_at,
            "shadow": [shadow] * n,
            "artifact": [batch.artifacts.get(system)] * n,
            **of_quotes(quotes),
            **of_distributions(forecast.distributions),
            **of_opinions(forecast),
            **of_decisions(decisions),
        }
    )
