"""A coordinator in a process of its own, on the embedded adapters and a wall clock. It takes any rate of requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from devstack.processes import Service
from devstack.workspace import Workspace


@asynccontextmanager
async def coordinator(workspace: Workspace, log: Path) -> AsyncIterator[Service]:
    """Serve what is in a workspace."""
    limits = {"TIPOFF_REQUESTS_PER_SECOND": "1000000", "TIPOFF_LOG_LEVEL": "error"}
    service = Service("coordinator", {"TIPOFF_HOME": str(workspace.path), **limits}, log)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
