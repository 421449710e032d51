"""A made-up league as large as the real one, for benchmarks that need models: features in range, counts on form."""

from datetime import date

import numpy as np

from services.worker.domain.distribution import Floats
from services.worker.domain.training.frame import Frame
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS

FIRST = date(2023, 10, 24)
_PLAYED, _LINED, _PRICED = 0.85, 0.4, 0.5
"""Shares of the rows."""


def frame(slates: int, players: int, seed: int = 7) -> Frame:
    """`slates` slates of `players` players each."""
    rng = np.random.default_rng(seed)
    n = slates * players
    minutes = np.clip(rng.normal(22.0, 9.0, n), 1.0, 46.0)
    played = rng.random(n) < _PLAYED
    features: dict[str, Floats] = {
        name: rng.uniform(feature.low, min(feature.high, feature.low + 3.0), n) for name, feature in FEATURES.items()
    }
    features |= {
        "minutes_ewma": np.clip(minutes + rng.normal(0.0, 6.0, n), 2.0, 42.0),
        "games_season": np.full(n, 30.0),
    }
    outcomes = {}
    for market, entry in MARKETS.items():
        rate = entry.ceiling / 130.0 * rng.uniform(0.4, 1.8, n)
        outcomes[market] = np.where(played, rng.poisson(rate * minutes).astype(float), np.nan)
        features[f"{market}_per_minute"] = rate
        features[f"{market}_season_mean"] = rate * 22.0
        features[f"{market}_line"] = np.where(rng.random(n) < _LINED, np.round(rate * 22.0) + 0.5, np.nan)
        features[f"{market}_line_p_over"] = np.where(rng.random(n) < _PRICED, 0.5, np.nan)
    days = np.repeat(np.datetime64(FIRST) + np.arange(slates), players).astype("datetime64[D]")
    player_id, minutes = np.tile(np.arange(players), slates) + 1, np.where(played, minutes, np.nan)
    return Frame(features, days, player_id, outcomes, minutes, np.ones(n, dtype=np.bool_))
