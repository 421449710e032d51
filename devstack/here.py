"""Whether a local stack runs in a home, and where: what a command asks before it asks anything else."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from client.api import Endpoint
from devstack.workspace import Workspace, write_atomically
from shared.errors import Permanent

LOG: Final = "stack.log"
"""In the workspace: what a stack in the background logs."""
_SOON: Final = 5.0
"""Seconds in which a process that took a workspace answers."""
_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Where the running stack is."""

    pid: int
    workspace: str
    url: str
    """The coordinator's base URL."""
    urls: dict[str, str]
    upstream: str
    api_key: str

    @property
    def endpoint(self) -> Endpoint:
        """Its coordinator."""
        return Endpoint(self.url, self.api_key, remedy="`tipoff dev status` shows what runs; `tipoff dev up` starts it")

    async def set_clock(self, instant: datetime) -> None:
        """Set its virtual clock, back too."""
        import aiohttp  # noqa: PLC0415 - who only asks where the stack is need not load it

        body = {"now": instant.isoformat(), "force": True}
        timeout = aiohttp.ClientTimeout(total=10.0)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{self.upstream}/_devstack/clock", json=body) as response,
        ):
            if response.status != 200:  # noqa: PLR2004 - OK
                raise Permanent(f"the local upstream refused the clock: {await response.text()}")


def record(home: Path) -> Path:
    """The file that says where it is."""
    return home / "stack.json"


def running_stack(home: Path) -> RunningStack | None:
    """The stack that runs in `home`; a record left by one that was killed is cleared away.

    It runs if its workspace is held: its process id may be anybody's by now.
    """
    try:
        stack = RunningStack(**json.loads(record(home).read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not Workspace(home, stack.workspace).held:
        record(home).unlink(missing_ok=True)
        return None
    return stack


def _serving(workspace: Workspace) -> Path:
    return workspace.path / "serving.json"


@contextmanager
def serving(workspace: Workspace, url: str) -> Iterator[None]:
    """Note where the coordinator is of a process that holds a workspace: others read through it, meanwhile."""
    file = _serving(workspace)
    write_atomically(file, json.dumps({"pid": os.getpid(), "url": url}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def served(workspace: Workspace) -> Endpoint | None:
    """The coordinator of the process that holds a workspace; None: nobody holds it.

    Raises:
        Permanent: whoever holds it does not answer, not soon at least.
    """
    deadline = time.monotonic() + _SOON
    while (pid := workspace.holder) is not None:
        try:
            noted = json.loads(_serving(workspace).read_text())
        except FileNotFoundError:
            noted = {}
        if noted.get("pid") == pid:
            return Endpoint(noted["url"], workspace.api_key, remedy=f"process {pid} may have ended: ask again")
        if time.monotonic() > deadline:
            raise workspace.in_use(pid)
        await asyncio.sleep(_LOOK)
    return None
