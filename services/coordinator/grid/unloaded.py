"""Payloads that were archived and never loaded (failure 12: collected for a month, and nobody noticed)."""

from datetime import date

from services.coordinator.sources import SOURCES
from shared.basketball.slate import Mode, days
from shared.ports import Ports
from shared.registries.pipeline import STEPS

_ACCOUNTED = """
SELECT DISTINCT archive_key
FROM raw.fetches
WHERE game_date BETWEEN @first AND @last AND mode = @mode AND archive_key IS NOT NULL
"""


async def unloaded(ports: Ports, first: date, last: date, mode: Mode) -> set[tuple[date, str]]:
    """(slate, scrape step) of which the archive holds a newest payload that the fetch log does not know."""
    rows = await ports.warehouse.query(_ACCOUNTED, {"first": first, "last": last, "mode": mode.value})
    known = {row["archive_key"] for row in rows}
    left = set()
    for source in SOURCES:
        for day in days(first, last):
            newest: dict[str, str] = {}
            for key in await ports.archive.list(f"raw/{source}/{day}/{mode.value}/"):  # sorted: the last is the newest
                newest[key.rsplit("/", 1)[0]] = key
            left |= {(day, unit.split("/")[4]) for unit, key in newest.items() if key not in known}
    return {(day, step) for day, step in left if step in STEPS}
