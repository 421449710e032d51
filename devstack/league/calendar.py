"""Who plays whom, where and when: a plausible first part of a season."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from shared.basketball.identity import TEAMS
from shared.basketball.slate import eastern_instant

TRICODES = sorted(TEAMS)
IntArray = NDArray[np.int64]

_BY_WEEKDAY = (9, 4, 11, 5, 11, 8, 7)
"""Games on a usual Monday to Sunday."""
_OPENING = (2, 10)
_IDLE = {(11, 5), (11, 28)}
"""Election day and Thanksgiving, as (month, day)."""
_WEST = {"LAL", "LAC", "GSW", "SAC", "POR", "PHX", "UTA", "DEN"}
_CENTRAL = {"CHI", "DAL", "HOU", "MEM", "MIL", "MIN", "NOP", "OKC", "SAS"}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The season's games in order; teams are indices into TRICODES."""

    dates: list[date]
    tips: list[datetime]
    home: IntArray
    away: IntArray

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def sides(self) -> IntArray:
        """The team of every side: home and away of game 0, of game 1, ..."""
        return np.stack([self.home, self.away], axis=1).ravel()

    @property
    def rounds(self) -> IntArray:
        """Per side, how many games its team has played before."""
        played = np.zeros(len(TRICODES), dtype=np.int64)
        rounds = np.empty(2 * len(self), dtype=np.int64)
        for side, team in enumerate(self.sides.tolist()):
            rounds[side] = played[team]
            played[team] += 1
        return rounds


def calendar(rng: np.random.Generator, first: date, days: int, last_slate: int) -> Calendar:
    """Games of `days` dates from `first`; the last has `last_slate`. No team plays three days in a row."""
    played = np.zeros(len(TRICODES), dtype=np.int64)
    at_home = np.zeros(len(TRICODES), dtype=np.int64)
    streak = np.zeros(len(TRICODES), dtype=np.int64)
    games: list[tuple[date, datetime, int, int]] = []
    for number in range(days):
        day = first + timedelta(days=number)
        wanted = last_slate if number == days - 1 else _games_on(day, number)
        order = np.argsort(played + rng.random(len(TRICODES)) + 1000.0 * (streak >= 2))  # noqa: PLR2004 - two in a row
        teams = rng.permutation(order[: 2 * wanted]).tolist()
        slate = []
        for one, other in zip(teams[::2], teams[1::2], strict=True):
            surplus = at_home - played / 2
            home, away = (one, other) if surplus[one] <= surplus[other] else (other, one)
            at_home[home] += 1
            slate.append((day, _tip(rng, day, TRICODES[home]), home, away))
        playing = np.zeros(len(TRICODES), dtype=bool)
        playing[teams] = True
        played += playing
        streak = np.where(playing, streak + 1, 0)
        games += sorted(slate, key=lambda game: game[1])
    return Calendar(
        [game[0] for game in games],
        [game[1] for game in games],
        np.array([game[2] for game in games]),
        np.array([game[3] for game in games]),
    )


def _games_on(day: date, number: int) -> int:
    if (day.month, day.day) in _IDLE:
        return 0
    return _OPENING[number] if number < len(_OPENING) else _BY_WEEKDAY[day.weekday()]


def _tip(rng: np.random.Generator, day: date, home: str) -> datetime:
    hour = 22 if home in _WEST else 20 if home in _CENTRAL else 19
    return eastern_instant(day, time(hour, 30 * int(rng.integers(2))))
