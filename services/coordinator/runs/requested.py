"""A run is asked for: begun, resumed, widened, or begun anew in a further generation. Pure."""

from datetime import datetime

from services.coordinator.runs.advance import Decided, advance, request
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import Batches, Decision, Run, RunStatus, StepState, StepStatus
from shared.registries.pipeline import LOAD, PREDICTING, STEPS, plan

_EARLIER = 100
"""Decisions that a run remembers of its earlier generations."""


def requested(run: Run | None, event: RunRequested, now: datetime) -> Decided:
    """Asking again retries what failed and adds targets; what is at work or done stays as it is."""
    anew = bool(event.part) and not event.resend
    fresh = anew or event.force or event.from_phase is not None or bool(event.redo)
    if fresh and run is not None and event.seen not in (None, run.generation):
        return run, []
    targets = event.targets if run is None else tuple(dict.fromkeys((*run.targets, *event.targets)))
    if run is None or fresh:
        targets = targets if event.redo else event.targets
        kept = {} if run is None or event.force or anew else _kept(run, event)
        steps = {step.name: kept.get(step.name, StepState()) for step in plan(targets, event.stands_on)}
        run = Run(
            game_date=event.game_date,
            mode=event.mode,
            generation=1 if run is None else run.generation + 1,
            source=event.source,
            retrospective=event.retrospective,
            from_archive=event.from_phase == LOAD,  # fetch nothing, read the archive
            retrain=event.retrain,
            part=event.part,
            games=event.games,
            final=event.final,
            why=event.why,
            stands_on=event.stands_on,
            targets=targets,
            steps=steps,
            batches=run.batches if run is not None and PREDICTING in steps.keys() & kept.keys() else Batches(),
            created_at=now,
            first=None if run is None else run.beginning,
            earlier=() if run is None else _earlier(run),
        )
        return advance(run, now)
    steps = {step.name: _retried(run.steps.get(step.name, StepState())) for step in plan(targets, run.stands_on)}
    idle = [name for name in steps if STEPS[name].periodic and steps[name].status is not StepStatus.RUNNING]
    if event.retrain and idle:
        run = run.model_copy(update={"retrain": True})
        steps |= {name: StepState(attempt=steps[name].attempt) for name in idle}
    at_work = [name for name, step in run.steps.items() if step.status is StepStatus.RUNNING]
    running = at_work if event.resend else []
    if PREDICTING in running:  # its batches are sent anew
        run = run.model_copy(update={"batches": Batches()})
    resumed = [request(run, name) for name in running]
    if steps == run.steps:  # nothing is added: a run that has ended does not end once more
        return run if targets == run.targets else run.model_copy(update={"targets": targets}), resumed
    update = {"targets": targets, "steps": steps, "status": RunStatus.RUNNING, "finished_at": None}
    run, commands = advance(run.model_copy(update=update), now)
    return run, [*resumed, *commands]


def _earlier(run: Run) -> tuple[Decision, ...]:
    """What a further generation remembers: the decisions about steps that were not always done in full."""
    decisions = (*run.earlier, *run.decisions)
    incomplete = {decision.step for decision in decisions if not decision.in_full}
    return tuple(decision for decision in decisions if decision.step in incomplete)[-_EARLIER:]


def _kept(run: Run, event: RunRequested) -> dict[str, StepState]:
    """States of the usable steps that need neither one of `redo` nor a phase from `from_phase` on: they are kept.

    With both, from `LOAD` on, only those of `redo` are done again, from the archive.
    """
    if event.redo and event.from_phase in (None, LOAD):
        again = set(event.redo)
    else:
        first = 1 if event.from_phase is None or event.from_phase == LOAD else event.from_phase
        again = {step.name for step in STEPS.values() if step.phase >= first}
    stands = {name: again.isdisjoint(step.name for step in plan([name])) for name in run.steps}
    kept = {name: step for name, step in run.steps.items() if step.status.usable and stands[name]}
    # What uses up its rows knows them by their generation: the new one would find none of them.
    return {name: step for name, step in kept.items() if STEPS[name].kept_with in ("", *kept)}


def _retried(step: StepState) -> StepState:
    again = step.status in (StepStatus.FAILED, StepStatus.BLOCKED, StepStatus.WAITING)
    return StepState(attempt=step.attempt) if again else step
