"""Learns `similarity`: keeps the newest situations as reference, and how far apart two of them are."""

import numpy as np

from services.worker.domain.artifact import Array
from services.worker.domain.spread import ROTATION_MINUTES
from services.worker.domain.systems import moving_average
from services.worker.domain.systems import similarity as system
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Learned, inputs_of
from services.worker.domain.training.spread import fit_spread
from shared.registries.features import known
from shared.registries.markets import MARKETS

REFERENCES = 1500
"""Situations kept: about three weeks of games."""
WEIGHTS = {
    "minutes_ewma": 1.5,
    "points_per_minute": 1.0,
    "rebounds_per_minute": 1.0,
    "assists_per_minute": 1.0,
    "threes_per_minute": 1.0,
    "pra_per_minute": 1.0,
    "days_rest": 0.5,
    "is_home": 0.5,
}
"""What makes situations alike, and how much: standard deviations count this many times."""
NAMES = known(*WEIGHTS)


def learn(frame: Frame, split: Split) -> Learned:
    """Forecast the newest slates from references before them; then, with the spreads that gave, refer to all slates."""
    expected, _, _ = system.means(inputs_of(split.newest), system.of(NAMES, _arrays(split.earlier)))
    known = split.newest.played
    rotation = split.newest.features["minutes_ewma"][known] >= ROTATION_MINUTES
    spreads = {
        market: fit_spread(expected[market][known], split.newest.outcomes[market][known], market, rotation)
        for market in MARKETS
    }
    kept = {f"spread.{market}": spread.as_array() for market, spread in spreads.items()}
    forecasts = system.predict(inputs_of(split.newest, system.of(NAMES, _arrays(split.earlier) | kept)))
    arrays = _arrays(frame) | kept
    return Learned(arrays, {}, NAMES, forecasts, len(arrays["points"]))


def _arrays(frame: Frame) -> dict[str, Array]:
    """The reference situations: the newest games of players who played."""
    some = frame.take(np.flatnonzero(frame.played)[-REFERENCES:])
    columns = [some.features[name] for name in NAMES]
    centre = np.array([np.nanmean(column) for column in columns])
    scale = np.array([max(float(np.nanstd(column)), 1e-6) for column in columns])
    scale /= np.array([WEIGHTS[name] for name in NAMES])
    return {
        "centre": centre,
        "scale": scale,
        "points": system.standardised(some.features, NAMES, centre, scale),
        "player_id": some.player_id,
        "day": some.day.astype("datetime64[D]").astype(np.int64),
        **{
            f"surplus.{market}": (some.outcomes[market] - moving_average.mean(some.features, market)).astype(np.float32)
            for market in MARKETS
        },
    }
