"""A simulated world in which nothing runs, read as it lies."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime

from client.api import Client
from devstack.workspace import Workspace
from live.reading import reading, renew
from shared.basketball.slate import eastern_instant
from shared.embedded.clock import VirtualClock


@asynccontextmanager
async def unattended(workspace: Workspace) -> AsyncIterator[Client]:
    """A client of what a workspace has, its clock where it stood. Others may read beside; writers wait, or are refused.

    Raises:
        Permanent: another process holds it.
    """
    with ExitStack() as held:
        held.enter_context(workspace.reading())

        async def renewed() -> None:
            held.close()
            with workspace.lock():
                await renew(workspace.path)
            held.enter_context(workspace.reading())

        async with reading(workspace.path, VirtualClock(_instant(workspace)), renewed) as client:
            yield client


def _instant(workspace: Workspace) -> datetime:
    stood = workspace.clock()
    if stood is not None:
        return stood
    from devstack.league import open_history  # noqa: PLC0415 - a world in which nothing was run yet

    return eastern_instant(open_history(workspace.read_session().get("history")).last_date)
