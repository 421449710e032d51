"""The disk of one machine: old raw payloads are packed, and dropped by rule where the budget wants it.

What can be had again and is loaded goes, the oldest first: bodies of answers whose source gives them again. Records of
fetches, what was shown of a moment (odds, injuries, rosters, scoreboards), and every document that was published stay
whatever the budget.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Final

from services.coordinator.alerts import set_alert
from shared.basketball.slate import eastern_date, eastern_instant
from shared.embedded.archive import FileArchive
from shared.errors import TipoffError
from shared.ports import Clock, Ports
from shared.registries.sources import SOURCES
from shared.runtime.logs import get_logger

GB: Final = 1_000_000_000
YOUNG: Final = timedelta(days=8)
"""Slates that are graded, corrected and loaded again: nothing of them is packed or dropped."""
QUIET: Final = time(4, 10)
"""Eastern: the last games are over, and the night's run starts at five."""
MIN_FREE: Final = GB
"""Bytes of the disk that are left to the night, whatever the budget."""
_LOOK: Final = "scoreboard"
"""How units begin that show a moment, among those of a schedule."""
_BODIES, _FETCHES = "raw/bodies/", "raw/fetches/"
_DATED: Final = {_FETCHES: 3, "exports/": 1, **{f"documents/{kind}/": 2 for kind in ("games", "cards", "publications")}}
"""Prefix of keys -> which part of them is the slate."""
_LOADED = "SELECT archive_key FROM raw.fetches WHERE outcome = 'loaded' AND archive_key IS NOT NULL"
_log = get_logger("disk")


@dataclass(frozen=True, slots=True)
class Disk:
    """What is used and free, in bytes."""

    used: int
    """By the workspace."""
    free: int
    """On its disk."""

    def excess(self, budget: int) -> int:
        """Bytes that have to go; negative if none have."""
        return max(self.used - budget, MIN_FREE - self.free)


def packable(loose: Mapping[str, int], sizes: Mapping[str, int], today: date) -> list[str]:
    """Folders to pack, given the bytes of the loose objects, and of all, by key.

    Records, exports and documents by slate; bodies, which lie together whatever their slate, once the loose ones of a
    folder are more than its pack, so that over the years each is packed a few times and not every day.
    """
    folders: set[str] = set()
    bodies: dict[str, int] = {}
    for key, size in loose.items():
        if key.startswith(_BODIES):
            folder = key.rpartition("/")[0]
            bodies[folder] = bodies.get(folder, 0) + size
        elif (day := _slate(key)) is not None and day + YOUNG <= today:
            folders.add("/".join(key.split("/")[: _place(key) + 1]))
    for key, size in sizes.items():
        folder = key.rpartition("/")[0]
        if folder in bodies and key not in loose:
            bodies[folder] -= size
    return sorted(folders | {folder for folder, more in bodies.items() if more > 0})


def droppable(sizes: Mapping[str, int], loaded: Iterable[str], today: date) -> list[str]:
    """Bodies that can be had again and are loaded, the oldest first.

    A body stays as long as any record of a fetch names it that is young, not loaded, or of what cannot be had again.

    Args:
        sizes: Bytes of the archive's objects by key.
        loaded: Keys of the records that rows were made of. A unit's earlier answers count as loaded with it.
        today: The Eastern date.
    """
    until: dict[str, str] = {}
    for key in loaded:
        unit = key.rpartition("/")[0]
        until[unit] = max(key, until.get(unit, ""))
    named: dict[str, date] = {}
    stays: set[str] = set()
    for key in sizes:
        if not key.startswith(_FETCHES):
            continue
        digest = key.rpartition("_")[2].removesuffix(".json")
        day = _slate(key)
        if day is None or day + YOUNG > today or not _again(key) or key > until.get(key.rpartition("/")[0], ""):
            stays.add(digest)
        else:
            named[digest] = max(day, named.get(digest, day))
    found = []
    for key in sizes:
        digest = key.rpartition("/")[2][:12]
        if key.startswith(_BODIES) and digest in named and digest not in stays:
            found.append((named[digest], key))
    return [key for _, key in sorted(found)]


