"""Payloads that were archived and never loaded (failure 12: collected for a month, and nobody noticed)."""

from collections.abc import Mapping, Sequence
from datetime import date

from shared.basketball.slate import Mode
from shared.ports import Params, Ports
from shared.raw_archive import folder, newest_answers
from shared.registries.pipeline import STEPS
from shared.registries.sources import SOURCES

_ACCOUNTED = """
SELECT archive_key
FROM raw.fetches
WHERE game_date BETWEEN @first AND @last AND mode IN UNNEST(@modes) AND archive_key IS NOT NULL
UNION DISTINCT
SELECT archive_key
FROM raw.quarantine
WHERE game_date BETWEEN @first AND @last AND mode IN UNNEST(@modes) AND archive_key IS NOT NULL
"""


async def unloaded(ports: Ports, slates: Mapping[Mode, Sequence[date]]) -> set[tuple[Mode, date, str]]:
    """(mode, slate, scrape step) of which the archive holds a newest answer that nothing has become of.

    What was loaded is in the fetch log, what was refused or of no use in the quarantine. So loading from the archive
    settles every finding, whatever is in it, and none is asked for for ever.
    """
    window = [day for of_mode in slates.values() for day in of_mode]
    params: Params = {"first": min(window), "last": max(window), "modes": [mode.value for mode in slates]}
    known = {row["archive_key"] for row in await ports.warehouse.query(_ACCOUNTED, params)}
    left = set()
    for source in SOURCES:
        for mode, day in ((mode, day) for mode, of_mode in slates.items() for day in of_mode):
            of_slate = folder(source, day, mode)
            newest = newest_answers(await ports.archive.list(of_slate))
            steps = {unit.removeprefix(of_slate).split("/")[0] for unit, key in newest.items() if key not in known}
            left |= {(mode, day, step) for step in steps if step in STEPS}
    return left
