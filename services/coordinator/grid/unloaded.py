"""Payloads that were archived and never loaded (failure 12: collected for a month, and nobody noticed)."""

from collections.abc import Mapping, Sequence
from datetime import date

from shared.basketball.slate import Mode
from shared.ports import Params, Ports
from shared.registries.pipeline import STEPS
from shared.registries.sources import SOURCES

_ACCOUNTED = """
SELECT DISTINCT archive_key
FROM raw.fetches
WHERE game_date BETWEEN @first AND @last AND mode IN UNNEST(@modes) AND archive_key IS NOT NULL
"""


async def unloaded(ports: Ports, slates: Mapping[Mode, Sequence[date]]) -> set[tuple[Mode, date, str]]:
    """(mode, slate, scrape step) of which the archive holds a newest payload that the fetch log does not know."""
    window = [day for of_mode in slates.values() for day in of_mode]
    params: Params = {"first": min(window), "last": max(window), "modes": [mode.value for mode in slates]}
    known = {row["archive_key"] for row in await ports.warehouse.query(_ACCOUNTED, params)}
    left = set()
    for source in SOURCES:
        for mode, day in ((mode, day) for mode, of_mode in slates.items() for day in of_mode):
            newest: dict[str, str] = {}
            for key in await ports.archive.list(f"raw/{source}/{day}/{mode.value}/"):  # sorted: the last is the newest
                newest[key.rsplit("/", 1)[0]] = key
            left |= {(mode, day, unit.split("/")[4]) for unit, key in newest.items() if key not in known}
    return {(mode, day, step) for mode, day, step in left if step in STEPS}
