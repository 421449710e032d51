"""Training, which a worker does: the champions it leaves, and what is alarming about them."""

from services.coordinator.alerts import set_alert
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.sql import sql
from shared.contract import StepReported
from shared.ports import Ports


async def champions(run: Run, ports: Ports) -> dict[str, str]:
    """System -> digest of its newest champion as of the run's slate."""
    rows = await ports.warehouse.query(sql("champions"), {"game_date": run.game_date, "mode": run.mode.value})
    return {row["system"]: row["digest"] for row in rows}


async def kept(run: Run, _: str, ports: Ports) -> Evidence:
    """Units: champions in force; those whose artifact lies in the archive."""
    wanted = await champions(run, ports)
    found = [await ports.archive.list(f"models/{system}/{digest}") for system, digest in wanted.items()]
    lost = [f"{system} {digest[:12]}" for (system, digest), keys in zip(wanted.items(), found, strict=True) if not keys]
    detail = f"not in the archive: {', '.join(lost)}" if lost else ""
    return Evidence(expected=len(wanted), verified=len(wanted) - len(lost), detail=detail)


async def judged(run: Run, report: StepReported, ports: Ports) -> None:
    """Alert on models too good to be true (failure 29) or too bad to take over, until the next clean training."""
    if not report.counts.get("trained", 0):
        return
    for alert, count in (("accuracy_too_good", "refused"), ("challenger_worse", "challengers")):
        detail = report.reason if report.counts.get(count, 0) else None
        await set_alert(ports, alert, f"{run.mode.value}.training", detail)
