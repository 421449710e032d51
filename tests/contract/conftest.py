"""The adapters every contract suite runs on. An adapter joins a suite with one more entry in its table."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from devstack.emulators import google
from devstack.emulators.secret_manager import SecretManager, secret_manager
from shared.cloud.secrets import SecretManagerSecrets
from shared.cloud.state import FirestoreState
from shared.embedded.archive import FileArchive
from shared.embedded.clock import VirtualClock
from shared.embedded.secrets import PREFIX, EnvironmentSecrets
from shared.embedded.state import SQLiteState
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Archive, Bus, Clock, Secrets, StateStore, Warehouse
from shared.runtime.clock import WallClock
from tests.clock import NOON, FakeClock
from tests.contract import buses
from tests.contract.buses import BusHarness
from tests.contract.fakes import TABLES

SECRETS = {"odds-api-key": "s3cret$", "empty": "", "blank": " \n", "ended": "s3cret$\n", "broken": "s3\ncret$"}


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


@asynccontextmanager
async def bqemulator(_: Path) -> AsyncIterator[Warehouse]:
    # Google's client takes most of a second to import: only where it is used.
    from tests.integration.bigquery import bigquery  # noqa: PLC0415 - see above

    async with bigquery(TABLES) as warehouse:
        yield warehouse


def sqlite_clients(request: pytest.FixtureRequest) -> Callable[[], StateStore]:
    path = request.getfixturevalue("tmp_path") / "state.sqlite"
    return lambda: SQLiteState(path)


def firestore_clients(request: pytest.FixtureRequest) -> Callable[[], StateStore]:
    request.getfixturevalue("monkeypatch").setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_host"))
    project = f"test-{uuid4().hex[:12]}"  # the emulator keeps projects apart
    return lambda: FirestoreState(project)


@asynccontextmanager
async def environment_secrets(_: Path) -> AsyncIterator[Secrets]:
    yield EnvironmentSecrets({PREFIX + name.upper().replace("-", "_"): value for name, value in SECRETS.items()})


@asynccontextmanager
async def file_secrets(folder: Path) -> AsyncIterator[Secrets]:
    path = folder / ".env"
    path.write_text("".join(f"{PREFIX}{name.upper().replace('-', '_')}='{value}'\n" for name, value in SECRETS.items()))
    yield EnvironmentSecrets({}, path)


@asynccontextmanager
async def secret_manager_secrets(_: Path) -> AsyncIterator[Secrets]:
    async with secret_manager(SecretManager("test", SECRETS)) as host_port:
        secrets = SecretManagerSecrets("test", emulator_host=host_port)
        yield secrets
        await secrets.close()


class PackingArchive(FileArchive):
    """Packs the folder of every object at once: everything is read out of packs."""

    async def put(self, key: str, data: bytes) -> None:
        await super().put(key, data)
        await self.pack(key.split("/", maxsplit=1)[0] if "/" in key else key)


def _virtual_clock() -> Clock:
    return VirtualClock(NOON)


WAREHOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[Warehouse]]] = {
    "duckdb-file": duckdb_file,
    "duckdb-memory": duckdb_memory,
    "bqemulator": bqemulator,
}
STATES: dict[str, Callable[[pytest.FixtureRequest], Callable[[], StateStore]]] = {
    "sqlite": sqlite_clients,
    "firestore": firestore_clients,
}
SECRET_STORES: dict[str, Callable[[Path], AbstractAsyncContextManager[Secrets]]] = {
    "environment": environment_secrets,
    "env-file": file_secrets,
    "secret-manager": secret_manager_secrets,
}
CLOCKS: dict[str, Callable[[], Clock]] = {"wall": WallClock, "virtual": _virtual_clock, "fake": FakeClock}
ARCHIVES: dict[str, Callable[[Path], Archive]] = {"file": FileArchive, "packed": PackingArchive}


@pytest.fixture(scope="session")
def google_pubsub() -> Iterator[str]:
    """The address of Google's Pub/Sub emulator, one for all tests."""
    reason = google.missing("pubsub")
    if reason is not None:
        pytest.skip(reason)
    with google.running("pubsub") as address:
        yield address


DEVIATIONS = {
    "TIMESTAMP_DIFF(TIMESTAMP '2024-03-10 06:01:00+00', TIMESTAMP '2024-03-10 05:59:00+00', HOUR)": (
        "bqemulator 1.4.0 counts boundaries crossed, as DuckDB's DATE_DIFF; BigQuery counts whole intervals"
    )
}
"""Expressions that bqemulator, not the adapter, gets wrong, and how. None of them is in the project's SQL."""


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Expect bqemulator's known deviations, and notice when they are gone."""
    for item in items:
        case = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        reason = DEVIATIONS.get(str(case.get("expression"))) if case.get("warehouse") == "bqemulator" else None
        if reason is not None:
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("server", marks=pytest.mark.network),
        pytest.param("emulator", marks=pytest.mark.network),
    ]
)
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[BusHarness]:
    deviation = buses.DEVIATIONS.get((request.param, request.function.__name__))
    if deviation is not None:
        pytest.skip(deviation)
    async with buses.BUSES[request.param](request) as harness:
        yield harness


@pytest.fixture
def bus(harness: BusHarness) -> Bus:
    return harness.bus


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.network if name == "bqemulator" else ()) for name in WAREHOUSES]
)
async def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Warehouse]:
    async with WAREHOUSES[request.param](tmp_path) as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    """Google's Firestore emulator."""
    reason = google.missing("firestore")
    if reason is not None:
        pytest.skip(reason)
    with google.running("firestore") as host_port:
        yield host_port


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.network)])
def new_client(request: pytest.FixtureRequest) -> Callable[[], StateStore]:
    """Makes further clients of one and the same store."""
    return STATES[request.param](request)


@pytest.fixture
async def open_state(new_client: Callable[[], StateStore]) -> AsyncIterator[Callable[[], Awaitable[StateStore]]]:
    """Opens further clients of one and the same store, and closes them."""
    opened: list[StateStore] = []

    async def another() -> StateStore:
        opened.append(new_client())
        return opened[-1]

    yield another
    for client in opened:
        await client.close()


@pytest.fixture
async def state(open_state: Callable[[], Awaitable[StateStore]]) -> StateStore:
    return await open_state()


@pytest.fixture(params=["environment", "env-file", pytest.param("secret-manager", marks=pytest.mark.network)])
async def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Secrets]:
    async with SECRET_STORES[request.param](tmp_path) as secrets:
        yield secrets


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return CLOCKS[request.param]()


@pytest.fixture(params=ARCHIVES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return ARCHIVES[request.param](tmp_path / "archive")
