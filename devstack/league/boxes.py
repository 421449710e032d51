"""Box scores that add up: minutes to 240 a team, points to the final score, rebounds to their parts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devstack.league.absences import Absences
from devstack.league.calendar import Calendar
from devstack.league.players import MINUTES, TEAM_TOTALS, FloatArray, IntArray, Players

_GAME_SECONDS, _OVERTIME_SECONDS = 5 * 48 * 60, 5 * 5 * 60
_MAX_SECONDS = 44 * 60
_OVERTIME_SHARE = 0.05
_FOULS = 6
_HOME_EDGE = 0.012


@dataclass(frozen=True, slots=True)
class Boxes:
    """Counts are [side, place], zero for who did not play."""

    seconds: IntArray
    counts: dict[str, IntArray]
    plus_minus: IntArray
    overtimes: IntArray
    """Per game."""
    expected: dict[str, FloatArray]
    """Means of points, rebounds, assists and threes before the game: what a bookmaker knows."""

    @property
    def totals(self) -> dict[str, IntArray]:
        """Team counts per side."""
        return {name: counts.sum(axis=1) for name, counts in self.counts.items()}


def boxes(rng: np.random.Generator, games: Calendar, people: Players, absent: Absences) -> Boxes:
    """Play every game."""
    sides, shape = games.sides, absent.status.shape
    overtimes = (rng.random(len(games)) < _OVERTIME_SHARE).astype(np.int64)
    weights = np.where(absent.plays, MINUTES[np.maximum(absent.order, 0)], 0.0)
    seconds = _seconds(weights * rng.lognormal(0.0, 0.13, shape), np.repeat(overtimes, 2))
    steps = rng.normal(0.0, 0.02, (int(games.rounds.max()) + 1, *people.ids.shape))
    form = np.exp(np.cumsum(steps, axis=0))[games.rounds, sides]
    pace = np.repeat(rng.normal(1.0, 0.04, len(games)), 2)
    usual = weights * (240.0 / weights.sum(axis=1, keepdims=True))

    strength, defence = rng.normal(0.0, 0.018, (2, len(people.ids)))  # what a team adds to and takes from shooting
    opponents = np.stack([games.away, games.home], axis=1).ravel()
    edge = strength[sides] - defence[opponents] + _HOME_EDGE * np.tile([1.0, -1.0], len(games))
    twos = np.clip(people.twos[sides] + edge[:, None], 0.3, 0.8)
    threes = np.clip(people.threes[sides] + 0.6 * edge[:, None], 0.2, 0.6)

    means = _means(people, sides, seconds / 60.0, pace, form)
    drawn = {name: _draw(rng, mean, TEAM_TOTALS[name][1]) for name, mean in means.items()}
    fg3a = rng.binomial(drawn["fga"], people.three_share[sides])
    fg3m = rng.binomial(fg3a, threes)
    fg2m = rng.binomial(drawn["fga"] - fg3a, twos)
    counts = drawn | {
        "reb": drawn["oreb"] + drawn["dreb"],
        "fgm": fg2m + fg3m,
        "fg3m": fg3m,
        "fg3a": fg3a,
        "ftm": rng.binomial(drawn["fta"], people.free_throws[sides]),
        "pf": np.minimum(drawn["pf"], _FOULS),
    }
    _break_ties(counts)
    counts["pts"] = _points(counts)
    before = _means(people, sides, usual, np.ones(len(sides)), form)
    attempts = before["fga"]
    from_three = attempts * people.three_share[sides] * threes
    expected = {
        "points": 2 * attempts * (1 - people.three_share[sides]) * twos
        + 3 * from_three
        + before["fta"] * people.free_throws[sides],
        "rebounds": before["oreb"] + before["dreb"],
        "assists": before["ast"],
        "threes": from_three,
    }
    return Boxes(seconds, counts, _plus_minus(rng, counts["pts"], seconds), overtimes, expected)


def _seconds(weights: FloatArray, overtimes: IntArray) -> IntArray:
    """Seconds on court in proportion to the weights, nobody much over 44 minutes, adding up to the team's total."""
    total = (_GAME_SECONDS + _OVERTIME_SECONDS * overtimes)[:, None]
    most = (_MAX_SECONDS + _OVERTIME_SECONDS // 5 * overtimes)[:, None]
    share = weights
    for _ in range(4):
        share = np.minimum(share * (total / share.sum(axis=1, keepdims=True)), most)
    seconds = np.floor(share).astype(np.int64)
    least = np.argmin(np.where(seconds > 0, seconds, np.iinfo(np.int64).max), axis=1)
    seconds[np.arange(len(seconds)), least] += total[:, 0] - seconds.sum(axis=1)
    return seconds


def _draw(rng: np.random.Generator, means: FloatArray, spread: float) -> IntArray:
    """Counts with these means: the team's total strays by `spread` and is dealt out player by player."""
    total = means.sum(axis=1)
    dealt = np.maximum(np.rint(rng.normal(total, spread)), 0).astype(np.int64)
    return rng.multinomial(dealt, means / total[:, None])


def _means(
    people: Players, sides: IntArray, minutes: FloatArray, pace: FloatArray, form: FloatArray
) -> dict[str, FloatArray]:
    """Expected counts; a team's counts come to its usual total, shared out by rate and minutes."""
    means = {}
    for name, (total, _) in TEAM_TOTALS.items():
        raw = people.rates[name][sides] * minutes * form
        team = total * pace * minutes.sum(axis=1) / 240.0
        means[name] = raw * (team / raw.sum(axis=1))[:, None]
    return means


def _points(counts: dict[str, IntArray]) -> IntArray:
    return 2 * (counts["fgm"] - counts["fg3m"]) + 3 * counts["fg3m"] + counts["ftm"]


def _break_ties(counts: dict[str, IntArray]) -> None:
    """A tied home team's busiest shooter makes one more free throw."""
    scores = _points(counts).sum(axis=1).reshape(-1, 2)
    tied = 2 * np.flatnonzero(scores[:, 0] == scores[:, 1])
    shooter = np.argmax(counts["fga"][tied], axis=1)
    counts["ftm"][tied, shooter] += 1
    counts["fta"][tied, shooter] += 1


def _plus_minus(rng: np.random.Generator, points: NDArray[np.int64], seconds: IntArray) -> IntArray:
    """A player's share of the margin by his time on court, and luck; zero for who did not play."""
    scores = points.sum(axis=1)
    margin = scores - scores.reshape(-1, 2)[:, ::-1].ravel()
    share = seconds / (_GAME_SECONDS / 5)
    drawn = np.rint(margin[:, None] * share + rng.normal(0.0, 7.0, seconds.shape) * np.sqrt(share))
    return np.where(seconds > 0, drawn, 0).astype(np.int64)
