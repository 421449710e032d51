"""Learns `market_residual`: from rows with a line, what `boosted` and the season know that the line does not."""

import numpy as np

from services.worker.domain.distribution import Floats, to_power
from services.worker.domain.systems import market_residual as system
from services.worker.domain.systems.base import Forecasts
from services.worker.domain.training.boosted import OutOfFold
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Learned, inputs_of
from shared.errors import Skip
from shared.registries.markets import MARKETS

MIN_OUTCOMES = 300
"""Outcomes with a line below which a market has nothing to learn from."""
PRIOR = np.array([0.0, 0.10, 0.0])
"""What is believed before any row: a tenth of the gap to `boosted`."""
PRIOR_ROWS = np.array([4000.0, 400.0, 400.0])
"""Rows' worth of that belief, by coefficient."""
WINSOR = 2.0
"""Scales beyond which an outcome is no further away: nearer to the median than to the mean."""


def learn(frame: Frame, split: Split, known: OutOfFold, earlier: OutOfFold, members: dict[str, Forecasts]) -> Learned:
    """Fit on the earlier slates and forecast the newest; then fit on all.

    Args:
        frame: everything.
        split: the same, split.
        known: `boosted` out of fold, of all rows.
        earlier: the same of the earlier rows, by a model of those alone.
        members: honest forecasts of the newest slates.

    Raises:
        Skip: no market has enough lines.
    """
    honest, _ = _fit(split.earlier, earlier)
    kept, rows = _fit(frame, known)
    if not kept:
        raise Skip(f"no market has {MIN_OUTCOMES} outcomes with a line")
    model = system.Model({market: honest.get(market, PRIOR) for market in kept})
    forecasts = system.predict(inputs_of(split.newest, model, members))
    features = tuple(f"{market}_{what}" for market in kept for what in ("line", "line_p_over", "season_mean"))
    return Learned({f"coefficients.{m}": value for m, value in kept.items()}, {}, features, forecasts, rows)


def _fit(frame: Frame, boosted: OutOfFold) -> tuple[dict[str, Floats], int]:
    """Market -> coefficients by ridge, of the markets with enough lines; and the rows they rest on."""
    out: dict[str, Floats] = {}
    rows = 0
    for market in MARKETS:
        use = ~np.isnan(frame.features[f"{market}_line"]) & frame.played
        if use.sum() < MIN_OUTCOMES:
            continue
        centre, scale, power = boosted[market]
        some = {name: values[use] for name, values in frame.features.items()}
        x = system.design(some, market, centre[use], scale[use], power)
        left = to_power(frame.outcomes[market][use], power) - system.market_centre(some, market, scale[use], power)
        y = np.clip(left / scale[use], -WINSOR, WINSOR)
        belief = np.diag(PRIOR_ROWS)
        out[market] = np.linalg.solve(x.T @ x + belief, x.T @ y + belief @ PRIOR)
        rows += int(use.sum())
    return out, rows
