"""What the coordinator does with a message: steps of its own, reports of the others, dead letters."""

import hashlib
import json
import math

from services.coordinator.alerts import raise_alert
from services.coordinator.pulse.pulse import Pulse
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import BatchesPlanned, BatchStaged, StepFailed, StepVerified
from services.coordinator.runs.ledger import enter, recover
from services.coordinator.runs.run import LOOK, Run, StepState, StepStatus, key_of
from services.coordinator.steps.predict import absent
from services.coordinator.steps.ways import ways_of
from services.coordinator.watch import budget
from services.coordinator.watch.announce import announce
from shared.contract import (
    BatchReported,
    BatchRequested,
    Message,
    RunEnded,
    StepReported,
    StepRequested,
    decode,
)
from shared.errors import AlreadyExists, Permanent, Skip, TipoffError
from shared.ports import Delivery, Nack, Ports, Row
from shared.registries.pipeline import PREDICTING
from shared.runtime.boundary import failure_of
from shared.runtime.document_limits import fits
from shared.runtime.logs import get_logger

DEAD_LETTERS = "dead_letters"
_log = get_logger("coordinator")


class Handlers:
    """The coordinator's handlers around one engine."""

    def __init__(
        self,
        engine: Engine,
        ports: Ports,
        *,
        batch_size: int,
        nightly_budget_usd: float = math.inf,
        resends: bool = False,
    ) -> None:
        self._engine = engine
        self._ports = ports
        self._batch_size = batch_size
        self._budget_usd = nightly_budget_usd
        self._resends = resends
        self._pulse = Pulse(engine, ports)

    async def recover(self) -> bool:
        """At the start: send what a crash left unsent or its bus has lost, and announce ends that the ledger lacks.

        Whatever ails the state store, the warehouse or the bus, the service serves all the same: /readyz says what is
        wrong, and the reconciler's next round does what is left. Returns whether nothing was.
        """
        failure = await failure_of(recover(self._engine, self._ports))
        if failure is None and self._resends:
            failure = await failure_of(self._engine.resend())
        if failure is not None:
            _log.error("not_recovered", reason=str(failure))
        return failure is None

    async def on_event(self, message: Message) -> None:
        """A report came in: ask the warehouse for evidence, then let the core decide."""
        match message:
            case StepReported(outcome="done"):
                await self._done(message)
            case StepReported():
                await ways_of(message.step).refused(await self._current(message.run_id), message, self._ports)
                await self._engine.apply(StepFailed(message.run_id, message.step, message.attempt, message.reason))
            case BatchReported():
                await self._engine.apply(
                    BatchStaged(message.run_id, message.attempt, message.batch, message.seconds, dict(message.absent))
                )
                if message.absent:
                    await absent(await self._current(message.run_id), message.absent, self._ports)
            case RunEnded():
                await self._ended(await self._current(message.run_id))
            case _:
                raise Permanent(f"the coordinator takes no {message.KIND} as an event")

    async def _done(self, report: StepReported) -> None:
        """A service says that a step is done: its evidence decides."""
        ways, run = ways_of(report.step), await self._current(report.run_id)
        found = await ways.evidence(run, report.step, self._ports)
        await ways.reported(run, report, self._ports)
        event = StepVerified(
            report.run_id, report.step, report.attempt, found, report.seconds, dict(report.counts), report.reason
        )
        await budget.watch(await self._engine.apply(event), self._budget_usd, self._ports)

    async def _ended(self, run: Run) -> None:
        """Raise or clear the run's alerts, then enter it into the ledger; a run that goes on again, at its next end.

        The entry comes last: by it `recover` knows that nothing of this is left to do.
        """
        if run.finished_at is None:
            return
        if run.part == LOOK:  # a hundred a day, of which the fetch log has what matters
            await self._pulse.news(run)
            await self._engine.close(run)
            return
        try:
            await self._announce(run)
        except Permanent:  # trying again would not mend it, and the ledger does not depend on it
            await self._enter(run)
            raise
        await self._enter(run)

    async def _enter(self, run: Run) -> None:
        await enter(run, self._ports.warehouse)
        await self._engine.close(run)

    async def _announce(self, run: Run) -> None:
        """The run as it stands: one that has ended once more meanwhile may have been announced before these words."""
        ended, latest = None, run
        while latest.finished_at not in (None, ended):
            await announce(latest, self._ports)
            ended, stored = latest.finished_at, await self._engine.run(run.key)
            latest = latest if stored is None else stored

    async def on_task(self, message: Message) -> None:
        """A step of the coordinator's own."""
        if not isinstance(message, StepRequested):
            raise Permanent(f"the coordinator takes no {message.KIND} as a task")
        perform = ways_of(message.step).perform
        if perform is None:
            raise Permanent(f"the coordinator has no step {message.step!r}", remedy="it belongs on another topic")
        run = await self._current(message.run_id)
        step = run.steps.get(message.step, StepState())
        if step.status is not StepStatus.RUNNING or step.attempt != message.attempt:
            raise Skip(f"{message.key}: the run is past it ({message.step} is {step.status}, attempt {step.attempt})")
        started = self._ports.clock.monotonic()
        done = await perform(run, self._ports, self._batch_size)
        if isinstance(done, BatchesPlanned):  # reported when the last batch is staged, not when the last one is sent
            await self._engine.apply(done)
            return
        report = StepReported(
            run_id=message.run_id,
            step=message.step,
            attempt=message.attempt,
            outcome="done",
            seconds=self._ports.clock.monotonic() - started,
            counts={"rows": done},
        )
        await self._ports.bus.publish("coordinator-events", report.encode(), report.attributes())

    async def on_dead_letter(self, delivery: Delivery) -> None:
        """Keep the dead letter for `tipoff dlq`, and let the run know that the step is not coming."""
        reason = delivery.attributes.get("reason", "retries used up")
        letter: Row = {
            "data": delivery.data.decode(errors="replace"),
            "attributes": dict(delivery.attributes),
            "reason": reason,
            "at": self._ports.clock.now().isoformat(),
        }
        digest = hashlib.sha256(delivery.data + json.dumps(letter["attributes"], sort_keys=True).encode()).hexdigest()
        try:  # message ids are the bus's: another one may give the same again
            await raise_alert(self._ports, "dead_letter", _about(delivery, digest), reason)
            if not fits(letter):
                await self._ports.archive.put(archive_key(digest), delivery.data)
                letter |= {"data": None, "archived": archive_key(digest)}
            await self._ports.state.create(DEAD_LETTERS, digest, letter)
        except AlreadyExists:
            _log.info("dead_letter_seen", message_id=delivery.message_id)
        except TipoffError as error:
            raise Nack(str(error)) from error
        try:
            message = decode(delivery.data)
        except Permanent as error:
            _log.error("dead_letter_unreadable", reason=str(error))
            return
        failure = await failure_of(self._settle(message, reason))
        if isinstance(failure, Skip):
            _log.info("dead_letter_of_no_run", reason=str(failure))
        elif failure is not None:
            _log.warning("dead_letter_not_settled", reason=str(failure))
            raise Nack(str(failure)) from failure

    async def _settle(self, message: Message, reason: str) -> None:
        """What a message that was given up on means: work that nobody will do has failed, a lost report has not.

        What is reported is in the warehouse: it is looked at now, as it would have been then, for as often as it takes.
        Only a report that can never be handled fails its step, or the run would wait for it for ever.
        """
        match message:
            case StepRequested():
                await self._engine.apply(StepFailed(message.run_id, message.step, message.attempt, reason))
            case BatchRequested():
                why = f"batch {message.batch}: {reason}"
                await self._engine.apply(StepFailed(message.run_id, PREDICTING, message.attempt, why))
            case StepReported() | BatchReported():
                failure = await failure_of(self.on_event(message))
                if isinstance(failure, Permanent):
                    step = message.step if isinstance(message, StepReported) else PREDICTING
                    await self._engine.apply(
                        StepFailed(message.run_id, step, message.attempt, f"its report: {failure}")
                    )
                elif failure is not None:
                    raise failure
            case _:
                _log.error("dead_letter_of_no_step", kind=message.KIND, reason=reason)

    async def _current(self, run_id: str) -> Run:
        run = await self._engine.run(key_of(run_id))
        if run is None or run.run_id != run_id:
            raise Skip(f"run {run_id} is not the current one of {key_of(run_id)}")
        return run


def archive_key(digest: str) -> str:
    """Where in the archive a dead letter lies whose bytes are too many for the state store."""
    return f"dead-letters/{digest}"


def _about(delivery: Delivery, digest: str) -> str:
    """What a dead letter is about: its run, else the letter itself."""
    try:
        run_id = getattr(decode(delivery.data), "run_id", None)
    except Permanent:
        run_id = None
    return digest[:12] if run_id is None else key_of(run_id)
