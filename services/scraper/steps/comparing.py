"""Two sources that say different things of one fact: kept with both values, and the better-ranked stands."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from services.scraper.task import Task
from shared.runtime.logs import get_logger

_log = get_logger("scraper")


@dataclass(frozen=True, slots=True)
class Fact:
    """Columns of raw.disagreements."""

    game_date: date
    subject: str
    field: str
    source: str
    value: str
    other_source: str
    other_value: str


async def note(task: Task, facts: Iterable[Fact]) -> None:
    """Store what is new, log it and count it in the step's report."""
    rows = [{**asdict(fact), "fetched_at": task.now} for fact in facts]
    if not rows:
        return
    task.fetches.disagreements += len(rows)
    if not await task.warehouse.append("raw.disagreements", rows):
        return  # they have said so before, and are asked every few minutes
    for row in rows:
        _log.warning("sources_disagree", **{name: str(value) for name, value in row.items()})
