"""What a run's end tells those who watch: alerts raised, and resolved once things are well again."""

from services.coordinator.domain.run import Run, RunStatus
from shared.alerts import clear_alert, raise_alert
from shared.pipeline import MODE_RULES
from shared.ports import Clock, StateStore

_ALERT_OF = {RunStatus.FAILED: "run_failed", RunStatus.DEGRADED: "run_degraded"}


async def announce(run: Run, state: StateStore, clock: Clock) -> None:
    """Raise the alert of the run's status and resolve the other's; a mode without alerts, or a replay, wakes nobody."""
    if run.retrospective or not MODE_RULES[run.mode].alerts:
        return
    for status, name in _ALERT_OF.items():
        if run.status is status:
            await raise_alert(state, clock, name, run.key, why(run))
        else:
            await clear_alert(state, clock, name, run.key)


def why(run: Run) -> str:
    """What is wrong with a run, in one line: the causes, not what they block."""
    causes = [f"{name}: {step.reason}" for name, step in run.steps.items() if step.reason and step.status != "blocked"]
    return "; ".join(causes) if causes else run.status.value
