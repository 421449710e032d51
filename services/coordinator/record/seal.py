"""Sealing: what was published or graded becomes an entry of the record, once, whoever else is at it and whoever dies.

The head lies in the state store, whole; every entry in `ops.record`. An entry is made by a compare-and-set of the head,
then appended; before the next one is made, the head's own row is appended once more. So a crash between the two loses
nothing: whoever comes next writes the row. And nothing forks: there is one head.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from services.coordinator.record import rows
from services.coordinator.record.chain import Draft, Entry
from services.coordinator.record.schemas import NEWEST
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from shared.basketball.slate import MAX_REGRADED_DAYS
from shared.contract import StepReported
from shared.errors import AlreadyExists, Conflict, Transient
from shared.ports import Document, Params, Ports, Row

RECORD = "record"
HEAD = "head"
TABLE = "ops.record"
_TRIES = 20

T = TypeVar("T")
Drafting = Callable[[datetime], Awaitable[Draft]]
"""Reads the rows as they stand; what is fetched after the instant is no part of them."""


async def seal_published(run: Run, ports: Ports) -> None:
    """Seal what a run has published, and what an earlier one of the slate has left unsealed.

    Raises:
        Transient: too many are sealing at once, or state store or warehouse cannot be reached: trying again is safe.
    """
    slate, mode = run.game_date, run.mode.value
    for found in await ports.warehouse.query(sql("unsealed"), {"game_date": slate, "mode": mode}):
        await _seal(ports, slate, mode, partial(_published, ports, slate, mode, found["run_id"]))


async def _published(ports: Ports, slate: date, mode: str, run_id: str, _: datetime) -> Draft:
    groups = await rows.published(ports.warehouse, slate, slate, run_id)
    return Draft(
        kind="publish", game_date=slate, mode=mode, run_id=run_id, rows=rows.sealed(groups.get((slate, run_id), []))
    )


async def seal_grades(run: Run, _: StepReported, ports: Ports) -> None:
    """Seal the grades that a run's grading has changed, slate by slate, with what they were made of.

    Raises: as `seal_published`.
    """
    mode = run.mode.value
    for slate in await _insisting(ports, f"{run.game_date} {mode}", partial(_changed, ports, run.game_date, mode)):
        await _seal(ports, slate, mode, partial(_graded, ports, slate, mode, run.run_id))


async def _changed(ports: Ports, graded_before: date, mode: str) -> list[date]:
    """The slates whose grades are not as they were sealed last.

    If there are none, the head is written all the same: whoever read rows before that, and is about to seal them, must
    read them again.
    """
    document = await ports.state.get(RECORD, HEAD)
    first, last = graded_before - timedelta(days=MAX_REGRADED_DAYS), graded_before - timedelta(days=1)
    tail = await _tail(ports, document, first, last, mode)
    entries = [entry for entry in tail if first <= entry.game_date <= last]
    sealed = {entry.game_date: entry for entry in entries if (entry.kind, entry.mode) == ("grade", mode)}
    groups = await rows.graded(ports.warehouse, first, last, mode)
    sources = await rows.sources(ports.warehouse, first, last)
    found = []
    for slate in sorted({slate for slate, _ in groups} | sealed.keys()):
        entry, lines = sealed.get(slate), groups.get((slate, mode), [])
        if entry is None or not await rows.apart(len(lines) + sources.size, _stands, entry, lines, sources):
            found.append(slate)
    if document is not None and not found:
        await _put(ports, document, Entry.of(document.data))
    return found


def _stands(entry: Entry, lines: Sequence[str], sources: rows.Sources) -> bool:
    """Whether an entry of grades holds, for the lines that had been fetched when it was sealed."""
    source = sources.lines(entry.game_date, entry.sealed_at)
    return entry.schema_version == NEWEST and entry.holds(rows.sealed(lines), rows.sealed(source))


async def _graded(ports: Ports, slate: date, mode: str, run_id: str, now: datetime) -> Draft:
    groups = await rows.graded(ports.warehouse, slate, slate, mode)
    sources = await rows.sources(ports.warehouse, slate, slate)
    lines = groups.get((slate, mode), [])
    source = rows.sealed(await rows.apart(sources.size, sources.lines, slate, now))
    return Draft(kind="grade", game_date=slate, mode=mode, run_id=run_id, rows=rows.sealed(lines), source=source)


async def head(ports: Ports) -> Entry | None:
    """The newest entry, as the state store has it; None: nothing is sealed yet, or the state is lost."""
    document = await ports.state.get(RECORD, HEAD)
    return None if document is None else Entry.of(document.data)


async def head_document(ports: Ports) -> Row | None:
    """The head as it is exported: whoever keeps it can tell later whether anything sealed up to then was changed."""
    newest = await head(ports)
    return None if newest is None else newest.stored()


async def _seal(ports: Ports, slate: date, mode: str, drafting: Drafting) -> None:
    while not await _insisting(ports, f"{slate} {mode}", partial(_sealed, ports, slate, mode, drafting)):
        pass  # the head has been found again


async def _insisting(ports: Ports, what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do it, again where another was faster to write the head."""
    for attempt in range(_TRIES):
        try:
            return await work()
        except (Conflict, AlreadyExists):
            await ports.clock.sleep(random.random() * 0.01 * 2 ** min(attempt, 6))  # noqa: S311 - spreads out, no secret
    raise Transient(f"{what}: too many are sealing at once")


async def _sealed(ports: Ports, slate: date, mode: str, drafting: Drafting) -> bool:
    """One try; False: the head had to be found again first. The head is read before the rows: they are not older."""
    document = await ports.state.get(RECORD, HEAD)
    newest = None if document is None else Entry.of(document.data)
    entries = await _tail(ports, document, slate, slate, mode)
    if entries and (newest is None or newest.seq < entries[-1].seq):
        await _put(ports, document, entries[-1])  # the state was lost, or is of an older backup
        return False
    now = ports.clock.now()
    draft = await drafting(now)
    if draft.repeats(entries):
        if draft.kind == "grade" and document is not None and newest is not None:  # as in `_changed`
            await _put(ports, document, newest)
        return True
    entry = draft.after(newest, now)
    await _put(ports, document, entry)
    await ports.warehouse.append(TABLE, [entry.row()])
    return True


async def _tail(ports: Ports, document: Document | None, first: date, last: date, mode: str) -> list[Entry]:
    """The entries about some slates, in order, and the newest of all.

    That may be the head, which whoever made it has not written down, perhaps because he died: then it is done here.
    """
    params: Params = {"first": first, "last": last, "mode": mode}
    entries = [Entry.of(row) for row in await ports.warehouse.query(sql("record_tail"), params)]
    if document is not None and all(entry.seq < document.data["seq"] for entry in entries):
        newest = Entry.of(document.data)
        await ports.warehouse.append(TABLE, [newest.row()])
        entries.append(newest)
    return entries


async def _put(ports: Ports, document: Document | None, entry: Entry) -> None:
    if document is None:
        await ports.state.create(RECORD, HEAD, entry.stored() | {"writes": 1})
        return
    data = entry.stored() | {"writes": document.data["writes"] + 1}  # a store may keep the version of what is the same
    await ports.state.compare_and_set(RECORD, HEAD, data, version=document.version)
