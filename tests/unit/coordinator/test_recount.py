"""The grid's counts and cells: what is asked of the warehouse, and of which runs."""

import json
from datetime import UTC, date, datetime, timedelta

from services.coordinator.grid.cells import CellStatus
from services.coordinator.grid.count import cells, recount
from services.coordinator.runs.engine import RUNS
from services.coordinator.runs.run import Batches, Evidence, Run, RunStatus, StepState, StepStatus
from services.coordinator.steps.ways import COUNTED
from shared.basketball.slate import Mode
from shared.ports import Row
from shared.registries.markets import MARKETS
from shared.registries.pipeline import STEPS
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports

DAY, BEFORE = date(2024, 3, 4), date(2024, 3, 3)
NINE = datetime(2024, 3, 4, 14, tzinfo=UTC)
"""09:00 Eastern: no overnight run waits any more."""
S = CellStatus


def counting_warehouse() -> AnsweringWarehouse:
    """Two games are expected on the slate, of which one is verified; no other step has a unit."""
    games: list[Row] = [{"game_date": DAY, "expected": 3, "verified": 1, "quarantined": 1, "detail": "x"}]
    answers: dict[str, list[Row]] = {f"complete__{step}": games if step == "schedule" else [] for step in COUNTED}
    return AnsweringWarehouse(**answers)


def run_of(day: date, *targets: StepState, **fields: object) -> Run:
    """A run of that date, its steps beginning with `predict` in these states."""
    known = {
        "game_date": day, "mode": Mode.SAME_DAY, "generation": 3, "source": "test", "retrospective": False,
        "targets": ("publish",), "steps": dict(zip(("predict", "publish"), targets, strict=False)), "created_at": NINE,
        "batches": Batches(systems=("moving_average", "market_residual", "boosted"), absent={"boosted": "x"}),
    }  # fmt: skip
    return Run.model_validate(known | fields)


async def test_the_grid_counts_every_step_that_can_be_counted() -> None:
    """Over the whole range, in one mode; dates without an answer have no count."""
    warehouse = counting_warehouse()
    found = (await recount(warehouse, {Mode.SAME_DAY: {}}, BEFORE, DAY, NINE))[Mode.SAME_DAY]
    assert set(found) == set(COUNTED) == {name.removeprefix("complete__") for name, _ in warehouse.asked}
    units = Evidence(expected=3, verified=1, quarantined=1, detail="x")
    assert (found["schedule"], found["rosters"]) == ({DAY: units}, {})
    slates = [f'{{"game_date": "{day}", "season": "2023-24"}}' for day in (BEFORE, DAY)]
    for _, params in warehouse.asked:
        assert params == {"first": BEFORE, "last": DAY, "mode": "same_day", "slates": slates}
    assert set(STEPS) - set(COUNTED) == {"train", "export"}


async def test_what_a_run_owes_is_joined_to_its_slate() -> None:
    """Games whose cutoff was ahead as its step was settled, or as it stands; of the generation that asked for it."""
    warehouse = counting_warehouse()
    settled = StepState(status=StepStatus.DONE, attempt=1, generation=2, ended_at=NINE - timedelta(hours=1))
    waiting, running = StepState(), StepState(status=StepStatus.RUNNING, attempt=1, generation=3)
    runs = {BEFORE: run_of(BEFORE, settled, waiting), DAY: run_of(DAY, running)}
    await recount(warehouse, {Mode.SAME_DAY: runs}, BEFORE, DAY, NINE)
    asked = {name: [json.loads(row) for row in params["slates"]] for name, params in warehouse.asked}  # type: ignore[union-attr, arg-type]  # a list of strings
    schedule = [{"game_date": str(day), "season": "2023-24"} for day in (BEFORE, DAY)]
    owed = {"games": "", "systems": "moving_average market_residual", "per_player": len(MARKETS), "per_line": 1}
    assert asked["complete__predict"] == [
        schedule[0]
        | owed
        | {
            "run_id": "2024-03-03.same_day.2",
            "not_tipped_after": "2024-03-04T13:20:00+00:00",
            "over_before": "2024-03-04T09:00:00+00:00",
        },
        schedule[1]
        | owed
        | {
            "run_id": "2024-03-04.same_day.3",
            "not_tipped_after": "2024-03-04T14:20:00+00:00",
            "over_before": "2024-03-04T10:00:00+00:00",
        },
    ]
    assert asked["complete__publish"] == schedule


async def test_a_grids_cells_are_of_one_mode_and_window() -> None:
    """Its runs are those of the mode; both ends belong to it."""
    warehouse, state = counting_warehouse(), MemoryState()
    run = Run(
        game_date=DAY, mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False, targets=("schedule",),
        steps={"schedule": StepState(status=StepStatus.FAILED, attempt=1)}, created_at=NINE, status=RunStatus.FAILED,
    )  # fmt: skip
    state._put(RUNS, run.key, run.model_dump(mode="json"))
    ports = memory_ports(state=state, warehouse=warehouse)
    found = await cells(ports, [run], BEFORE, DAY, [Mode.OVERNIGHT])
    assert {(each.game_date, each.status) for each in found if each.step == "schedule"} == {
        (BEFORE, S.IDLE), (DAY, S.FAILED)
    }  # fmt: skip
    other = await cells(ports, [run], DAY, DAY, [Mode.SAME_DAY])
    assert {each.status for each in other if each.step == "schedule"} == {S.MISSING}
