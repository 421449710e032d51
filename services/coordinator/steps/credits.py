"""Credits of the paid sources, which a step reports: how many are left, and what a slate takes."""

from typing import Final

from services.coordinator.alerts import set_alert
from services.coordinator.runs.run import Run
from shared.contract import StepReported
from shared.ports import Ports

SLATES: Final = 3
"""So many more slates like this one must be paid for, or somebody is told."""


async def watch_credits(_: Run, report: StepReported, ports: Ports) -> None:
    """Alert when the credits run out, until a report finds enough again; one that does not know them says nothing."""
    left = report.counts.get("credits_left")
    if left is None:
        return
    needed = report.counts.get("credits_needed", 0)
    low = left < (1 + SLATES) * needed
    detail = f"{left} credits were left, this slate takes {needed}" if low else None
    await set_alert(ports, "credits_low", report.step, detail)
