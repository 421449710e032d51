"""The coordinator's handlers on fakes, and the messages of one run."""

import math
from datetime import UTC, date, datetime
from typing import Any

from services.coordinator.handlers import Handlers
from services.coordinator.runs.engine import OPEN, RUNS, Engine
from services.coordinator.runs.run import Run, StepState, StepStatus
from shared.basketball.slate import Mode
from shared.contract import Message, StepReported, StepRequested, decode
from shared.ports import Row
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.unit.coordinator.memory import AnsweringWarehouse, memory_ports
from tests.unit.shared.archive import MemoryArchive

DAY = date(2024, 3, 4)
KEY = "2024-03-04.overnight"
RUN_ID = f"{KEY}.1"
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
CUTOFF = datetime(2024, 3, 4, 11, 30, tzinfo=UTC)


class World:
    """Handlers on fakes, two players in a batch at most."""

    def __init__(self, budget: float | None = None, **answers: list[Row]) -> None:
        self.warehouse, self.archive = AnsweringWarehouse(**answers), MemoryArchive()
        self.state, self.bus, self.clock = MemoryState(), RecordingBus(), FakeClock()
        self.clock.tick = 1.5
        self.ports = memory_ports(
            clock=self.clock, bus=self.bus, state=self.state, warehouse=self.warehouse, archive=self.archive
        )
        self.engine = Engine(self.ports)
        limit = math.inf if budget is None else budget
        self.handlers = Handlers(self.engine, self.ports, batch_size=2, nightly_budget_usd=limit)

    def put(self, run: Run) -> Run:
        """Store a run as it is, asked for when it was made."""
        self.state._put(RUNS, run.key, run.model_dump(mode="json"))
        self.state._put(OPEN, run.key, {})
        return run

    async def run(self) -> Run:
        """The run as it is stored."""
        run = await self.engine.run(KEY)
        assert run is not None
        return run

    def sent(self) -> list[tuple[str, Message]]:
        """(topic, message) of everything that was published."""
        return [(topic, decode(data)) for topic, data, _ in self.bus.published]


def run_of(steps: dict[str, StepStatus], attempt: int = 1, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run whose steps stand so."""
    known = {
        "game_date": DAY, "mode": Mode.OVERNIGHT, "generation": 1, "source": "test", "retrospective": False,
        "targets": tuple(steps), "created_at": NOON,
        "steps": {name: StepState(status=status, attempt=attempt) for name, status in steps.items()},
    }  # fmt: skip
    return Run.model_validate(known | fields)


def working(step: str, **fields: Any) -> Run:  # noqa: ANN401 - any field of a run
    """A run of one step, at work, and of `export`, which waits for others."""
    return run_of({step: StepStatus.RUNNING, "schedule": StepStatus.RUNNING}, **fields)


def reported(step: str, attempt: int = 1, **values: Any) -> StepReported:  # noqa: ANN401 - any field of the message
    """A report of success."""
    known = {"run_id": RUN_ID, "step": step, "attempt": attempt, "outcome": "done"}
    return StepReported.model_validate(known | values)


def ask(step: str, attempt: int = 1, run_id: str = RUN_ID) -> StepRequested:
    """The request of a step."""
    return StepRequested(run_id=run_id, game_date=DAY, mode=Mode.OVERNIGHT, step=step, attempt=attempt)


FULL: Row = {"game_date": DAY, "expected": 4, "verified": 4, "quarantined": 0, "detail": ""}
