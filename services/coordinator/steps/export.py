"""The export: a slate's current predictions as one JSON document in the archive."""

import json
from datetime import datetime
from typing import Any

from services.coordinator.record.seal import head_document
from services.coordinator.runs.run import Evidence, Run
from services.coordinator.sql import sql
from shared.errors import Permanent
from shared.ports import Ports


def export_key(run: Run) -> str:
    """Where a slate's published predictions lie in the archive."""
    return f"exports/{run.game_date}/{run.mode.value}/predictions.json"


async def export(run: Run, ports: Ports, _: int) -> int:
    """Write the document; what lay there is superseded."""
    published_at = ports.clock.now()  # not later than what it holds
    rows = await ports.warehouse.query(
        sql("predictions"), {"game_date": run.game_date, "mode": run.mode.value, "market": ""}
    )
    document: dict[str, Any] = {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "part": run.part,
        "published_at": published_at.isoformat(),
        "record": await head_document(ports),
        "predictions": rows,
    }
    await ports.archive.put(export_key(run), json.dumps(document, default=str).encode())
    return len(rows)


async def exported(run: Run, _: str, ports: Ports) -> Evidence:
    """One unit: the document, of this run; or one of a part of the slate that was written later."""
    try:
        document = json.loads(await ports.archive.get(export_key(run)))
    except Permanent as missing:
        return Evidence(expected=1, verified=0, detail=str(missing))
    other_part = document.get("part", "") != run.part
    there = document["run_id"] == run.run_id or (other_part and _since_published(run, document))
    return Evidence(expected=1, verified=int(there), detail="" if there else f"export is of run {document['run_id']}")


def _since_published(run: Run, document: dict[str, Any]) -> bool:
    published = run.steps["publish"].ended_at if "publish" in run.steps else None
    return published is not None and datetime.fromisoformat(document["published_at"]) >= published
