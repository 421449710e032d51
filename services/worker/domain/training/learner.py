"""What a learner gives: a model's content, and honest forecasts of the newest slates to judge it by."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from services.worker.domain import trees
from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats
from services.worker.domain.systems.base import Forecasts, Inputs
from services.worker.domain.training.frame import Frame

SEED = 20201222
THREADS = 2
"""Models fitted at once, each on one thread: two threads on one small model mostly wait for each other."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A learner's result."""

    arrays: Mapping[str, Array]
    trees: Mapping[str, str]
    features: tuple[str, ...]
    """What the model reads of the feature store."""
    forecasts: Forecasts
    """Of the newest slates, by a model that had not seen them; what is kept was then fitted to all slates."""
    rows: int
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Metrics beside the record."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One model to fit: see `trees.fit`."""

    matrix: Floats
    target: Floats
    parameters: Mapping[str, Any]
    rounds: int


def fit_all(wanted: Mapping[str, Fit]) -> dict[str, str]:
    """Fit models beside each other; each by itself is one thread's work and the same to the bit."""
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = {
            name: pool.submit(trees.fit, one.matrix, one.target, parameters=one.parameters, rounds=one.rounds)
            for name, one in wanted.items()
        }
        return {name: job.result() for name, job in jobs.items()}


def parameters(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - LightGBM's own values
    """LightGBM's parameters: ours, and what makes a fit the same to the bit."""
    return {
        "verbose": -1,
        "seed": SEED,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "boost_from_average": True,
        **values,
    }


def inputs_of(frame: Frame, model: Any = None, members: Mapping[str, Forecasts] | None = None) -> Inputs:  # noqa: ANN401 - the system's own
    """A frame as a system sees a batch."""
    return Inputs(frame.features, frame.player_id, model, members)
