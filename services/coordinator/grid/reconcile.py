"""The reconciler: compares the grid of what is expected with what exists, and asks for what is missing.

It asks as anybody would, by `RunRequested`, so that it can do nothing a run could not. It never asks for ever: a slate
that was asked for `MAX_HEALS` times in vain is left to people, with an alert (failure 18).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.coordinator.alerts import clear_alert, raise_alert, set_alert
from services.coordinator.grid.cells import Cell, CellStatus
from services.coordinator.grid.count import cells
from services.coordinator.grid.settled import waiting
from services.coordinator.grid.unloaded import unloaded
from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.ledger import recover
from shared.basketball.slate import Mode, days, eastern_date
from shared.ports import Ports
from shared.registries.pipeline import LOAD, plan
from shared.registries.schedules import due
from shared.runtime.metering import Reason, charged_to

MAX_HEALS = 3
"""Times a slate is asked for before people are."""
HEALS = "heals"
SOURCE = "reconciler"


@dataclass(frozen=True, slots=True)
class Heal:
    """A request that would mend a slate, and why it is made."""

    request: RunRequested
    why: str
    counts: bool = True
    """Whether it is one of the bounded tries: asking for what waits is bounded by its deadline already."""


def heals(
    found: Sequence[Cell], targets: Sequence[str], now: datetime, unloaded_steps: Collection[tuple[date, str]] = ()
) -> list[Heal]:
    """What to ask for, a request per slate at most, and none before its own schedule would. Pure.

    A slate of the past is asked for retrospectively: its predictions count as made at their cutoffs, or are not made.
    """
    wanted = {step.name for step in plan(targets)}
    at_work = {(cell.game_date, cell.mode) for cell in found if cell.status is CellStatus.RUNNING}
    by_slate: dict[tuple[date, Mode], list[Cell]] = {}
    for cell in found:
        if (cell.game_date, cell.mode) in at_work:  # whatever it is at, wanted or not; the bus sees to what was lost
            continue
        if cell.step in wanted and due(cell.mode, cell.game_date) <= now:
            by_slate.setdefault((cell.game_date, cell.mode), []).append(cell)
    asked = [_heal(slate, targets, eastern_date(now), unloaded_steps) for slate in by_slate.values()]
    return [heal for heal in asked if heal is not None]


def _heal(
    slate: Sequence[Cell], targets: Sequence[str], today: date, unloaded_steps: Collection[tuple[date, str]]
) -> Heal | None:
    day, mode = slate[0].game_date, slate[0].mode
    broken = [cell for cell in slate if not cell.status.stands]
    archived = [cell.step for cell in slate if (day, cell.step) in unloaded_steps]
    if not broken and not archived:
        return None
    # What is gone is done again; what failed, waits or was never asked for only needs asking.
    gone = tuple(cell.step for cell in broken if cell.status is CellStatus.GONE)
    request = RunRequested(
        game_date=day,
        mode=mode,
        source=SOURCE,
        targets=tuple(targets),
        retrospective=day < today,
        from_phase=LOAD if archived and not gone else None,
        redo=gone,
    )
    first = next((cell for cell in broken if cell.status not in _CONSEQUENCES), None)
    why = f"{', '.join(archived)}: archived, not loaded" if first is None else f"{first.step}: {first.why}"
    return Heal(request, why, counts=not broken or not all(cell.status in _NOT_COUNTED for cell in broken))


_CONSEQUENCES = (CellStatus.BLOCKED, CellStatus.PENDING)
_NOT_COUNTED = (CellStatus.WAITING, *_CONSEQUENCES)


async def reconcile(
    engine: Engine,
    ports: Ports,
    first: date,
    last: date,
    modes: Sequence[Mode],
    targets: Sequence[str],
    *,
    dry_run: bool = False,
) -> list[dict[str, str]]:
    """Heal the slates from `first` to `last`; what was asked for, and why, a line each.

    In the first of `modes` every slate that is due; in the others what has begun, tomorrow's slate included, but no
    early look at a day that has come. A slate of which anything is at work, a pass say, is left to the next round.
    """
    with charged_to(Reason("reconcile")):
        if not dry_run:  # a step whose request is still in the outbox counts as running, although nobody works at it
            await recover(engine, ports)
        mode = modes[0]
        runs = await engine.between(first, last + timedelta(days=1), set(modes))
        seen = {run.key: run.generation for run in runs}
        busy = await _at_work(engine)
        begun = [
            run for run in runs if run.mode is not mode and (run.mode is not Mode.TOMORROW or run.game_date > last)
        ]
        until = max([last, *(run.game_date for run in begun)])
        slates: dict[Mode, list[date]] = {mode: days(first, last)}
        for run in begun:
            slates.setdefault(run.mode, []).append(run.game_date)
        counted = await cells(ports, runs, first, until, list(slates))
        found = [cell for cell in counted if cell.game_date in slates[cell.mode]]
        left = await unloaded(ports, slates)
        busy |= await _at_work(engine)  # what has begun while these were counted
        left = {each for each in left if each[:2] not in busy}
        found = [cell for cell in found if (cell.mode, cell.game_date) not in busy]
        to_load = left | set(await waiting(ports, first, until, list(slates)))
        now = ports.clock.now()
        wanted = _heals_of(mode, found, targets, now, to_load)
        for run in begun:
            its = [cell for cell in found if cell.game_date == run.game_date]
            wanted += _heals_of(run.mode, its, run.targets, now, to_load)
        asked = []
        for heal in wanted:
            key = f"{heal.request.game_date}.{heal.request.mode.value}"
            line = {"run": key, "why": heal.why, "does": _what(heal.request)}
            if not dry_run:
                line["does"] = await _ask(engine, ports, key, heal, seen.get(key, 0))
            asked.append(line)
        if not dry_run:
            for each, dates in slates.items():
                await _tell_unloaded(ports, dates[0], dates[-1], each, _of(each, left))
            await _forget_healed(ports, {line["run"] for line in asked}, found)
    return asked


async def _at_work(engine: Engine) -> set[tuple[Mode, date]]:
    """Slates of which a run, or that of a part, is at work: it has in hand what it has archived, or is yet to make."""
    return {(run.mode, run.game_date) for run in await engine.at_work() if run.finished_at is None}


def _heals_of(
    mode: Mode, found: Sequence[Cell], targets: Sequence[str], now: datetime, left: Collection[tuple[Mode, date, str]]
) -> list[Heal]:
    return heals([cell for cell in found if cell.mode is mode], targets, now, _of(mode, left))


def _of(mode: Mode, left: Collection[tuple[Mode, date, str]]) -> set[tuple[date, str]]:
    return {(day, step) for of_mode, day, step in left if of_mode is mode}


async def _forget_healed(ports: Ports, broken: Collection[str], found: Sequence[Cell]) -> None:
    """A slate that is whole again has its tries back, and its alert is resolved."""
    seen = {f"{cell.game_date}.{cell.mode.value}" for cell in found}
    at_work = {f"{c.game_date}.{c.mode.value}" for c in found if c.status is CellStatus.RUNNING}
    for document in await ports.state.list(HEALS):
        if document.id in seen and document.id not in broken and document.id not in at_work:
            await ports.state.delete(HEALS, document.id)
            await clear_alert(ports, "heal_exhausted", document.id)


async def _ask(engine: Engine, ports: Ports, key: str, heal: Heal, seen: int) -> str:
    document = await ports.state.get(HEALS, key)
    tries = 0 if document is None else int(document.data["asked"])
    if heal.counts and tries >= MAX_HEALS:
        await raise_alert(ports, "heal_exhausted", key, f"asked {tries} times in vain: {heal.why}")
        return "nothing: asked too often in vain"
    if heal.counts:
        await ports.state.increment(HEALS, key, "asked")
    await engine.apply(replace(heal.request, seen=seen))
    return _what(heal.request)


async def _tell_unloaded(ports: Ports, first: date, last: date, mode: Mode, left: Collection[tuple[date, str]]) -> None:
    named = ", ".join(sorted({f"{step} of {day}" for day, step in left})[:5])
    await set_alert(ports, "archived_not_loaded", mode.value, f"{named} ({first} to {last})" if left else None)


def _what(request: RunRequested) -> str:
    if request.redo:
        return f"do {', '.join(request.redo)} again"
    return "load the archive" if request.from_phase is not None else "ask for the run"
