"""Scores of a game and of its periods. A history knows no periods: the final score is divided evenly, to add up."""

from datetime import datetime
from typing import Any

from devstack.facts import Game

REGULATION = 4


def scores(game: Game, now: datetime) -> dict[str, int]:
    """Tricode -> points: zero until the game is final."""
    home, away = game.home_points, game.away_points
    if home is None or away is None or not game.is_final(now):
        return {game.home: 0, game.away: 0}
    return {game.home: home, game.away: away}


def shares(score: int, count: int) -> list[int]:
    """The score of each of `count` periods."""
    even, rest = divmod(score, count)
    return [even + (1 if number < rest else 0) for number in range(count)]


def periods(score: int, count: int) -> list[dict[str, Any]]:
    """The periods as the NBA's CDN writes them."""
    return [
        {"period": number, "periodType": "REGULAR" if number <= REGULATION else "OVERTIME", "score": share}
        for number, share in enumerate(shares(score, count), start=1)
    ]
