"""The nightly budget: what a run has spent, from the one run ledger, against what it may."""

from services.coordinator.domain.run import Run
from shared.errors import AlreadyExists
from shared.logs import get_logger
from shared.ports import Ports

ALERTS = "alerts"
EXCEEDED = "budget_exceeded"

_log = get_logger("coordinator")


def spent(run: Run) -> float:
    """US dollars that the run's steps have reported, every attempt of them."""
    return sum(step.counts.get("microdollars", 0) for step in run.steps.values()) / 1e6


async def watch(run: Run, budget_usd: float, ports: Ports) -> None:
    """Raise an alert, once for each run, when it is over its budget. It goes on: a night is worth more."""
    usd = spent(run)
    if usd > budget_usd:
        dearest = max(run.steps, key=lambda name: run.steps[name].counts.get("microdollars", 0))
        figures = f"{usd:.4f} of {budget_usd:.4f} US dollars spent, most by {dearest}"
        detail = f"{figures}: `tipoff cost --date {run.game_date}`"
        await _raise_alert(ports, run.run_id, detail)


async def _raise_alert(ports: Ports, scope: str, detail: str) -> None:
    """The one place that knows how an alert is raised."""
    alert = {"name": EXCEEDED, "scope": scope, "detail": detail, "raised_at": ports.clock.now().isoformat()}
    try:
        await ports.state.create(ALERTS, f"{EXCEEDED}.{scope}", alert)
    except AlreadyExists:
        return
    _log.warning(EXCEEDED, scope=scope, detail=detail)
