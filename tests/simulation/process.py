"""Processes: they start, do their work, die with everything they have in hand, and are started again."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

from services.coordinator.handlers import Handlers
from services.coordinator.pulse.pulse import Beat, Pulse
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.watch.schedules import note
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import TipoffError
from shared.ports import Ports
from shared.registries.pipeline import plan
from shared.registries.topics import TOPICS, tasks_of
from shared.runtime.boundary import MessageHandler, guarded
from shared.runtime.logs import get_logger
from tests.simulation.broker import Receiver
from tests.simulation.chaos import part
from tests.simulation.ports import (
    SimulatedArchive,
    SimulatedBus,
    SimulatedClock,
    SimulatedState,
    SimulatedWarehouse,
)

if TYPE_CHECKING:
    from tests.simulation.night import Night

T = TypeVar("T")


class Process:
    """One life of a process. What it had in memory dies with it."""

    def __init__(self, name: str, service: str, night: "Night") -> None:
        self.name = name
        self.service = service
        self.alive = True
        self.skew = night.chaos.dice.choice((0.0, 0.0, night.chaos.dice.uniform(-5.0, 5.0)))
        self.receivers: dict[str, Receiver] = {}
        self.night = night
        self.warehouse = SimulatedWarehouse(self, night.chaos, night.tables)
        self.ports = Ports(
            SimulatedClock(self, night.chaos, night.loop),
            SimulatedBus(self, night.chaos, night.broker.publish),
            self.warehouse,
            SimulatedState(self, night.chaos, night.documents),
            EnvironmentSecrets({}),
            SimulatedArchive(self, night.chaos, night.tables),
        )
        self._tasks: dict[asyncio.Task[Any], None] = {}
        """In the order of their start: a set of tasks has that of their addresses, and no seed would replay."""

    @property
    def idle(self) -> bool:
        """Nothing is being done."""
        return not self._tasks

    def takes(self, subscription: str) -> bool:
        """Whether it would handle one more delivery."""
        receiver = self.receivers.get(subscription)
        return self.alive and receiver is not None and receiver.busy < receiver.max_in_flight

    def consume(self, topic: str, handler: MessageHandler, max_in_flight: int) -> None:
        """Handle a topic behind the boundary, as `shared.runtime.service` does."""
        ports = self.ports
        behind = guarded(handler, topic=TOPICS[topic], bus=ports.bus, clock=ports.clock, log=get_logger(self.service))
        self.receivers[topic] = Receiver(behind, max_in_flight)

    def spawn(self, work: Coroutine[Any, Any, T], about: str = "") -> asyncio.Task[T]:
        """A task that dies with the process. It knows nothing of who caused it, and of his deadline least of all."""
        context = Context()
        context.run(part.set, about)
        task = self.night.loop.create_task(work, context=context)
        self._tasks[task] = None
        task.add_done_callback(self._done)
        return task

    def crash(self) -> None:
        """`kill -9`: nothing more is done, and nobody extends the leases."""
        self.end()
        for subscription, receiver in self.receivers.items():
            for ack_id in receiver.leases:
                self.night.broker.orphan(subscription, ack_id)
        self.night.died(self)

    def end(self) -> None:
        """Everything in memory is gone."""
        self.alive = False
        for task in list(self._tasks):
            task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self.night.refused = True
        if not is_known(error):
            self.night.fail(error)


def is_known(error: BaseException) -> bool:
    """Whether it is one of the project's kinds of failure, which the asker is shown. Anything else is a bug."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_known(inner) for inner in error.exceptions)
    return isinstance(error, TipoffError)


class Coordinator(Process):
    """The real engine and its handlers, wired as `services.coordinator.app` does."""

    def __init__(self, name: str, night: "Night") -> None:
        super().__init__(name, "coordinator", night)
        self.engine = Engine(self.ports, jitter=night.chaos.dice.random)
        self.handlers = Handlers(self.engine, self.ports, batch_size=night.dice.choice(night.batch_sizes))
        self.pulse = Pulse(self.engine, self.ports)
        self.consume("coordinator-events", self.handlers.on_event, 8)
        self.consume(tasks_of("coordinator"), self.handlers.on_task, 2)
        for topic in TOPICS.values():
            self.receivers[topic.dead_letter] = Receiver(self.handlers.on_dead_letter, 1)
        self.serves = False
        """Whether it answers requests: not before it has recovered."""
        self.spawn(self._recover(), "recovery")

    async def request(self, event: RunRequested) -> int:
        """`POST /v1/runs`: the generation that the run then has."""
        plan((*event.targets, *event.redo))
        await note(self.ports, event.source)
        return (await self.engine.apply(event)).generation

    async def beat(self) -> Beat:
        """`POST /v1/pulse`."""
        await note(self.ports, "schedule:pulse")
        return await self.pulse.beat()

    async def _recover(self) -> None:
        if not await self.handlers.recover():  # it serves all the same, and the reconciler sends what is left
            self.night.refused = True
            self.night.chaos.count("not recovered", "")
        self.serves = True
