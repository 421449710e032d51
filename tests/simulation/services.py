"""The services around the coordinator, as small as they can be: they write rows idempotently, in pieces, and report."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from shared.contract import BatchReported, BatchRequested, Message, StepReported, StepRequested
from shared.errors import Permanent, Transient
from shared.registries.markets import MARKETS
from shared.registries.topics import tasks_of
from tests.simulation.process import Process
from tests.simulation.tables import Prediction

if TYPE_CHECKING:
    from tests.simulation.night import Night

FATES = ("slow", "flaky", "away", "short", "refused", "reported failed", "poison", "kills")
"""What may become of a step instead of all rows at once: rows little by little, transient trouble, now and then or all
night, rows that stay away or are refused, failure, the death of the process at every delivery."""


class Service(Process):
    """The scraper, the analytics or the worker."""

    def __init__(self, name: str, service: str, night: "Night") -> None:
        super().__init__(name, service, night)
        self.consume(tasks_of(service), self._on_task, 2)

    async def _on_task(self, message: Message) -> None:
        match message:
            case StepRequested():
                await self._step(message)
            case BatchRequested():
                await self._batch(message)
            case _:
                raise Permanent(f"the {self.service} takes no {message.KIND}")

    async def _step(self, request: StepRequested) -> None:
        chaos, tables, step = self.night.chaos, self.night.tables, request.step
        fate = self.night.fate(step)
        if fate == "poison":
            raise ValueError("a row that nobody thought of")
        if fate == "away" or (fate == "flaky" and chaos.dice.random() < 0.5):
            raise Transient("HTTP 503")
        if fate == "kills":
            chaos.count("killed by a message", "")
            self.crash()
            raise asyncio.CancelledError
        await self._write(request, fate)
        (tables.refused.add if fate == "refused" else tables.refused.discard)(step)
        if step == "train":
            await self._train(request)
        if request.from_archive:
            tables.loaded |= set(tables.archive)
        outcome = "failed" if fate == "reported failed" else "done"
        report = StepReported(
            run_id=request.run_id, step=step, attempt=request.attempt, outcome=outcome, counts={"reports": 1}
        )
        await self.ports.bus.publish("coordinator-events", report.encode(), report.attributes())
        if chaos.chance(0.1):
            chaos.count("reported twice", "")
            await self.ports.bus.publish("coordinator-events", report.encode(), report.attributes())

    async def _write(self, request: StepRequested, fate: str) -> None:
        tables, step = self.night.tables, request.step
        units, expected = tables.units[step], tables.expected[step]
        wanted = {"short": expected // 2, "slow": min(expected, len(units) + (expected + 1) // 2)}.get(fate, expected)
        for upto in (wanted // 2, wanted):  # in two writes: a process may die in between
            await self.warehouse.write(_filled(units, upto))

    async def _train(self, request: StepRequested) -> None:
        await self.ports.archive.put("models/boosted/d1", b"a model")
        models = self.night.tables.models
        await self.warehouse.write(lambda: models.update({(request.mode.value, "boosted"): "d1"}))

    async def _batch(self, batch: BatchRequested) -> None:
        if self.night.fate("batch") == "poison" and batch.batch == 0:
            raise ValueError("a player that nobody thought of")
        refused = self.night.fate("batch") == "refused"
        absent = {"boosted": "its golden predictions differ"} if refused and "boosted" in batch.systems else {}
        rows: set[Prediction] = {
            (int(task.game_id[-5:]), task.player_id, market, system)
            for task in batch.tasks
            for market in MARKETS
            for system in batch.systems
            if system not in absent
        }
        if self.night.fate("batch") == "short" and batch.attempt == 1:
            rows = set(sorted(rows)[1:])
        await self.warehouse.write(lambda: self.night.tables.stage(batch, rows))
        report = BatchReported(
            run_id=batch.run_id, attempt=batch.attempt, batch=batch.batch, rows=len(rows), absent=absent
        )
        await self.ports.bus.publish("coordinator-events", report.encode(), report.attributes())


def _filled(units: set[int], upto: int) -> Callable[[], None]:
    return lambda: units.update(range(upto))
