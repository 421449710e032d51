"""What a service stands on: each check names what is missing, and asking often costs nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.access import datasets
from deploy.services import SERVICES
from shared.embedded.archive import FileArchive
from shared.embedded.secrets import EnvironmentSecrets
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent, Transient
from shared.ports import Job, Ports
from shared.registries.topics import TOPICS
from shared.runtime.clock import WallClock
from shared.runtime.readiness import MAX_AGE, MAX_SKEW, Checks, Readiness
from shared.tables import DATASETS, STAGING
from tests.clock import FakeClock
from tests.unit.shared.places import embedded_ports


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    async with embedded_ports(tmp_path) as ports:
        yield ports


class Counted:
    """A check that counts its rounds, and waits to be let go where there is a gate."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.rounds = 0
        self._gate = gate

    async def __call__(self) -> None:
        self.rounds += 1
        if self._gate is not None:
            await self._gate.wait()


async def test_answers_count_for_seconds() -> None:
    """A request within them asks nothing; the next one after them does."""
    clock, check = FakeClock(), Counted()
    readiness = Readiness({"it": check}, clock)
    for _ in range(5):
        assert await readiness.checks() == {"it": "ok"}
    await clock.sleep(MAX_AGE - 0.1)
    await readiness.checks()
    assert check.rounds == 1
    await clock.sleep(0.1)
    await readiness.checks()
    assert check.rounds == 2
    await readiness.close()


async def test_one_round_serves_all_who_wait_and_outlives_who_hangs_up() -> None:
    """The first to ask goes away: the others get the answer all the same."""
    gate = asyncio.Event()
    check = Counted(gate)
    readiness = Readiness({"it": check}, FakeClock())
    first, *others = (asyncio.create_task(readiness.checks()) for _ in range(4))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*others) == [{"it": "ok"}] * 3
    assert (first.cancelled(), check.rounds) == (True, 1)


async def test_a_round_ends_with_the_service() -> None:
    """Nothing goes on that nobody waits for."""
    readiness = Readiness({"it": Counted(asyncio.Event())}, FakeClock())
    asking = asyncio.create_task(readiness.checks())
    await asyncio.sleep(0)
    await readiness.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await Readiness({}, FakeClock()).close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_looks_at_the_datasets_that_it_is_granted(ports: Ports, service: str) -> None:
    """No other: it may not, and a deploy would never get through."""
    checks = Checks(service, ports)
    assert set(checks.datasets) == set(datasets(service)) - {STAGING}
    assert set(checks.datasets) <= set(DATASETS)


async def test_a_table_or_a_column_that_is_missing_is_named(ports: Ports) -> None:
    """Of the service's datasets; what another service has is not its business."""
    assert isinstance(ports.warehouse, DuckDBWarehouse)
    scraper, analytics = Checks("scraper", ports), Checks("analytics", ports)
    await analytics.warehouse()
    database = ports.warehouse._duck._database
    database.execute("DROP TABLE analytics.player_game_summary")
    await scraper.warehouse()
    with pytest.raises(Permanent, match=r"^analytics\.player_game_summary: create with \d+ columns: run"):
        await analytics.warehouse()
    database.execute("ALTER TABLE raw.games DROP COLUMN season")
    database.execute("ALTER TABLE raw.rosters ADD COLUMN more INTEGER")
    with pytest.raises(Permanent, match=r"raw\.games: add season") as refused:
        await scraper.warehouse()
    assert "more" not in str(refused.value)  # an earlier revision goes on beside a column of the next one's


class Elsewhere:
    """A warehouse whose clock is `ahead` of this machine's."""

    def __init__(self, ahead: float) -> None:
        self._ahead = timedelta(seconds=ahead)

    async def now(self, _: Job | None = None) -> datetime:
        return datetime.now(UTC) + self._ahead


@pytest.mark.parametrize(("ahead", "message"), [(3600, "3600 s behind the warehouse's"), (-3600, "3600 s ahead of")])
async def test_a_clock_that_is_wrong_is_named(ports: Ports, ahead: float, message: str) -> None:
    """An hour off, either way; a virtual one stands where it was set."""
    warehouse: Any = Elsewhere(ahead)
    with pytest.raises(Permanent, match=message):
        await Checks("worker", replace(ports, clock=WallClock(), warehouse=warehouse)).clock()
    await Checks("worker", replace(ports, warehouse=warehouse)).clock()


async def test_a_clock_within_a_minute_is_right(ports: Ports) -> None:
    """So is one that is asked of the embedded engine, which has this machine's."""
    warehouse: Any = Elsewhere(MAX_SKEW - 10)
    await Checks("worker", replace(ports, clock=WallClock(), warehouse=warehouse)).clock()
    await Checks("worker", replace(ports, clock=WallClock())).clock()


class Without:
    """A bus without some topics."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def missing(self, topics: list[str]) -> list[str]:
        return [topic for topic in topics if topic in self._names]


async def test_a_topic_that_is_missing_is_named_by_who_publishes_to_it(ports: Ports) -> None:
    """Dead letters included; who does not publish there does not look."""
    await Checks("coordinator", ports).topics()
    bus: Any = Without("worker-tasks-dead", "scraper-tasks")
    without = replace(ports, bus=bus)
    with pytest.raises(Permanent, match=r"^worker-tasks-dead: "):
        await Checks("worker", without).topics()
    with pytest.raises(Permanent, match=r"^scraper-tasks: "):
        await Checks("coordinator", without).topics()
    await Checks("analytics", without).topics()
    assert "worker-tasks-dead" not in TOPICS


async def test_every_secret_that_cannot_be_read_is_named(ports: Ports) -> None:
    """At once, and only the service's own."""
    nothing = replace(ports, secrets=EnvironmentSecrets({}))
    with pytest.raises(Permanent, match=r"'odds-api-key' is missing.*'balldontlie-api-key' is missing"):
        await Checks("scraper", nothing).secrets()
    await Checks("worker", nothing).secrets()
    await Checks("coordinator", ports).secrets()


async def test_a_machine_of_ones_own_may_lack_the_sources_keys(ports: Ports) -> None:
    """What set-up makes has to be there all the same."""
    nothing = replace(ports, secrets=EnvironmentSecrets({}))
    await Checks("scraper", nothing, keys_needed=False).secrets()
    with pytest.raises(Permanent, match="'first-keys' is missing"):
        await Checks("coordinator", nothing, keys_needed=False).secrets()


async def test_an_archive_that_takes_nothing_is_named(ports: Ports, tmp_path: Path) -> None:
    """And one that does is left with one small file, however often it is asked."""
    for _ in range(2):
        await Checks("worker", ports).archive()
    assert await ports.archive.list("readiness/") == ["readiness/worker"]
    file = tmp_path / "in-the-way"
    file.touch()
    with pytest.raises((Permanent, Transient), match=r"archive .*in-the-way"):
        await Checks("worker", replace(ports, archive=FileArchive(file))).archive()
