"""A simulated world in which nothing runs, read as it lies."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from client.api import Client
from devstack.workspace import Workspace
from live.reading import reading, renew
from shared.basketball.slate import eastern_instant
from shared.embedded.clock import VirtualClock
from shared.embedded.duck import Outdated


@asynccontextmanager
async def lying(workspace: Workspace) -> AsyncIterator[Client]:
    """A client of what a workspace has, its clock where it stood. Others may read beside; writers wait, or are refused.

    Raises:
        Permanent: another process holds it.
    """
    clock = VirtualClock(_instant(workspace))
    async with AsyncExitStack() as exits:
        exits.enter_context(workspace.reading())
        try:
            client = await exits.enter_async_context(reading(workspace.path, clock))
        except Outdated:
            await exits.aclose()
            with workspace.lock():
                await renew(workspace.path)
            exits.enter_context(workspace.reading())
            client = await exits.enter_async_context(reading(workspace.path, clock))
        yield client


def _instant(workspace: Workspace) -> datetime:
    stood = workspace.clock()
    if stood is not None:
        return stood
    from devstack.league import open_history  # noqa: PLC0415 - a world in which nothing was run yet

    return eastern_instant(open_history(workspace.read_session().get("history")).last_date)
