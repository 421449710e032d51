"""The end of a run, told: its alerts are raised, or resolved once their condition has cleared."""

from services.coordinator.alerts import alerts, clear_alert, set_alert
from services.coordinator.runs.run import Run, RunStatus
from services.coordinator.steps.ways import ways_of
from shared.ports import Ports
from shared.registries.pipeline import MODE_RULES

_ALERT_OF = {RunStatus.FAILED: "run_failed", RunStatus.DEGRADED: "run_degraded"}


async def announce(run: Run, ports: Ports) -> None:
    """Its status, and what its steps have to say. A mode without alerts, or a replay, raises none."""
    if run.retrospective or not MODE_RULES[run.mode].alerts:
        return
    for status, name in _ALERT_OF.items():
        await set_alert(ports, name, run.key, why(run) if run.status is status else None)
    if run.status is RunStatus.COMPLETE:  # whatever message of it was given up on: it was done again
        await clear_alert(ports, "dead_letter", run.key)
    for step in () if run.part else run.steps:  # the whole slate's are looked at, not those of each pass
        await ways_of(step).ended(run, ports)


async def made_good(slate: Run, ports: Ports) -> None:
    """Every game has a final pass that is complete: what the slate's run and earlier passes were short of is over."""
    for alert in await alerts(ports.state):
        about = alert["scope"] == slate.key or alert["scope"].startswith(f"{slate.key}.")
        if about and alert["name"] in _ALERT_OF.values():
            await clear_alert(ports, alert["name"], alert["scope"])


def why(run: Run) -> str:
    """What is wrong with a run, in one line: the causes, not what they block."""
    causes = [f"{name}: {step.reason}" for name, step in run.steps.items() if step.reason and step.status != "blocked"]
    return "; ".join(causes) if causes else run.status.value
