"""The coordinator's core: `decide(run, event, now) -> (run, commands)`. Pure: no I/O, no clock, no randomness.

Commands are messages to publish. Events may come twice, late or in any order; a run only ever moves forward:
an event of another generation, of an older attempt or of a settled step changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from services.coordinator.domain.events import (
    BatchesPlanned,
    BatchStaged,
    Event,
    RunRequested,
    StepFailed,
    StepVerified,
)
from services.coordinator.domain.run import Batches, Decision, Evidence, Run, RunStatus, StepState, StepStatus
from shared.basketball.slate import EASTERN, eastern_instant
from shared.contract import Message, RunEnded, StepReported, StepRequested
from shared.errors import Permanent
from shared.registries.pipeline import MODE_RULES, STEPS, plan
from shared.registries.topics import tasks_of

MAX_ATTEMPTS = 3
"""Attempts of a step whose evidence falls short before the mode's rules decide."""

Word = Literal["proceed", "retry", "wait", "degrade", "fail"]
_WORDS: Mapping[StepStatus, Word] = {
    StepStatus.DONE: "proceed",
    StepStatus.DEGRADED: "degrade",
    StepStatus.WAITING: "wait",
    StepStatus.FAILED: "fail",
}

Command = tuple[str, Message]
"""(topic, message)."""


def decide(run: Run | None, event: Event, now: datetime) -> tuple[Run | None, list[Command]]:
    """The next state of a run and what to send. The same run object back means that nothing changed."""
    if isinstance(event, RunRequested):
        return _requested(run, event, now)
    if run is None or event.run_id != run.run_id or run.status is not RunStatus.RUNNING:
        return run, []
    match event:
        case StepVerified():
            return _verified(run, event, now)
        case StepFailed():
            return _failed(run, event, now)
        case BatchesPlanned():
            return _planned(run, event)
        case BatchStaged():
            return _staged(run, event)


def _requested(run: Run | None, event: RunRequested, now: datetime) -> tuple[Run, list[Command]]:
    fresh = event.force or event.from_phase is not None or bool(event.redo)
    if fresh and run is not None and event.seen not in (None, run.generation):
        return run, []
    targets = event.targets if run is None else tuple(dict.fromkeys((*run.targets, *event.targets)))
    if run is None or fresh:
        targets = targets if event.redo else event.targets
        kept = {} if run is None or event.force else _kept(run, event)
        steps = {step.name: kept.get(step.name, StepState()) for step in plan(targets)}
        run = Run(
            game_date=event.game_date,
            mode=event.mode,
            generation=1 if run is None else run.generation + 1,
            source=event.source,
            retrospective=event.retrospective,
            from_archive=event.from_phase == 2,  # noqa: PLR2004 - phase 2 is "load": fetch nothing, read the archive
            retrain=event.retrain,
            targets=targets,
            steps=steps,
            batches=run.batches if run is not None and steps.keys() & kept.keys() & {"predict"} else Batches(),
            created_at=now,
        )
        return _advance(run, now)
    steps = {step.name: _retried(run.steps.get(step.name, StepState())) for step in plan(targets)}
    if event.retrain and "train" in steps and steps["train"].status is not StepStatus.RUNNING:
        run = run.model_copy(update={"retrain": True})
        steps["train"] = StepState(attempt=steps["train"].attempt)
    running = [name for name, step in run.steps.items() if step.status is StepStatus.RUNNING]
    if "predict" in running:  # its batches are sent anew
        run = run.model_copy(update={"batches": Batches()})
    resumed = [_request(run, name) for name in running]  # asked again: a crash may have lost what was in flight
    if targets == run.targets and steps == run.steps:
        return run, resumed
    update = {"targets": targets, "steps": steps, "status": RunStatus.RUNNING, "finished_at": None}
    run, commands = _advance(run.model_copy(update=update), now)
    return run, [*resumed, *commands]


