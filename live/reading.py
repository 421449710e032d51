"""A workspace that nobody writes, read without starting anything: by any number of commands at once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from client.api import Client, Endpoint
from client.wire import Reply, Request
from live.daemon import clock_of
from live.here import workspace_of
from live.workspace import Workspace
from services.coordinator.api.inside import Inside
from services.coordinator.app import inside
from services.coordinator.settings import CoordinatorSettings
from shared.errors import Outdated, Permanent
from shared.nobody import NoVoice
from shared.ports import Clock
from shared.runtime.profiles import Deferred, embedded
from shared.runtime.settings import CommonSettings, load

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
async def unattended(workspace: Workspace, clock: Clock) -> AsyncIterator[Client]:
    """A client of what a workspace has. Others may read beside; writers wait, or are refused.

    Raises:
        Permanent: another process holds it.
    """
    folder = workspace.path
    with ExitStack() as held:
        held.enter_context(workspace.reading())

        async def renewed() -> None:
            """Bring the tables up to date, as the only one who holds the workspace."""
            held.close()
            with workspace.lock():
                await _opened(folder, read_only=False).close()
            held.enter_context(workspace.reading())

        warehouse = _Warehouse("warehouse", lambda: _opened(folder, read_only=True))
        async with embedded(folder, clock, warehouse=warehouse, voice=NoVoice()) as ports:
            yield Client(_Within(inside(load(CoordinatorSettings), ports), renewed), Endpoint(str(folder)))


def stopped(home: Path) -> AbstractAsyncContextManager[Client]:
    """A client of what the product has, where it does not run."""
    return unattended(workspace_of(home), clock_of(load(CommonSettings).clock_file))


def _opened(folder: Path, *, read_only: bool) -> "DuckDBWarehouse":
    from shared.embedded.warehouse import DuckDBWarehouse  # noqa: PLC0415 - engine and dialect, where needed

    return DuckDBWarehouse(folder / _WAREHOUSE, read_only=read_only)
