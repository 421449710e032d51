"""The record, read back: as it was known at an instant. No warehouse is asked."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from services.coordinator.documents import keys
from services.coordinator.documents.cells import Chosen, best, cells, edges, sums
from services.coordinator.documents.cubes import Month, month
from services.coordinator.documents.record_shapes import Record, RecordPick
from services.coordinator.documents.store import Kept
from shared.ports import Archive

PICKS: Final = 50
"""Of the newest picks that are shown."""
_MONTHS, _SLATES = 60, 40
"""Documents that are kept in memory: five years, and the picks of some weeks."""
_CUTS: Final = 64
"""Records that are kept: documents never change, so the same months and cut are the same record."""
_ALWAYS: Final = ("0000", "9999")


@dataclass(frozen=True, slots=True)
class Cut:
    """What of the record is asked for; empty: everything."""

    mode: str = ""
    system: str = ""
    market: str = ""
    tier: str = ""
    first: date | None = None
    last: date | None = None
    by: str = "all"
    """all, mode, system, market, tier, month or edge."""

    @property
    def dates(self) -> tuple[str, str]:
        """Both ends, as text."""
        return (
            _ALWAYS[0] if self.first is None else str(self.first),
            _ALWAYS[1] if self.last is None else str(self.last),
        )


class Recorded:
    """Reads the record."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._months = Kept(archive, _MONTHS, month)
        self._picks = Kept(archive, _SLATES)
        self._added_up: OrderedDict[tuple[Cut, str, tuple[str, ...]], Record] = OrderedDict()

    async def record(self, cut: Cut, as_of: datetime) -> Record:
        """The record of one cut, with its newest picks."""
        newest = keys.newest(await self._archive.list(keys.record()), as_of)
        mode = "" if cut.by == "mode" else cut.mode or _latest(newest.values())
        first, last = cut.dates
        wanted = [
            key
            for folder, key in sorted(newest.items())
            if mode in ("", folder.split("/")[2]) and first[:7] <= keys.parts(key)[-1] <= last[:7]
        ]
        asked = (cut, mode, tuple(wanted))
        if asked not in self._added_up:
            months: list[Month] = await self._months.get(wanted)
            self._added_up[asked] = await self._measured(cut, mode, months)
        self._added_up.move_to_end(asked)
        if len(self._added_up) > _CUTS:
            self._added_up.popitem(last=False)
        return {**self._added_up[asked], "as_of": as_of.isoformat()}

    async def _measured(self, cut: Cut, mode: str, months: list[Month]) -> Record:
        first, last = cut.dates
        wanted = {"market": cut.market, "tier": cut.tier}
        chosen = Chosen(months, wanted, first, last)
        system = cut.system or ("" if cut.by == "system" else best(chosen))
        chosen = Chosen(months, {**wanted, "system": system}, first, last)
        days = chosen.days(edges if cut.by == "edge" else sums)
        found = await asyncio.to_thread(cells, chosen, cut.by)
        return Record(
            mode=mode, system=system, market=cut.market, tier=cut.tier, by=cut.by,
            first=days[0] if days else None, last=days[-1] if days else None, as_of="",
            recorded_at=max((each.recorded_at for each in months), default=None),
            cells=found,
            picks=await self._newest_picks(chosen),
        )  # fmt: skip

    async def _newest_picks(self, chosen: Chosen) -> list[RecordPick]:
        """Read from the newest slate back, until there are enough."""
        slates = [
            (day, each.mode, lies["key"])
            for each in chosen.months
            for day, lies in each.slates.items()
            if chosen.first <= day <= chosen.last
        ]
        found: list[RecordPick] = []
        for _, mode, key in sorted(slates, reverse=True):
            [columns] = await self._picks.get([key])
            names = [name for name in RecordPick.__annotations__ if name != "mode"]
            for values in zip(*(columns[name] for name in names), strict=True):
                row = dict(zip(names, values, strict=True))
                if all(not value or row[name] == value for name, value in chosen.wanted.items()):
                    found.append(RecordPick(mode=mode, **row))  # type: ignore[typeddict-item]  # fields by name
            if len(found) >= PICKS:
                break
        return found[:PICKS]


def _latest(found: Any) -> str:  # noqa: ANN401 - keys
    """The mode that was written down last; empty if none was."""
    newest = max(found, key=lambda key: key.rpartition("/")[2], default="")
    return newest.split("/")[2] if newest else ""
