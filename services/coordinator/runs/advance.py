"""How a run goes on: start what can start, block what never will, close the run when all is settled. Pure."""

from datetime import datetime

from services.coordinator.runs.run import Run, RunStatus, StepState, StepStatus
from shared.contract import Message, RunEnded, StepRequested
from shared.errors import Permanent
from shared.registries.pipeline import STEPS
from shared.registries.topics import tasks_of

Command = tuple[str, Message]
"""(topic, message)."""
Decided = tuple[Run, list[Command]]
"""The run as it is now, and what to send."""


def advance(run: Run, now: datetime) -> Decided:
    """Start every step whose needs are met; a run whose steps are all settled has ended.

    Raises:
        Permanent: the run was planned by a revision that knew other steps.
    """
    steps = dict(run.steps)
    started: list[str] = []
    for name, step in run.steps.items():  # in the plan's order: a step's needs come before it
        if step.status is not StepStatus.PENDING:
            continue
        needed = _needs(run, name)
        if not steps.keys() >= set(needed):
            raise Permanent(f"run {run.run_id} was planned by another revision", remedy="ask for the run again")
        needs = {need: steps[need].status for need in needed}
        bad = [need for need, status in needs.items() if status in (StepStatus.FAILED, StepStatus.BLOCKED)]
        if bad:
            steps[name] = step.model_copy(update={"status": StepStatus.BLOCKED, "reason": f"needs {', '.join(bad)}"})
        elif all(status.usable for status in needs.values()):
            update = {"status": StepStatus.RUNNING, "attempt": step.attempt + 1, "tries": 1, "started_at": now}
            steps[name] = step.model_copy(update={**update, "generation": run.generation})
            started.append(name)
    run = run.model_copy(update={"steps": steps})
    commands = [request(run, name) for name in started]
    if all(step.status.settled for step in steps.values()):
        run = run.model_copy(update={"status": _outcome(steps), "finished_at": now})
        commands.append(("coordinator-events", end_of(run)))
    return run, commands


def _needs(run: Run, name: str) -> list[str]:
    """What a step has to wait for; of a step that the run stands on, what that was made of and is now made again."""
    found: dict[str, None] = {}
    for need in STEPS[name].needs:
        standing = need in run.stands_on
        found |= dict.fromkeys([each for each in _needs(run, need) if each in run.steps] if standing else [need])
    return list(found)


def end_of(run: Run) -> RunEnded:
    """The message that a run has ended; a run that goes on and ends again sends another key."""
    return RunEnded(run_id=run.run_id, attempts=sum(step.attempt for step in run.steps.values()))


def request(run: Run, name: str) -> Command:
    """Ask the service of a step for its current attempt."""
    message = StepRequested(
        run_id=run.run_id,
        game_date=run.game_date,
        mode=run.mode,
        step=name,
        attempt=run.steps[name].attempt,
        retrospective=run.retrospective,
        from_archive=run.from_archive,
        retrain=run.retrain,
        games=run.games,
        final=run.final,
    )
    return tasks_of(STEPS[name].service), message


def _outcome(steps: dict[str, StepState]) -> RunStatus:
    states = {step.status for step in steps.values()}
    if states & {StepStatus.FAILED, StepStatus.BLOCKED}:
        return RunStatus.FAILED
    return RunStatus.DEGRADED if StepStatus.DEGRADED in states else RunStatus.COMPLETE
