"""What bookmakers post: two-sided lines around what is known before the game, overnight and again on the day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstack.league.players import FloatArray, IntArray

BOOKS = ("betmgm", "draftkings", "fanduel", "williamhill_us")
MARKETS = ("points", "rebounds", "assists", "threes")
_COVERAGE = np.array([0.75, 0.95, 0.9, 0.7])
"""Chance that a book offers a player's market."""
_MIN_MEAN = np.array([6.0, 2.5, 1.5, 0.7])
"""Below this mean of a market nothing is offered."""
_ALTERNATES = (-5.0, 5.0)
_ALTERNATE_BOOK = BOOKS.index("fanduel")
_VIG = -112


@dataclass(frozen=True, slots=True)
class Lines:
    """One entry per row of `prop_lines`; codes index sides, places, MARKETS and BOOKS."""

    side: IntArray
    place: IntArray
    market: IntArray
    book: IntArray
    line: FloatArray
    over: FloatArray
    under: FloatArray
    posted: IntArray
    """Seconds since the epoch."""
    main: NDArray[np.bool_]


def lines(
    rng: np.random.Generator,
    expected: dict[str, FloatArray],
    offered: NDArray[np.bool_],
    tips: IntArray,
    mornings: IntArray,
) -> Lines:
    """Lines for the `offered` [side, place]; `tips` and `mornings` (07:00 ET) are epoch seconds per side."""
    means = np.stack([expected[market] for market in MARKETS], axis=-1)
    wanted = offered[:, :, None] & (means >= _MIN_MEAN)
    grid = wanted[..., None] & (rng.random((*wanted.shape, len(BOOKS))) < _COVERAGE)
    side, place, market, book = np.nonzero(grid)
    mean = means[side, place, market] * rng.normal(0.99, 0.03, len(side))
    overnight = np.maximum(np.floor(mean), 0.0) + 0.5
    moved = overnight + np.where(rng.random(len(side)) < 0.15, rng.choice([-1.0, 1.0], len(side)), 0.0)  # noqa: PLR2004 - a share of the generated league
    posted_overnight = mornings[side] - rng.integers(600, 9 * 3600, len(side))
    posted_today = tips[side] - rng.integers(3600, 6 * 3600, len(side))
    alternate = np.flatnonzero((market == MARKETS.index("points")) & (book == _ALTERNATE_BOOK) & (mean > 12.0))  # noqa: PLR2004 - a share of the generated league

    picks = [np.arange(len(side))] * 2 + [alternate] * len(_ALTERNATES)
    line = [overnight, np.maximum(moved, 0.5), *(overnight[alternate] + step for step in _ALTERNATES)]
    tilt = [rng.normal(0.0, 6.0, len(pick)) for pick in picks[:2]]
    tilt += [np.full(len(alternate), 12.0 * step) for step in _ALTERNATES]
    posted = [posted_overnight, posted_today, *(posted_today[alternate] for _ in _ALTERNATES)]
    rows, skew = np.concatenate(picks), np.rint(np.concatenate(tilt))
    return Lines(
        side[rows],
        place[rows],
        market[rows],
        book[rows],
        np.concatenate(line),
        _american(_VIG + skew),
        _american(_VIG - skew),
        np.concatenate(posted),
        np.arange(len(rows)) < 2 * len(side),
    )


def _american(odds: FloatArray) -> FloatArray:
    """American odds have no values between -100 and 100: above -100 they go on at 100."""
    return np.where(odds > -100, odds + 200.0, odds)  # noqa: PLR2004 - even money
