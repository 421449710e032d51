"""Evidence: what the warehouse says of a step, against what the schedule says to expect.

A service's own word is not enough (failures 1, 9, 30): every step has a query in `sql/verify` that counts its units.
"""

import json
from datetime import UTC, datetime

from services.coordinator.domain.run import Evidence, Run
from services.coordinator.sql import sql
from shared.basketball.slate import season_of
from shared.errors import Permanent
from shared.ports import Archive, Params, Ports
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

_BEFORE_ALL_GAMES = datetime(1946, 1, 1, tzinfo=UTC)


def parameters(run: Run, now: datetime) -> Params:
    """The parameters that the coordinator's queries about a run may name."""
    owed = run.batches.owed
    per_line = [system for system in owed if SYSTEMS[system].needs_line]
    return {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "season": season_of(run.game_date),
        "systems": owed,
        "per_player": len(MARKETS) * (len(owed) - len(per_line)),
        "per_line": len(per_line),
        # A live run predicts no game that has tipped off; a retrospective one predicts all, as of their cutoffs.
        "not_tipped_after": _BEFORE_ALL_GAMES if run.retrospective else now,
    }


async def evidence(run: Run, step: str, ports: Ports) -> Evidence:
    """Count a step's units in the warehouse (the export's: in the archive)."""
    if step == "export":
        return await _exported(run, ports.archive)
    if step == "train":
        return await _trained(run, ports)
    text = sql(f"verify/{step}")
    wanted = {k: v for k, v in parameters(run, ports.clock.now()).items() if f"@{k}" in text}
    [row] = await ports.warehouse.query(text, wanted)
    return Evidence(**row)


def export_key(run: Run) -> str:
    """Where a slate's published predictions lie in the archive."""
    return f"exports/{run.game_date}/{run.mode.value}/predictions.json"


async def champions(run: Run, ports: Ports) -> dict[str, str]:
    """System -> digest of its newest champion as of the run's slate."""
    rows = await ports.warehouse.query(sql("champions"), {"game_date": run.game_date, "mode": run.mode.value})
    return {row["system"]: row["digest"] for row in rows}


async def _trained(run: Run, ports: Ports) -> Evidence:
    """Units: champions in force; those whose artifact lies in the archive."""
    wanted = await champions(run, ports)
    kept = [await ports.archive.list(f"models/{system}/{digest}") for system, digest in wanted.items()]
    lost = [f"{system} {digest[:12]}" for (system, digest), keys in zip(wanted.items(), kept, strict=True) if not keys]
    detail = f"not in the archive: {', '.join(lost)}" if lost else ""
    return Evidence(expected=len(wanted), verified=len(wanted) - len(lost), detail=detail)


async def _exported(run: Run, archive: Archive) -> Evidence:
    try:
        document = json.loads(await archive.get(export_key(run)))
    except Permanent as missing:
        return Evidence(expected=1, verified=0, detail=str(missing))
    there = int(document["run_id"] == run.run_id)
    return Evidence(expected=1, verified=there, detail="" if there else f"export is of run {document['run_id']}")
