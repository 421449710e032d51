"""What the definitions share: rows by column and by key, the games known at a cutoff and their weights, quotients.

docs/analytics.md, "Definitions", "Phase 4".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import mul

from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.tables import TABLES

Tables = Mapping[str, Sequence[Row]]
"""Table name -> rows as dicts of Python values."""

WINDOW = timedelta(days=400)


def known(games: Iterable[Row], slate: date, cutoff: datetime) -> list[Row]:
    """The games of earlier dates, of the last 400 days, available at the cutoff; the newest first."""
    found = [game for game in games if slate - WINDOW <= game["game_date"] < slate and game["available_at"] <= cutoff]
    return sorted(found, key=lambda game: (game["game_date"], game["game_id"]), reverse=True)


def statistic(game: Row, market: str) -> int:
    """What a market counts of a game."""
    return sum(game[name] for name in MARKETS[market].statistics)


def of_slate(rows: Iterable[Row], slate: date, mode: str) -> list[Row]:
    """The rows of a slate and mode."""
    return [row for row in rows if row["game_date"] == slate and row["mode"] == mode]


def by(name: str, rows: Iterable[Row]) -> dict[object, list[Row]]:
    """Rows grouped by a column."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return groups


def by_key(table: str, rows: Iterable[Row]) -> dict[tuple[object, ...], Row]:
    """Rows by their table's key; of rows with equal keys the last."""
    return {tuple(row[name] for name in TABLES[table].key): row for row in rows}


@lru_cache
def weights(alpha: float, count: int) -> list[int]:
    """(1 - alpha) to the power of a game's age in games, in whole millionths."""
    return [round(1_000_000 * (1 - alpha) ** age) for age in range(count)]


def weighted(alpha: float, games: Sequence[Row], value: Callable[[Row], float]) -> float:
    """The weighted sum of a value over games, newest first; the newest counts 1."""
    total: float = sum(map(mul, weights(alpha, len(games)), map(value, games)))
    return total / 1_000_000


def ratio(part: float, whole: float) -> float | None:
    """A quotient; null without a whole."""
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    """The mean; null without a value."""
    return ratio(sum(values), len(values))