def _kept(run: Run, event: RunRequested) -> dict[str, StepState]:
    """States of the usable steps that need neither one of `redo` nor a phase from `from_phase` on: they are kept."""
    first = 1 if event.from_phase == 2 else event.from_phase  # noqa: PLR2004 - see above
    again = set(event.redo) if first is None else {step.name for step in STEPS.values() if step.phase >= first}
    stands = {name: again.isdisjoint(step.name for step in plan([name])) for name in run.steps}
    kept = {name: step for name, step in run.steps.items() if step.status.usable and stands[name]}
    if "publish" not in kept:  # what was staged is the old generation's: the new one has nothing to publish
        kept.pop("predict", None)
    return kept


def _retried(step: StepState) -> StepState:
    again = step.status in (StepStatus.FAILED, StepStatus.BLOCKED, StepStatus.WAITING)
    return StepState(attempt=step.attempt) if again else step


def _request(run: Run, name: str) -> Command:
    message = StepRequested(
        run_id=run.run_id,
        game_date=run.game_date,
        mode=run.mode,
        step=name,
        attempt=run.steps[name].attempt,
        retrospective=run.retrospective,
        from_archive=run.from_archive,
        retrain=run.retrain,
    )
    return tasks_of(STEPS[name].service), message


def _verified(run: Run, event: StepVerified, now: datetime) -> tuple[Run, list[Command]]:
    step = run.steps.get(event.step)
    if step is None or step.status is not StepStatus.RUNNING or event.attempt > step.attempt:
        return run, []
    status, reason = _judge(run, event.step, event.evidence)
    reason = reason if reason != "" else event.note
    seen = step.model_copy(
        update={
            "evidence": event.evidence,
            "seconds": round(step.seconds + event.seconds, 3),
            "counts": {k: step.counts.get(k, 0) + event.counts.get(k, 0) for k in {*step.counts, *event.counts}},
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


def _settled(
    run: Run, name: str, step: StepState, status: StepStatus, reason: str, now: datetime
) -> tuple[Run, list[Command]]:
    """Enter the verdict on a step; one that failed for want of a late input waits instead, while there is time."""
    if status is StepStatus.FAILED and (deadline := _deadline(run, name, now)) is not None:
        status, reason = StepStatus.WAITING, f"{reason}; waiting until {deadline:%H:%M} ET"
    run = _recorded(run, name, step, _WORDS[status], reason, now)
    settled = step.model_copy(update={"status": status, "reason": reason, "ended_at": now})
    return _advance(run.model_copy(update={"steps": {**run.steps, name: settled}}), now)


def _deadline(run: Run, name: str, now: datetime) -> datetime | None:
    """Until when, Eastern, the step may wait for its input; None if it may not.

    Only what comes from outside can be late, only to a live run, and nobody waits for what is optional.
    """
    rules, step = MODE_RULES[run.mode], STEPS[name]
    if run.retrospective or rules.wait_until is None or step.phase > 1 or not step.required:
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
    if name == "predict":
        problems += [f"{system} is absent ({why})" for system, why in sorted(run.batches.absent.items())]
    if not problems:
        return StepStatus.DONE, ""
    reason = ", ".join(problems) + (f": {evidence.detail}" if evidence.detail else "")
    complete = have >= rules.completeness * evidence.expected
    clean = evidence.verified >= rules.quality * have
    stood_on = STEPS[name].required and "predict" in run.steps
    if stood_on and not (complete and clean):
        return StepStatus.FAILED, reason
    return StepStatus.DEGRADED, reason


def _failed(run: Run, event: StepFailed, now: datetime) -> tuple[Run, list[Command]]:
    step = run.steps.get(event.step)
    if step is None or step.status is not StepStatus.RUNNING or event.attempt < step.attempt:
        return run, []
    status = StepStatus.FAILED if STEPS[event.step].required else StepStatus.DEGRADED
    return _settled(run, event.step, step, status, event.reason, now)


def _again(run: Run, name: str, step: StepState, now: datetime) -> tuple[Run, list[Command]]:
    retried = step.model_copy(update={"attempt": step.attempt + 1, "tries": step.tries + 1, "started_at": now})
    run = run.model_copy(update={"steps": {**run.steps, name: retried}})
    return run, [_request(run, name)]


def _planned(run: Run, event: BatchesPlanned) -> tuple[Run, list[Command]]:
    batches = _batches_of(run, event.attempt)
    if batches is None or batches.total is not None:
        return run, []
    return _batches_moved(run, batches.model_copy(update={"total": event.total, "systems": event.systems}))


def _staged(run: Run, event: BatchStaged) -> tuple[Run, list[Command]]:
    batches = _batches_of(run, event.attempt)
    if batches is None or event.batch in batches.done:
        return run, []
    update = {
        "done": (*batches.done, event.batch),
        "seconds": batches.seconds + event.seconds,
        "absent": {**batches.absent, **event.absent},
    }
    return _batches_moved(run, batches.model_copy(update=update))


def _batches_of(run: Run, attempt: int) -> Batches | None:
    """The batches of the attempt that `predict` is at; None if it is at another, or at none."""
    step = run.steps.get("predict")
    if step is None or step.status is not StepStatus.RUNNING or step.attempt != attempt:
        return None
    return run.batches if run.batches.attempt == attempt else Batches(attempt=attempt)


def _batches_moved(run: Run, batches: Batches) -> tuple[Run, list[Command]]:
    run = run.model_copy(update={"batches": batches})
    if batches.total is None or not set(range(batches.total)) <= set(batches.done):
        return run, []
    report = StepReported(
        run_id=run.run_id,
        step="predict",
        attempt=batches.attempt,
        outcome="done",
        seconds=batches.seconds,
        counts={"batches": batches.total},
    )
    return run, [("coordinator-events", report)]


def _advance(run: Run, now: datetime) -> tuple[Run, list[Command]]:
    """Start what can start, block what never will, and close the run when all is settled."""
    steps = dict(run.steps)
    started: list[str] = []
    for name, step in run.steps.items():  # in the plan's order: a step's needs come before it
        if step.status is not StepStatus.PENDING:
            continue
        if not steps.keys() >= {*STEPS[name].needs}:
            raise Permanent(f"run {run.run_id} was planned by another revision", remedy="ask for the run again")
        needs = {need: steps[need].status for need in STEPS[name].needs}
        bad = [need for need, status in needs.items() if status in (StepStatus.FAILED, StepStatus.BLOCKED)]
        if bad:
            steps[name] = step.model_copy(update={"status": StepStatus.BLOCKED, "reason": f"needs {', '.join(bad)}"})
        elif all(status.usable for status in needs.values()):
            update = {"status": StepStatus.RUNNING, "attempt": step.attempt + 1, "tries": 1, "started_at": now}
            steps[name] = step.model_copy(update={**update, "generation": run.generation})
            started.append(name)
    run = run.model_copy(update={"steps": steps})
    commands = [_request(run, name) for name in started]
    if all(step.status.settled for step in steps.values()):
        run = run.model_copy(update={"status": _outcome(steps), "finished_at": now})
        commands.append(("coordinator-events", end_of(run)))
    return run, commands


def end_of(run: Run) -> RunEnded:
    """The message that a run has ended; a run that goes on and ends again sends another key."""
    return RunEnded(run_id=run.run_id, attempts=sum(step.attempt for step in run.steps.values()))


def _outcome(steps: dict[str, StepState]) -> RunStatus:
    states = {step.status for step in steps.values()}
    if states & {StepStatus.FAILED, StepStatus.BLOCKED}:
        return RunStatus.FAILED
    return RunStatus.DEGRADED if StepStatus.DEGRADED in states else RunStatus.COMPLETE
