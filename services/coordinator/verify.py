"""Evidence: what the warehouse says of a step, against what the schedule and its run say to expect.

A service's own word is not enough (failures 1, 9, 30): every step has one query in `sql/complete` that counts its units
by slate. A run's evidence is its answer for one date, the grid its answer over a range.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files

from services.coordinator.domain.run import NOTHING, Evidence, Run
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, season_of
from shared.errors import Permanent
from shared.ports import Archive, Params, Ports, Warehouse
from shared.registries.markets import MARKETS
from shared.registries.pipeline import STEPS
from shared.registries.systems import SYSTEMS

_BEFORE_ALL_GAMES = datetime(1946, 1, 1, tzinfo=UTC)


def not_tipped_after(run: Run, now: datetime) -> datetime:
    """A live run predicts no game that has tipped off by now; a retrospective one predicts all, as of their cutoffs."""
    return _BEFORE_ALL_GAMES if run.retrospective else now


@cache
def counted() -> tuple[str, ...]:
    """The steps that are counted in the warehouse: all but the export and training, which lie in the archive."""
    folder = files("services.coordinator.sql") / "complete"
    return tuple(step for step in STEPS if (folder / f"{step}.sql").is_file())


def owed(run: Run, generation: int, settled_at: datetime) -> dict[str, str | int]:
    """What a step of that generation owed when it was settled, beside what the schedule says."""
    per_line = sum(SYSTEMS[system].needs_line for system in run.batches.owed)
    return {
        "run_id": run.id_of(generation),
        "not_tipped_after": not_tipped_after(run, settled_at).isoformat(),
        "systems": " ".join(run.batches.owed),
        "per_player": len(MARKETS) * (len(run.batches.owed) - per_line),
        "per_line": per_line,
    }


async def count(
    warehouse: Warehouse, step: str, slates: Sequence[date], mode: Mode, runs: Mapping[date, dict[str, str | int]]
) -> dict[date, Evidence]:
    """Consecutive slate -> the step's units, as its run owes them or, without one, as the schedule says.

    A slate without units is left out.
    """
    rows = [{"game_date": str(day), "season": season_of(day), **runs.get(day, {})} for day in slates]
    params: Params = {
        "first": slates[0],
        "last": slates[-1],
        "mode": mode.value,
        "slates": [json.dumps(row) for row in rows],
    }
    found = await warehouse.query(sql(f"complete/{step}"), params)
    return {row["game_date"]: Evidence(**{name: row[name] for name in Evidence.model_fields}) for row in found}


async def evidence(run: Run, step: str, ports: Ports) -> Evidence:
    """Count a step's units in the warehouse (the export's: in the archive)."""
    if step == "export":
        return await _exported(run, ports.archive)
    if step == "train":
        return await _trained(run, ports)
    day, owes = run.game_date, owed(run, run.generation, ports.clock.now())
    found = await count(ports.warehouse, step, [day], run.mode, {day: owes})
    return found.get(day, NOTHING)


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
