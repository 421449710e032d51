"""`tipoff bench predict`: a batch of 450 players by all markets, at once and row by row."""

from datetime import date

import numpy as np

from benchmarks.harness import Case, seconds
from services.worker.domain.batch import predict
from shared.contract import BatchRequested, PredictionTask
from shared.markets import MARKETS
from shared.slate import Mode
from shared.systems import HAND_MADE

PLAYERS = 450


def _batch() -> BatchRequested:
    rng = np.random.default_rng(7)
    tasks = []
    for player in range(PLAYERS):
        features: dict[str, float | None] = {"minutes_ewma": float(rng.uniform(4, 38))}
        for market, most in (("points", 0.9), ("rebounds", 0.4), ("assists", 0.3), ("threes", 0.12)):
            rate = float(rng.uniform(0.02, most))
            features[f"{market}_per_minute"] = rate
            features[f"{market}_line"] = round(rate * 25) + 0.5 if player % 2 else None
        tasks.append(
            PredictionTask(
                game_id="0022400001",
                player_id=player,
                team="BOS",
                opponent="NYK",
                predicted_at="2024-12-01T12:00:00+00:00",
                features=features,
            )
        )
    return BatchRequested(
        run_id="2024-12-01.overnight.1", game_date=date(2024, 12, 1), mode=Mode.OVERNIGHT, attempt=1, batch=0,
        systems=HAND_MADE, tasks=tuple(tasks),
    )  # fmt: skip


def bench() -> list[Case]:
    """Vectorised against a loop over the same rows through the same code."""
    batch = _batch()
    single = [batch.model_copy(update={"tasks": (task,)}) for task in batch.tasks]
    at_once = seconds(lambda: predict(batch))
    one_by_one = seconds(lambda: [predict(one) for one in single], runs=3)
    return [
        Case(
            f"{PLAYERS} players x {len(MARKETS)} markets", "time", round(1000 * at_once, 2), "ms",
            f"row by row, {1000 * one_by_one:.0f} ms", round(one_by_one / at_once, 1), "at least 5 times faster",
            one_by_one >= 5 * at_once,
        )
    ]  # fmt: skip
