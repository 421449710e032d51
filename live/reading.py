"""A workspace that nobody writes, read without starting anything: by any number of commands at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from client.api import Client, Endpoint
from client.wire import Reply, Request
from services.coordinator.api.inside import Inside
from services.coordinator.app import inside
from services.coordinator.settings import CoordinatorSettings
from shared.errors import Outdated, Permanent
from shared.nobody import NoVoice
from shared.ports import Clock
from shared.runtime.profiles import Deferred, embedded
from shared.runtime.settings import load

if TYPE_CHECKING:
    from shared.embedded.warehouse import DuckDBWarehouse

_WAREHOUSE = "warehouse.duckdb"


class _Within:
    """Carries readings to the API's routes in this process."""

    def __init__(self, routes: Inside, renewed: Callable[[], Awaitable[None]]) -> None:
        self._routes = routes
        self._renewed = renewed

    async def send(self, request: Request) -> Reply:
        """The answer of a route; a change is refused."""
        if request.method != "GET":
            raise Permanent(f"{request.method} {request.path} changes something, and nothing runs here that could")
        try:
            return await self._answered(request)
        except Outdated:
            await self._renewed()
            return await self._answered(request)

    async def _answered(self, request: Request) -> Reply:
        accept = request.headers.get("Accept", "")
        answered = await self._routes.answered(f"/v1/{request.path}", request.params, accept)
        return Reply(answered.status, answered.body, following=answered.following, rows=answered.rows)


class _Warehouse(Deferred):
    """The warehouse's file, opened when something is asked of it: much is in the state store and the archive."""

    async def close(self) -> None:
        """Release it, if it was opened."""
        await self.finish()


@asynccontextmanager
async def reading(folder: Path, clock: Clock, renewed: Callable[[], Awaitable[None]]) -> AsyncIterator[Client]:
    """A client of what a workspace has. Who asks holds it against writers; see `Workspace.reading`.

    `renewed` is to bring the tables up to date (`renew`), for a while as the only one who holds the workspace.
    """
    warehouse = _Warehouse("warehouse", lambda: _opened(folder, read_only=True))
    async with embedded(folder, clock, warehouse=warehouse, voice=NoVoice()) as ports:
        yield Client(_Within(inside(load(CoordinatorSettings), ports), renewed), Endpoint(str(folder)))


async def renew(folder: Path) -> None:
    """Bring the tables up to date; whoever asks holds the workspace alone."""
    await _opened(folder, read_only=False).close()


def _opened(folder: Path, *, read_only: bool) -> "DuckDBWarehouse":
    from shared.embedded.warehouse import DuckDBWarehouse  # noqa: PLC0415 - engine and dialect, where needed

    return DuckDBWarehouse(folder / _WAREHOUSE, read_only=read_only)
