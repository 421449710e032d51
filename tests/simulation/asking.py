"""Requests for runs in a night: by schedules, operators and the reconciler. Also rows that vanish, and strays."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from services.coordinator.grid.reconcile import reconcile
from services.coordinator.pulse.pulse import Beat
from services.coordinator.runs.events import RunRequested
from services.coordinator.steps.ways import COUNTED
from services.coordinator.watch.check import check
from services.coordinator.watch.schedules import note
from shared.contract import BatchReported, StepReported
from shared.registries.pipeline import plan
from tests.simulation.ports import SLATE
from tests.simulation.process import Coordinator

if TYPE_CHECKING:
    from tests.simulation.night import Night

T = TypeVar("T")
VANISHING = frozenset(COUNTED) - {"schedule"}
"""Steps whose rows may be gone one day."""


class Asking:
    """Asks the coordinators of a night, and asks again where there is no answer."""

    def __init__(self, night: "Night") -> None:
        self._night = night
        self._dice = night.dice
        self._died = False
        """Whether the last one to be asked has died over it."""

    async def ask(self, source: str, *targets: str, resend: bool = False) -> None:
        """Who gets no answer asks again, perhaps while the first one is still being worked on."""
        event = replace(self._request(source, targets or self._night.targets), resend=resend)
        while True:
            patience = self._dice.uniform(20.0, 300.0)
            if await self._answer(lambda process: process.request(event), patience) is not None:
                return
            await asyncio.sleep(self._dice.uniform(1.0, 60.0))

    async def operator(self) -> None:
        """Resumes, widens, forces or goes back to a phase. Who forces and hears nothing looks first, or gives up."""
        for number in range(self._dice.choice((1, 1, 2))):
            source = f"operator:{number}"
            kind = self._dice.choice(("resume", "widen", "force", "phase"))
            if kind in ("resume", "widen"):
                targets = ("export",) if kind == "widen" else self._night.targets
                await self.ask(source, *targets, resend=self._dice.random() < 0.5)  # needed or not, it does no harm
                continue
            event = self._request(source, self._night.targets)
            phase = self._dice.randint(1, 6) if kind == "phase" else None
            await self._force(replace(event, force=kind == "force", from_phase=phase))

    def _request(self, source: str, targets: tuple[str, ...]) -> RunRequested:
        return RunRequested(SLATE, self._night.mode, source, targets, self._night.retrospective)

    async def _force(self, event: RunRequested) -> None:
        before = self._generation()
        while await self._answer(lambda process: process.request(event), None) is None:
            if self._died and self._dice.random() < 0.5:
                return
            if self._generation() > before:
                await self.ask(event.source)
                return
            await asyncio.sleep(self._dice.uniform(1.0, 60.0))

    def _generation(self) -> int:
        run = self._night.run()
        return 0 if run is None else run.generation

    async def reconcile(self) -> list[dict[str, str]]:
        """Somebody lets the reconciler go round, until it has."""
        mode, targets = self._night.mode, self._night.targets

        async def go_round(process: Coordinator) -> list[dict[str, str]]:
            requests = await reconcile(process.engine, process.ports, SLATE, SLATE, [mode], targets)
            await note(process.ports, "schedule:reconcile")
            await check(process.ports)
            return requests

        while True:
            requests = await self._answer(go_round, None)
            if requests is not None:
                return requests
            await asyncio.sleep(self._dice.uniform(1.0, 60.0))

    async def pulse(self) -> Beat | None:
        """The schedule `pulse` fires: what it is answered, if anything."""
        return await self._answer(lambda process: process.beat(), 300.0)

    async def _answer(
        self, request: Callable[[Coordinator], Coroutine[Any, Any, T]], patience: float | None
    ) -> T | None:
        """The answer of one of the coordinators; None if it died, refused or took too long."""
        serving = [process for process in self._night.processes if isinstance(process, Coordinator) and process.serves]
        if not serving:
            return None
        process = self._dice.choice(serving)
        work = process.spawn(request(process), "asked")
        done, _ = await asyncio.wait([work], timeout=patience)
        self._died = work.cancelled()
        if not done or work.cancelled() or work.exception() is not None:
            self._night.chaos.count("asked in vain", "")
            return None
        return work.result()

    async def vanish(self) -> None:
        """Rows that were there are gone."""
        steps = [step.name for step in plan(self._night.targets) if step.name in VANISHING]
        step = self._dice.choice(steps)
        self._night.chaos.count("rows vanished", "")
        if step == "publish":
            self._night.tables.published.clear()
        self._night.tables.units[step].clear()

    async def strays(self) -> None:
        """Messages that nobody should have sent."""
        run_id = f"{SLATE}.{self._night.mode.value}.7"
        strays: list[tuple[str, bytes, dict[str, str]]] = [
            ("coordinator-events", b"no message", {}),
            *(
                (topic, message.encode(), message.attributes())
                for topic, message in (
                    ("coordinator-events", StepReported(run_id=run_id, step="schedule", attempt=1, outcome="done")),
                    ("coordinator-tasks", StepReported(run_id=run_id, step="schedule", attempt=1, outcome="done")),
                    ("coordinator-events", BatchReported(run_id=run_id, attempt=1, batch=0, rows=1)),
                )
            ),
        ]
        for topic, data, attributes in strays:
            self._night.broker.publish("nobody", topic, data, attributes)
            await asyncio.sleep(self._dice.expovariate(0.1))
