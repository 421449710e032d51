"""`tipoff bench predict`: 450 players by every market through every system, beside LightGBM's bare calls.

The models are trained here, on a made-up league of two months and with the parameters of the real ones, so that trees
have their real number and size.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import made_up
from benchmarks.harness import Case
from services.worker.domain.batch import predict
from services.worker.domain.systems import boosted, system
from services.worker.domain.systems.base import Inputs
from services.worker.domain.training.run import Training, train
from services.worker.models import open_model
from shared.basketball.slate import Mode
from shared.contract import BatchRequested, PredictionTask
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

PLAYERS = 450
SLATES = 60
MAX_MB = 300.0
_AT = "2024-12-01T12:00:00+00:00"


def bench() -> list[Case]:
    """Times, memory and sizes."""
    started = time.perf_counter()
    training = train(made_up.frame(SLATES, PLAYERS), mode="overnight", as_of=date(2024, 1, 1))
    took = time.perf_counter() - started
    models = {name: open_model(one.data, name, one.digest) for name, one in training.trained.items()}
    batch = _batch()
    inputs = _inputs(batch)
    bare = seconds(_bare(models["boosted"], inputs))
    ours = seconds(lambda: system("boosted").predict(Inputs(inputs.features, inputs.player_id, models["boosted"])))
    everything = seconds(lambda: _all(inputs, models))
    loop = seconds(lambda: _row_by_row(inputs, models["boosted"]), runs=1)
    rows = seconds(lambda: predict(batch, models), runs=3)
    size = sum(len(one.data) for one in training.trained.values()) / 1e6
    memory = _memory(training)
    what = f"{PLAYERS} players x {len(MARKETS)} markets"
    against = f"bare LightGBM calls, {1000 * bare:.0f} ms"
    return [
        Case(f"{what}, boosted", "time", round(1000 * ours, 1), "ms", against, round(ours / bare, 2),
             "at most 1.3 times", ours <= 1.3 * bare),
        Case(f"{what}, boosted", "time", round(1000 * ours, 1), "ms", f"row by row, {loop:.2f} s",
             round(loop / ours, 1), "at least 30 times faster", loop >= 30 * ours),
        Case(f"{what}, every system", "time", round(1000 * everything, 1), "ms", against, round(everything / bare, 2),
             "at most 3 times", everything <= 3 * bare),
        Case(f"{what}, rows to stage, drivers told", "time", round(1000 * rows, 1), "ms", against,
             round(rows / bare, 2)),
        Case("a worker that predicts", "peak memory", round(memory, 0), "MB", f"{MAX_MB:.0f} MB",
             round(memory / MAX_MB, 2), "under 300 MB", memory < MAX_MB),
        Case(f"training on {SLATES * PLAYERS} rows", "time", round(took, 1), "s"),
        Case("artifacts of a mode", "size", round(size, 2), "MB"),
    ]  # fmt: skip


def seconds(work: Callable[[], object], *, runs: int = 5) -> float:
    """Median processor seconds of `work`, after a warm-up: one thread does all of it, and others use this machine."""
    work()
    taken = []
    for _ in range(runs):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def _batch() -> BatchRequested:
    known = made_up.frame(1, PLAYERS, seed=8)
    tasks = tuple(
        PredictionTask(
            game_id=f"00224000{n // 30:02d}", player_id=n + 1, team="BOS", opponent="NYK", predicted_at=_AT,
            features={name: None if np.isnan(v := values[n]) else float(v) for name, values in known.features.items()},
        )
        for n in range(PLAYERS)
    )  # fmt: skip
    return BatchRequested(
        run_id="2024-12-01.overnight.1", game_date=date(2024, 12, 1), mode=Mode.OVERNIGHT, attempt=1, batch=0,
        systems=tuple(SYSTEMS), artifacts=dict.fromkeys(SYSTEMS, "made-up"), tasks=tasks,
    )  # fmt: skip


def _inputs(batch: BatchRequested) -> Inputs:
    known = made_up.frame(1, PLAYERS, seed=8)
    return Inputs(known.features, np.array([task.player_id for task in batch.tasks], dtype=np.int64))


def _bare(model: boosted.Model, inputs: Inputs) -> Callable[[], None]:
    """Every booster's call on a matrix that is ready, and nothing else."""
    shared = boosted.matrix(inputs.features, model.features)
    features = {**inputs.features, boosted.EXPECTED_MINUTES: boosted.expected_minutes(model.minutes, shared)}
    calls: list[tuple[Any, Any]] = [(model.play.booster, shared), (model.minutes.booster, shared)]
    for one in model.markets.values():
        x = boosted.matrix(features, one.columns)
        calls += [(fit.booster, x) for fit in one.centre]
        calls.append((one.spread.booster, np.column_stack([x, x[:, 0]])))

    def run() -> None:
        for booster, x in calls:
            booster.predict(x, raw_score=True, num_threads=1)

    return run


def _all(inputs: Inputs, models: dict[str, Any]) -> None:
    said: dict[str, Any] = {}
    for name, entry in SYSTEMS.items():
        members = {member: said[member] for member in entry.reads if member in said}
        said[name] = system(name).predict(Inputs(inputs.features, inputs.player_id, models.get(name), members))


def _row_by_row(inputs: Inputs, model: boosted.Model) -> None:
    """A prediction - a player and a market - at a time, as a loop over rows would."""
    alone = [replace(model, markets={market: one}) for market, one in model.markets.items()]
    for row in range(PLAYERS):
        one = {name: values[row : row + 1] for name, values in inputs.features.items()}
        for market in alone:
            system("boosted").predict(Inputs(one, inputs.player_id[row : row + 1], market))


def _memory(training: Training) -> float:
    """Peak resident megabytes of a fresh process that loads every model and predicts a batch."""
    with tempfile.TemporaryDirectory() as folder:
        for name, one in training.trained.items():
            (Path(folder) / f"{name}.{one.digest}").write_bytes(one.data)
        done = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-m", "benchmarks.predict", folder],
            check=True, capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    return float(done.stdout)


def _alone(folder: Path) -> None:
    models = {}
    for path in sorted(folder.iterdir()):
        name, digest = path.name.split(".")
        models[name] = open_model(path.read_bytes(), name, digest)
    predict(_batch(), models)
    # VmHWM, not ru_maxrss: that one remembers what the process was before it became this program.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(float("nan") if peak is None else int(peak[1]) / 1024)


if __name__ == "__main__":
    _alone(Path(sys.argv[1]))
