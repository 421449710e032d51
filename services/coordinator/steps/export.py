"""The export: what a run has published, written down in the archive.

Its documents (`services/coordinator/documents`) are written once and never again. Beside them lies the slate's current
view as one JSON document, in which a pass replaces its games.
"""

import asyncio
from typing import Any

from pydantic_core import from_json, to_json

from services.coordinator.documents import keys, publish
from services.coordinator.documents.games import Publication
from services.coordinator.record.seal import head_document
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.sql import sql
from shared.errors import Permanent
from shared.ports import Params, Ports, Row


def export_key(run: Run) -> str:
    """Where a slate's published predictions lie in the archive."""
    return f"exports/{run.game_date}/{run.mode.value}/predictions.json"


async def export(run: Run, ports: Ports, _: int) -> int:
    """Write the documents and the slate's view; returns the view's predictions."""
    published = publish.publication(run)
    games = await publish.write(published, ports)
    return await _export(run, published, games, ports)


async def _export(run: Run, published: Publication, games: list[str], ports: Ports) -> int:
    """What two passes write at once may lose the one's games: the evidence finds that, and it is written again."""
    before = await _current(run, ports) if run.part else None
    params: Params = {
        "game_date": run.game_date, "mode": run.mode.value, "market": "", "system": "", "best_first": "",
    }  # fmt: skip
    stamp = keys.stamped(published.at, published.run_id)
    rows: list[Row]
    if before is None:
        rows = await ports.warehouse.query(sql("predictions"), {**params, "games": ""})
        stamps = dict.fromkeys({str(row["game_id"]) for row in rows}, stamp)
    else:
        rows = [row for row in before["predictions"] if row["game_id"] not in games]
        if games:
            rows += await ports.warehouse.query(sql("predictions"), {**params, "games": " ".join(games)})
        stamps = {**before["games"], **dict.fromkeys(games, stamp)}
    document: dict[str, Any] = {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "part": run.part,
        "published_at": published.at,
        "games": stamps,
        "record": await head_document(ports),
        "predictions": rows,
    }
    await ports.archive.put(export_key(run), await asyncio.to_thread(to_json, document))
    return len(rows)


async def exported(run: Run, _: str, ports: Ports) -> Evidence:
    """The documents, and the view: with each game as this run published it, or one that did later."""
    published = publish.publication(run)
    documents, games, missing = await publish.missing(published, ports)
    view = await _current(run, ports)
    stamp = keys.stamped(published.at, published.run_id)
    if view is None:
        missing.append(export_key(run))
    elif older := [game for game in games if view["games"].get(game, "") < stamp]:
        missing.append(f"game {older[0]} of {run.run_id} in {export_key(run)}")
    expected = 1 + documents
    return Evidence(expected=expected, verified=expected - len(missing), detail=f"no {missing[0]}" if missing else "")


async def _current(run: Run, ports: Ports) -> dict[str, Any] | None:
    """The view as it lies there; None where there is none, or one that does not say what its games are of."""
    try:
        data = await ports.archive.get(export_key(run))
    except Permanent:
        return None
    found: dict[str, Any] = await asyncio.to_thread(from_json, data)
    return found if "games" in found else None
