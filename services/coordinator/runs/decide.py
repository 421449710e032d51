"""The coordinator's core: `decide(run, event, now) -> (run, commands)`. Pure: no I/O, no clock, no randomness.

Commands are messages to publish. Events may come twice, late or in any order; a run only ever moves forward:
an event of another generation, of an older attempt or of a settled step changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.coordinator.runs.advance import Command, Decided, advance, request
from services.coordinator.runs.events import (
    BatchesPlanned,
    BatchStaged,
    Event,
    RunRequested,
    StepFailed,
    StepVerified,
)
from services.coordinator.runs.requested import requested
from services.coordinator.runs.run import Decision, Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.runs.staging import planned, staged
from shared.basketball.slate import EASTERN, eastern_instant
from shared.contract import LEVELS
from shared.registries.pipeline import MODE_RULES, PREDICTING, STEPS

MAX_ATTEMPTS = 3
"""Attempts of a step whose evidence falls short before the mode's rules decide."""

Word = Literal["proceed", "retry", "wait", "degrade", "fail"]
_WORDS: Mapping[StepStatus, Word] = {
    StepStatus.DONE: "proceed",
    StepStatus.DEGRADED: "degrade",
    StepStatus.WAITING: "wait",
    StepStatus.FAILED: "fail",
}


def decide(run: Run | None, event: Event, now: datetime) -> tuple[Run | None, list[Command]]:
    """The next state of a run and what to send. The same run object back means that nothing changed."""
    if isinstance(event, RunRequested):
        return requested(run, event, now)
    if run is None or event.run_id != run.run_id or run.status is not RunStatus.RUNNING:
        return run, []
    match event:
        case StepVerified():
            return _verified(run, event, now)
        case StepFailed():
            return _failed(run, event, now)
        case BatchesPlanned():
            return planned(run, event)
        case BatchStaged():
            return staged(run, event)


def _verified(run: Run, event: StepVerified, now: datetime) -> Decided:
    step = run.steps.get(event.step)
    if step is None or step.status is not StepStatus.RUNNING or event.attempt > step.attempt:
        return run, []
    status, reason = _judge(run, event.step, event.evidence)
    reason = reason if reason != "" else event.note
    seen = step.model_copy(
        update={
            "evidence": event.evidence,
            "seconds": round(step.seconds + event.seconds, 3),
            "counts": _added(step.counts, event.counts),
        }
    )
    short = event.evidence.verified + event.evidence.quarantined < event.evidence.expected
    if short and status is not StepStatus.DONE:
        if event.attempt < step.attempt:  # an older attempt's late word: the newer one is still at work
            return run, []
        if step.tries < MAX_ATTEMPTS:
            run = _recorded(run, event.step, seen, "retry", reason, now)
            return _again(run, event.step, seen, now)
    return _settled(run, event.step, seen, status, reason, now)


def _added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counts of one attempt more; of a level the newest stands."""
    return {
        name: more[name] if name in more and name in LEVELS else counts.get(name, 0) + more.get(name, 0)
        for name in {*counts, *more}
    }


def _settled(run: Run, name: str, step: StepState, status: StepStatus, reason: str, now: datetime) -> Decided:
    """Enter the verdict on a step; one that failed for want of a late input waits instead, while there is time."""
    if status is StepStatus.FAILED and (deadline := _deadline(run, name, now)) is not None:
        status, reason = StepStatus.WAITING, f"{reason}; waiting until {deadline:%H:%M} ET"
    run = _recorded(run, name, step, _WORDS[status], reason, now)
    settled = step.model_copy(update={"status": status, "reason": reason, "ended_at": now})
    return advance(run.model_copy(update={"steps": {**run.steps, name: settled}}), now)


def _deadline(run: Run, name: str, now: datetime) -> datetime | None:
    """Until when, Eastern, the step may wait for its input; None if it may not.

    Only what comes from outside can be late, only to a live run, and nobody waits for what is optional.
    """
    rules, step = MODE_RULES[run.mode], STEPS[name]
    if run.retrospective or run.part or rules.wait_until is None or step.phase > 1 or not step.required:
        return None
    deadline = eastern_instant(run.game_date, rules.wait_until)
    return deadline.astimezone(EASTERN) if now < deadline else None


def _recorded(run: Run, name: str, step: StepState, word: Word, reason: str, now: datetime) -> Run:
    """The run with one more decision."""
    rules, found = MODE_RULES[run.mode], step.evidence
    decision = Decision(
        step=name,
        attempt=step.attempt,
        decision=word,
        expected=None if found is None else found.expected,
        verified=None if found is None else found.verified,
        quarantined=None if found is None else found.quarantined,
        completeness=rules.completeness,
        quality=rules.quality,
        reason=reason,
        decided_at=now,
    )
    return run.model_copy(update={"decisions": (*run.decisions, decision)})


def _judge(run: Run, name: str, evidence: Evidence) -> tuple[StepStatus, str]:
    """The mode's verdict on the evidence. It protects predictions: where none are made, shortfalls only degrade."""
    rules = MODE_RULES[run.mode]
    have = evidence.verified + evidence.quarantined
    problems = []
    if have < evidence.expected:
        problems.append(f"{have} of {evidence.expected} there")
    if evidence.quarantined:
        problems.append(f"{evidence.quarantined} quarantined")
    if STEPS[name].predicts:
        problems += [f"{system} is absent ({why})" for system, why in sorted(run.batches.absent.items())]
    if not problems:
        return StepStatus.DONE, ""
    reason = ", ".join(problems) + (f": {evidence.detail}" if evidence.detail else "")
    complete = have >= rules.completeness * evidence.expected
    clean = evidence.verified >= rules.quality * have
    stood_on = STEPS[name].required and PREDICTING in run.steps
    if stood_on and not (complete and clean):
        return StepStatus.FAILED, reason
    return StepStatus.DEGRADED, reason


def _failed(run: Run, event: StepFailed, now: datetime) -> Decided:
    step = run.steps.get(event.step)
    if step is None or step.status is not StepStatus.RUNNING or event.attempt < step.attempt:
        return run, []
    status = StepStatus.FAILED if STEPS[event.step].required else StepStatus.DEGRADED
    return _settled(run, event.step, step, status, event.reason, now)


def _again(run: Run, name: str, step: StepState, now: datetime) -> Decided:
    retried = step.model_copy(update={"attempt": step.attempt + 1, "tries": step.tries + 1, "started_at": now})
    run = run.model_copy(update={"steps": {**run.steps, name: retried}})
    return run, [request(run, name)]
