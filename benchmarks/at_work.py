"""A coordinator with one run under way: nobody takes its first step."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.serving import coordinator
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
async def at_work() -> AsyncIterator[AtWork]:
    """In a world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), "bench")
        workspace.make()
        async with coordinator(workspace, workspace.path / "log") as service:
            async with connect(Endpoint(service.url, workspace.api_key)) as client:
                run = await client.start_run(DAY, "overnight", retrospective=True)
            yield AtWork(service, workspace.api_key, run["id"])
