"""Champion and challenger: a new model takes over unless it is worse, or too good to be true.

Both are judged on the newest slates that neither had seen, by CRPS in units of each market's mean, averaged over
markets.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from services.worker.domain.systems import system
from services.worker.domain.training import score
from services.worker.domain.training.frame import Frame
from services.worker.domain.training.learner import inputs_of
from services.worker.domain.training.run import Trained

MARGIN = 0.01
"""How much worse, relatively, a new model may score and still take over: it knows weeks that the old one does not."""
MIN_SLATES = 7
"""Fewer slates since the champion was trained decide nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a new model becomes."""

    status: Literal["champion", "challenger", "refused"]
    reason: str | None
    """Why it is no champion; None for one."""
    score: float | None = None
    champion_score: float | None = None


def contest(new: Trained, newest: Frame, champion: Any, since: date | None) -> Verdict:  # noqa: ANN401 - a system's model
    """Judge a new model.

    Args:
        new: with honest forecasts of `newest`.
        newest: the newest slates.
        champion: the model in force; None if there is none that can be loaded, or it reads other systems' forecasts.
        since: the champion's as-of date: it has not seen the slates from there on.
    """
    if new.leak is not None:
        return Verdict("refused", new.leak)
    if champion is None or since is None:
        return Verdict("champion", None)
    border = np.datetime64(since)
    if len(np.unique(newest.day[newest.day >= border])) < MIN_SLATES:
        return Verdict("champion", None)
    theirs = score.record(system(new.system).predict(inputs_of(newest, champion)), newest, border)
    ours = {market: one for market, one in score.record(new.forecasts, newest, border).items() if market in theirs}
    before, now = score.summary({market: theirs[market] for market in ours}, newest), score.summary(ours, newest)
    if now > before * (1.0 + MARGIN):
        reason = (
            f"scores {now:.4f} on the slates since {since}, the champion {before:.4f}: more than {MARGIN:.0%} worse"
        )
        return Verdict("challenger", reason, round(now, 5), round(before, 5))
    return Verdict("champion", None, round(now, 5), round(before, 5))
