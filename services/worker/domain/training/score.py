"""How good forecasts were, and whether they are too good to be true."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.systems import moving_average
from services.worker.domain.systems.base import Forecast, Forecasts
from services.worker.domain.training.frame import Frame
from shared.tables import QUANTILES

_MEDIAN = QUANTILES.index(0.50)
_LOW, _HIGH = QUANTILES.index(0.10), QUANTILES.index(0.90)
REGULAR_GAMES = 10
REGULAR_MINUTES = 15.0
"""A regular has that many games and mean minutes this season."""
TOO_GOOD_BASELINE = 0.25
"""Points better than rate x minutes on regulars of a regular season. Honest forecasts reach 0.17; the minutes played
themselves are worth 0.88."""
TOO_GOOD_PLAYOFFS = 0.5
"""The same in playoffs and cups, whose minutes recent form does not know: honest forecasts reach 0.36."""
TOO_GOOD_LINE = 0.12
"""Points better than the line. Honest features reach 0.03."""
MIN_ROWS = 1000
"""With fewer rows nothing is called too good."""


@dataclass(frozen=True, slots=True)
class Score:
    """A system's record in one market."""

    n: int
    mae: float
    """Of the median, in the statistic's unit."""
    crps: float
    """From the quantiles: twice the mean quantile loss, in the statistic's unit."""
    bias: float
    """Outcome minus mean."""
    coverage_80: float


def pinball(quantiles: Floats, outcome: Floats) -> Floats:
    """(n,) mean quantile loss over the published levels (Koenker & Bassett 1978); quantiles is (n, levels)."""
    error = outcome[:, None] - quantiles
    levels = np.array(QUANTILES)
    return np.asarray(np.maximum(levels * error, (levels - 1.0) * error).mean(axis=1))


def score(distributions: Distributions, outcome: Floats) -> Score:
    """The record of n distributions of players who played."""
    quantiles = distributions.quantiles()
    inside = (outcome >= quantiles[:, _LOW]) & (outcome <= quantiles[:, _HIGH])
    return Score(
        n=len(outcome),
        mae=float(np.abs(outcome - quantiles[:, _MEDIAN]).mean()),
        crps=float(2.0 * pinball(quantiles, outcome).mean()),
        bias=float((outcome - distributions.mean).mean()),
        coverage_80=float(inside.mean()),
    )


def rows_of(forecast: Forecast, frame: Frame) -> npt.NDArray[np.int64]:
    """Which rows of the frame a forecast speaks of."""
    return np.arange(len(frame)) if forecast.rows is None else forecast.rows


def record(forecasts: Forecasts, frame: Frame, since: np.datetime64 | None = None) -> dict[str, Score]:
    """Market -> score over rows whose player played, from the slate `since` on; a market without any is left out."""
    out = {}
    for market, forecast in forecasts.items():
        rows = rows_of(forecast, frame)
        known = ~np.isnan(frame.outcomes[market][rows])
        if since is not None:
            known &= frame.day[rows] >= since
        if known.any():
            out[market] = score(forecast.distributions.take(known), frame.outcomes[market][rows][known])
    return out


def summary(record_: Mapping[str, Score], frame: Frame) -> float:
    """One number to compare two records by: CRPS in units of the market's mean outcome, averaged over markets."""
    shares = [one.crps / float(np.nanmean(frame.outcomes[market])) for market, one in record_.items()]
    return float(np.mean(shares))


def too_good(forecasts: Forecasts, frame: Frame) -> str | None:
    """Why these forecasts cannot be honest, or None. An error far below the market's is an alarm (failure 29)."""
    forecast = forecasts["points"]
    rows = rows_of(forecast, frame)
    outcome, features = frame.outcomes["points"][rows], {n: v[rows] for n, v in frame.features.items()}
    error = np.abs(outcome - forecast.distributions.quantiles((0.5,))[:, 0])
    played = ~np.isnan(outcome)
    regulars = (
        played
        & (features["games_season"] >= REGULAR_GAMES)
        & (np.nan_to_num(features["minutes_season_mean"]) >= REGULAR_MINUTES)
    )
    season = frame.regular[rows]
    lined = played & ~np.isnan(features["points_line"])
    form = np.abs(outcome - moving_average.mean(features, "points"))
    line = np.abs(outcome - features["points_line"])
    for name, against, where, most in (
        ("rate x minutes", form, regulars & season, TOO_GOOD_BASELINE),
        ("rate x minutes", form, regulars & ~season, TOO_GOOD_PLAYOFFS),
        ("the line", line, lined, TOO_GOOD_LINE),
    ):
        n = int(where.sum())
        gain = float((against - error)[where].mean()) if n else 0.0
        if n >= MIN_ROWS and gain > most:
            return f"points {gain:.2f} better than {name} on {n} games (at most {most} is believable): look for leakage"
    return None


def as_json(record_: Mapping[str, Score]) -> dict[str, dict[str, float]]:
    """A record as it is stored."""
    return {market: {name: round(value, 4) for name, value in asdict(one).items()} for market, one in record_.items()}