def enough(keys: Iterable[str], sizes: Mapping[str, int], excess: int) -> list[str]:
    """The first of the keys, as many as free `excess` bytes; all if they do not."""
    ordered = list(keys)
    freed = accumulate((sizes[key] for key in ordered), initial=0)
    return [key for key, before in zip(ordered, freed, strict=False) if before < excess]


async def tidy(folder: Path, ports: Ports, budget_gb: float) -> None:
    """Pack and drop in the workspace `folder` until it keeps the budget; alert `disk_budget` where it cannot.

    What cannot be done, for want of space or because a pack is damaged, is no error: the alert says so, and the next
    time tries again.
    """
    archive, budget, today = FileArchive(folder / "archive"), int(budget_gb * GB), eastern_date(ports.clock.now())
    before = await asyncio.to_thread(measured, folder)
    packed, dropped, problem = 0, 0, None
    try:
        for each in packable(await archive.loose(""), await archive.sizes(""), today):
            packed += await archive.pack(each)
    except TipoffError as failure:  # then make room
        problem = str(failure)
    try:
        excess = (await asyncio.to_thread(measured, folder)).excess(budget)
        if excess > 0:
            sizes = await archive.sizes("raw/")
            loaded = [row["archive_key"] for row in await ports.warehouse.query(_LOADED)]
            going = enough(droppable(sizes, loaded, today), sizes, excess)
            await archive.drop(going)
            dropped = len(going)
    except TipoffError as failure:
        problem = str(failure)
    after = await asyncio.to_thread(measured, folder)
    if after.excess(budget) > 0:
        problem = (
            f"{folder} takes {after.used / GB:.1f} GB of its budget of {budget_gb:g} GB, {after.free / GB:.1f} GB of "
            f"the disk are free, and {problem or 'nothing more can be dropped'}: free space, or raise the budget"
        )
    _log.info("tidied", packed=packed, dropped=dropped, bytes_before=before.used, bytes_after=after.used)
    await set_alert(ports, "disk_budget", folder.name, problem)


async def keep_tidy(folder: Path, ports: Ports, budget_gb: float, until: Callable[[datetime], Awaitable[None]]) -> None:
    """Tidy every night at a quiet hour, for ever; `until` waits for an instant."""
    while True:
        await until(quiet_after(ports.clock))
        try:
            await tidy(folder, ports, budget_gb)
        except TipoffError as failure:  # not even the alert could be written
            _log.error("not_tidied", reason=str(failure))


def quiet_after(clock: Clock) -> datetime:
    """The next quiet hour."""
    now = clock.now()
    today = eastern_date(now)
    return next(at for day in (today, today + timedelta(days=1)) if (at := eastern_instant(day, QUIET)) > now)


def measured(folder: Path) -> Disk:
    """What the files of a folder take, and what is free beside them."""
    used = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):  # gone just now
                used += (Path(parent) / name).lstat().st_size
    return Disk(used, shutil.disk_usage(folder).free)


def _slate(key: str) -> date | None:
    """The slate that a record, an export or a document is of; None of what belongs to none."""
    try:
        return date.fromisoformat(key.split("/")[_place(key)])
    except (IndexError, ValueError):
        return None


def _place(key: str) -> int:
    """Which part of a key is its slate."""
    return next((place for prefix, place in _DATED.items() if key.startswith(prefix)), len(key))


def _again(key: str) -> bool:
    """Whether the source gives again what a record says it gave."""
    _, _, source, _, _, step, unit, *_ = (*key.split("/"), "", "", "", "", "")
    return source in SOURCES and step in SOURCES[source].again and not unit.startswith(_LOOK)
