"""A scraper on fakes: embedded warehouse in memory, archive in memory, upstreams that answer as told."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.scraper.fetch_log import FetchLog
from services.scraper.handlers import handle
from services.scraper.payloads import Online
from services.scraper.settings import ScraperSettings
from services.scraper.shelf import Shelf
from services.scraper.task import Task
from shared.basketball.slate import Mode
from shared.contract import StepReported, StepRequested
from shared.embedded.secrets import EnvironmentSecrets
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Ports, Row
from tests.clock import FakeClock
from tests.simulation.fakes import RecordingBus
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import FakeState, FakeUpstreams
from tests.unit.shared.archive import MemoryArchive

MORNING_AFTER = datetime(2024, 3, 5, 12, tzinfo=UTC)
"""07:00 ET on the day after BOS at NYK."""


@dataclass
class Rig:
    """Everything around the service, and a short way to run a step."""

    ports: Ports
    clock: FakeClock
    archive: MemoryArchive
    bus: RecordingBus
    upstreams: FakeUpstreams
    settings: ScraperSettings
    last_step: str = ""

    async def run(
        self,
        step: str,
        day: date = date(2024, 3, 5),
        mode: Mode = Mode.OVERNIGHT,
        *,
        from_archive: bool = False,
        retrospective: bool = False,
        warehouse: Any = None,  # noqa: ANN401 - any adapter
    ) -> StepReported:
        self.last_step = step
        request = StepRequested(
            run_id="r1",
            game_date=day,
            mode=mode,
            step=step,
            attempt=1,
            from_archive=from_archive,
            retrospective=retrospective,
        )
        ports = self.ports if warehouse is None else replace(self.ports, warehouse=warehouse)
        return await handle(request, ports, self.upstreams, self.settings)

    def task(self, step: str, day: date) -> Task:
        """What a step is given."""
        request = StepRequested(run_id="r1", game_date=day, mode=Mode.OVERNIGHT, step=step, attempt=1)
        log, shelf = FetchLog(request, self.clock.now()), Shelf(self.archive, day, Mode.OVERNIGHT, step)
        online = Online(self.upstreams, shelf, Counter(), log)
        return Task(request, self.settings, self.ports.warehouse, online, log, self.clock.now())

    async def rows(self, table: str, order: str = "1") -> list[Row]:
        return await self.ports.warehouse.query(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - a test's own table

    async def everything(self, table: str) -> list[Row]:
        """All rows, in an order that depends on nothing but the rows."""
        return sorted(await self.rows(table), key=str)

    async def column(self, table: str, column: str) -> list[Any]:
        query = f"SELECT {column} FROM {table} ORDER BY 1"  # noqa: S608 - a test's own table
        return [row[column] for row in await self.ports.warehouse.query(query)]

    async def outcomes(self) -> dict[str, str]:
        """Unit -> outcome of the last step."""
        return {row["unit"]: row["outcome"] for row in await self.fetches()}

    async def fetches(self) -> list[Row]:
        """Rows of raw.fetches of the last step."""
        return [row for row in await self.rows("raw.fetches", "unit") if row["step"] == self.last_step]

    async def know_schedule(self, *games: wire.Json) -> None:
        """Load a schedule through the service itself."""
        self.upstreams.bodies["nba_cdn", "2023-24"] = wire.schedule(*games)
        report = await self.run("schedule")
        assert report.outcome == "done", report.reason
        self.upstreams.asked.clear()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    clock, archive, bus = FakeClock(MORNING_AFTER), MemoryArchive(), RecordingBus()
    warehouse = DuckDBWarehouse()
    ports = Ports(
        clock=clock, bus=bus, warehouse=warehouse, state=FakeState(), secrets=EnvironmentSecrets({}), archive=archive
    )
    settings = ScraperSettings(history_seasons=1, bulk_threshold=1)
    yield Rig(ports, clock, archive, bus, FakeUpstreams(MORNING_AFTER), settings)
    await warehouse.close()


@pytest.fixture
async def slate(rig: Rig) -> Rig:
    """The morning of BOS at NYK and LAL at DEN, rosters known."""
    late = wire.game(wire.LAL_AT_DEN, home="DEN", away="LAL", tip="2024-03-05T03:00:00Z")
    rig.upstreams.now = datetime(2024, 3, 4, 12, tzinfo=UTC)
    rig.clock.set(rig.upstreams.now, force=True)
    await rig.know_schedule(wire.game(), late)
    rig.upstreams.bodies["nba_stats", "2023-24"] = wire.rosters_of("NYK", "BOS", "DEN", "LAL")
    rig.upstreams.published["nba_stats", "2023-24"] = datetime(2024, 3, 4, 5, tzinfo=UTC)
    assert (await rig.run("rosters", wire.GAME_DATE)).outcome == "done"
    rig.upstreams.asked.clear()
    return rig


# --- rosters --------------------------------------------------------------------------------------------------------
