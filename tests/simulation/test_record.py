"""Sealing under overlaps, crashes and lost state: nothing is lost, doubled or forked, by seed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.coordinator.record.chain import Entry, breaks
from services.coordinator.record.seal import HEAD, RECORD, seal_grades, seal_published
from services.coordinator.runs.run import Run
from shared.basketball.slate import Mode
from shared.contract import StepReported
from shared.errors import Transient
from shared.ports import Document, Params, Ports, Row
from tests.clock import FakeClock
from tests.simulation.end import check_record
from tests.simulation.fakes import MemoryState
from tests.simulation.ports import SLATE, START
from tests.simulation.tables import Tables

SEEDS = range(150)
PUBLISHERS = 6
GRADE = StepReported(run_id="2024-03-04.overnight.1", step="grade", attempt=1, outcome="done", seconds=0.0, counts={})


class Died(Exception):  # noqa: N818 - what happens to a process
    """The process is gone."""


class Fragile:
    """A port whose every call may be the last of whoever calls, before its effect or after it."""

    def __init__(self, inner: object, pause: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._pause = inner, pause

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the port takes
            await self._pause()
            answer = await getattr(self._inner, name)(*args, **kwargs)
            await self._pause()
            return answer

        return call


class TablesWarehouse:
    """The simulated tables as a port."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    async def query(self, sql: str, params: Params) -> list[Row]:
        """As the tables answer."""
        return self.tables.query(sql, params)

    async def columns(self, sql: str, params: Params) -> object:
        """As the tables answer."""
        return self.tables.columns(sql, params)

    async def append(self, table: str, rows: list[Row]) -> int:
        """Rows whose key is not there yet."""
        return self.tables.append(table, rows)


class World:
    """Publishers and graders of one slate; each dies at random, and is asked again until it is done."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a seed to replay, not a secret
        self.deadly = self.dice.choice((0.0, 0.01, 0.05))
        self.tables, self.state = Tables(date(2024, 3, 3), 2), MemoryState()
        self.ports = cast(
            "Ports",
            SimpleNamespace(
                clock=FakeClock(START),
                state=Fragile(self.state, self.pause),
                warehouse=Fragile(TablesWarehouse(self.tables), self.pause),
            ),
        )

    async def pause(self) -> None:
        """Let others go first, or die."""
        for _ in range(self.dice.choice((0, 0, 1, 3, 9))):
            await asyncio.sleep(0)
        if self.dice.random() < self.deadly:
            raise Died

    async def insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """As the bus does: until it is done."""
        for _ in range(200):
            try:
                await work()
            except (Died, Transient):
                continue
            return
        raise AssertionError("it is never done")

    async def publish(self, number: int) -> None:
        """A pass publishes and seals."""
        run = run_of(f"pass{number}")
        rows = frozenset({(number, player, "points", "boxed") for player in range(number)})
        self.tables.published.setdefault(run.run_id, (1, "overnight", rows))
        await seal_published(run, self.ports)

    async def grade(self, units: int) -> None:
        """The slate is graded, perhaps not as before."""
        self.tables.units["grade"] = set(range(units))
        await seal_grades(run_of("", SLATE), GRADE, self.ports)

    @property
    def entries(self) -> list[Entry]:
        """As the table has them."""
        return sorted(map(Entry.of, self.tables.rows["ops.record"].values()), key=lambda entry: entry.seq)

    def head(self) -> Row | None:
        """As the state store has it."""
        found = self.state.documents.get((RECORD, HEAD))
        return None if found is None else found.data


def run_of(part: str, day: date = date(2024, 3, 3)) -> Run:
    """A run."""
    return Run(
        game_date=day,
        mode=Mode.OVERNIGHT,
        generation=1,
        source="test",
        retrospective=False,
        part=part,
        targets=("export",),
        steps={},
        created_at=START,
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_overlapping_publishers_seal_each_publish_once(seed: int) -> None:
    """Whoever dies where, whoever is at it at the same time: one chain, every run in it once, the last grades last."""
    world = World(seed)
    async with asyncio.TaskGroup() as group:
        for number in range(1, PUBLISHERS + 1):
            group.create_task(world.insist(lambda number=number: world.publish(number)))  # type: ignore[misc]  # of the loop
        for units in (3, 3, 4):
            group.create_task(world.insist(lambda units=units: world.grade(units)))  # type: ignore[misc]  # of the loop
    check_record(world.tables, world.head())
    sealed = sorted(entry.run_id for entry in world.entries if entry.kind == "publish")
    assert sealed == sorted(world.tables.published)
    graded = [entry for entry in world.entries if entry.kind == "grade"]
    assert graded[-1].row_count == len(world.tables.units["grade"])


async def test_grades_that_are_sealed_and_not_written_down_are_the_last() -> None:
    """Whoever sealed them died before that: the table's last entry is an older one, which fits what is there again."""
    world = World(0)
    for units in (4, 3):
        await world.insist(lambda units=units: world.grade(units))  # type: ignore[misc]  # of the loop
    newest = world.entries[-1]
    written = world.tables.rows["ops.record"]
    del written[next(key for key, row in written.items() if row["seq"] == newest.seq)]
    await world.insist(lambda: world.grade(4))
    check_record(world.tables, world.head())
    assert [entry.row_count for entry in world.entries] == [4, 3, 4]


@pytest.mark.parametrize("seed", range(60))
async def test_a_lost_or_older_state_goes_on_from_the_table(seed: int) -> None:
    """The head is found again in the table: the chain goes on where it was, and nothing is sealed a second time."""
    world = World(seed)
    backups: list[Document | None] = []
    for number in range(1, PUBLISHERS + 1):
        backups.append(world.state.documents.get((RECORD, HEAD)))
        await world.insist(lambda number=number: world.publish(number))  # type: ignore[misc]  # of the loop
        if world.dice.random() < 0.5:
            older = world.dice.choice(backups)
            world.state.documents.pop((RECORD, HEAD))
            if older is not None:
                world.state._put(RECORD, HEAD, older.data)
    await world.insist(lambda: world.publish(PUBLISHERS + 1))
    await world.insist(lambda: world.publish(1))
    check_record(world.tables, world.head())
    assert [entry.run_id for entry in world.entries] == [*world.tables.published]


async def test_what_died_before_it_was_written_is_written_by_the_next() -> None:
    """An entry that only the state store has: the next sealer appends it before its own."""
    world = World(0)
    world.deadly = 0.0
    await world.publish(1)
    lost = world.tables.rows["ops.record"].popitem()[1]
    assert breaks(world.entries, Entry.of(lost))
    await world.publish(2)
    assert [entry.seq for entry in world.entries] == [1, 2]
    check_record(world.tables, world.head())


async def test_a_storm_of_sealers_is_transient() -> None:
    """Who never gets his turn gives it back to the bus: nothing is half done."""
    world = World(0)
    world.deadly = 0.0
    await world.publish(1)

    async def storm(operation: str) -> None:
        if operation == "compare_and_set":
            world.state._put(RECORD, HEAD, world.state.documents[RECORD, HEAD].data)

    world.state.before = storm
    world.tables.published["2024-03-03.overnight.late.1"] = (1, "overnight", frozenset({(1, 1, "points", "boxed")}))
    with pytest.raises(Transient, match="too many are sealing at once"):
        await seal_published(run_of("late"), world.ports)
    assert [entry.seq for entry in world.entries] == [1]
