"""The grid's counts and cells: what is asked of the warehouse, and of which runs."""

from datetime import UTC, date, datetime

from services.coordinator.domain.grid import CellStatus, Count
from services.coordinator.domain.run import Run, RunStatus, StepState, StepStatus
from services.coordinator.engine import RUNS, Engine
from services.coordinator.recount import cells, counted, recount
from shared.basketball.slate import Mode
from shared.ports import Row
from tests.simulation.fakes import MemoryState
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports

DAY, BEFORE = date(2024, 3, 4), date(2024, 3, 3)
NINE = datetime(2024, 3, 4, 14, tzinfo=UTC)
"""09:00 Eastern: no overnight run waits any more."""
S = CellStatus


def counting_warehouse() -> AnsweringWarehouse:
    """Two games are expected on the slate, of which one is verified; no other step has a unit."""
    games: list[Row] = [{"game_date": DAY, "expected": 2, "verified": 1}]
    answers: dict[str, list[Row]] = {f"grid__{step}": games if step == "schedule" else [] for step in counted()}
    return AnsweringWarehouse(**answers)


async def test_the_grid_is_counted_with_a_query_a_step() -> None:
    """Each with the parameters that it names; dates without an answer have no count."""
    warehouse = counting_warehouse()
    found = await recount(warehouse, BEFORE, DAY, Mode.SAME_DAY)
    assert set(found) == set(counted()) == {name.removeprefix("grid__") for name, _ in warehouse.asked}
    assert (found["schedule"], found["rosters"]) == ({DAY: Count(2, 1)}, {})
    for _, params in warehouse.asked:
        assert params.items() <= {"first": BEFORE, "last": DAY, "mode": "same_day"}.items()
        assert {"first", "last"} <= params.keys()
    asked = dict(warehouse.asked)
    assert asked["grid__schedule"] == {"first": BEFORE, "last": DAY}  # a game is a game in every mode
    assert asked["grid__lines"] == {"first": BEFORE, "last": DAY, "mode": "same_day"}
    assert "train" not in counted()
    assert "export" not in counted()


async def test_a_grids_cells_are_of_one_mode_and_window() -> None:
    """Its runs are those of the mode; both ends belong to it."""
    warehouse, state = counting_warehouse(), MemoryState()
    run = Run(
        game_date=DAY, mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False, targets=("schedule",),
        steps={"schedule": StepState(status=StepStatus.FAILED, attempt=1)}, created_at=NINE, status=RunStatus.FAILED,
    )  # fmt: skip
    state._put(RUNS, run.key, run.model_dump(mode="json"))
    engine = Engine(memory_ports(state=state))
    found = await cells(engine, warehouse, BEFORE, DAY, Mode.OVERNIGHT)
    assert {(each.game_date, each.status) for each in found if each.step == "schedule"} == {
        (BEFORE, S.IDLE), (DAY, S.FAILED)
    }  # fmt: skip
    other = await cells(engine, warehouse, DAY, DAY, Mode.SAME_DAY)
    assert {each.status for each in other if each.step == "schedule"} == {S.MISSING}
