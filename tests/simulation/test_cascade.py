"""The coordinator's core under chaos, seed by seed. A failing seed replays: `World(seed).play()`."""

import pytest

from services.coordinator.domain.run import RunStatus
from tests.simulation.world import World

SEEDS = 1_000
PROOF = 100_000


def test_f07_whatever_happens_a_run_ends_honestly_and_nothing_is_lost() -> None:
    """The invariants hold under crashes, duplicates, delays, conflicts and failing steps."""
    ends = {World(seed).play().status for seed in range(SEEDS)}
    assert ends == {RunStatus.COMPLETE, RunStatus.DEGRADED, RunStatus.FAILED}


@pytest.mark.proof
@pytest.mark.parametrize("block", range(100))
def test_f07_the_long_proof_of_the_same(block: int) -> None:
    """A hundred thousand seeds."""
    size = PROOF // 100
    for seed in range(SEEDS + block * size, SEEDS + (block + 1) * size):
        World(seed).play()


def test_a_seed_is_a_night() -> None:
    """The same seed gives the same night: a failure can be replayed."""
    for seed in range(20):
        assert World(seed).play() == World(seed).play()


def test_the_chaos_is_real() -> None:
    """Most of what can go wrong does, in the seeds of every run: crashes, retries, waits, generations, both buses."""
    worlds = [World(seed) for seed in range(300)]
    crashes = [world.crashes for world in worlds]
    runs = [world.play() for world in worlds]
    assert sum(crashes) - sum(world.crashes for world in worlds) > 100
    assert sum(step.attempt > 1 for run in runs for step in run.steps.values()) > 50
    assert sum(run.generation > 1 for run in runs) > 30
    assert sum(any(decision.decision == "wait" for decision in run.decisions) for run in runs) > 20
    assert {world.durable_bus for world in worlds} == {True, False}
