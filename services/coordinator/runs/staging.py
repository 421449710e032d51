"""The batches of the step that predicts: it is done when all of them are staged. Pure."""

from services.coordinator.runs.advance import Decided
from services.coordinator.runs.events import BatchesPlanned, BatchStaged
from services.coordinator.runs.run import Batches, Run, StepStatus
from shared.contract import StepReported
from shared.registries.pipeline import PREDICTING


def planned(run: Run, event: BatchesPlanned) -> Decided:
    """All batches have been sent: so many there are."""
    batches = _batches_of(run, event.attempt)
    if batches is None or batches.total is not None:
        return run, []
    return _batches_moved(run, batches.model_copy(update={"total": event.total, "systems": event.systems}))


def staged(run: Run, event: BatchStaged) -> Decided:
    """One batch more is staged."""
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
    """The batches of the attempt that the step is at; None if it is at another, or at none."""
    step = run.steps.get(PREDICTING)
    if step is None or step.status is not StepStatus.RUNNING or step.attempt != attempt:
        return None
    return run.batches if run.batches.attempt == attempt else Batches(attempt=attempt)


def _batches_moved(run: Run, batches: Batches) -> Decided:
    run = run.model_copy(update={"batches": batches})
    if batches.total is None or not set(range(batches.total)) <= set(batches.done):
        return run, []
    report = StepReported(
        run_id=run.run_id,
        step=PREDICTING,
        attempt=batches.attempt,
        outcome="done",
        seconds=batches.seconds,
        counts={"batches": batches.total},
    )
    return run, [("coordinator-events", report)]
