"""The dice of a night: what goes wrong at which await, from one seed, and a trace of everything that happened."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Transient
from tests.simulation.loop import Hang, VirtualLoop

MAX_STEPS = 20_000
"""Awaits and deliveries of a night: 700 on average, 2,500 in the longest seen. A night that takes more hangs."""

SERVICES = ("scraper", "analytics", "worker")
part: ContextVar[str] = ContextVar("part", default="")
"""What a task is about: `recovery`, `asked` (a request for a run), or nothing in particular."""


_OFTEN = (
    *(f"coordinator {place}" for place in ("ack", "archive.list", "bus.publish", "state.get", "state.list")),
    *(f"coordinator state.compare_and_set {what}" for what in ("runs", "sent")),
    *(f"{service} {place}" for service in SERVICES[:2] for place in ("ack", "bus.publish", "warehouse.replace")),
    *(f"coordinator state.create {what}" for what in ("open_runs", "runs")),
    "coordinator state.create schedule_fires",
    "coordinator warehouse.query",
)
_SELDOM = (
    *(f"coordinator archive.{method}" for method in ("get", "put")),
    *(f"coordinator state.compare_and_set {what}" for what in ("alerts", "record", "schedule_fires")),
    *(f"coordinator state.create {what}" for what in ("alerts", "dead_letters", "record")),
    *(f"coordinator state.{method}" for method in ("delete", "increment")),
    *(f"coordinator warehouse.append ops.{table}" for table in ("decisions", "record", "step_runs")),
    "coordinator clock.sleep",
    "coordinator warehouse.columns",
    "coordinator warehouse.transform",
    *(f"worker {place}" for place in ("ack", "bus.publish", "warehouse.replace")),
)
PLACES = (*_OFTEN, *_SELDOM)
"""Where a process may die, before and after: every method of every port, by the service that calls it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One port that nobody reaches for a while."""

    port: str
    """`state`, `warehouse` or `bus`; from that one nothing comes either, and no acknowledgement gets there."""
    start: float
    seconds: float = 300.0


class Mortal(Protocol):
    """A process as the dice see it."""

    name: str
    service: str
    alive: bool
    skew: float

    def crash(self) -> None:
        """Die now."""


class Chaos:
    """Called at every await of every port. Each night has its own measure of every kind of trouble.

    A seed is a number, or a number and a place ("17 after coordinator state.delete") where somebody dies for certain.
    """

    def __init__(self, seed: int | str, loop: VirtualLoop, tell: Callable[[str], None] | None = None) -> None:
        self.dice = dice = random.Random(seed)  # noqa: S311 - a seed to replay, not a secret
        self.counts: Counter[str] = Counter()
        """What has happened, by kind and place."""
        self.calm = False
        self.steps = 0
        self.crashes = dice.choice((0, 1, 2, 3, 4, 6))
        """How often somebody may still die."""
        self._aim = str(seed).partition(" ")[2]
        self.likely = {
            f"{dice.choice(('before', 'after'))} {dice.choice(dice.choice((_OFTEN, _SELDOM, _SELDOM)))}"
            for _ in range(4)
        }
        """Where crashes are likely: chance alone would hardly hit what happens once a night."""
        self._crash = dice.choice((0.0, 0.003, 0.01))
        self._fault = dice.choice((0.0, 0.0, 0.005, 0.03))
        self._bus = dice.choice((0.0, 0.0, 0.0, 0.1))
        """Share of the messages that the bus cannot take, on top of that."""
        self._lost = dice.choice((0.0, 0.0, 0.003, 0.01))
        self._delay = dice.choice((0.05, 0.15, 0.4))
        self._stall = dice.choice((0.0, 0.001, 0.004))
        self.stall_seconds = (30.0, 900.0)
        self._skew = dice.choice((0.0, 0.0, 0.002))
        self.duplicate = dice.choice((0.0, 0.02, 0.2))
        self.reorder = dice.choice((0.0, 0.1, 0.4))
        self.unextended = dice.choice((0.0, 0.1, 0.5))
        """Share of the leases that nobody extends."""
        self.unacknowledged = dice.choice((0.0, 0.0, 0.02))
        """Share of the acknowledgements that get lost."""
        self.outage: Outage | None = None
        self._loop = loop
        self._tell = tell
        self._digest = hashlib.sha256()

    def mild(self) -> None:
        """Nobody dies and nothing fails by itself: what is left are delays, duplicates and reorderings."""
        self.crashes = 0
        self._fault = self._bus = self._lost = self._stall = self._skew = self.unextended = self.unacknowledged = 0.0

    def of_one_machine(self) -> None:
        """Whoever is in one process with his ports reaches them."""
        self._fault = self._bus = self._lost = 0.0

    def exact(self) -> None:
        """All clocks are right."""
        self._skew = 0.0

    def away(self, port: str) -> bool:
        """Whether the port cannot be reached now."""
        out = self.outage
        return out is not None and out.port == port and 0.0 <= self._loop.elapsed - out.start < out.seconds

    async def before(self, process: Mortal, place: str, *, may_fail: bool = True) -> None:
        """Before an effect: wait, die with nothing done, or fail."""
        self.step(process, place)
        roll, dice = self.dice.random(), self.dice
        self._die(process, place, "before")
        if may_fail and self.away(place.partition(".")[0]):
            self.count("outage", place)
            raise Transient(f"{place} cannot be reached")
        if self.calm:
            if roll < 0.1:
                await asyncio.sleep(dice.expovariate(10.0))
            return
        if may_fail and dice.random() < (max(self._bus, self._fault) if place == "bus.publish" else self._fault):
            self.count("fault", place)
            raise Transient(f"{place} cannot be reached")
        if roll < self._stall:
            self.count("stall", "")
            await asyncio.sleep(dice.uniform(*self.stall_seconds))
        elif roll < self._stall + self._delay:
            await asyncio.sleep(dice.expovariate(dice.choice((0.5, 5.0, 50.0))))
        if dice.random() < self._skew:
            process.skew = dice.uniform(-60.0, 60.0)
            self.count("skew", "")

    async def after(self, process: Mortal, place: str, *, may_fail: bool = True) -> None:
        """After an effect: die with it done, or lose the answer."""
        self._die(process, place, "after")
        if may_fail and self.chance(self._lost):
            self.count("answer lost", place)
            raise Transient(f"{place}: no answer")

    def step(self, process: Mortal, place: str) -> None:
        """One more await; nobody dead goes on."""
        self.tick()
        if not process.alive:
            raise asyncio.CancelledError
        self.trace(f"{process.name} {place}")

    def tick(self) -> None:
        """Raises `Hang` if the night has gone on for too long."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Hang(f"no end after {MAX_STEPS} steps")

    def chance(self, share: float) -> bool:
        """True for a share of the calls, and never in calm weather."""
        return not self.calm and self.dice.random() < share

    def count(self, kind: str, place: str) -> None:
        """Something went wrong."""
        self.counts[f"{kind} {place}".strip()] += 1
        self.trace(f"  {kind} {place}")

    def trace(self, line: str) -> None:
        """What happened, and when."""
        text = f"{self._loop.elapsed:11.3f} {line}"
        self._digest.update(text.encode())
        if self._tell is not None:
            self._tell(text)

    @property
    def digest(self) -> str:
        """Equal for equal nights."""
        return self._digest.hexdigest()

    def _die(self, process: Mortal, place: str, when: str) -> None:
        where = f"{when} {process.service} {place}"
        if where == self._aim:
            self._aim = ""
        elif not self.crashes or not self.chance(0.7 if where in self.likely else self._crash):
            return
        else:
            self.crashes -= 1
            self.likely.discard(where)
        if part.get() == "recovery":
            self.count("crash in recovery", "")
        self.count("crash", where)
        process.crash()
        raise asyncio.CancelledError
