"""A round of the reconciler and the watch: how much it asks of the warehouse, and how long it may take."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlglot
from sqlglot import exp

from services.coordinator.api import operations
from services.coordinator.grid.reconcile import reconcile
from services.coordinator.runs.engine import RUNS, Engine
from services.coordinator.runs.run import Run, RunStatus
from services.coordinator.watch.check import check
from shared.basketball.slate import Mode
from shared.ports import Job, Params, Ports, Row, Warehouse
from shared.registries.schedules import SCHEDULED
from tests.unit.coordinator.routes import NOON
from tests.unit.coordinator.routes import World as Routes
from tests.unit.coordinator.test_operations import grid_answers
from tests.unit.shared.places import set_clock
from tests.unit.shared.rows import SLATE, game, load


class Watched:
    """Remembers the tables that each statement names: BigQuery bills 10 MB at least for each of them."""

    def __init__(self, inner: Warehouse) -> None:
        self._inner = inner
        self.named: list[set[str]] = []

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """Note and pass on."""
        tables = sqlglot.parse_one(sql, read="bigquery").find_all(exp.Table)
        self.named.append({f"{table.db}.{table.name}" for table in tables if table.db})
        return await self._inner.query(sql, params, job)


async def begun(ports: Ports) -> None:
    """A run of each scheduled mode on the slate."""
    for mode in SCHEDULED:
        run = Run(
            game_date=SLATE, mode=mode, generation=1, source="test", retrospective=False, targets=("export",), steps={},
            created_at=NOON, finished_at=NOON, status=RunStatus.COMPLETE,
        )  # fmt: skip
        await ports.state.create(RUNS, run.key, run.model_dump(mode="json"))


async def round_of(ports: Ports, modes: tuple[Mode, ...]) -> list[set[str]]:
    """What a round that only looks asks the warehouse: the tables of each statement."""
    watched = Watched(ports.warehouse)
    looking = Ports(ports.clock, ports.bus, cast("Warehouse", watched), ports.state, ports.secrets, ports.archive)
    await reconcile(Engine(looking), looking, SLATE - timedelta(days=3), SLATE, modes, ["export"], dry_run=True)
    await check(looking)
    return watched.named


@pytest.mark.parametrize(
    ("modes", "games", "statements", "tables"),
    [(SCHEDULED, True, 10, 48), ((Mode.OVERNIGHT,), True, 10, 48), ((Mode.OVERNIGHT,), False, 7, 19)],
)
async def test_a_round_asks_few_statements_and_names_few_tables(
    ports: Ports, modes: tuple[Mode, ...], *, games: bool, statements: int, tables: int
) -> None:
    """As many in all modes as in one; figures of docs/benchmarks.md. The day's first round, at noon."""
    set_clock(ports, NOON)
    await ports.state.create("watch", "first", {"at": (NOON - timedelta(days=1)).isoformat()})
    if games:
        await begun(ports)
        await load(ports.warehouse, raw__games=[game("0022300900")])
    named = await round_of(ports, modes)
    assert (len(named), sum(map(len, named))) == (statements, tables)


async def test_a_later_round_of_the_day_does_not_judge_accuracy_again(ports: Ports) -> None:
    """One statement less, the one that reads the most."""
    set_clock(ports, NOON)
    await round_of(ports, SCHEDULED)
    assert {"predictions.prediction_grades"} not in await round_of(ports, SCHEDULED)


async def test_a_round_that_takes_too_long_is_answered_before_its_schedule_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """503: Cloud Scheduler waits for a minute, and asks again."""
    assert operations.ROUND_SECONDS < 60
    monkeypatch.setattr(operations, "ROUND_SECONDS", 0.0)
    world = Routes(**grid_answers())

    async def hang(*_: object) -> list[Row]:
        return cast("list[Row]", await asyncio.Event().wait())

    monkeypatch.setattr(world.warehouse, "query", hang)
    status, answer = await world.call("POST", "/v1/reconcile", {"dry_run": True})
    assert status == 503
    assert cast("Mapping[str, Any]", answer)["error"].startswith("the round was not done in")
