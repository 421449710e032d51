"""Who is not there: injuries that last, inactive lists, coaches' decisions; and the injured list's events."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstack.league.calendar import TRICODES, Calendar
from devstack.league.players import ROSTER

BoolArray = NDArray[np.bool_]
_FALLS, _STAYS = 0.03, 0.75
"""Chance, per game of the team, of getting injured and of staying so."""
_TWO_WAY = 13
"""Places from here on are mostly inactive."""
_SURE = 9
"""As many of those available always play; each after them with this chance."""
_ALSO_PLAYS = 0.45
STATUSES = np.array(["", "inactive", "dnp_coach", "dnd", "nwt", "suspended"])
"""By code; 0 played."""
NOTES = (
    "sprained left ankle",
    "sore right knee",
    "strained right hamstring",
    "illness",
    "sore lower back",
    "bruised left hip",
    "sprained right wrist",
    "concussion",
)


@dataclass(frozen=True, slots=True)
class Absences:
    """Arrays are [side, place]."""

    injured: BoolArray
    status: NDArray[np.int64]
    """Codes of STATUSES."""
    order: NDArray[np.int64]
    """Place among those who are not out before the game."""

    @property
    def plays(self) -> BoolArray:
        """Who played."""
        played: BoolArray = self.status == 0
        return played


def absences(rng: np.random.Generator, games: Calendar) -> Absences:
    """Decide for every side who plays."""
    sides, rounds = games.sides, games.rounds
    injured: BoolArray = _injuries(rng, int(rounds.max()) + 1)[rounds, sides]
    shape = injured.shape
    spare = (np.arange(ROSTER) >= _TWO_WAY) & (rng.random(shape) < 0.8)  # noqa: PLR2004 - most nights
    out = injured | spare
    order = np.cumsum(~out, axis=1) - 1
    plays = ~out & ((order < _SURE) | (rng.random(shape) < _ALSO_PLAYS))
    kind = rng.random(shape)
    out_status = np.where(kind < 0.98, 1, np.where(kind < 0.995, 4, 5))  # noqa: PLR2004 - codes of STATUSES
    stays_on_bench = np.where(kind < 0.96, 2, 3)  # noqa: PLR2004 - a share of the generated league
    status = np.where(plays, 0, np.where(injured, 1, np.where(out, out_status, stays_on_bench)))
    return Absences(injured, status, order)


def _injuries(rng: np.random.Generator, rounds: int) -> BoolArray:
    """[round, team, place]: who is injured."""
    state = np.zeros((len(TRICODES), ROSTER), dtype=bool)
    states = np.empty((rounds, *state.shape), dtype=bool)
    for number in range(rounds):
        state = rng.random(state.shape) < np.where(state, _STAYS, _FALLS)
        states[number] = state
    return states


def events(rng: np.random.Generator, games: Calendar, missing: BoolArray) -> list[tuple[int, int, int, str, str]]:
    """The injured list: (days after the first date, team, place, event, note), by day.

    A spell is entered on the day before the first game missed, or on its day; it ends with the first game back.
    """
    first = games.dates[0]
    day_of = np.repeat([(day - first).days for day in games.dates], 2)
    found = []
    for team in range(len(TRICODES)):
        sides = np.flatnonzero(games.sides == team)
        state = missing[sides]
        change = np.diff(np.vstack([np.zeros((1, ROSTER), dtype=bool), state]).astype(np.int8), axis=0)
        for game, place in np.argwhere(change).tolist():
            day = int(day_of[sides[game]])
            if change[game, place] < 0:
                found.append((day, team, place, "activated", "activated from IL"))
                continue
            note = NOTES[int(rng.integers(len(NOTES)))]
            listed = f"{note} (DTD)" if rng.random() < 0.3 else f"placed on IL with {note}"  # noqa: PLR2004 - some
            found.append((day - int(rng.random() < 0.6), team, place, "relinquished", listed))  # noqa: PLR2004 - most
    return sorted(found)
