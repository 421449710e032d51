"""Raises and clears alerts about models."""

from collections.abc import Mapping

from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.domain.run import Run
from shared.contract import StepReported
from shared.ports import Ports
from shared.registries.systems import SYSTEMS


async def absent(run: Run, reasons: Mapping[str, str], ports: Ports) -> None:
    """Alert on systems that a worker could not predict (failure 15: absent, never a silent fallback)."""
    for system, reason in reasons.items():
        await raise_alert(ports.state, ports.clock, "artifact_refused", f"{run.mode.value}.{system}", reason)


async def present(run: Run, ports: Ports) -> None:
    """Clear the alerts of the learned systems that predicted the whole slate."""
    for system in run.batches.owed:
        if SYSTEMS[system].learned:
            await clear_alert(ports.state, ports.clock, "artifact_refused", f"{run.mode.value}.{system}")


async def trained(run: Run, report: StepReported, ports: Ports) -> None:
    """Alert on models too good to be true (failure 29) or too bad to take over, until the next clean training."""
    if not report.counts.get("trained", 0):
        return
    for alert, count in (("accuracy_too_good", "refused"), ("challenger_worse", "challengers")):
        scope = f"{run.mode.value}.training"
        if report.counts.get(count, 0):
            await raise_alert(ports.state, ports.clock, alert, scope, report.reason)
        else:
            await clear_alert(ports.state, ports.clock, alert, scope)
