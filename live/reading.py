"""A workspace that nobody writes, read without starting anything: by any number of commands at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from client.api import Client, Endpoint
from client.wire import Reply, Request
from services.coordinator.api.inside import Inside
from services.coordinator.app import inside
from services.coordinator.settings import CoordinatorSettings
from shared.embedded.warehouse import DuckDBWarehouse
from shared.errors import Permanent
from shared.nobody import NoVoice
from shared.ports import Clock
from shared.runtime.profiles import embedded
from shared.runtime.settings import load

_WAREHOUSE = "warehouse.duckdb"


class _Within:
    """Carries readings to the API's routes in this process."""

    def __init__(self, routes: Inside) -> None:
        self._routes = routes

    async def send(self, request: Request) -> Reply:
        """The answer of a route; a change is refused."""
        if request.method != "GET":
            raise Permanent(f"{request.method} {request.path} changes something, and nothing runs here that could")
        answered = await self._routes.answered(f"/v1/{request.path}", request.params)
        return Reply(answered.status, answered.body, following=answered.following)


@asynccontextmanager
async def reading(folder: Path, clock: Clock) -> AsyncIterator[Client]:
    """A client of what a workspace has. Who asks holds it against writers; see `Workspace.reading`.

    Raises:
        Outdated: it is of another version of the tables; opened to be written, it is brought up to date.
    """
    warehouse = DuckDBWarehouse(folder / _WAREHOUSE, read_only=True)
    async with embedded(folder, clock, warehouse=warehouse, voice=NoVoice()) as ports:
        yield Client(_Within(inside(load(CoordinatorSettings), ports)), Endpoint(str(folder)))


async def renew(folder: Path) -> None:
    """Bring the tables up to date; whoever asks holds the workspace alone."""
    await DuckDBWarehouse(folder / _WAREHOUSE).close()
