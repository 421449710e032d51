"""What a prediction system is: a batch's features in, a forecast per market out. Pure, vectorised, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from services.worker.domain.artifact import Artifact
from services.worker.domain.distribution import Distributions, Floats
from shared.registries.features import known
from shared.registries.markets import MARKETS

Features = Mapping[str, Floats]
"""Columns of the feature store by name, each (n,), NaN where null."""
Drivers = list[list[tuple[str, float]]]
"""Per row what moved the forecast, strongest first: (feature or situation, contribution in the statistic's unit)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a system says of one market of a batch."""

    distributions: Distributions
    """A distribution per row of `rows`."""
    rows: npt.NDArray[np.int64] | None = None
    """(m,) which of the batch's rows, for a system that predicts only some; None for all."""
    minutes: Floats | None = None
    """Expected minutes given that he plays, as long as `distributions`; None when the system has no opinion."""
    p_play: Floats | None = None
    """Probability that he plays; None when the system has no opinion."""
    drivers: Callable[[], Drivers] | None = None
    """What moved each row, worked out when asked for."""

    def take(self, places: npt.NDArray[Any]) -> "Forecast":
        """What is said, by index or mask, some of it; drivers aside."""
        rows, minutes, p_play = (
            None if each is None else each[places] for each in (self.rows, self.minutes, self.p_play)
        )
        return Forecast(self.distributions.take(places), rows, minutes, p_play)


Forecasts = Mapping[str, Forecast]
"""Forecasts by market."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a system may read: n rows."""

    features: Features
    player_id: npt.NDArray[np.int64]
    """(n,) NBA player ids."""
    model: Any = None
    """What the system's `load` made of its artifact; None for a hand-made system."""
    members: Mapping[str, Forecasts] | None = None
    """System -> its forecasts of the same rows."""

    def line(self, market: str) -> Floats:
        """(n,) consensus line; NaN without one."""
        return self.features[f"{market}_line"]


@dataclass(frozen=True, slots=True)
class System:
    """A prediction system."""

    predict: Callable[[Inputs], Forecasts]
    """A row's forecast never depends on which others are in the batch."""
    needs: tuple[str, ...] = ()
    """Features that must not be null."""
    load: Callable[[Artifact], Any] | None = None
    """For learned systems: the model in memory, ready for many batches."""

    def __post_init__(self) -> None:
        """Refuse needs that the contract has not."""
        known(*self.needs)


def per_market(predict: Callable[[Features, str], Distributions]) -> Callable[[Inputs], Forecasts]:
    """A system's `predict` from a function of features and market."""
    return lambda inputs: {market: Forecast(predict(inputs.features, market)) for market in MARKETS}
