"""Leagues so small that weeks of them can be rehearsed."""

from datetime import date, time, timedelta
from pathlib import Path

import numpy as np

from devstack.history import write
from devstack.league.calendar import Calendar
from devstack.league.season import play
from shared.basketball.slate import eastern_instant

TIPS = (time(19), time(20, 30))
TEAMS = 8
"""The first in the order of tricodes."""


def small(folder: Path, first: date, days: int, *, idle: frozenset[date] = frozenset(), seed: int = 3) -> None:
    """Two games a day, but for idle ones, as a history folder; teams rest for one, two or more days."""
    rng = np.random.default_rng(seed)
    dates = [day for day in (first + timedelta(days=n) for n in range(days)) if day not in idle]
    played = np.zeros(TEAMS)
    home, away = [], []
    for _ in dates:
        teams = np.argsort(played + rng.uniform(0, 3, TEAMS))[: 2 * len(TIPS)]
        played[teams] += 1
        teams = rng.permutation(teams)
        home += teams[::2].tolist()
        away += teams[1::2].tolist()
    slates = [day for day in dates for _ in TIPS]
    tips = [eastern_instant(day, tip) for day in dates for tip in TIPS]
    write(play(seed, Calendar(slates, tips, np.array(home), np.array(away))), folder)
