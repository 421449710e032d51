"""Which games a season must hold, by their ids: how a season is collected where nobody gives its schedule.

A game id is kind (002 regular, 004 playoffs, 005 play-in, 006 cup final), season's first year, number. Playoff numbers
are round, series and game: 0042300213 is the third game of the second series of the second round.
"""

_SHORT = {"2019-20": 1059, "2020-21": 1080}
"""Regular seasons that were cut short."""
_FULL = 1230
"""30 teams, 82 games each."""
_SERIES = {1: 8, 2: 4, 3: 2, 4: 1}
"""Series of a playoff round."""
_PLAYIN = ("00101", "00111", "00121", "00131", "00201", "00211")
_PLAYIN_SINCE, _CUP_SINCE = "2020-21", "2023-24"
WINS_OF_A_SERIES = 4
_GAMES_OF_A_SERIES = 7


def regular_ids(season: str) -> tuple[str, ...]:
    """Ids of all regular games of a season like "2023-24"."""
    return tuple(f"002{season[2:4]}{number:05d}" for number in range(1, _SHORT.get(season, _FULL) + 1))


def series_ids(season: str) -> tuple[tuple[str, ...], ...]:
    """Ids of the games that each playoff series may have, in the order in which they are played."""
    return tuple(
        tuple(f"004{season[2:4]}00{round_}{number}{game}" for game in range(1, _GAMES_OF_A_SERIES + 1))
        for round_, several in _SERIES.items()
        for number in range(several)
    )


def extra_ids(season: str) -> tuple[str, ...]:
    """Ids of the games between the two, as far as the season had them: play-in and cup final."""
    playin = (f"005{season[2:4]}{number}" for number in _PLAYIN if season >= _PLAYIN_SINCE)
    return (*playin, *((f"006{season[2:4]}00001",) if season >= _CUP_SINCE else ()))
