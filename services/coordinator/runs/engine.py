"""The shell around `decide`: load, decide, store state and outbox in one compare-and-set, publish, mark sent.

A crash anywhere is harmless: before the write nothing happened, after it the outbox still holds what to send, and what
is sent twice is handled once (consumers are idempotent by key).
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import date
from functools import partial

from services.coordinator.runs.advance import Command
from services.coordinator.runs.decide import decide
from services.coordinator.runs.events import Event, RunRequested
from services.coordinator.runs.run import Outgoing, Run, RunStatus, StepStatus, key_of
from shared.basketball.slate import Mode
from shared.errors import AlreadyExists, Conflict, Permanent, Skip, TipoffError, Transient
from shared.ports import Document, Ports
from shared.runtime import metrics
from shared.runtime.logs import get_logger

RUNS = "runs"
OPEN = "open_runs"
"""A document for each run that goes on, or whose end is not in the ledger yet: looking after them reads no others."""
_TRIES = 20
"""Compare-and-set attempts before an event is given back to the bus."""

_FEW = 50
"""Runs that are parsed on the event loop; more hold it up."""
_ALL = 1_000_000
"""More runs than there will be."""

_log = get_logger("coordinator")


class Engine:
    """Applies events to runs. Safe to run in several processes at once: the document's version decides."""

    def __init__(self, ports: Ports, *, jitter: Callable[[], float] = random.random) -> None:
        self._ports = ports
        self._jitter = jitter
        """Draws from [0, 1): spreads out those who met in a conflict."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, key: str) -> Run | None:
        """The run stored under `<date>.<mode>`, or None."""
        document = await self._ports.state.get(RUNS, key)
        return None if document is None else Run.model_validate(document.data)

    async def between(self, first: date, last: date, modes: Collection[Mode]) -> list[Run]:
        """The runs of some modes for the slates from `first` to `last`, by date and mode."""
        documents = await self.documents(first, last, modes)
        parse = partial(_parsed, documents)
        return parse() if len(documents) <= _FEW else await asyncio.to_thread(parse)

    async def documents(self, first: date, last: date, modes: Collection[Mode]) -> list[Document]:
        """The same as they are stored: reading many is work for a thread."""
        after_all_modes = f"{last}.~"
        found = await self._ports.state.list(RUNS, start=str(first), end=after_all_modes, limit=_ALL)
        return [each for each in found if each.id.partition(".")[2] in modes]

    async def active(self) -> int:
        """How many runs are open."""
        return len(await self._ports.state.list(OPEN, limit=_ALL))

    async def recover(self) -> list[Run]:
        """Publish what a crash left in outboxes: decided and stored, not known to be sent. Returns all open runs."""
        found = []
        for opened in await self._ports.state.list(OPEN, limit=_ALL):
            document = await self._ports.state.get(RUNS, opened.id)
            if document is None:  # whoever asked for it died before it was stored
                await self._ports.state.delete(OPEN, opened.id)
                if await self._ports.state.get(RUNS, opened.id) is not None:  # or has stored it this moment
                    await self._open(opened.id)
                continue
            run = Run.model_validate(document.data)
            try:
                await self._flush(document, run)
            except Permanent as error:  # one message that the bus will never take must not hold up all other runs
                _log.error("outbox_refused", run_id=run.run_id, reason=str(error))
            found.append(run)
        return found

    async def at_work(self) -> list[Run]:
        """The open runs that wait for nothing but work or words under way, their own end's included."""
        return [run for run in await self._opened() if run.finished_at is not None or run.outbox or _running(run)]

    async def resend(self) -> None:
        """After a restart: ask again for everything at work, which a bus that ended with the process has lost."""
        for run in await self._opened():
            if _running(run):
                await self.apply(RunRequested.again(run, resend=True))

    async def _opened(self) -> list[Run]:
        found = [await self.run(opened.id) for opened in await self._ports.state.list(OPEN, limit=_ALL)]
        return [run for run in found if run is not None]

    async def close(self, run: Run) -> None:
        """The end of a run is in the ledger: nobody has to look after it, unless it has gone on since."""
        await self._ports.state.delete(OPEN, run.key)
        current = await self.run(run.key)
        if current is not None and current.finished_at != run.finished_at:
            await self._open(run.key)

    async def apply(self, event: Event) -> Run:
        """Apply an event durably and publish what it decides.

        Raises:
            Skip: the event is about a run that does not exist.
            Transient: too many others are writing the same run.
        """
        key = event.key if isinstance(event, RunRequested) else key_of(event.run_id)
        async with self._locks[key]:  # in this process, wait instead of conflicting
            for attempt in range(_TRIES):
                try:
                    document, run = await self._step(key, event)
                    await self._flush(document, run)
                except (Conflict, AlreadyExists):
                    await self._ports.clock.sleep(self._jitter() * 0.01 * 2 ** min(attempt, 6))
                else:
                    return run
        raise Transient(f"run {key} is being written by too many at once")

    async def _step(self, key: str, event: Event) -> tuple[Document, Run]:
        document = await self._ports.state.get(RUNS, key)
        before = None if document is None else Run.model_validate(document.data)
        after, commands = decide(before, event, self._ports.clock.now())
        if after is None:
            raise Skip(f"no run {key}: event {type(event).__name__} is about nothing")
        if after is before and not commands and document is not None:
            return document, after
        new = [_outgoing(command) for command in commands]  # what waits there already is sent as it is (asked again)
        outbox = (*after.outbox, *(outgoing for outgoing in new if outgoing not in after.outbox))
        after = after.model_copy(update={"outbox": outbox})
        data = after.model_dump(mode="json")
        begins = _begins(before, after)
        if begins:
            await self._open(key)  # before and after: who closes its last end meanwhile may take the first away
        if document is None:
            document = await self._ports.state.create(RUNS, key, data)
        else:
            document = await self._ports.state.compare_and_set(RUNS, key, data, version=document.version)
        if begins:
            await self._open(key)
        _tell(before, after)
        return document, after

    async def _flush(self, document: Document, run: Run) -> None:
        if not run.outbox:
            return
        left = list(run.outbox)
        try:
            while left:
                await self._ports.bus.publish(left[0].topic, left[0].data.encode(), left[0].attributes)
                metrics.PUBLISHED.labels(left[0].topic).inc()
                del left[0]
        except TipoffError:  # keep only what was not sent: else every later event would send all of it again
            if len(left) < len(run.outbox):
                await self._mark_sent(document, run, left)
            raise
        await self._mark_sent(document, run, left)

    async def _mark_sent(self, document: Document, run: Run, left: Sequence[Outgoing]) -> None:
        sent = run.model_copy(update={"outbox": tuple(left)}).model_dump(mode="json")
        try:
            await self._ports.state.compare_and_set(RUNS, run.key, sent, version=document.version)
        except Conflict:
            _log.info("outbox_left", run_id=run.run_id)  # whoever wrote in between publishes it once more: harmless

    async def _open(self, key: str) -> None:
        with suppress(AlreadyExists):  # since what it was there for is not over
            await self._ports.state.create(OPEN, key, {})


