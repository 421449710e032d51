"""The documents of a publication are written: five statements, then two objects for each game.

Their stamp is the instant at which the predictions were verified as published, whenever they are written: an attempt
that was cut short and the next one write the same objects. What says which there are comes last.
"""

import asyncio
from typing import Final

from services.coordinator.documents import keys
from services.coordinator.documents.games import Publication, Rows, documents
from services.coordinator.documents.record import picks_so_far
from services.coordinator.documents.shapes import CardDocument, GameDocument
from services.coordinator.documents.store import put_once, read
from services.coordinator.runs.run import Run
from services.coordinator.sql import sql
from shared.errors import Permanent
from shared.ports import Params, Ports, Row
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
    made = await _made(published, forecasts, {**slate, "games": " ".join(games)}, ports) if games else {}
    await put_once(ports.archive, made, await _there(published, ports))
    index = {"run_id": published.run_id, "published_at": published.at, "games": games, "documents": list(made)}
    key = _index(published)
    await put_once(ports.archive, {key: index}, await ports.archive.list(key))
    return games


async def _made(
    published: Publication, forecasts: list[Row], of_games: Params, ports: Ports
) -> dict[str, GameDocument | CardDocument]:
    """Key -> document of each game."""
    known: Params = {**of_games, "published_at": published.at}
    query = ports.warehouse.query
    async with asyncio.TaskGroup() as tasks:
        so_far = tasks.create_task(picks_so_far(ports.archive, published))
        moved = tasks.create_task(query(sql("moves"), {**of_games, "systems": list(BEST_FIRST)}))
        players = tasks.create_task(query(sql("documents/players"), of_games))
        books = tasks.create_task(query(sql("documents/books"), known))
        past = tasks.create_task(query(sql("documents/past"), {**known, "systems": _SYSTEMS}))
    moves = [row for row in moved.result() if row["predicted_at"] <= published.at]
    rows = Rows(forecasts, players.result(), books.result(), past.result(), moves)
    made = await asyncio.to_thread(lambda: list(documents(published, rows, so_far.result())))
    day, mode = published.game_date, published.mode.value
    stamp = keys.stamped(published.at, published.run_id)
    return {
        f"{folder}{game_id}/{stamp}": each
        for game_id, document, card in made
        for folder, each in ((keys.games(day, mode), document), (keys.cards(day, mode), card))
    }


async def _there(published: Publication, ports: Ports) -> set[str]:
    """The documents that the archive has of the slate's games."""
    found: set[str] = set()
    for prefix in (keys.games, keys.cards):
        found.update(await ports.archive.list(prefix(published.game_date, published.mode.value)))
    return found


async def missing(published: Publication, ports: Ports) -> tuple[int, list[str], list[str]]:
    """How many objects a publication has in the archive, its games, and which of the objects are not there."""
    try:
        index = await read(ports.archive, _index(published))
    except Permanent:
        return 1, [], [_index(published)]
    there = await _there(published, ports)
    return 1 + len(index["documents"]), index["games"], [key for key in index["documents"] if key not in there]


def _index(published: Publication) -> str:
    stamp = keys.stamped(published.at, published.run_id)
    return f"{keys.publications(published.game_date, published.mode.value)}{stamp}"
