"""Nights of a small generated league: eight teams, the first week of one season and six weeks of the next."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np

from devstack.history import History
from devstack.league.calendar import TRICODES, Calendar
from devstack.league.season import play
from shared.basketball.slate import RETROSPECT, Mode, days, eastern_instant
from shared.ports import Row
from tests.oracle.cases import edited
from tests.oracle.world import Nights, World, collect, merged

TEAMS = ("BOS", "CHI", "DEN", "GSW", "LAL", "MIA", "NYK", "UTA")
GAMES_OF_DAY = (3, 4, 2, 3)
"""Games on a day, in turns."""
TIPS = ((13, 0), (19, 0), (19, 30), (22, 0))
"""Eastern tip-offs of a day's games."""
EARLIER = (date(2023, 10, 24), date(2023, 10, 30))
"""Of the season before: the window of 400 days reaches back into it, and that of the last nights cuts it."""
SEASON = (date(2024, 10, 22), date(2024, 12, 3))
START = (date(2024, 10, 22), date(2024, 10, 23))
CLOCKS = (date(2024, 11, 2), date(2024, 11, 3))
"""Daylight saving ends on the second morning."""
FULL = (date(2024, 11, 28), date(2024, 11, 30))
"""Windows of 20 and 25 games are full."""
FINALS = date(2025, 6, 10)
"""Every team plays, half a year after its last game; only few of them have rosters."""
SPANS = (START, CLOCKS, FULL, (FINALS, FINALS))


def nights() -> list[Nights]:
    """All spans in both modes, and a night of each other mode with an instant that limits it, or does not."""
    after = timedelta(hours=1)
    evening, noon = eastern_instant(CLOCKS[0], time(22)), eastern_instant(FULL[0], time(12, 30))
    return [
        *(Nights(*span, mode) for mode in (Mode.OVERNIGHT, Mode.SAME_DAY) for span in SPANS),
        Nights(CLOCKS[1], CLOCKS[1], Mode.TOMORROW, evening),
        Nights(FULL[1], FULL[1], Mode.TOMORROW, eastern_instant(FULL[1], time(7)) + after),
        Nights(FULL[0], FULL[0], Mode.MANUAL, noon),
        Nights(FULL[1], FULL[1], Mode.BACKFILL, RETROSPECT),
    ]


def generated() -> World:
    """A world of nights of the generated league, with every case that the definitions tell apart."""
    dice = random.Random(11)  # noqa: S311 - a seed to repeat
    slates = [day for span in SPANS for day in days(*span)]
    tables = merged((_season(dice, *EARLIER, []), _season(dice, *SEASON, slates)))
    return World(edited(tables, dice, START[0], FULL, FINALS), nights(), facts_until=SEASON[1] - timedelta(days=1))


def _season(dice: random.Random, first: date, last: date, slates: Sequence[date]) -> dict[str, list[Row]]:
    """The rows of a season's games, and all else of some slates."""
    history = History.of_tables(play(7, schedule(dice, first, last)), source=f"generated league of {first}")
    return collect(history, slates, first, last)


def schedule(dice: random.Random, first: date, last: date) -> Calendar:
    """Games between those who have played least; the home team is drawn."""
    played = dict.fromkeys(TEAMS, 0)
    games: list[tuple[date, datetime, str, str]] = []
    for number, day in enumerate(days(first, last)):
        wanted = GAMES_OF_DAY[number % len(GAMES_OF_DAY)]
        teams = sorted(TEAMS, key=lambda team: played[team] + 2 * dice.random())[: 2 * wanted]
        dice.shuffle(teams)
        for tip, home, away in zip(TIPS, teams[::2], teams[1::2], strict=False):
            games.append((day, eastern_instant(day, time(*tip)), home, away))
        for team in teams:
            played[team] += 1
    return Calendar(
        [game[0] for game in games],
        [game[1] for game in games],
        np.array([TRICODES.index(game[2]) for game in games]),
        np.array([TRICODES.index(game[3]) for game in games]),
    )