def _running(run: Run) -> bool:
    return any(step.status is StepStatus.RUNNING for step in run.steps.values())


def _begins(before: Run | None, after: Run) -> bool:
    """Whether somebody has to look after it from now on; a run may begin and end at once, where all of it is kept."""
    if before is None:
        return True
    if before.status is RunStatus.RUNNING:
        return False
    return after.status is RunStatus.RUNNING or after.finished_at != before.finished_at


def _parsed(documents: Sequence[Document]) -> list[Run]:
    return [Run.model_validate(document.data) for document in documents]


def _outgoing(command: Command) -> Outgoing:
    topic, message = command
    return Outgoing(topic=topic, data=message.encode().decode(), attributes=message.attributes())


def _tell(before: Run | None, after: Run) -> None:
    for name, step in after.steps.items():
        old = None if before is None else before.steps.get(name)
        if step.status.settled and (old is None or old.status is not step.status):
            metrics.STEPS.labels(name, step.status.value).inc()
            _log.info(
                "step_settled", run_id=after.run_id, step=name, status=step.status.value, reason=step.reason,
                attempt=step.attempt, seconds=step.seconds,
            )  # fmt: skip
    if after.finished_at is not None and (before is None or before.finished_at != after.finished_at):
        _log.info("run_finished", run_id=after.run_id, status=after.status.value)
