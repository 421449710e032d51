"""The documents of a publication are written: five statements, then two objects for each game.

Their stamp is the instant at which the predictions were verified as published, whenever they are written: an attempt
that was cut short and the next one write the same objects. What says which there are comes last.
"""

import asyncio
from typing import Any, Final

from services.coordinator.documents import keys
from services.coordinator.documents.games import Publication, Rows, documents
from services.coordinator.documents.record import picks_so_far
from services.coordinator.documents.store import put_once, read
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from shared.errors import Permanent
from shared.ports import Params, Ports
from shared.registries.pipeline import PUBLISHING
from shared.registries.systems import BEST_FIRST

_SYSTEMS: Final = f" {' '.join(BEST_FIRST)} "


def publication(run: Run) -> Publication:
    """What a run has published, and since when: the generation that published may be an earlier one."""
    step = run.steps.get(PUBLISHING)
    generation = run.generation if step is None or step.generation is None else step.generation
    at = run.created_at if step is None or step.ended_at is None else step.ended_at
    return Publication(run.game_date, run.mode, run.id_of(generation), run.part, run.why, at)


async def write(published: Publication, ports: Ports) -> list[str]:
    """Write the documents of the games; returns the games."""
    slate: Params = {"game_date": published.game_date, "mode": published.mode.value}
    forecasts = await ports.warehouse.query(sql("documents/forecasts"), {**slate, "run_id": published.run_id})
    games = sorted({str(row["game_id"]) for row in forecasts})
    written = await _write_games(published, forecasts, games, slate, ports) if games else []
    index = {"run_id": published.run_id, "published_at": published.at, "games": games, "documents": written}
    await put_once(ports.archive, _index(published), index)
    return games


async def _write_games(
    published: Publication, forecasts: list[dict[str, Any]], games: list[str], slate: Params, ports: Ports
) -> list[str]:
    of_games: Params = {**slate, "games": " ".join(games)}
    known: Params = {**of_games, "published_at": published.at}
    moved = await ports.warehouse.query(sql("moves"), {**of_games, "systems": list(BEST_FIRST)})
    rows = Rows(
        forecasts=forecasts,
        players=await ports.warehouse.query(sql("documents/players"), of_games),
        books=await ports.warehouse.query(sql("documents/books"), known),
        past=await ports.warehouse.query(sql("documents/past"), {**known, "systems": _SYSTEMS}),
        moves=[row for row in moved if row["predicted_at"] <= published.at],
    )
    so_far = await picks_so_far(ports.archive, published)
    made = await asyncio.to_thread(lambda: list(documents(published, rows, so_far)))
    day, mode = published.game_date, published.mode.value
    stamp = keys.stamped(published.at, published.run_id)
    written = []
    for game_id, document, card in made:
        for key, each in ((keys.games(day, mode), document), (keys.cards(day, mode), card)):
            written.append(f"{key}{game_id}/{stamp}")
            await put_once(ports.archive, written[-1], each)
    return written


async def missing(published: Publication, ports: Ports) -> tuple[int, list[str], list[str]]:
    """How many objects a publication has in the archive, its games, and which of the objects are not there."""
    try:
        index = await read(ports.archive, _index(published))
    except Permanent:
        return 1, [], [_index(published)]
    there: set[str] = set()
    for prefix in (keys.games, keys.cards):
        there.update(await ports.archive.list(prefix(published.game_date, published.mode.value)))
    return 1 + len(index["documents"]), index["games"], [key for key in index["documents"] if key not in there]


def _index(published: Publication) -> str:
    stamp = keys.stamped(published.at, published.run_id)
    return f"{keys.publications(published.game_date, published.mode.value)}{stamp}"
