"""Five minutes without the state store, the warehouse or the bus, in mid-night: the night completes by itself."""

import pytest

from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.runs.run import RunStatus
from tests.simulation.chaos import Outage
from tests.simulation.end import check_end, check_quiet
from tests.simulation.night import Night

NIGHTS = 12
"""For each port."""


class Interrupted(Night):
    """A night that is asked for once, where nothing goes wrong but one outage; nobody asks again, and no reconciler."""

    def __init__(self, seed: int, outage: Outage | None = None) -> None:
        self.trace: list[str] = []
        super().__init__(seed, self.trace.append)
        self.chaos.mild()
        self.chaos.outage = outage
        self.fates = {}
        self.tables.archive.clear()

    def amid(self, port: str) -> float:
        """An instant well within the night, just before somebody uses the port."""
        used = [float(line.split()[0]) for line in self.trace if f" {port}." in line]
        return self.dice.choice(used[len(used) // 10 : -len(used) // 10]) - 0.001

    async def _night(self) -> None:
        self._begin()
        if self.chaos.outage is not None:  # who waits for the bus notices when it is there again
            self.loop.call_later(self.chaos.outage.start + self.chaos.outage.seconds + 1.0, self.broker.dispatch)
        await self._quiet()
        check_quiet(self)
        check_end(self)
        run = self.run()
        assert run is not None
        assert run.status is RunStatus.COMPLETE
        assert {step.tries for step in run.steps.values()} == {1}, "no step had to be asked for twice"
        assert not self.documents.of(DEAD_LETTERS)
        assert not self.witness.letters


@pytest.mark.parametrize("port", ["state", "warehouse", "bus"])
@pytest.mark.parametrize("seed", range(NIGHTS))
def test_five_minutes_without_a_port_cost_a_night_minutes_and_nothing_else(seed: int, port: str) -> None:
    """Nothing is dead-lettered, no step fails or is repeated, every prediction is published once, the ledger has it."""
    undisturbed = Interrupted(seed)
    undisturbed.play()
    outage = Outage(port, start=undisturbed.amid(port))
    night = Interrupted(seed, outage)
    night.play()
    assert sum(times for kind, times in night.chaos.counts.items() if kind.startswith("outage")) > 0


def test_an_outage_longer_than_the_attempts_is_seen() -> None:
    """The test above can fail: an hour without the warehouse is more than any delivery survives."""
    undisturbed = Interrupted(1)
    undisturbed.play()
    with pytest.raises(AssertionError):
        Interrupted(1, Outage("warehouse", start=undisturbed.amid("warehouse"), seconds=3600.0)).play()
