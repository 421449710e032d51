"""One night under chaos: the real coordinator, twice, the real broker, small services, and those who ask for runs."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from services.coordinator.runs.run import Run
from shared.basketball.slate import Mode, eastern_instant
from shared.registries.pipeline import MODE_RULES, STEPS, plan
from tests.simulation.asking import Asking
from tests.simulation.broker import Broker
from tests.simulation.chaos import SERVICES, Chaos
from tests.simulation.end import check_end, check_quiet
from tests.simulation.loop import Hang, Violation, VirtualLoop
from tests.simulation.ports import SLATE, START, Documents
from tests.simulation.process import Coordinator, Process
from tests.simulation.services import FATES, Service
from tests.simulation.tables import Tables
from tests.simulation.witness import Witness

MAX_SECONDS = 2 * 86400.0
"""Virtual seconds after which a night hangs."""
MAX_CPU = 20.0
"""Seconds of the processor's time; most nights take 0.05."""
ROUNDS = 6
"""Times that the reconciler goes round at the end: more often than it may ask."""


@contextmanager
def _bounded() -> Iterator[None]:
    """A loop that never awaits takes no step: it is ended by the processor's time, which a night never needs."""

    def ring(*_: object) -> None:
        raise Hang(f"{MAX_CPU} s of the processor's time, and no end")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, MAX_CPU)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Night:
    """`play` runs it to its end, or raises what is wrong."""

    def __init__(self, seed: int | str, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.loop = VirtualLoop()
        self.chaos = Chaos(seed, self.loop, tell)
        self.dice = dice = self.chaos.dice
        self.documents = Documents()
        self.witness = Witness(self.documents)
        self.broker = Broker(self.chaos, self.loop, self.witness)
        self.processes = self.broker.processes
        self.mortal = dice.random() < 0.25
        """The broker lives in the one process there is, and dies with it; else there are two coordinators."""
        if self.mortal and dice.random() < 0.6:  # nobody is left to hear what was said last
            unheard = ("warehouse.append ops.decisions", "work ended", "work predict", "work batch")
            self.chaos.likely.add(f"before coordinator {dice.choice(unheard)}")
        self.mode = dice.choice((Mode.OVERNIGHT, Mode.OVERNIGHT, Mode.OVERNIGHT, Mode.MANUAL, Mode.SAME_DAY))
        self.targets = (dice.choice(("export", "export", "export", "publish", "grade", "rosters")),)
        self.batch_sizes = dice.choice(((1,), (2,), (4,), (1, 4)))
        """Players per batch: in the middle of a deploy two coordinators may cut a slate differently."""
        self.tables = Tables(SLATE, games=dice.choice((0, 1, 2, 3)))
        self.tables.expected = {name: dice.randrange(1, 6) for name in STEPS} | {
            "ml_feature_store": 2 * self.tables.games,
            "schedule": max(1, self.tables.games),
        }
        self.witness.expected = {
            name: units
            for name, units in self.tables.expected.items()
            if STEPS[name].service in SERVICES and name != "train"
        }
        names = [*(step.name for step in plan(self.targets) if step.service in SERVICES), *["batch"] * 5]
        self.fates = {dice.choice(names): dice.choice(FATES) for _ in range(dice.choice((0, 0, 1, 1, 2)))}
        self.mended_at = dice.choice((float("inf"), float("inf"), dice.uniform(0.0, 7200.0)))
        if dice.random() < 0.1:  # a payload that nobody has loaded
            self.tables.archive[f"raw/fetches/espn/{SLATE}/{self.mode.value}/rosters/BOS/1_1_200_a.json"] = b"{}"
        self.retrospective = dice.random() < 0.15
        self.last_requests: list[dict[str, str]] = []
        """What the reconciler's last round in the morning asked for."""
        self._number = 4 if self.mortal else 5
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._over = False
        self.refused = False
        """Whether a task failed, perhaps with its decision stored and messages left unsent."""
        self.asking = Asking(self)

    def fate(self, step: str) -> str:
        """What becomes of a step now."""
        found = self.fates.get(step, "good") if self.loop.elapsed < self.mended_at else "good"
        return "poison" if found == "kills" and self.mortal else found  # a mortal broker would count no deliveries

    def __str__(self) -> str:
        broker = "a mortal broker, one coordinator" if self.mortal else "two coordinators"
        fates = ", ".join(f"{name} {fate}" for name, fate in self.fates.items())
        return (
            f"seed {self.seed}: {self.mode.value}, {', '.join(self.targets)}, {self.tables.games} games, {broker}; "
            f"{fates if fates != '' else 'all is well'} until {self.mended_at:.0f} s"
        )

    def play(self) -> None:
        """Raises AssertionError, with the seed, if anything is lost, doubled or stuck."""
        logs = structlog.get_config()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        self.loop.set_exception_handler(lambda _, wrong: self.fail(wrong.get("exception", Hang(wrong["message"]))))
        try:
            with _bounded():
                main = self.loop.create_task(self._night())
                main.add_done_callback(self._ended)
                self.loop.run_forever()
        except Violation as error:
            self.fail(error)
        finally:
            self._bury()
            structlog.configure(**logs)
        if self._failure is not None:
            name = type(self._failure).__name__
            raise AssertionError(f"seed {self.seed}: {name}: {self._failure}") from self._failure

    def fail(self, error: BaseException) -> None:
        """The night is over: something is wrong."""
        if self._over:
            return
        if self._failure is None:
            self._failure = error
        self.loop.stop()

    def died(self, process: Process) -> None:
        """A process is gone: it is started again after a while. A mortal broker takes everybody with it."""
        self.processes.remove(process)
        if not self.mortal:
            self.loop.call_later(self.dice.expovariate(0.1), self._start, process.name)
            return
        names = [process.name, *(other.name for other in self.processes)]
        for other in list(self.processes):
            self.processes.remove(other)
            other.alive = False
            other.end()
        self.broker.reset()
        self.chaos.count("everything crashed", "")
        self.loop.call_later(self.dice.expovariate(0.1), self._restart, sorted(names))

    def _restart(self, names: list[str]) -> None:
        for name in names:
            self._start(name)
        self._at(0.0, lambda: self.asking.ask("restart", resend=True))

    def _start(self, name: str) -> None:
        service = name.partition("-")[0]
        process = Coordinator(name, self) if service == "coordinator" else self._service(name, service)
        self.processes.append(process)
        self.broker.dispatch()

    def _service(self, name: str, service: str) -> Process:
        return Service(name, service, self)

    # The night

    def _begin(self) -> None:
        for name in ("coordinator-a", *SERVICES) if self.mortal else ("coordinator-a", "coordinator-b", *SERVICES):
            self._start(name)
        self._at(0.0, lambda: self.asking.ask("schedule:overnight"))

    async def _night(self) -> None:
        self._begin()
        if self.dice.random() < 0.3:  # a schedule may fire twice
            self._at(self.dice.choice((0.0, 1.0)), lambda: self.asking.ask("schedule:overnight"))
        if self.dice.random() < 0.5:
            self._at(self.dice.uniform(0.0, 1200.0), self.asking.operator)
        if self.dice.random() < 0.25:
            instant = self.dice.uniform(0.0, 2000.0)
            self._at(instant, self.asking.vanish)
            for _ in range(self.dice.choice((0, 1, 2))):  # found by a schedule and an operator in the same moment
                self._at(instant + 300.0, self.asking.reconcile)
        for _ in range(self.dice.choice((0, 0, 1, 2))):
            instant = self.dice.uniform(0.0, 3000.0)
            for _ in range(self.dice.choice((1, 1, 2))):  # a schedule and an operator, in the same moment
                self._at(instant, self.asking.reconcile)
        if self.dice.random() < 0.2:
            self._at(self.dice.uniform(0.0, 60.0), self.asking.strays)
        await self._quiet()
        self.chaos.calm = True
        run = self.run()
        if self.refused and run is not None and run.outbox:  # whoever had asked is gone: the next hour sees to it
            await self.asking.reconcile()
            await self._quiet()
        check_quiet(self)
        await self._morning()
        check_quiet(self)
        check_end(self)

    async def _morning(self) -> None:
        """When nothing is waited for any more: a deploy, the fallback, the reconciler until it has nothing to ask."""
        rules = MODE_RULES[self.mode]
        over = START if rules.wait_until is None else eastern_instant(SLATE, rules.wait_until)
        await asyncio.sleep(max(0.0, (over - START).total_seconds() + 200.0 - self.loop.elapsed))
        for process in [process for process in self.processes if process.service == "coordinator"]:
            process.crash()
        await self._quiet()
        await self.asking.ask("schedule:predictions-fallback")
        await self._quiet()
        for _ in range(ROUNDS):
            self.last_requests = await self.asking.reconcile()
            await self._quiet()
            if not self.last_requests:
                break

    async def _quiet(self) -> None:
        """Wait until everybody has what he asked for, nothing is on its way and everybody is idle."""
        while not self._is_quiet():
            self.chaos.tick()
            if self.loop.elapsed > MAX_SECONDS:
                raise Hang(f"no end after {MAX_SECONDS} virtual seconds: {self.broker.left()}")
            await asyncio.sleep(20.0)  # virtual seconds of the night's own loop: nobody waits for them

    def _is_quiet(self) -> bool:
        alive = len(self.processes) == self._number and all(process.idle for process in self.processes)
        return alive and not self._tasks and self.broker.idle

    def _at(self, delay: float, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Do something later; the night is not over before it is done."""

        async def later() -> None:
            await asyncio.sleep(delay)
            await work()

        task = self.loop.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)
        if not self._over:
            self.loop.stop()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def run(self) -> Run | None:
        """The run as it is stored."""
        found = self.documents.of("runs").get(f"{SLATE}.{self.mode.value}")
        return None if found is None else Run.model_validate(found)

    # The end

    def _bury(self) -> None:
        self._over = True
        tasks = asyncio.all_tasks(self.loop)
        for process in self.processes:
            process.alive = False
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.wait(tasks))
        self.loop.close()
