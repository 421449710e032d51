"""The live product in a process of its own, which is started again whenever it has died."""

import asyncio
import os
import resource
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from client.api import Client, connect
from live import daemon
from shared.embedded.clock import FileClock
from shared.errors import Permanent, Transient

_STARTING: Final = 60.0


@dataclass(slots=True)
class Product:
    """The live product in a process that is started again whenever it has died."""

    home: Path
    clock: FileClock
    starts: int = 0
    process: asyncio.subprocess.Process | None = None
    rss_kb: list[int] = field(default_factory=list)
    """Resident memory at midnights."""
    _client: Client | None = None
    _connection: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def ensure(self) -> None:
        """Start it if it does not run.

        Raises:
            Permanent: it does not get ready.
        """
        if self.process is not None and self.process.returncode is None:
            return
        self.clock.awaited.unlink(missing_ok=True)
        self.starts += 1
        with (self.home / "rehearsed.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "live.daemon", "--home", str(self.home), "--port", "0",
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "TIPOFF_CLOCK_FILE": str(self.clock.path)},
            )  # fmt: skip
        deadline = asyncio.get_running_loop().time() + _STARTING
        while self._up() is None:
            if self.process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise Permanent("the product did not start", remedy=f"see {self.home / 'rehearsed.log'}")
            await asyncio.sleep(0.05)

    def _up(self) -> daemon.Up | None:
        up = daemon.found(self.home)
        return up if up is not None and self.process is not None and up.pid == self.process.pid else None

    async def client(self) -> Client:
        """Its coordinator; the same until the process has died.

        Raises:
            Transient: it has died this moment.
        """
        await self.ensure()
        if self._client is None:
            up = self._up()
            if up is None:
                raise Transient("the product has died", remedy="it is started again")
            self._client = await self._connection.enter_async_context(connect(daemon.endpoint(self.home, up)))
        return self._client

    async def forget(self) -> None:
        """Connect anew the next time."""
        self._client = None
        await self._connection.aclose()

    async def kill(self) -> None:
        """Kill it, as a power cut does."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> None:
        """End it as `tipoff down` does."""
        await self.forget()
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    def measure(self) -> None:
        """Note its resident memory."""
        if self.process is None:
            return
        with suppress(OSError):
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
            self.rss_kb.append(pages * resource.getpagesize() // 1024)
