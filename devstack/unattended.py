"""A simulated world in which nothing runs, read as it lies."""

from contextlib import AbstractAsyncContextManager

from client.api import Client
from devstack.workspace import Workspace
from live import reading
from shared.basketball.slate import eastern_instant
from shared.embedded.clock import VirtualClock


def unattended(workspace: Workspace) -> AbstractAsyncContextManager[Client]:
    """A client of what a world has, its clock where it stood."""
    stood = workspace.clock()
    if stood is None:
        from devstack.league import open_history  # noqa: PLC0415 - a world in which nothing was run yet

        stood = eastern_instant(open_history(workspace.read_session().get("history")).last_date)
    return reading.unattended(workspace, VirtualClock(stood))
