"""The other half of the nights of `test_nights`, for a second worker, and what a failing seed is worth."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.coordinator.runs.engine import Engine
from shared.embedded.broker_core import BrokerCore
from tests.simulation import night as nights_module
from tests.simulation.night import Night
from tests.simulation.nights import block

SEED = 7


@pytest.mark.parametrize("number", range(10, 20))
def test_f07_nothing_is_lost_doubled_or_stuck_either(number: int) -> None:
    """The invariants hold in these nights too."""
    block(number)


def test_a_seed_replays_exactly() -> None:
    """The command that replays a seed sees what the test saw, whatever the order of a set in another process."""
    night = Night(SEED)
    night.play()
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.replay", str(SEED)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    *trace, last = done.stdout.splitlines()
    assert last.split() == ["trace", night.chaos.digest]
    assert len(trace) > 100


def test_a_night_that_waits_for_ever_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that never returns ends the night after a bounded number of steps, not the patience of who runs it."""

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Engine, "_flush", never)
    with pytest.raises(AssertionError, match="seed 7: Hang: no end after"):
        Night(SEED).play()


def test_a_night_that_goes_round_in_circles_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does one that does something for ever."""

    async def again_and_again(engine: Engine, *_: object) -> None:
        while True:
            await engine._ports.clock.sleep(1.0)

    monkeypatch.setattr(Engine, "_flush", again_and_again)
    with pytest.raises(AssertionError, match="seed 7: Hang: no end after 20000 steps"):
        Night(SEED).play()


def test_a_loop_that_never_awaits_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a loop without a single await hangs the test."""

    def busy(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr(nights_module, "MAX_CPU", 0.2)
    monkeypatch.setattr(BrokerCore, "expire", busy)
    with pytest.raises(AssertionError, match=r"seed 7: Hang: 0\.2 s of the processor's time"):
        Night(SEED).play()
