"""What is learned from: served features joined with what then happened, one row per (slate, player) of a final game."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from services.worker.domain.distribution import Floats
from services.worker.domain.systems.base import Features
from shared.basketball.slate import season_type_of
from shared.errors import Permanent
from shared.registries.features import FEATURE_CONTRACT_VERSION, FEATURES
from shared.registries.markets import MARKETS

Days = npt.NDArray[np.datetime64]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frame:
    """n rows, ordered by slate and player."""

    features: Features
    """By name, each (n,), NaN where null: as they were served."""
    day: Days
    """(n,) slates."""
    player_id: Rows
    """(n,)"""
    outcomes: Mapping[str, Floats]
    """Market -> (n,) counts; NaN where he did not play."""
    minutes: Floats
    """(n,) minutes played; NaN where he did not play."""
    regular: npt.NDArray[np.bool_]
    """(n,) whether the game is one of the regular season."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.day)

    @property
    def played(self) -> npt.NDArray[np.bool_]:
        """(n,) whether he played."""
        return ~np.isnan(self.minutes)

    def take(self, rows: npt.NDArray[Any]) -> "Frame":
        """Some of the rows, by index or mask."""
        return Frame(
            {name: values[rows] for name, values in self.features.items()},
            self.day[rows],
            self.player_id[rows],
            {market: values[rows] for market, values in self.outcomes.items()},
            self.minutes[rows],
            self.regular[rows],
        )


def assemble(served: Mapping[str, Sequence[Any]], outcomes: Mapping[str, Sequence[Any]], slates: int = 0) -> Frame:
    """Join served features with outcomes. Rows of games without any box score are left out: not final, or never played.

    So are rows from before the contract had one of its features: what has no nulls is null in them.

    Args:
        served: columns of `training_features.sql`.
        outcomes: columns of `training_outcomes.sql`: who played, and what.
        slates: how many are to be left if rows from before this contract are left out.

    Raises:
        Permanent: a feature of the contract is not among the served columns, or served too seldom.
    """
    missing = [name for name in FEATURES if name not in served]
    if missing:
        raise Permanent(f"training lacks feature {missing[0]}", remedy="apply the schema at this revision")
    players = np.asarray(outcomes["player_id"], dtype=np.float64).astype(np.int64).tolist()
    where = {key: row for row, key in enumerate(zip(outcomes["game_id"], players, strict=True))}
    final = set(outcomes["game_id"])
    whole = _whole(served, slates)
    keep = np.array([row for row, game in enumerate(served["game_id"]) if game in final and whole[row]], dtype=np.int64)
    player_id = np.asarray(served["player_id"], dtype=np.float64).astype(np.int64)[keep]
    games = [served["game_id"][row] for row in keep]
    found = np.array([where.get(key, -1) for key in zip(games, player_id.tolist(), strict=True)], dtype=np.int64)

    def outcome(*names: str) -> Floats:
        values = np.append(np.sum([np.asarray(outcomes[name], dtype=np.float64) for name in names], axis=0), np.nan)
        return values[found]  # -1: the NaN at the end

    return Frame(
        {name: np.asarray(served[name], dtype=np.float64)[keep] for name in FEATURES},
        np.array([served["game_date"][row] for row in keep], dtype="datetime64[D]"),
        player_id,
        {name: outcome(*market.statistics) for name, market in MARKETS.items()},
        outcome("minutes"),
        np.array([season_type_of(game) == "regular" for game in games], dtype=np.bool_),
    )


def _whole(served: Mapping[str, Sequence[Any]], slates: int) -> npt.NDArray[np.bool_]:
    """Which rows have every feature that has no nulls."""
    whole = np.ones(len(served["game_id"]), dtype=np.bool_)
    for name, feature in FEATURES.items():
        if feature.nulls == 0:
            whole &= ~np.isnan(np.asarray(served[name], dtype=np.float64))
    left = len({day for day, kept in zip(served["game_date"], whole, strict=True) if kept})
    if not whole.all() and left < slates:
        raise Permanent(
            f"{left} slates were served under feature contract {FEATURE_CONTRACT_VERSION}, training needs {slates}",
            remedy="`tipoff run --date DATE --from-phase 4` serves an earlier one again",
        )
    return whole


@dataclass(frozen=True, slots=True)
class Split:
    """Walk-forward: learn on the earlier slates, judge on the newest."""

    earlier: Frame
    newest: Frame


def split(frame: Frame, newest: int) -> Split:
    """Put the last `newest` slates aside, but at most a quarter of all."""
    days = np.unique(frame.day)
    border = days[-min(newest, max(len(days) // 4, 1))]
    return Split(frame.take(frame.day < border), frame.take(frame.day >= border))
