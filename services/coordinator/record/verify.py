"""Verifying: does the chain hold, is everything as it was sealed, was it made in time, and do the grades follow?"""

import asyncio
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from typing_extensions import TypedDict

from services.coordinator.record import problems, rows
from services.coordinator.record.chain import Entry, breaks
from services.coordinator.record.problems import Graded, Problem
from services.coordinator.record.regrade import regrade
from services.coordinator.record.schemas import NEWEST, known
from services.coordinator.record.seal import head
from services.coordinator.sql import sql
from shared.errors import Transient
from shared.ports import Params, Ports, Warehouse

EVER = date(1900, 1, 1), date(2200, 1, 1)
_TRIES = 5
_LOST = "the chain itself was changed: restore ops.record from a backup (docs/record.md)"
_UPGRADE = "verify with the release that sealed it, or a newer one"
Stored = dict[str, str | int | None]


class Chain(TypedDict):
    """The record as a whole."""

    entries: int
    first: Stored | None
    """The first entry: from there on everything is sealed."""
    head: Stored | None
    """The newest entry."""
    slates: list[date]
    """Those of which something is published, graded or sealed."""
    problems: list[Problem]


class Checked(TypedDict):
    """Some slates against the record and raw rows."""

    predictions: int
    """Rows that were compared."""
    grades: int
    before_tip: int
    """Predictions that were sealed before their game began."""
    unsealed: int
    """Predictions from before the record: nothing holds them."""
    unsettled: int
    """Slates and modes that were published again, or whose rows another mode added to, since: not graded once more."""
    problems: list[Problem]


async def check_chain(ports: Ports, first: date, last: date) -> Chain:
    """Recompute every link of the record; `first` and `last` only say which slates are listed."""
    entries, newest = await _steady(ports)
    slates = await ports.warehouse.query(sql("record_slates"), {"first": first, "last": last})
    return {
        "entries": len(entries),
        "first": entries[0].stored() if entries else None,
        "head": entries[-1].stored() if entries else None,
        "slates": [row["game_date"] for row in slates],
        "problems": [
            Problem(game_date=found.game_date, mode=found.mode, seq=found.seq, reason=found.reason, remedy=_LOST)
            for found in await asyncio.to_thread(breaks, entries, newest)
        ],
    }


async def check_slates(ports: Ports, first: date, last: date) -> Checked:
    """Compare every row of some slates with what was sealed of it, and grade them once more."""
    warehouse, window = ports.warehouse, {"first": first, "last": last}
    everything = await entries_of(ports, first, last)
    entries = [entry for entry in everything if known(entry.schema_version)]
    published = [entry for entry in entries if entry.kind == "publish"]
    newest = {(entry.game_date, entry.mode): entry for entry in entries if entry.kind == "grade"}
    last_graded = {entry.game_date: entry for entry in sorted(newest.values(), key=lambda entry: entry.seq)}
    instants = await warehouse.query(sql("record_instants"), window)
    unsealed = {(row["game_date"], row["run_id"]) for row in instants}
    unsealed -= {(entry.game_date, entry.run_id) for entry in published}
    versions = {entry.schema_version for entry in entries} | {NEWEST}
    graded = {version: await rows.graded(warehouse, first, last, version=version) for version in versions}
    found: list[Problem] = [
        problems.of_entry(entry, f"has schema {entry.schema_version}, which this release does not know", _UPGRADE)
        for entry in everything
        if entry not in entries
    ]
    for version in versions:
        groups = await rows.published(warehouse, first, last, version=version)
        mine = [entry for entry in published if entry.schema_version == version]
        found += await asyncio.to_thread(list, problems.published(mine, groups))
        of_version = {key: entry for key, entry in newest.items() if entry.schema_version == version}
        found += await asyncio.to_thread(list, problems.graded(of_version, graded[version], ()))
    found += problems.graded({}, _without(graded[NEWEST], newest), {(each.game_date, each.mode) for each in published})
    found += problems.late(instants)
    found += problems.unsealed(instants, unsealed, await _begun(ports))
    sources = await rows.sources(warehouse, first, last)
    found += await asyncio.to_thread(list, problems.sources(last_graded.values(), sources))
    since = {(entry.game_date, entry.mode): entry.seq for entry in sorted(published, key=lambda entry: entry.seq)}
    settled = {
        key
        for key, entry in newest.items()
        if entry.source_sha256 == last_graded[key[0]].source_sha256 and (key not in since or since[key] < entry.seq)
    }
    found += await _regraded(warehouse, settled)
    return {
        "predictions": sum(row["predictions"] for row in instants),
        "grades": sum(map(len, graded[NEWEST].values())),
        "before_tip": problems.before_tip(instants, published),
        "unsealed": sum(row["predictions"] for row in instants if (row["game_date"], row["run_id"]) in unsealed),
        "unsettled": len(newest) - len(settled),
        "problems": sorted(found, key=lambda problem: (str(problem["game_date"]), problem["mode"])),
    }


async def entries_of(ports: Ports, first: date, last: date) -> list[Entry]:
    """The entries about some slates, in order; one that was made and not yet written down is among them."""
    newest = await head(ports)
    entries = [Entry.of(row) for row in await ports.warehouse.query(sql("record"), {"first": first, "last": last})]
    if newest is not None and first <= newest.game_date <= last and newest.seq not in {each.seq for each in entries}:
        entries.append(newest)
    return entries


async def _steady(ports: Ports) -> tuple[list[Entry], Entry | None]:
    """All entries and the head, at one instant: nothing was sealed while they were read."""
    for _ in range(_TRIES):
        before, entries = await head(ports), await entries_of(ports, *EVER)
        if await head(ports) == before:
            return entries, before
    raise Transient("the record grows while it is read", remedy="verify again when no run is at work")


async def _begun(ports: Ports) -> datetime | None:
    [row] = await ports.warehouse.query(sql("record_begun"))
    begun: datetime | None = row["sealed_at"]
    return begun


async def _regraded(warehouse: Warehouse, settled: Collection[Graded]) -> list[Problem]:
    """Grade slates once more, each mode's at once."""
    by_mode: defaultdict[str, set[date]] = defaultdict(set)
    for slate, mode in settled:
        by_mode[mode].add(slate)
    found: list[Problem] = []
    for mode, slates in by_mode.items():
        params: Params = {"mode": mode, "first_date": min(slates), "last_date": max(slates)}
        strange = await warehouse.query(regrade(), params)
        found += problems.regraded([row for row in strange if row["game_date"] in slates], mode)
    return found


def _without(groups: rows.Groups, keys: Collection[Graded]) -> rows.Groups:
    return {key: lines for key, lines in groups.items() if key not in keys}
