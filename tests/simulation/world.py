"""A world for the coordinator's core, made of dice: services, workers, a bus and a state store that all misbehave.

Everything happens in virtual time and comes from one seed, so that a failing seed can be replayed. Two kinds of world:
with a *mortal* bus a crash takes the whole process and every message with it, and whoever asked asks again; with a
*durable* bus only one handler dies and its message comes again.
"""

import heapq
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from services.coordinator.domain.decide import Command, decide
from services.coordinator.domain.events import (
    BatchesPlanned,
    BatchStaged,
    Event,
    RunRequested,
    StepFailed,
    StepVerified,
)
from services.coordinator.domain.run import Evidence, Run, RunStatus, StepStatus, key_of
from shared.contract import BatchReported, BatchRequested, Message, StepReported, StepRequested
from shared.pipeline import STEPS
from shared.slate import Mode
from tests.simulation.invariants import check_decision, check_end, check_keys

SLATE = date(2024, 3, 4)
START = datetime(2024, 3, 4, 10, tzinfo=UTC)
"""05:00 Eastern: there is still time to wait for what is late."""
FALLBACK = 3600.0
"""Seconds after which a schedule asks again for a run that waits."""
MAX_DELIVERIES = 5
FATES = ("good",) * 14 + ("slow", "slow", "flaky", "flaky", "short", "refused", "reported failed", "poison")
"""What becomes of a step: all rows at once or little by little, transient trouble, rows missing or refused, failure."""


class Crash(Exception):  # noqa: N818 - an event of the world, not an error
    """The process dies here."""


@dataclass(order=True)
class Post:
    """Something on its way: a message, a dead letter or an operator's request."""

    at: float
    order: int
    content: Message | RunRequested = field(compare=False)
    deliveries: int = field(default=0, compare=False)
    dead: bool = field(default=False, compare=False)


