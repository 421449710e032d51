"""The adapters every contract suite runs on. An adapter joins a suite with one more entry in its table."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.embedded.archive import FileArchive
from shared.embedded.bus import EmbeddedBus
from shared.embedded.clock import VirtualClock, WallClock
from shared.embedded.secrets import PREFIX, EnvironmentSecrets
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Archive, Bus, Clock, Secrets, StateStore, Warehouse
from tests.contract.fakes import TABLES, TOPICS, SimulatedClock

SECRETS = {"odds-api-key": "s3cret$", "empty": ""}


@dataclass
class BusHarness:
    """A fresh bus with the topics of `fakes.TOPICS`, and what a test needs to know about it."""

    bus: Bus
    clock: Clock
    """The bus's own time: pass time with its `sleep`."""
    abandon: Callable[[str], Awaitable[int]]
    """Lease everything a subscription has and never answer, as a killed consumer does; returns how many."""


@asynccontextmanager
async def embedded_bus() -> AsyncIterator[BusHarness]:
    clock = SimulatedClock()
    bus = EmbeddedBus(clock, TOPICS)

    async def abandon(subscription: str) -> int:
        return len(bus._core.pull(subscription, 1000, clock.monotonic()))

    yield BusHarness(bus, clock, abandon)


@asynccontextmanager
async def duckdb_file(folder: Path) -> AsyncIterator[Warehouse]:
    warehouse = DuckDBWarehouse(folder / "warehouse.duckdb", TABLES)
    yield warehouse
    await warehouse.close()


@asynccontextmanager
async def duckdb_memory(_: Path) -> AsyncIterator[Warehouse]:
    warehouse = DuckDBWarehouse(None, TABLES)
    yield warehouse
    await warehouse.close()


async def sqlite_state(folder: Path) -> StateStore:
    """Another client of the one store of a test."""
    return SQLiteState(folder / "state.sqlite")


def environment_secrets(_: Path) -> Secrets:
    return EnvironmentSecrets({PREFIX + name.upper().replace("-", "_"): value for name, value in SECRETS.items()})


def file_secrets(folder: Path) -> Secrets:
    path = folder / ".env"
    path.write_text("".join(f"{PREFIX}{name.upper().replace('-', '_')}='{value}'\n" for name, value in SECRETS.items()))
    return EnvironmentSecrets({}, path)


def _virtual_clock() -> Clock:
    return VirtualClock(SimulatedClock().now())


BUSES: dict[str, Callable[[], AbstractAsyncContextManager[BusHarness]]] = {"embedded": embedded_bus}
WAREHOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Warehouse]]] = {
    "duckdb-file": duckdb_file,
    "duckdb-memory": duckdb_memory,
}
STATES: dict[str, Callable[[Path], Awaitable[StateStore]]] = {"sqlite": sqlite_state}
SECRET_STORES: dict[str, Callable[[Path], Secrets]] = {"environment": environment_secrets, "env-file": file_secrets}
CLOCKS: dict[str, Callable[[], Clock]] = {"wall": WallClock, "virtual": _virtual_clock, "simulated": SimulatedClock}
ARCHIVES: dict[str, Callable[[Path], Archive]] = {"file": FileArchive}


@pytest.fixture(params=BUSES)
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
    async with BUSES[request.param]() as harness:
        yield harness


@pytest.fixture
def bus(harness: BusHarness) -> Bus:
    return harness.bus


@pytest.fixture(params=WAREHOUSES)
async def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Warehouse]:
    async with WAREHOUSES[request.param](tmp_path) as warehouse:
        yield warehouse


@pytest.fixture(params=STATES)
async def open_state(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Callable[[], Awaitable[StateStore]]]:
    """Opens further clients of one and the same store."""
    opened: list[StateStore] = []

    async def another() -> StateStore:
        opened.append(await STATES[request.param](tmp_path))
        return opened[-1]

    yield another
    for client in opened:
        await client.close()


@pytest.fixture
async def state(open_state: Callable[[], Awaitable[StateStore]]) -> StateStore:
    return await open_state()


@pytest.fixture(params=SECRET_STORES)
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Secrets:
    return SECRET_STORES[request.param](tmp_path)


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return CLOCKS[request.param]()


@pytest.fixture(params=ARCHIVES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return ARCHIVES[request.param](tmp_path / "archive")
