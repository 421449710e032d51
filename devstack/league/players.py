"""The invented players: what each does per minute, and how many minutes his place in the order brings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstack.league.calendar import TRICODES
from devstack.league.names import names

ROSTER = 15
"""Players per team, best first."""
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MINUTES = np.array([35.0, 34, 32, 30, 28, 24, 20, 16, 12, 8, 6, 5, 4, 3, 2])
"""Usual minutes by place among those available."""
TEAM_TOTALS = {
    "fga": (88.0, 4.0),
    "fta": (22.0, 6.0),
    "oreb": (10.5, 3.5),
    "dreb": (33.0, 5.0),
    "ast": (26.0, 4.5),
    "stl": (7.7, 2.7),
    "blk": (5.0, 2.3),
    "tov": (13.5, 3.5),
    "pf": (19.0, 3.5),
}
"""A team's counts in 240 minutes: usual, and how far a game strays from it beyond its pace."""
_FIRST_ID = 1_990_001
"""Above every id the NBA has given out."""
_ATTEMPTS = np.array([19.0, 17, 15, 13, 11, 12, 12, 11, 10, 9, 9, 8, 8, 8, 8])
# Per 36 minutes by build: guard, wing, big.
_BUILDS = {
    "fta": (4.0, 3.5, 4.5),
    "oreb": (0.6, 1.2, 3.2),
    "dreb": (3.4, 5.0, 7.8),
    "ast": (7.0, 3.4, 2.4),
    "stl": (1.4, 1.2, 0.9),
    "blk": (0.3, 0.6, 1.8),
    "tov": (2.6, 1.8, 1.9),
    "pf": (2.4, 2.8, 3.7),
}
_THREES = (0.46, 0.45, 0.2)


@dataclass(frozen=True, slots=True)
class Players:
    """Arrays are [team, place]."""

    ids: IntArray
    names: list[str]
    """In the order of the ids."""
    rates: dict[str, FloatArray]
    """Counts per minute."""
    three_share: FloatArray
    """Of the field goal attempts, those for three."""
    twos: FloatArray
    threes: FloatArray
    free_throws: FloatArray
    """Chances of making one."""


def players(rng: np.random.Generator) -> Players:
    """Fifteen for every team."""
    shape = (len(TRICODES), ROSTER)
    builds = np.tile(np.array([0, 1, 1, 2, 0, 1, 0, 2, 1, 0, 1, 2, 0, 1, 2]), (len(TRICODES), 1))
    builds = rng.permuted(builds, axis=1)
    rates = {
        name: np.array(by_build)[builds] / 36 * rng.lognormal(0.0, 0.25, shape) for name, by_build in _BUILDS.items()
    }
    rates["fga"] = _ATTEMPTS / 36 * rng.lognormal(0.0, 0.15, shape)
    count = len(TRICODES) * ROSTER
    return Players(
        _FIRST_ID + np.arange(count).reshape(shape),
        names(rng, count),
        rates,
        np.clip(np.array(_THREES)[builds] + rng.normal(0.0, 0.08, shape), 0.02, 0.75),
        np.clip(rng.normal(0.545, 0.03, shape), 0.4, 0.7),
        np.clip(rng.normal(0.36, 0.025, shape), 0.25, 0.45),
        np.clip(rng.normal(0.78, 0.07, shape), 0.5, 0.95),
    )
