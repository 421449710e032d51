"""A batch's forecasts, system by system; a system that cannot predict is absent, with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from services.worker.domain.systems import system
from services.worker.domain.systems.base import Features, Forecasts, Inputs
from shared.contract import BatchRequested, PredictionTask
from shared.errors import Permanent
from shared.registries.systems import SYSTEMS


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What the systems say of a batch."""

    forecasts: Mapping[str, Forecasts]
    """System -> market -> forecast."""
    absent: Mapping[str, str]
    """System -> why it says nothing."""


def evaluate(batch: BatchRequested, models: Mapping[str, Any], refused: Mapping[str, str]) -> Evaluated:
    """Every system that the batch asks for.

    Args:
        batch: what is asked.
        models: learned system -> its loaded model.
        refused: learned system -> why it could not be loaded.

    Raises:
        Permanent: an unknown system, a feature missing from the tasks, or a null that a system cannot do without.
    """
    unknown = [name for name in batch.systems if name not in SYSTEMS]
    if unknown:
        raise Permanent(f"unknown system {unknown[0]!r}", remedy="deploy the worker at the coordinator's revision")
    features = columns(batch)
    players = np.array([task.player_id for task in batch.tasks], dtype=np.int64)
    forecasts: dict[str, Forecasts] = {}
    absent: dict[str, str] = {}
    for name in (name for name in SYSTEMS if name in batch.systems):
        reason = _obstacle(name, models, refused, forecasts)
        if reason is not None:
            absent[name] = reason
            continue
        members = {member: forecasts[member] for member in SYSTEMS[name].reads if member in forecasts}
        _refuse_nulls(batch, features, name)
        try:
            forecasts[name] = system(name).predict(Inputs(features, players, models.get(name), members))
        except KeyError as error:
            raise Permanent(f"batch {batch.key}: {name} needs feature {error}") from error
    return Evaluated(forecasts, absent)


def _obstacle(
    name: str, models: Mapping[str, Any], refused: Mapping[str, str], forecasts: Mapping[str, Forecasts]
) -> str | None:
    """Why a system cannot predict; None if it can."""
    entry = SYSTEMS[name]
    if name in refused:
        return refused[name]
    if entry.learned and name not in models:
        return "the batch names no artifact"
    missing = [member for member in entry.members if member not in forecasts]
    return f"its member {missing[0]} is absent" if missing else None


def columns(batch: BatchRequested) -> Features:
    """The tasks' features as columns.

    Raises:
        Permanent: a task lacks what the first one has.
    """
    tasks = batch.tasks
    names = list(tasks[0].features) if tasks else []
    try:
        cells = [[task.features[name] for name in names] for task in tasks]
    except KeyError as error:
        raise Permanent(f"batch {batch.key}: a task lacks feature {error}") from error
    table = np.array(cells, dtype=np.float64).reshape(len(tasks), len(names)).T.copy()
    return dict(zip(names, table, strict=True))


def _refuse_nulls(batch: BatchRequested, features: Features, name: str) -> None:
    for need in system(name).needs:
        if need not in features:
            raise Permanent(f"batch {batch.key}: {name} needs feature {need!r}")
        missing = np.flatnonzero(np.isnan(features[need]))
        if len(missing):
            player: PredictionTask = batch.tasks[missing[0]]
            raise Permanent(f"batch {batch.key}: {name} needs {need}, which is null for player {player.player_id}")
