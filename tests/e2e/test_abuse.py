"""The coordinator as a process of its own, and callers who mean it no good; healthy requests go on beside them."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devstack.processes import Service
from services.coordinator.api.limits import WINDOW_SECONDS
from services.coordinator.settings import CoordinatorSettings
from shared.registries.keys import Role, made

pytestmark = pytest.mark.network

MEGABYTES = 300
SLOW = 300
"""Connections on which a byte comes now and then."""
LAST = date(2024, 3, 4)
WIDEST = {"first": "1946-11-01", "last": "2199-12-31", "player": "a", "line": "20.5", "query": "a"}
SPANS = (None, 400, 14, 7)
"""Days that are asked for, widest first; None: all there are."""
PER_SECOND = 5
"""Requests of one caller: so few that a thousand are too many however slow the machine is."""
ACTIVE = CoordinatorSettings.model_fields["active_runs"].default
CALLERS = ("slow", "large", "wide", "same", "distinct", "healthy")
"""One key each: what one caller asks for is not counted against another."""


@dataclass(frozen=True)
class Victim:
    """A coordinator."""

    service: Service
    keys: Mapping[str, str]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.service.url.removeprefix("http://").partition(":")
        return host, int(port)

    @property
    def megabytes(self) -> float:
        """The most memory it has ever had."""
        assert self.service.process is not None
        status = Path(f"/proc/{self.service.process.pid}/status").read_text(encoding="ascii")
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return int(kilobytes) / 1000

    @asynccontextmanager
    async def caller(self, name: str) -> AsyncIterator[aiohttp.ClientSession]:
        """Somebody with a key."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            self.service.url, headers={"X-API-Key": self.keys[name]}, connector=connector
        ) as session:
            yield session

    async def published(self) -> int:
        """Messages that its runs have sent."""
        async with self.caller("slow") as session, session.get("/metrics") as answer:
            found = re.findall(r"tipoff_published_total{.*} ([0-9.]+)", await answer.text())
        return sum(int(float(number)) for number in found)


@pytest.fixture
async def victim(tmp_path: Path) -> AsyncIterator[Victim]:
    """A coordinator on the embedded adapters, with a key for each caller."""
    keys = {name: made(name, Role.ADMIN) for name in CALLERS}
    first = json.dumps([kept for kept, _ in keys.values()])
    env = {
        "TIPOFF_HOME": str(tmp_path),
        "TIPOFF_SECRET_FIRST_KEYS": first,
        "TIPOFF_LOG_LEVEL": "warning",
        "TIPOFF_REQUESTS_PER_SECOND": str(PER_SECOND),
    }
    service = Service("coordinator", env, tmp_path / "log")
    await service.start()
    try:
        yield Victim(service, {name: key for name, (_, key) in keys.items()})
    finally:
        await service.stop()


@asynccontextmanager
async def healthy(victim: Victim) -> AsyncIterator[dict[str, Any]]:
    """Healthy requests all along; afterwards the dictionary says how they were answered."""
    found: dict[str, Any] = {}
    command = ("-m", "tests.e2e.asking", victim.service.url, victim.keys["healthy"])
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=PIPE, stdout=PIPE)
    try:
        yield found
    finally:
        written, _ = await process.communicate(b"")
    found.update(json.loads(written))


@dataclass(frozen=True)
class Slow:
    """Connections on which a request never ends."""

    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]

    def trickle(self) -> None:
        """One byte more on each."""
        for _, writer in self.opened:
            if not writer.is_closing():
                writer.write(b"x")


@asynccontextmanager
async def slow_connections(victim: Victim, number: int) -> AsyncIterator[Slow]:
    """Connections with the beginning of a request."""
    opened = await asyncio.gather(*(asyncio.open_connection(*victim.address) for _ in range(number)))
    for _, writer in opened:
        writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
    try:
        yield Slow(list(opened))
    finally:
        for _, writer in opened:
            writer.close()


def gigabyte() -> Iterator[bytes]:
    """A body of a gigabyte."""
    yield from (bytes(1 << 20) for _ in range(1 << 10))


