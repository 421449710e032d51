"""One training: every learned system from one frame, each as an artifact with its record and its standing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from services.worker.domain import artifact as artifacts
from services.worker.domain import golden
from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.systems import system
from services.worker.domain.systems.base import Forecasts
from services.worker.domain.training import boosted, ensemble, market_residual, score, similarity
from services.worker.domain.training.drift import drifted
from services.worker.domain.training.frame import Frame, Split, split
from services.worker.domain.training.learner import SEED, Learned, inputs_of
from shared.errors import Skip
from shared.registries.features import FEATURE_CONTRACT_VERSION
from shared.registries.systems import HAND_MADE, LEARNED, SYSTEMS

NEWEST = 40
"""Slates put aside to judge by: about six weeks."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A system's new model."""

    system: str
    data: bytes
    """The artifact."""
    digest: str
    manifest: Manifest
    forecasts: Forecasts
    """Of the newest slates, honest."""
    leak: str | None
    """Why its forecasts are too good to be true; None if they are not."""


@dataclass(frozen=True, slots=True)
class Training:
    """What a training gave."""

    trained: Mapping[str, Trained]
    skipped: Mapping[str, str]
    """System -> why there was nothing to learn."""
    split: Split


def train(frame: Frame, *, mode: str, as_of: date, progress: Progress = lambda _: None) -> Training:
    """Fit every learned system, in the registry's order. Equal frames give equal bytes.

    Raises:
        Permanent: LightGBM cannot be loaded.
    """
    parts = split(frame, NEWEST)
    members = {name: system(name).predict(inputs_of(parts.newest)) for name in HAND_MADE}
    drift = drifted(parts.earlier.features, parts.newest.features)
    trained: dict[str, Trained] = {}
    skipped: dict[str, str] = {}
    learners = Learners(frame, parts, members)
    for name in LEARNED:
        progress(name)
        try:
            learned = learners.learn(name)
        except Skip as nothing:
            skipped[name] = str(nothing)
            continue
        members[name] = learned.forecasts
        trained[name] = _made(name, learned, frame, parts, members, drift, mode, as_of)
    return Training(trained, skipped, parts)


class Learners:
    """The learners of one training, in the registry's order: what `boosted` says out of fold, the later ones read."""

    def __init__(self, frame: Frame, parts: Split, members: dict[str, Forecasts]) -> None:
        self._frame, self._parts, self._members = frame, parts, members
        self._known: boosted.OutOfFold = {}
        self._earlier: boosted.OutOfFold = {}

    def learn(self, name: str) -> Learned:
        """What a system learns.

        Raises:
            Skip: there is nothing to learn from.
        """
        absent = [member for member in SYSTEMS[name].members if member not in self._members]
        if absent:
            raise Skip(f"its member {absent[0]} learned nothing")
        reads = (self._frame, self._parts, self._known, self._earlier, self._members)
        match name:
            case "boosted":
                learned, self._known, self._earlier = boosted.learn(self._frame, self._parts)
                return learned
            case "similarity":
                return similarity.learn(self._frame, self._parts)
            case "market_residual":
                return market_residual.learn(*reads)
            case "ensemble":
                return ensemble.learn(*reads)
        raise TypeError(f"system {name} has no learner")


def _made(  # noqa: PLR0913, PLR0917 - everything that a manifest states
    name: str,
    learned: Learned,
    frame: Frame,
    parts: Split,
    members: Mapping[str, Forecasts],
    drift: dict[str, float],
    mode: str,
    as_of: date,
) -> Trained:
    record = score.record(learned.forecasts, parts.newest)
    metrics: dict[str, Any] = {"newest": score.as_json(record), "drift": drift, **learned.extra}
    manifest = Manifest(
        system=name,
        mode=mode,
        as_of=as_of.isoformat(),
        training_first=str(frame.day[0]),
        training_last=str(frame.day[-1]),
        rows=learned.rows,
        seed=SEED,
        contract_version=FEATURE_CONTRACT_VERSION,
        features=learned.features,
        libraries=artifacts.libraries(),
        metrics=metrics,
    )
    bare = Artifact(manifest, learned.arrays, learned.trees)
    data = artifacts.pack(Artifact(manifest, {**learned.arrays, **_golden(name, bare, parts, members)}, learned.trees))
    leak = score.too_good(learned.forecasts, parts.newest)
    return Trained(name, data, artifacts.digest_of(data), manifest, learned.forecasts, leak)


def _golden(name: str, made: Artifact, parts: Split, members: Mapping[str, Forecasts]) -> dict[str, artifacts.Array]:
    """Rows of the newest slate through the model that is kept."""
    rows = np.arange(len(parts.newest))[-golden.ROWS :]
    reads = [member for member in SYSTEMS[name].reads if member in members and member != name]
    own = {member: _take(members[member], rows) for member in reads}
    load = system(name).load
    if load is None:
        raise TypeError(f"learned system {name} has no load")
    return golden.record(name, load(made), inputs_of(parts.newest.take(rows), None, own))


def _take(forecasts: Forecasts, rows: Any) -> Forecasts:  # noqa: ANN401 - an index array
    """Some rows of forecasts of all rows."""
    return {market: golden.some(forecast, rows) for market, forecast in forecasts.items()}
