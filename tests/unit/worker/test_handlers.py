"""What a worker does with a batch: stage, then report, once however often it is delivered."""

import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from services.coordinator.sql import sql
from services.worker.app import build
from services.worker.handlers import on_task
from services.worker.models import Models
from services.worker.settings import WorkerSettings
from shared.contract import BatchReported, Message, StepReported, StepRequested
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
from shared.registries.markets import MARKETS
from shared.runtime.service import HEALTH
from shared.runtime.settings import load
from tests.unit.shared.places import drain, embedded_ports
from tests.unit.worker.test_batch import AT, RUN_ID, batch, task

LATER = "2024-03-04T15:00:00+00:00"
"""When a live slate is dispatched once more."""


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


async def handle(message: Message, ports: Ports) -> None:
    """A worker without a past takes a message."""
    await on_task(message, ports, Models(ports.archive), load(WorkerSettings))


async def staged(ports: Ports) -> list[Row]:
    """All staged rows."""
    return await ports.warehouse.query("SELECT * FROM predictions.staging ORDER BY batch, system, market, player_id")


async def test_a_batch_is_staged_then_reported(ports: Ports) -> None:
    """Two players, two systems, every market: the rows are there when the coordinator hears of them."""
    await handle(batch(task(1), task(2), attempt=2), ports)
    assert len(await staged(ports)) == 4 * len(MARKETS)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, BatchReported)
    assert (report.run_id, report.attempt, report.batch) == (RUN_ID, 2, 3)
    assert (report.rows, report.absent) == (4 * len(MARKETS), {})
    assert 0.0 < report.seconds < 60.0


async def test_f15_a_learned_system_that_cannot_be_loaded_is_absent_and_named(ports: Ports) -> None:
    """Its artifact is not in the archive; the others are staged."""
    asked = batch(
        task(1), systems=("moving_average", "boosted"), artifacts={"boosted": "a" * 64, "similarity": "b" * 64}
    )
    await handle(asked, ports)
    [report] = await drain(ports, "coordinator-events")
    assert isinstance(report, BatchReported)
    assert (report.rows, set(report.absent)) == (len(MARKETS), {"boosted"})
    assert "a" * 64 in report.absent["boosted"]


async def test_f03_handling_a_batch_twice_leaves_the_same_rows(ports: Ports) -> None:
    """A redelivery adds nothing, and leaves other games, runs and dates alone."""
    await handle(batch(task(1)), ports)
    await handle(batch(task(2, "0022300901"), batch=4), ports)
    await handle(batch(task(2), run_id="2024-03-04.overnight.8"), ports)
    once = await staged(ports)
    assert len(once) == 6 * len(MARKETS)
    await handle(batch(task(1)), ports)
    assert await staged(ports) == once
    assert [report.key for report in await drain(ports, "coordinator-events")] == [
        f"{run}/batch/{number}/1/reported"
        for run, number in ((RUN_ID, 3), (RUN_ID, 4), ("2024-03-04.overnight.8", 3), (RUN_ID, 3))
    ]


async def published(ports: Ports) -> Counter[tuple[int, int]]:
    """(player, batch) -> rows of the run that would be published."""
    params: Params = {"game_date": date(2024, 3, 4), "run_id": RUN_ID, "why": ""}
    rows = await ports.warehouse.query(sql("publish"), params)
    return Counter((row["player_id"], row["batch"]) for row in rows)


async def test_what_is_not_in_a_games_latest_batch_is_not_published(ports: Ports) -> None:
    """It stays where it was staged: nothing is replaced, and the game's newest staging counts."""
    await handle(batch(task(1), task(2)), ports)
    await handle(batch(task(2), attempt=2), ports)
    two = 2 * len(MARKETS)
    assert Counter(row["player_id"] for row in await staged(ports)) == {1: two, 2: 2 * two}
    assert await published(ports) == {(2, 3): two}


@pytest.mark.parametrize("again", [AT, LATER], ids=["retrospective", "live"])
async def test_a_dispatch_that_cuts_other_batches_loses_and_doubles_nothing(ports: Ports, again: str) -> None:
    """Batch 0 held two games, then one, and the other is in batch 1: before that is staged as well as afterwards."""
    two = 2 * len(MARKETS)
    await handle(batch(task(1), task(2, "0022300901"), batch=0), ports)
    await handle(batch(task(1, at=again), batch=0), ports)
    assert await published(ports) == {(1, 0): two, (2, 0): two}
    await handle(batch(task(2, "0022300901", at=again), batch=1), ports)
    assert await published(ports) == {(1, 0): two, (2, int(again == LATER)): two}


async def test_the_worker_takes_batches_and_training_only(ports: Ports) -> None:
    """Anything else was sent to the wrong topic."""
    with pytest.raises(Permanent, match="takes no step_reported"):
        await handle(StepReported(run_id=RUN_ID, step="predict", attempt=1, outcome="done"), ports)
    other = StepRequested(run_id=RUN_ID, game_date=batch().game_date, mode=batch().mode, step="predict", attempt=1)
    with pytest.raises(Permanent, match="takes no step_requested"):
        await handle(other, ports)


async def test_the_worker_is_wired(ports: Ports) -> None:
    """The application names itself."""
    app = build(load(WorkerSettings, revision="r1"), ports)
    assert (app[HEALTH].service, app[HEALTH].revision) == ("worker", "r1")
    assert list(app[HEALTH].pings) == ["warehouse", "clock", "topics", "archive", "lightgbm"]


async def test_a_worker_without_lightgbm_is_not_ready(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """It predicts by hand all the same, but no deploy shall get that far."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    ready, body = await build(load(WorkerSettings), ports)[HEALTH].report(deep=True)
    checks = cast("dict[str, str]", body["checks"])
    assert not ready
    assert checks.pop("lightgbm").startswith("LightGBM cannot be loaded")
    assert set(checks.values()) == {"ok"}
