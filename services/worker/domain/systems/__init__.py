"""The prediction systems, by name. A system turns a batch's features into one distribution per player and market."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from services.worker.domain.distribution import Counts, Floats
from services.worker.domain.systems import moving_average

Features = Mapping[str, Floats]
"""Columns of the feature store by name, each (n,), NaN where null."""


class System(NamedTuple):
    """A prediction system."""

    predict: Callable[[Features, str], Counts]
    """(features, market) -> n distributions. Pure and vectorised: no I/O, no loop over rows."""
    needs: Callable[[str], tuple[str, ...]]
    """market -> the features that must not be null."""


SYSTEMS: Mapping[str, System] = {"moving_average": System(moving_average.predict, moving_average.needs)}
