"""Grading, which the analytics service does: the grades are sealed, and what has changed in the record written down."""

from services.coordinator.documents import record
from services.coordinator.documents.games import Publication
from services.coordinator.record.seal import seal_grades
from services.coordinator.runs.run import Run
from shared.contract import StepReported
from shared.ports import Ports


async def graded(run: Run, report: StepReported, ports: Ports) -> None:
    """Seal, then write. Done again, neither finds anything that has changed.

    Raises: as `seal_grades`.
    """
    await seal_grades(run, report, ports)
    await recorded(run, ports)


async def recorded(run: Run, ports: Ports) -> None:
    """Write the months of the record that have changed, under the instant at which this is known."""
    published = Publication(run.game_date, run.mode, run.run_id, run.part, run.why, ports.clock.now())
    await record.write(published, ports)
