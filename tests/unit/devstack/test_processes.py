"""A service process of the development stack, with a small program in the service's place."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devstack import processes
from devstack.processes import Service
from shared.errors import Permanent

PATIENCE = 30.0
PROGRAM = """
import os, pathlib, sys, time
lives = pathlib.Path("lives").open("a+")
lives.write("x")
lives.flush()
if lives.tell() in map(int, os.environ["STILLBORN"].split()):
    sys.exit("dead")
print("program http://127.0.0.1:" + os.environ.get("TIPOFF_PORT", "4711"), flush=True)
pathlib.Path("births").write_text(f"{lives.tell()}")
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a service `program`, which writes the number of its life into the pipe `births` once it is up."""
    package = tmp_path / "services"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "program.py").write_text(PROGRAM)
    os.mkfifo(tmp_path / "births")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "RESTART_SECONDS", 0)
    return tmp_path


@asynccontextmanager
async def births_of(folder: Path) -> AsyncIterator[asyncio.StreamReader]:
    """What comes out of the pipe."""
    births = asyncio.StreamReader()
    pipe = os.fdopen(os.open(folder / "births", os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(births), pipe
    )
    try:
        yield births
    finally:
        transport.close()


async def test_a_service_that_dies_while_it_starts_is_started_again(folder: Path) -> None:
    """Killed, and dead at its next two starts: up again, on the same port."""
    service = Service("program", {"STILLBORN": "2 3"}, folder / "log")
    async with births_of(folder) as births:
        await service.start()
        watcher = asyncio.create_task(service.watch())
        try:
            async with asyncio.timeout(PATIENCE):
                assert await births.readexactly(1) == b"1"
                assert service.process is not None
                service.process.kill()
                assert await births.readexactly(1) == b"4"
        finally:
            await service.stop()
            await watcher
    assert service.log.read_text().split() == ["dead", "dead"]
    assert service.url == "http://127.0.0.1:4711"


async def test_a_service_that_cannot_start_says_where_to_look(folder: Path) -> None:
    """At the first start there is somebody to tell."""
    service = Service("program", {"STILLBORN": "1"}, folder / "log")
    with pytest.raises(Permanent, match=r"service program ended at its start.*see .*log"):
        await service.start()