class World:
    """One night under chaos. `play` returns the run as it ended."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a seed to replay, not a secret
        self.durable_bus = self.dice.random() < 0.5
        self.crashes = self.dice.randrange(5)
        self.chaos = self.dice.choice((0.0, 0.05, 0.3))
        self.mode = self.dice.choice(list(Mode))
        self.fates = {name: self.dice.choice(FATES) for name in STEPS}
        self.expected = {name: self.dice.randrange(8) for name in STEPS}
        self.rows: defaultdict[str, int] = defaultdict(int)
        self.batches = self.dice.randrange(5)
        self.poisonous_batches = self.dice.random() < 0.05
        self.staged: defaultdict[str, set[int]] = defaultdict(set)
        self.elapsed = 0.0
        self.run: Run | None = None
        self.version = 0
        self.decided: set[str] = set()
        self.delivered: set[str] = set()
        self.requests = 0
        self._queue: list[Post] = []
        self._order = count()
        self._depth = 0

    def play(self) -> Run:
        """Ask for a run and let things happen until nothing does any more; then perhaps ask for more."""
        targets = self.dice.choice((("export",), ("export",), ("grade",)))
        for _ in range(self.dice.choice((0, 0, 1, 2, 3))):
            self._post(self._operator(), self.dice.uniform(0, 60))
        self._ask(RunRequested(SLATE, self.mode, "test", targets))
        self._until_quiet()
        if self.dice.random() < 0.3:  # a failed run is retried, a finished one widened
            self.fates = dict.fromkeys(STEPS, "good")
            self._ask(RunRequested(SLATE, self.mode, "test", ("export",)))
            self._until_quiet()
        assert self.run is not None
        check_end(self.run, self.decided, self.delivered, durable_bus=self.durable_bus)
        return self.run

    def _operator(self) -> RunRequested:
        kind = self.dice.choice(("resume", "resume", "force", "phase"))
        phase = self.dice.randint(1, 6) if kind == "phase" else None
        return RunRequested(SLATE, self.mode, "operator", ("export",), force=kind == "force", from_phase=phase)

    def _until_quiet(self) -> None:
        while self._queue or self._waits():
            if not self._queue:
                self._post(RunRequested(SLATE, self.mode, "fallback", ("schedule",)), FALLBACK)
            post = heapq.heappop(self._queue)
            self.elapsed = max(self.elapsed, post.at)
            try:
                self._deliver(post)
            except Crash:
                self._restart()
        assert self.run is not None
        assert self.run.status is not RunStatus.RUNNING, f"the run hangs: {self.run}"

    def _waits(self) -> bool:
        return self.run is not None and any(step.status is StepStatus.WAITING for step in self.run.steps.values())

    def _restart(self) -> None:
        """The mortal bus died with the process: whoever asked asks again."""
        self._queue.clear()
        before = self.run
        targets = ("export",) if before is None else before.targets
        self._ask(RunRequested(SLATE, self.mode, "restart", targets))

    def _ask(self, event: RunRequested) -> None:
        """An asker who gets no answer asks again, with what the first time asked for."""
        self.requests += 1
        try:
            self._apply(event)
        except Crash:
            if not self.durable_bus:
                self._queue.clear()
            self._ask(RunRequested(SLATE, self.mode, event.source, event.targets))

    def _post(self, content: Message | RunRequested, delay: float | None = None, **state: int) -> None:
        at = self.elapsed + (self.dice.expovariate(1.0) if delay is None else delay)
        dead = bool(state.get("dead", 0))
        heapq.heappush(self._queue, Post(at, next(self._order), content, state.get("deliveries", 0), dead))

    def _crash_point(self) -> None:
        if self.crashes and self.dice.random() < 0.04:
            self.crashes -= 1
            raise Crash

    def _interference(self) -> None:
        """Another process gets in between."""
        if self._depth < 2 and self._queue and self.dice.random() < self.chaos:
            self._depth += 1
            try:
                self._deliver(heapq.heappop(self._queue))
            finally:
                self._depth -= 1

    def _deliver(self, post: Post) -> None:
        if post.deliveries < MAX_DELIVERIES and self.dice.random() < self.chaos:  # at least once: a copy comes too
            self._post(post.content, dead=post.dead, deliveries=post.deliveries + 1)
        try:
            self._crash_point()
            self._handle(post)
            self._crash_point()
        except Crash:
            if not self.durable_bus:
                raise
            self._post(post.content, dead=post.dead, deliveries=post.deliveries)

    def _handle(self, post: Post) -> None:
        content = post.content
        if isinstance(content, RunRequested):
            self._ask(content)
        elif post.dead:
            self._give_up(content)
        else:
            self.delivered.add(content.key)
            match content:
                case StepRequested():
                    self._work(content, post)
                case BatchRequested():
                    self._predict(content)
                case StepReported(outcome="failed"):
                    self._apply(StepFailed(content.run_id, content.step, content.attempt, content.reason))
                case StepReported():
                    found = self._evidence(content.run_id, content.step)
                    self._interference()
                    self._apply(StepVerified(content.run_id, content.step, content.attempt, found))
                case BatchReported():
                    self._apply(BatchStaged(content.run_id, content.attempt, content.batch))

    def _give_up(self, message: Message) -> None:
        if isinstance(message, StepRequested):
            self._apply(StepFailed(message.run_id, message.step, message.attempt, "dead"))
        elif isinstance(message, BatchRequested):
            self._apply(StepFailed(message.run_id, "predict", message.attempt, "dead"))

    def _work(self, request: StepRequested, post: Post) -> None:
        step, fate = request.step, self.fates[request.step]
        if fate == "poison" or (fate == "flaky" and post.deliveries >= MAX_DELIVERIES):
            self._post(request, dead=True)
        elif fate == "flaky" and self.dice.random() < 0.5:
            self._post(request, deliveries=post.deliveries + 1)
        elif step == "predict":
            self._dispatch(request)
        else:
            more = self.dice.randint(0, 3) if fate == "slow" else self.expected[step]
            self.rows[step] = min(self.expected[step], self.rows[step] + more)
            self._crash_point()
            outcome = "failed" if fate == "reported failed" else "done"
            self._post(StepReported(run_id=request.run_id, step=step, attempt=request.attempt, outcome=outcome))

    def _dispatch(self, request: StepRequested) -> None:
        if self.run is None or self.run.run_id != request.run_id:
            return
        for number in range(self.batches):
            batch = BatchRequested(
                run_id=request.run_id,
                game_date=SLATE,
                mode=self.mode,
                attempt=request.attempt,
                batch=number,
                systems=(),
                tasks=(),
            )
            self._post(batch)
            self._crash_point()
        self._apply(BatchesPlanned(request.run_id, request.attempt, self.batches))

    def _predict(self, batch: BatchRequested) -> None:
        if self.poisonous_batches:
            self._post(batch, dead=True)
            return
        self.staged[batch.run_id].add(batch.batch)
        self._crash_point()
        self._post(BatchReported(run_id=batch.run_id, attempt=batch.attempt, batch=batch.batch, rows=1))

    def _evidence(self, run_id: str, step: str) -> Evidence:
        """What the warehouse holds: rows are never lost, so evidence only grows."""
        if step == "predict":
            return Evidence(expected=self.batches, verified=len(self.staged[run_id]))
        expected, there = self.expected[step], self.rows[step]
        if self.fates[step] == "refused":
            return Evidence(expected=expected, verified=max(0, there - 1), quarantined=min(1, there))
        if self.fates[step] == "short":
            return Evidence(expected=expected, verified=min(there, expected // 2))
        return Evidence(expected=expected, verified=there)

    def _apply(self, event: Event) -> None:
        """The engine's protocol: decide, store state and outbox in one compare-and-set, publish, mark sent."""
        while True:
            before, version = self.run, self.version
            if not isinstance(event, RunRequested) and (before is None or key_of(event.run_id) != before.key):
                return
            now = START + timedelta(seconds=self.elapsed)
            after, commands = decide(before, event, now)
            assert after is not None
            check_decision(before, event, after, commands, now, asked=self.requests)
            check_keys(before, after, commands, self.decided)
            if after is before and not commands:
                break
            self._interference()
            self._crash_point()
            if self.version == version:
                self._store(after.model_copy(update={"outbox": (*after.outbox, *map(_outgoing, commands))}))
                self.decided.update(message.key for _, message in commands)
                self._crash_point()
                break
        self._flush()

    def _flush(self) -> None:
        run, version = self.run, self.version
        if run is None or not run.outbox:
            return
        for message in run.outbox:
            self._post(message)  # type: ignore[arg-type]  # the world's outbox holds the messages themselves
            self._crash_point()
        self._interference()
        if self.version == version:
            self._store(run.model_copy(update={"outbox": ()}))

    def _store(self, run: Run) -> None:
        self.run = run
        self.version += 1


def _outgoing(command: Command) -> Message:
    return command[1]
