"""The step `train`: due or not, enough or not, and what it leaves behind."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from services.worker.handlers import on_task
from services.worker.models import Models
from services.worker.settings import WorkerSettings
from services.worker.sql import sql
from shared.contract import BatchReported, BatchRequested, PredictionTask, StepReported, StepRequested
from shared.markets import MARKETS
from shared.ports import Ports, Row
from shared.settings import load
from shared.slate import Mode
from shared.systems import HAND_MADE, LEARNED, expected
from tests.unit.shared.places import drain, embedded_ports
from tests.unit.worker.league import day_after, frame, store

SLATES = 44
SETTINGS = load(WorkerSettings, training_slates=40)


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


async def ask(ports: Ports, day: date, *, retrain: bool = False) -> StepReported:
    """Ask a fresh worker to train for a slate; its report."""
    request = StepRequested(
        run_id=f"{day}.overnight.1", game_date=day, mode=Mode.OVERNIGHT, step="train", attempt=1, retrain=retrain
    )
    await on_task(request, ports, Models(ports.archive), SETTINGS)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, StepReported)
    return report


async def registered(ports: Ports) -> list[Row]:
    """Every model, oldest first."""
    return await ports.warehouse.query("SELECT * FROM predictions.models ORDER BY game_date, system")


async def test_too_few_slates_are_said_and_no_error(ports: Ports) -> None:
    """The learned systems are absent, neither silently nor as a failure."""
    await store(ports.warehouse, frame(3))
    report = await ask(ports, day_after(3))
    assert report.outcome == "done"
    assert report.reason.startswith(
        "nothing trained: 3 served slates of overnight before 2023-11-04, training needs 40"
    )
    assert await registered(ports) == []


async def test_what_is_trained_is_stored_registered_and_predicts(ports: Ports) -> None:
    """Every learned system gets a champion whose bytes lie in the archive, and a worker predicts from them."""
    await store(ports.warehouse, frame(SLATES))
    day = day_after(SLATES)
    report = await ask(ports, day)
    assert (report.outcome, report.counts["trained"], report.reason) == ("done", len(LEARNED), "")
    rows = await registered(ports)
    assert {row["system"]: row["status"] for row in rows} == dict.fromkeys(LEARNED, "champion")
    assert {row["game_date"] for row in rows} == {day}
    assert {row["training_last"] for row in rows} == {day - timedelta(days=1)}
    for row in rows:
        assert await ports.archive.get(f"models/{row['system']}/{row['digest']}")
        assert json.loads(row["metrics"])["newest"]
    again = await ask(ports, day + timedelta(days=SETTINGS.retrain_days - 1))
    assert (again.reason, again.counts["trained"]) == ("", 0)
    assert (await ask(ports, day, retrain=True)).counts["trained"] == len(LEARNED)
    assert await registered(ports) == rows
    await predicts(ports, {row["system"]: row["digest"] for row in rows})


async def predicts(ports: Ports, artifacts: dict[str, str]) -> None:
    """f15: with one artifact spoilt the others predict; it and what stands on it are absent, with reasons."""
    known = frame(SLATES)
    tasks = tuple(
        PredictionTask(
            game_id="0022300900", player_id=n + 1, team="BOS", opponent="NYK", predicted_at="2024-03-04T12:00:00+00:00",
            features={name: None if np.isnan(v := values[n]) else float(v) for name, values in known.features.items()},
        )
        for n in range(4)
    )  # fmt: skip
    data = bytearray(await ports.archive.get(f"models/boosted/{artifacts['boosted']}"))
    data[-40] ^= 1
    await ports.archive.put(f"models/boosted/{'f' * 64}", bytes(data))
    spoilt = {**artifacts, "boosted": "f" * 64}
    batch = BatchRequested(
        run_id="2024-03-04.overnight.1", game_date=date(2024, 3, 4), mode=Mode.OVERNIGHT, attempt=1, batch=0,
        systems=expected(LEARNED), artifacts=spoilt, tasks=tasks,
    )  # fmt: skip
    await on_task(batch, ports, Models(ports.archive), SETTINGS)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, BatchReported)
    assert set(report.absent) == {"boosted", "market_residual", "ensemble"}
    assert "its bytes were changed" in report.absent["boosted"]
    assert report.absent["ensemble"] == "its member boosted is absent"
    staged = await ports.warehouse.query("SELECT DISTINCT system FROM predictions.staging ORDER BY system")
    assert [row["system"] for row in staged] == sorted({*HAND_MADE, "similarity"})


async def test_f29_what_happens_after_a_date_changes_no_model_of_before(tmp_path: Path) -> None:
    """Scrambled outcomes, features and box scores from the slate on: the same bytes."""
    digests = []
    day = day_after(SLATES)
    known = frame(SLATES + 6)
    for seed in (None, 5):
        if seed is not None:
            later = np.flatnonzero(known.day >= np.datetime64(day))
            order = np.arange(len(known))
            order[later] = np.random.default_rng(seed).permutation(later)
            shuffled = known.take(order)
            known = replace(shuffled, day=known.day, player_id=known.player_id)
        (tmp_path / str(seed)).mkdir()
        async with embedded_ports(tmp_path / str(seed)) as ports:
            await store(ports.warehouse, known)
            await ask(ports, day)
            digests.append([(row["system"], row["digest"]) for row in await registered(ports)])
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(LEARNED)


async def test_without_lightgbm_the_step_says_so(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without libgomp goes on without the learned systems and names the remedy."""
    await store(ports.warehouse, frame(SLATES))
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    report = await ask(ports, day_after(SLATES))
    assert report.outcome == "failed"
    assert "LightGBM cannot be loaded" in report.reason
    assert "libgomp1" in report.reason


def test_outcomes_of_every_market_are_read() -> None:
    """The query names the column of each market's outcome."""
    text = sql("training_outcomes")
    assert all(f" {market.stat}" in text for market in MARKETS.values())
