"""A made-up league to learn from: served features whose outcomes depend on them in a known way."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from services.worker.domain.distribution import Floats
from services.worker.domain.training.frame import Frame
from shared.basketball.slate import BOX_SCORE_LAG
from shared.ports import Row, Warehouse
from shared.registries.features import FEATURES
from shared.registries.markets import MARKETS, STATISTICS
from tests.unit.shared.rows import load, row, tip

FIRST = date(2023, 11, 1)
PLAYERS = 60
_COUNTS = {"points": 0.55, "rebounds": 0.2, "assists": 0.13, "threes": 0.06}
RATES = {market.name: sum(_COUNTS.get(name, 0.1) for name in market.statistics) for market in MARKETS.values()}
"""Counts a minute."""
HOME = 1.25
"""What form does not know: at home they all do a quarter more."""


def frame(slates: int = 60, seed: int = 1, leak: str | None = None) -> Frame:
    """`slates` slates of sixty players; `leak` names a feature that tells the minutes of the very game."""
    rng = np.random.default_rng(seed)
    n = slates * PLAYERS
    player = np.tile(np.arange(PLAYERS), slates)
    role = 8.0 + 28.0 * player / PLAYERS
    home = rng.integers(0, 2, n).astype(float)
    minutes = np.clip(role + rng.normal(0.0, 4.0, n), 1.0, 46.0)
    played = rng.random(n) < 0.85
    features: dict[str, Floats] = {
        name: rng.uniform(feature.low, min(feature.high, feature.low + 3.0), n) for name, feature in FEATURES.items()
    }
    features |= {"is_home": home, "minutes_ewma": role, "minutes_season_mean": role, "games_season": np.full(n, 30.0)}
    outcomes = {}
    for market in MARKETS:
        rate = RATES[market] * (0.7 + 0.6 * ((player * 7) % PLAYERS) / PLAYERS)
        mean = rate * minutes * np.where(home == 1.0, HOME, 2.0 - HOME)
        outcomes[market] = np.where(played, rng.poisson(mean).astype(float), np.nan)
        features[f"{market}_per_minute"] = rate
        features[f"{market}_season_mean"] = rate * role
        line = np.round(rate * role * np.where(home == 1.0, 1.0 + (HOME - 1.0) / 2, 1.0 - (HOME - 1.0) / 2)) + 0.5
        features[f"{market}_line"] = np.where(rng.random(n) < 0.8, line, np.nan)
        features[f"{market}_line_p_over"] = np.where(rng.random(n) < 0.5, rng.uniform(0.45, 0.55, n), np.nan)
    if leak is not None:
        features[leak] = minutes
    days = np.repeat(np.datetime64(FIRST) + np.arange(slates), PLAYERS)
    days, minutes = days.astype("datetime64[D]"), np.where(played, minutes, np.nan)
    return Frame(features, days, player + 1, outcomes, minutes, np.ones(len(days), dtype=np.bool_))


async def store(warehouse: Warehouse, known: Frame) -> None:
    """Put a frame into the warehouse: as served, and as played, sixty players a game."""
    served: list[Row] = []
    played: list[Row] = []
    for i in range(len(known)):
        day = known.day[i].astype(object)
        assert isinstance(day, date)
        keys: dict[str, Any] = {
            "game_id": f"00223{(day - FIRST).days:05d}", "player_id": int(known.player_id[i]), "game_date": day
        }  # fmt: skip
        values = {name: None if np.isnan(v := column[i]) else v.item() for name, column in known.features.items()}
        served.append(_typed(row("features.ml_feature_store", mode="overnight", **keys) | values))
        if known.played[i]:
            stats = {name: int(known.outcomes[name][i]) for name in STATISTICS}
            known_at = tip(day) + BOX_SCORE_LAG
            played.append(
                row("analytics.player_game_summary", available_at=known_at, minutes=float(known.minutes[i]), **keys)
                | stats
            )
    await load(warehouse, features__ml_feature_store=served, analytics__player_game_summary=played)


def _typed(served: Row) -> Row:
    """Counts as whole numbers, as the table wants them."""
    from shared.tables import TABLES  # noqa: PLC0415 - only here

    whole = {column.name for column in TABLES["features.ml_feature_store"].columns if column.type == "INT64"}
    return {
        name: round(value) if name in whole and isinstance(value, float) else value for name, value in served.items()
    }


def day_after(slates: int) -> date:
    """The slate after the last one."""
    return FIRST + timedelta(days=slates)
