"""Alerts about models: refused, too good, too bad, and well again."""

from datetime import UTC, date, datetime

from services.coordinator.runs.run import Batches, Run
from services.coordinator.steps.predict import absent, present
from services.coordinator.steps.train import judged
from shared.basketball.slate import Mode
from shared.contract import StepReported
from tests.unit.coordinator.memory import memory_ports, opened

LEARNED = ("similarity", "boosted", "market_residual", "ensemble")


def run_of(**batches: object) -> Run:
    """A same-day run."""
    return Run(
        game_date=date(2024, 3, 4), mode=Mode.SAME_DAY, generation=1, source="test", retrospective=False,
        targets=("export",), steps={}, created_at=datetime(2024, 3, 4, tzinfo=UTC),
        batches=Batches.model_validate(batches),
    )  # fmt: skip


def report(reason: str = "why", **counts: int) -> StepReported:
    """A report of training."""
    return StepReported(run_id="r", step="train", attempt=1, outcome="done", reason=reason, counts=counts)


async def test_f15_each_absent_system_is_told_of_with_its_reason() -> None:
    """By mode and system."""
    ports = memory_ports()
    await absent(run_of(), {"boosted": "bytes changed", "ensemble": "no boosted"}, ports)
    assert await opened(ports.state) == {
        "artifact_refused same_day.boosted": "bytes changed",
        "artifact_refused same_day.ensemble": "no boosted",
    }


async def test_the_learned_systems_that_were_owed_are_well_again() -> None:
    """Not one that is still absent, nor one of another mode; a hand-made system has no such alert to clear."""
    ports = memory_ports()
    await absent(run_of(), dict.fromkeys((*LEARNED, "moving_average"), "x"), ports)
    other = run_of().model_copy(update={"mode": Mode.OVERNIGHT})
    await absent(other, {"boosted": "x"}, ports)
    asked = ("moving_average", *LEARNED[:3])
    await present(run_of(systems=asked, absent={"similarity": "still"}), report(), ports)
    assert set(await opened(ports.state)) == {
        "artifact_refused same_day.similarity",
        "artifact_refused same_day.ensemble",
        "artifact_refused same_day.moving_average",
        "artifact_refused overnight.boosted",
    }


async def test_f29_models_too_good_or_too_bad_are_told_of_until_the_next_clean_training() -> None:
    """Each for itself, with the report's reason; a training that trained nothing says nothing."""
    ports = memory_ports()
    await judged(run_of(), report("both", trained=3, refused=1, challengers=2), ports)
    both = {"accuracy_too_good same_day.training": "both", "challenger_worse same_day.training": "both"}
    assert await opened(ports.state) == both
    await judged(run_of(), report("nothing was due", refused=0, challengers=0), ports)
    await judged(run_of(), report("nothing was due", trained=0), ports)
    assert await opened(ports.state) == both
    await judged(run_of(), report("one", trained=1, refused=1), ports)
    assert await opened(ports.state) == {"accuracy_too_good same_day.training": "one"}
    await judged(run_of(), report("other", trained=1, challengers=1), ports)
    assert await opened(ports.state) == {"challenger_worse same_day.training": "other"}
    await judged(run_of(), report("fine", trained=1), ports)
    assert await opened(ports.state) == {}


async def test_nothing_trained_tells_of_nothing() -> None:
    """Not even where the report counts refused models."""
    ports = memory_ports()
    await judged(run_of(), report(refused=1, challengers=1), ports)
    assert await opened(ports.state) == {}
