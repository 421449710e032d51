"""Evidence: what the warehouse says of a step, against what the schedule and its run say to expect.

A service's own word is not enough (failures 1, 9, 30): a query in `sql/complete` counts a step's units by slate. Its
answer for one date is a run's evidence, its answer over a range the grid. The grid asks for several steps and modes in
one statement: BigQuery bills 10 MB at least for every table that a statement names, however often it names it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from services.coordinator.runs.run import NOTHING, Evidence, Run
from services.coordinator.sql import sql
from shared.basketball.slate import SAME_DAY_LEAD, Mode, season_of
from shared.ports import Params, Ports, Row, Warehouse
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

Owed = Mapping[date, Mapping[str, str | int]]
"""Slate -> what its run owes of a step, beside what the schedule says."""
_OF_A_PART = re.compile(r"@(mode|slates)\b")
_OVER = timedelta(hours=4)
"""So long after its tip-off a game is over and its box score there, overtimes and all."""
_BEFORE_ALL_GAMES = datetime(1946, 1, 1, tzinfo=UTC)


def not_tipped_after(run: Run, now: datetime) -> datetime:
    """A live run predicts no game that has tipped off by now; a retrospective one predicts all, as of their cutoffs.

    On the day itself a game is left to its final pass from its cutoff on: nothing else may come after that.
    """
    if run.retrospective:
        return _BEFORE_ALL_GAMES
    return now + SAME_DAY_LEAD if run.mode is Mode.SAME_DAY and not run.final else now


def of_run(run: Run, now: datetime) -> Params:
    """Parameters of a query about one run."""
    return {
        "game_date": run.game_date,
        "mode": run.mode.value,
        "run_id": run.run_id,
        "not_tipped_after": not_tipped_after(run, now),
        "games": " ".join(run.games),
    }


def owed(run: Run, generation: int, settled_at: datetime) -> dict[str, str | int]:
    """What a step of that generation owed when it was settled, beside what the schedule says."""
    per_line = sum(SYSTEMS[system].needs_line for system in run.batches.owed)
    return {
        "run_id": run.id_of(generation),
        "not_tipped_after": not_tipped_after(run, settled_at).isoformat(),
        **({} if run.retrospective else {"over_before": (settled_at - _OVER).isoformat()}),
        "games": " ".join(run.games),
        "systems": " ".join(run.batches.owed),
        "per_player": len(MARKETS) * (len(run.batches.owed) - per_line),
        "per_line": per_line,
    }


async def count(
    warehouse: Warehouse, step: str, slates: Sequence[date], mode: Mode, owes: Owed
) -> dict[date, Evidence]:
    """Consecutive slate -> the step's units, as its run owes them or, without one, as the schedule says.

    A slate without units is left out.
    """
    params: Params = {"first": slates[0], "last": slates[-1], "mode": mode.value, "slates": _slates(slates, owes)}
    found = await warehouse.query(sql(f"complete/{step}"), params)
    return {row["game_date"]: _evidence(row) for row in found}


async def count_together(
    warehouse: Warehouse, slates: Sequence[date], owes: Mapping[tuple[str, Mode], Owed]
) -> dict[tuple[str, Mode], dict[date, Evidence]]:
    """The same for several steps and modes, in one statement."""
    params: dict[str, Any] = {"first": slates[0], "last": slates[-1]}
    for (step, mode), owed_here in owes.items():
        params[f"mode_{step}_{mode.value}"] = mode.value
        params[f"slates_{step}_{mode.value}"] = _slates(slates, owed_here)
    found: dict[tuple[str, Mode], dict[date, Evidence]] = {part: {} for part in owes}
    for row in await warehouse.query(together(tuple(owes)), params):
        found[row["step"], Mode(row["mode"])][row["game_date"]] = _evidence(row)
    return found


@lru_cache(maxsize=64)
def together(parts: tuple[tuple[str, Mode], ...]) -> str:
    """The steps' queries as one: each with the mode and the slates of its own part."""
    selects = []
    for step, mode in parts:
        text = _OF_A_PART.sub(rf"@\1_{step}_{mode.value}", sql(f"complete/{step}"))
        part = f"'{step}' AS step, '{mode.value}' AS mode"
        selects.append(f"SELECT {part}, game_date, {', '.join(Evidence.model_fields)}\nFROM (\n{text}\n) AS counted")
    return f"-- Counted together: {', '.join(dict.fromkeys(step for step, _ in parts))}.\n" + "\nUNION ALL\n".join(
        selects
    )


def _slates(slates: Sequence[date], owes: Owed) -> list[str]:
    return [json.dumps({"game_date": str(day), "season": season_of(day), **owes.get(day, {})}) for day in slates]


def _evidence(row: Row) -> Evidence:
    return Evidence(**{name: row[name] for name in Evidence.model_fields})


async def counted(run: Run, step: str, ports: Ports) -> Evidence:
    """A step's units in the warehouse, for a run."""
    day, owes = run.game_date, owed(run, run.generation, ports.clock.now())
    found = await count(ports.warehouse, step, [day], run.mode, {day: owes})
    return found.get(day, NOTHING)
