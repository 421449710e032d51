"""What must hold of one decision, whatever happened before."""

from collections.abc import Sequence
from datetime import datetime

from services.coordinator.runs.advance import Command
from services.coordinator.runs.decide import MAX_ATTEMPTS, decide
from services.coordinator.runs.events import Event, RunRequested, StepFailed
from services.coordinator.runs.run import Run, RunStatus, StepStatus
from shared.contract import StepRequested
from shared.registries.pipeline import STEPS


def check_decision(
    before: Run | None, event: Event, after: Run, commands: Sequence[Command], now: datetime, *, asked: int
) -> None:
    """One decision: forward only, needs first, bounded, indifferent to strangers and to repetition.

    `asked` is how often the run was asked for so far: each time may give a failed step its attempts anew.
    """
    for _, message in commands:
        if isinstance(message, StepRequested):
            needs = [after.steps[need].status for need in STEPS[message.step].needs]
            assert all(status.usable for status in needs), f"{message.step} was asked for too early: {needs}"
            assert after.steps[message.step].status is StepStatus.RUNNING
            assert message.run_id == after.run_id
    assert all(step.attempt <= MAX_ATTEMPTS * asked for step in after.steps.values())
    if before is not None and before.generation == after.generation:
        check_forward(before, event, after)
    if isinstance(event, RunRequested):
        return
    stale = before is None or event.run_id != before.run_id or before.status is not RunStatus.RUNNING
    if stale or (before is not None and isinstance(event, StepFailed) and _is_late(before, event)):
        assert after is before
        assert not commands
    again, repeated = decide(after, event, now)
    assert again is after, f"{event} is not idempotent"
    assert not repeated


def _is_late(run: Run, event: StepFailed) -> bool:
    step = run.steps.get(event.step)
    return step is None or event.attempt < step.attempt


def check_forward(before: Run, event: Event, after: Run) -> None:
    """Within a generation what is usable stays; only being asked again gives a failed step another chance."""
    for name, step in before.steps.items():
        if step.status.usable or (step.status.settled and not isinstance(event, RunRequested)):
            assert after.steps[name] == step
