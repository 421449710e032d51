"""What bookmakers post on a game: spread, total and moneylines, overnight and again on the day."""

from dataclasses import dataclass

import numpy as np

from devstack.league.market import BOOKS
from devstack.league.players import FloatArray, IntArray

_MARGIN_SPREAD = 12.5
"""Standard deviation of a game's margin, in points."""
_HOLD = 1.045
"""Sum of both sides' implied chances."""


@dataclass(frozen=True, slots=True)
class GameLines:
    """One entry per row of `game_lines`; codes index games and BOOKS."""

    game: IntArray
    book: IntArray
    spread_home: FloatArray
    total: FloatArray
    home_ml: FloatArray
    away_ml: FloatArray
    posted: IntArray
    """Seconds since the epoch."""


def game_lines(rng: np.random.Generator, points: FloatArray, tips: IntArray, mornings: IntArray) -> GameLines:
    """Lines around the expected `points` [game, home and away]; `tips` and `mornings` are epoch seconds per game."""
    count = len(points)
    game, book = (codes.ravel() for codes in np.indices((count, len(BOOKS))))
    rows = len(game)
    margin = points[game, 0] - points[game, 1] + rng.normal(0.0, 0.4, rows)
    total = points[game].sum(axis=1) + rng.normal(0.0, 1.0, rows)
    moved = margin + rng.normal(0.0, 0.6, rows)
    posted = np.concatenate(
        [mornings[game] - rng.integers(600, 9 * 3600, rows), tips[game] - rng.integers(3600, 6 * 3600, rows)]
    )
    margins = np.concatenate([margin, moved])
    home = 1.0 / (1.0 + np.exp(-1.7 * margins / _MARGIN_SPREAD))
    return GameLines(
        np.tile(game, 2),
        np.tile(book, 2),
        -_to_half(margins),
        _to_half(np.tile(total, 2)),
        _american(home * _HOLD),
        _american((1.0 - home) * _HOLD),
        posted,
    )


def _to_half(points: FloatArray) -> FloatArray:
    return np.floor(points) + 0.5


def _american(chance: FloatArray) -> FloatArray:
    """American odds of an implied chance."""
    capped = np.clip(chance, 0.01, 0.99)
    return np.rint(np.where(capped >= 0.5, -100.0 * capped / (1.0 - capped), 100.0 * (1.0 - capped) / capped))  # noqa: PLR2004 - even money
