"""A coordinator in a process of its own with one run under way: nobody takes its first step."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from client.api import Endpoint, connect
from devstack.processes import Service
from devstack.workspace import Workspace

DAY = date(2024, 3, 4)


@dataclass(frozen=True, slots=True)
class AtWork:
    """Where it is, the key it is asked with, and its run."""

    service: Service
    api_key: str
    run: str


@asynccontextmanager
async def coordinator() -> AsyncIterator[AtWork]:
    """On the embedded adapters and a wall clock; it refuses nobody for asking fast."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "bench")
        workspace.make()
        limits = {"TIPOFF_REQUESTS_PER_SECOND": "1000000", "TIPOFF_LOG_LEVEL": "error"}
        service = Service("coordinator", {"TIPOFF_HOME": str(workspace.path), **limits}, workspace.path / "log")
        await service.start()
        try:
            async with connect(Endpoint(service.url, workspace.api_key)) as client:
                run = await client.start_run(DAY, "overnight", retrospective=True)
            yield AtWork(service, workspace.api_key, run["id"])
        finally:
            await service.stop()
