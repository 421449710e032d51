"""Evidence: what the warehouse says of a step, against what the schedule and its run say to expect.

A service's own word is not enough (failures 1, 9, 30): a query in `sql/complete` counts a step's units by slate. Its
answer for one date is a run's evidence, its answer over a range the grid.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from services.coordinator.runs.run import NOTHING, Evidence, Run
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, season_of
from shared.ports import Params, Ports, Warehouse
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

_BEFORE_ALL_GAMES = datetime(1946, 1, 1, tzinfo=UTC)


def not_tipped_after(run: Run, now: datetime) -> datetime:
    """A live run predicts no game that has tipped off by now; a retrospective one predicts all, as of their cutoffs."""
    return _BEFORE_ALL_GAMES if run.retrospective else now


def of_run(run: Run, now: datetime) -> Params:
    """Parameters of a query about one run."""
    return {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "not_tipped_after": not_tipped_after(run, now),
    }


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


async def counted(run: Run, step: str, ports: Ports) -> Evidence:
    """A step's units in the warehouse, for a run."""
    day, owes = run.game_date, owed(run, run.generation, ports.clock.now())
    found = await count(ports.warehouse, step, [day], run.mode, {day: owes})
    return found.get(day, NOTHING)
