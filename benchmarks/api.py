"""`tipoff bench api`: authenticated status requests, against a bare aiohttp handler that answers the same bytes.

The coordinator on the embedded adapters, the handler and the load are a process each. The load is a protocol that only
looks for the end of an answer: aiohttp's client takes longer to ask than its server to answer.
"""

import asyncio
import statistics
import sys
import time
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.at_work import at_work
from benchmarks.harness import Case
from shared.errors import Transient

GOAL = 0.7
CONNECTIONS = 32
ROUNDS = 9
SECONDS = 2.0
"""Of a round."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round measured."""

    rate: float
    """Answers per second."""
    p99: float
    """Seconds that one answer in a hundred takes longer than."""


def bench() -> list[Case]:
    """Medians of rounds that take turns, after a warm-up."""
    ours, bare = asyncio.run(_measure())
    rate, theirs = (statistics.median(each.rate for each in rounds) for rounds in (ours, bare))
    ratio = statistics.median(a.rate / b.rate for a, b in zip(ours, bare, strict=True))
    p99, their_p99 = (statistics.median(each.p99 for each in rounds) * 1e3 for rounds in (ours, bare))
    return [
        Case("GET /v1/runs/{key}", "rate", round(rate), "req/s", f"bare handler, {theirs:,.0f} req/s", round(ratio, 2),
             f"at least {GOAL:.0%} of it", ratio >= GOAL),
        Case("the same, 99th percentile", "time", round(p99, 1), "ms", f"bare handler, {their_p99:.1f} ms",
             round(p99 / their_p99, 2)),
    ]  # fmt: skip


async def _measure() -> tuple[list[Round], list[Round]]:
    """Ours and the bare handler's rounds."""
    async with at_work() as served:
        url = f"{served.service.url}/v1/runs/{served.run}"
        body = await asyncio.to_thread(_get, url, served.api_key)
        async with _bare(body) as bare_url:
            ours, bare = [], []
            for turn in range(1 + ROUNDS):
                rounds = [await _round(each, served.api_key, len(body)) for each in (url, f"{bare_url}/")]
                if turn > 0:  # the first is a warm-up
                    ours.append(rounds[0])
                    bare.append(rounds[1])
    return ours, bare


def _get(url: str, key: str) -> bytes:
    request = urllib.request.Request(url, headers={"X-API-Key": key})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        found: bytes = answer.read()
    return found


@asynccontextmanager
async def _bare(body: bytes) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.bare", stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("both are piped")
    process.stdin.write(body)
    process.stdin.write_eof()
    try:
        line = await process.stdout.readline()
        if not line:
            raise Transient("the bare handler did not start")
        yield line.decode().split()[1]
    finally:
        process.terminate()
        await process.wait()


async def _round(url: str, key: str, size: int) -> Round:
    """Ask on every connection at once, again as soon as it is answered."""
    address, _, path = url.removeprefix("http://").partition("/")
    host, _, port = address.partition(":")
    request = f"GET /{path} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + SECONDS
    asking = [
        (await loop.create_connection(lambda: _Asking(request, size, until), host, int(port)))[1]
        for _ in range(CONNECTIONS)
    ]
    waits = [wait for each in asking for wait in await each.done]
    return Round(len(waits) / SECONDS, statistics.quantiles(waits, n=100)[98])


class _Asking(asyncio.Protocol):
    """Asks until an instant; `done` are the seconds that each answer took."""

    def __init__(self, request: bytes, size: int, until: float) -> None:
        self._request = request
        self._size = size
        self._until = until
        self._waits: list[float] = []
        self._got = b""
        self._asked = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As the base class."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection is written to")
        self._transport = transport
        self._ask(transport)

    def data_received(self, data: bytes) -> None:
        """As the base class."""
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if self._transport is None or head < 0 or len(self._got) < head + 4 + self._size:
            return
        if not self._got.startswith(b"HTTP/1.1 200 "):
            self.done.set_exception(Transient(f"answered {self._got[:60]!r}"))
            self._transport.close()
            return
        self._got = b""
        now = time.perf_counter()
        self._waits.append(now - self._asked)
        if now < self._until:
            self._ask(self._transport)
        else:
            self._transport.close()
            self.done.set_result(self._waits)

    def connection_lost(self, exc: Exception | None) -> None:
        """As the base class."""
        if not self.done.done():
            self.done.set_exception(Transient(f"the connection ended: {exc}"))

    def _ask(self, transport: asyncio.Transport) -> None:
        self._asked = time.perf_counter()
        transport.write(self._request)
