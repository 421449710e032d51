"""What a night may cost, and who is told."""

from datetime import UTC, date, datetime

from services.coordinator.alerts import COLLECTION
from services.coordinator.runs.run import Run, StepState
from services.coordinator.watch.budget import EXCEEDED, spent, watch
from shared.basketball.slate import Mode
from tests.unit.coordinator.memory import memory_ports


def run(**microdollars: int) -> Run:
    """A run whose steps have cost so much."""
    steps = {name: StepState(counts={"rows": 1, "microdollars": cost}) for name, cost in microdollars.items()}
    return Run(
        game_date=date(2024, 3, 4), mode=Mode.OVERNIGHT, generation=1, source="test", retrospective=False,
        targets=("export",), steps={"schedule": StepState(), **steps}, created_at=datetime(2024, 3, 4, tzinfo=UTC),
    )  # fmt: skip


def test_a_run_has_spent_what_its_steps_report() -> None:
    """Steps that report no money have cost none."""
    assert spent(run()) == 0
    assert spent(run(grade=250_000, ml_feature_store=500_000)) == 0.75


async def test_a_run_over_its_budget_raises_one_alert() -> None:
    """However often it is looked at; it names the sum, the budget and the dearest step."""
    ports = memory_ports()
    for _ in range(2):
        await watch(run(grade=250_000, ml_feature_store=500_000), 0.5, ports)
    [alert] = await ports.state.list(COLLECTION)
    assert (alert.data["name"], alert.data["scope"]) == (EXCEEDED, "2024-03-04.overnight.1")
    detail = "0.7500 of 0.5000 US dollars spent, most by ml_feature_store: `tipoff cost --date 2024-03-04`"
    assert alert.data["detail"] == detail


async def test_a_run_within_its_budget_raises_none() -> None:
    """The budget itself may be spent."""
    ports = memory_ports()
    await watch(run(grade=500_000), 0.5, ports)
    assert await ports.state.list(COLLECTION) == []
