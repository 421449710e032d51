"""The nightly budget: what a run has spent, by its steps' reports, against what it may."""

from services.coordinator.alerts import raise_alert
from services.coordinator.runs.run import Run
from shared.ports import Ports

EXCEEDED = "budget_exceeded"


def spent(run: Run) -> float:
    """US dollars that the run's steps have reported, every attempt of them."""
    return sum(step.counts.get("microdollars", 0) for step in run.steps.values()) / 1e6


async def watch(run: Run, budget_usd: float, ports: Ports) -> None:
    """Raise an alert, once for each run, when it is over its budget. The run goes on."""
    usd = spent(run)
    if usd > budget_usd:
        dearest = max(run.steps, key=lambda name: run.steps[name].counts.get("microdollars", 0))
        figures = f"{usd:.4f} of {budget_usd:.4f} US dollars spent, most by {dearest}"
        detail = f"{figures}: `tipoff cost --date {run.game_date}`"
        await raise_alert(ports, EXCEEDED, run.run_id, detail)
