"""Names that people have settled: what a source said of them lies in the archive, and is loaded from there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from services.coordinator.runs.engine import Engine
from services.coordinator.runs.events import RunRequested
from services.coordinator.runs.run import RunStatus
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, eastern_date
from shared.ports import Params, Ports
from shared.registries.pipeline import LOAD

MAX_RUNS = 20
"""Runs that one settlement begins at once, those of the newest slates."""


async def waiting(ports: Ports, first: date, last: date, modes: Collection[Mode]) -> list[tuple[Mode, date, str]]:
    """(mode, slate, scrape step) that refused a name which was settled since, the newest slate first."""
    params: Params = {"first": first, "last": last, "modes": [mode.value for mode in modes]}
    rows = await ports.warehouse.query(sql("names_waiting"), params)
    return [(Mode(row["mode"]), row["game_date"], row["step"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of the slates that waited for a settled name."""

    begun: list[str]
    """Runs that load the archive, by date and mode."""
    left: dict[str, str]
    """The others, and why they wait on."""


async def load_settled(engine: Engine, ports: Ports, first: date, last: date, source: str) -> Loading:
    """Load from the archive what waited for a settled name: a run for each slate and mode.

    A slate that is at work is left to the reconciler's next round.
    """
    today = eastern_date(ports.clock.now())
    slates = dict.fromkeys((day, mode) for mode, day, _ in await waiting(ports, first, last, tuple(Mode)))
    loading = Loading([], {})
    for day, mode in slates:
        key = f"{day}.{mode.value}"
        run = await engine.run(key)
        if run is not None and run.status is RunStatus.RUNNING:
            loading.left[key] = "it is at work: the reconciler's next round loads it"
            continue
        if len(loading.begun) == MAX_RUNS:
            loading.left[key] = f"{MAX_RUNS} runs were begun: settle the name once more when they have ended"
            continue
        request = RunRequested(
            game_date=day,
            mode=mode,
            source=source,
            targets=run.targets if run is not None else ("export",),
            retrospective=day < today,
            from_phase=LOAD,
            seen=run.generation if run is not None else 0,
        )
        await engine.apply(request)
        loading.begun.append(key)
    return loading
