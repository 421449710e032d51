"""The step `train`: are there models young enough for the slate, and if not, is there enough to learn from?

On most nights only the first question is asked: one small query. What was trained is stored before it is registered,
and registered before it is reported; training the same slate again gives the same bytes and changes nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from services.worker.models import Models
from services.worker.settings import WorkerSettings
from services.worker.sql import sql
from shared.basketball.slate import OVERNIGHT_CUTOFF, eastern_instant
from shared.contract import StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
from shared.registries.features import FEATURE_CONTRACT_VERSION
from shared.registries.systems import SYSTEMS
from shared.runtime.logs import get_logger

if TYPE_CHECKING:
    from services.worker.domain.training.frame import Frame
    from services.worker.domain.training.run import Trained, Training

_log = get_logger("worker")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request to train."""

    note: str
    """One line."""
    statuses: tuple[str, ...] = ()
    """Of the models that were trained."""
    rows: int = 0
    failed: bool = False


async def on_train(message: StepRequested, ports: Ports, models: Models, settings: WorkerSettings) -> None:
    """Train for the slate if its mode's models are due, and report."""
    started = ports.clock.monotonic()
    try:
        outcome = await _train(message, ports, models, settings)
    except Permanent as error:  # the run goes on without new models, and says why
        outcome = Outcome(str(error), failed=True)
    report = StepReported(
        run_id=message.run_id,
        step=message.step,
        attempt=message.attempt,
        outcome="failed" if outcome.failed else "done",
        reason=outcome.note,
        seconds=ports.clock.monotonic() - started,
        counts={
            "trained": len(outcome.statuses),
            "refused": outcome.statuses.count("refused"),
            "challengers": outcome.statuses.count("challenger"),
            "training_rows": outcome.rows,
        },
    )
    await ports.bus.publish("coordinator-events", report.encode(), report.attributes())


async def _train(message: StepRequested, ports: Ports, models: Models, settings: WorkerSettings) -> Outcome:
    as_of, mode = message.game_date, message.mode.value
    known = await ports.warehouse.query(sql("newest_models"), {"as_of": as_of, "mode": mode})
    newest = max((row["game_date"] for row in known), default=None)
    if newest is not None and not message.retrain and as_of - newest < timedelta(days=settings.retrain_days):
        return Outcome("")
    window: Params = {
        "first_date": as_of - timedelta(days=settings.training_days),
        "as_of": as_of,
        "mode": mode,
    }
    [served] = await ports.warehouse.query(sql("served_slates"), window)
    if served["slates"] < settings.training_slates:
        return Outcome(
            f"nothing trained: {served['slates']} served slates of {mode} before {as_of}, "
            f"training needs {settings.training_slates}; the learned systems "
            + ("are absent" if newest is None else f"stay those of {newest}")
        )
    await asyncio.to_thread(require_lightgbm)
    frame = await _frame(window, as_of, ports, settings.training_slates)
    training = await asyncio.to_thread(_fit, frame, mode, as_of)
    champions = {row["system"]: row for row in known if row["status"] == "champion"}
    rows = [
        await _register(one, training, champions.get(name), ports, models) for name, one in training.trained.items()
    ]
    await ports.warehouse.append("predictions.models", rows)
    _log.info("trained", as_of=str(as_of), mode=mode, rows=len(frame), status={r["system"]: r["status"] for r in rows})
    return Outcome(_note(rows, training.skipped), tuple(row["status"] for row in rows), len(frame))


def require_lightgbm() -> None:
    """Raises Permanent where LightGBM cannot be loaded, before anything is read for it."""
    from services.worker.domain.trees import lightgbm  # noqa: PLC0415 - as above: only once there is work

    lightgbm()


async def _frame(window: Params, as_of: date, ports: Ports, slates: int) -> "Frame":
    from services.worker.domain.training.frame import assemble  # noqa: PLC0415 - numpy only once there is work

    served = await ports.warehouse.columns(sql("training_features"), window)
    bounds = {name: window[name] for name in ("first_date", "as_of")}
    outcomes = await ports.warehouse.columns(
        sql("training_outcomes"), {**bounds, "known_at": eastern_instant(as_of, OVERNIGHT_CUTOFF)}
    )
    return await asyncio.to_thread(assemble, served, outcomes, slates)


def _fit(frame: "Frame", mode: str, as_of: date) -> "Training":
    from services.worker.domain.training.run import train  # noqa: PLC0415 - LightGBM only once there is work

    return train(frame, mode=mode, as_of=as_of, progress=lambda system: _log.info("training", system=system, mode=mode))


async def _register(one: "Trained", training: "Training", old: Row | None, ports: Ports, models: Models) -> Row:
    """Store a model's bytes and say what it is: champion, challenger or refused."""
    from services.worker.domain.training.contest import contest  # noqa: PLC0415 - numpy only once there is work

    champion: Any = None
    if old is not None and not SYSTEMS[one.system].members:
        loaded = await models.load({one.system: old["digest"]})
        champion = loaded.models.get(one.system)
    since = None if old is None else old["game_date"]
    verdict = await asyncio.to_thread(contest, one, training.split.newest, champion, since)
    await ports.archive.put(f"models/{one.system}/{one.digest}", one.data)
    made = one.manifest
    return {
        "game_date": date.fromisoformat(made.as_of),
        "mode": made.mode,
        "system": one.system,
        "digest": one.digest,
        "training_first": date.fromisoformat(made.training_first),
        "training_last": date.fromisoformat(made.training_last),
        "row_count": made.rows,
        "contract_version": FEATURE_CONTRACT_VERSION,
        "libraries": json.dumps(made.libraries, sort_keys=True),
        "metrics": json.dumps({**made.metrics, **asdict(verdict)}, sort_keys=True),
        "status": verdict.status,
        "reason": verdict.reason,
        "created_at": ports.clock.now(),
    }


def _note(rows: list[Row], skipped: Mapping[str, str]) -> str:
    """What the report should say: nothing, when every system has a new champion."""
    parts = [f"{row['system']} is {row['status']}: {row['reason']}" for row in rows if row["status"] != "champion"]
    parts += [f"{system} not trained: {why}" for system, why in skipped.items()]
    return "; ".join(parts)
