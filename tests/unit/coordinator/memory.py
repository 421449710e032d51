"""Ports in memory that tests can make fail, and ports that must not be touched."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from services.coordinator.alerts import alerts
from services.coordinator.sql import sql as text_of
from shared.errors import Permanent, TipoffError
from shared.ports import Archive, Bus, Clock, Job, Params, Ports, Row, Secrets, StateStore, Warehouse
from tests.clock import FakeClock
from tests.simulation.fakes import MemoryState, RecordingBus
from tests.simulation.tables import TOGETHER, parts_of

KNOWN_ENDS = (
    "SELECT DISTINCT run_id, run_ended_at FROM ops.step_runs WHERE game_date BETWEEN @first_date AND @last_date"
)
"""The statement by which the run ledger is asked which ends of runs it has."""


class AnsweringWarehouse:
    """Answers the coordinator's queries by name (`verify/lines`), and notes what was asked and written."""

    def __init__(self, **answers: list[Row]) -> None:
        self.answers = {text_of(name.replace("__", "/")): (name, rows) for name, rows in answers.items()}
        self.asked: list[tuple[str, Params]] = []
        self.appended: list[tuple[str, list[Row]]] = []
        self.transformed: list[tuple[str, str, str, Params | None]] = []
        self.failures: list[Exception] = []
        """Raised by the next queries, one after another."""
        self.written = 0
        """What `transform` says it wrote."""

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        """The rows given for that statement; `Permanent` where none were."""
        assert job is None
        if self.failures:
            raise self.failures.pop(0)
        if sql.startswith(TOGETHER):
            return [
                {"step": step, "mode": mode} | row
                for step, mode, its in parts_of(sql, params if params is not None else {})
                for row in await self.query(text_of(f"complete/{step}"), its)
            ]
        if sql not in self.answers:
            raise Permanent(f"nobody expected: {sql}")
        name, rows = self.answers[sql]
        self.asked.append((name, params if params is not None else {}))
        return rows

    async def append(self, table: str, rows: Sequence[Row], job: Job | None = None) -> int:
        """Note the rows."""
        assert job is None
        self.appended.append((table, list(rows)))
        return len(rows)

    async def transform(
        self, table: str, select: str, *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """Note the statement."""
        assert job is None
        self.transformed.append((table, select, scope, params))
        return self.written

    async def columns(
        self, sql: str, params: Params | None = None, job: Job | None = None
    ) -> Mapping[str, Sequence[Any]]:
        """No test expects this call."""
        raise AssertionError(f"columns of {sql} with {params}, {job}")

    async def replace(
        self, table: str, rows: Sequence[Row], *, scope: str, params: Params | None = None, job: Job | None = None
    ) -> int:
        """No test expects this call."""
        raise AssertionError(f"replace in {table} where {scope} with {params}, {job}: {rows}")

    async def now(self, job: Job | None = None) -> datetime | None:
        """Nobody asks."""
        raise AssertionError(f"the warehouse's clock, for {job}")

    async def missing(self, tables: Sequence[str]) -> list[str]:
        """No test expects this call."""
        raise AssertionError(f"missing of {tables}")

    async def close(self) -> None:
        """Nothing to release."""


def memory_ports(
    *,
    clock: Clock | None = None,
    bus: Bus | None = None,
    state: StateStore | None = None,
    warehouse: Warehouse | None = None,
    archive: Archive | None = None,
) -> Ports:
    """What is not given is in memory, or absent: using it is an error."""
    return Ports(
        clock=clock if clock is not None else FakeClock(),
        bus=bus if bus is not None else RecordingBus(),
        warehouse=cast("Warehouse", warehouse),
        state=state if state is not None else MemoryState(),
        secrets=cast("Secrets", None),
        archive=cast("Archive", archive),
    )


def failing(error: TipoffError, operation: str, numbers: Callable[[int], bool] = lambda _: True) -> Any:  # noqa: ANN401 - a hook
    """A hook of the fakes: the operation fails at those of its calls, counted from 1, that `numbers` picks."""
    calls = 0

    async def hook(called: str) -> None:
        nonlocal calls
        if called == operation:
            calls += 1
            if numbers(calls):
                raise error

    return hook


async def opened(state: StateStore) -> dict[str, str]:
    """`name scope` -> detail of every open alert."""
    return {f"{alert['name']} {alert['scope']}": alert["detail"] for alert in await alerts(state)}