async def posted(session: aiohttp.ClientSession, body: Any, headers: Mapping[str, str] | None = None) -> int:  # noqa: ANN401 - any body
    """The status of POST /v1/runs; 0 if the connection was cut while the body was sent."""
    try:
        async with session.post("/v1/runs", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status
    except aiohttp.ClientConnectionError:
        return 0


async def large_bodies(victim: Victim) -> None:
    """A gigabyte, with its length and in chunks, and nesting without end: refused."""

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in gigabyte():
            yield chunk

    async with victim.caller("large") as session:
        for headers in ({"Content-Length": str(1 << 30)}, None):
            assert await posted(session, chunks(), headers) in (413, 0)
        deep = b"[" * 10_000 + b"]" * 10_000
        for body in (deep, b'{"targets": ' + deep + b"}", b'{"a":' * 10_000 + b"1" + b"}" * 10_000):
            assert await posted(session, body) == 400


async def widest(victim: Victim) -> None:
    """Every route that reads, as wide as it answers."""
    async with victim.caller("wide") as session:
        async with session.get("/v1/openapi.json") as answer:
            paths = (await answer.json())["paths"]
        for path in (path for path, on in paths.items() if "get" in on and "{" not in path):
            schemas = {each["name"]: each["schema"] for each in paths[path]["get"]["parameters"]}
            most = {"limit": str(schemas["limit"]["maximum"])} if "limit" in schemas else {}
            statuses = []
            for span in SPANS:
                asked = (
                    WIDEST
                    if span is None
                    else WIDEST | {"first": str(LAST - timedelta(days=span - 1)), "last": str(LAST)}
                )
                asked = {name: value for name, value in asked.items() if name in schemas} | most
                async with session.get(path, params=asked) as answer:
                    await answer.read()
                    statuses.append(answer.status)
                if answer.status == 200:
                    break
            assert (statuses[-1], set(statuses[:-1]) <= {400}) == (200, True), (path, statuses)


async def one_run(victim: Victim) -> None:
    """A run that is asked for a thousand times sends what one does; whoever asks too fast is refused."""
    before = await victim.published()
    body = json.dumps({"game_date": str(LAST)}).encode()
    async with victim.caller("same") as session:
        statuses = Counter(await asyncio.gather(*(posted(session, body) for _ in range(1_000))))
    async with victim.caller("slow") as session, session.get(f"/v1/runs/{LAST}.overnight") as answer:
        run = await answer.json()
    assert statuses.keys() == {202, 429}
    assert statuses[202] >= PER_SECOND * WINDOW_SECONDS
    begun = [step for step in run["steps"].values() if step["status"] != "pending"]
    assert {step["attempt"] for step in begun} == {1}
    assert await victim.published() - before == len(begun)


async def many_runs(victim: Victim) -> None:
    """Runs of distinct dates: those over the limit are refused and send nothing."""
    before = await victim.published()
    days = (LAST - timedelta(days=n) for n in range(1, 301))
    async with victim.caller("distinct") as session:
        bodies = [json.dumps({"game_date": str(day)}).encode() for day in days]
        statuses = Counter(await asyncio.gather(*(posted(session, body) for body in bodies)))
    window = {"first": str(LAST - timedelta(days=300)), "last": str(LAST)}
    async with victim.caller("slow") as session, session.get("/v1/runs", params=window) as answer:
        runs = await answer.json()
    assert (len(runs), statuses) == (ACTIVE, {202: ACTIVE - 1, 429: 300 - ACTIVE + 1})
    begun = [step for run in runs for step in run["steps"].values() if step["status"] != "pending"]
    assert await victim.published() - before == len(begun) * (ACTIVE - 1) // ACTIVE


async def abuse(victim: Victim) -> dict[str, Any]:
    """All of it, beside each other where that is worse; how healthy requests were answered."""
    async with asyncio.timeout(300), slow_connections(victim, SLOW) as slow, healthy(victim) as found:
        await asyncio.gather(large_bodies(victim), widest(victim))
        slow.trickle()
        await one_run(victim)
        slow.trickle()
        await many_runs(victim)
        slow.trickle()
    return found


async def test_bad_callers_cost_neither_memory_nor_runs(victim: Victim) -> None:
    """Every refusal is one, every healthy request is answered, and memory stays under 300 MB."""
    found = await abuse(victim)
    assert set(found["statuses"]) == {200}
    assert victim.megabytes < MEGABYTES


@pytest.mark.proof  # a time that is measured is no test of every change
async def test_a_healthy_request_is_answered_within_a_second(victim: Victim) -> None:
    """And whoever is slow is cut off after a minute."""
    found = await abuse(victim)
    assert found["slowest"] < 1.0, f"the slowest of {len(found['statuses'])} took {found['slowest']:.2f} s"
    async with asyncio.timeout(120), slow_connections(victim, SLOW) as slow:
        slow.trickle()
        for answer in await asyncio.gather(*(reader.read() for reader, _ in slow.opened)):
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
