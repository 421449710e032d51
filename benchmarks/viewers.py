"""`tipoff bench viewers`: what the operators' pages take, and what a hundred viewers of a live run cost.

The run stays under way, so that its chart grows with every look. How long a page takes is the server's time and the
loopback's, on one connection; what viewers cost is its processor time.
"""

import asyncio
import os
import statistics
import time
from pathlib import Path

import aiohttp

from benchmarks.at_work import at_work
from benchmarks.harness import Case
from devstack.processes import Service

MEDIAN_MS, P95_MS = 100.0, 250.0
VIEWERS = 100
CORE = 0.10
"""Share of a core that they may take."""
SECONDS = 20.0
TIMES = 40
_TICKS = os.sysconf("SC_CLK_TCK")


def bench() -> list[Case]:
    """Each page, then the viewers."""
    return asyncio.run(_measure())


async def _measure() -> list[Case]:
    async with at_work() as ours:
        headers = {"X-API-Key": ours.api_key}
        unbounded = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(ours.service.url, headers=headers, connector=unbounded) as session:
            night = f"/nights/{ours.run}"
            paths = ("/nights", night, f"{night}?step=schedule", "/grid", "/alerts", "/dead-letters", "/sources")
            cases = [case for path in paths for case in await looked_at(session, path)]
            return [*cases, *await _viewers(session, ours.service, f"/live{night}")]


async def looked_at(session: aiohttp.ClientSession, path: str) -> list[Case]:
    """Milliseconds of a page, looked at again and again while nothing is written; and of the first look."""
    taken: list[float] = []
    size = 0
    for _ in range(TIMES + 1):
        started = time.perf_counter()
        async with session.get(path) as answer:
            answer.raise_for_status()
            await answer.read()
            size = answer.content_length if answer.content_length is not None else 0
        taken.append((time.perf_counter() - started) * 1e3)
    median, p95 = statistics.median(taken[1:]), statistics.quantiles(taken[1:], n=20)[-1]
    again = Case(
        f"{path}, {size / 1e3:.1f} kB compressed", "time", round(median, 1), "ms", f"95th percentile {p95:.1f} ms",
        None, f"median under {MEDIAN_MS:g} ms, 95th percentile under {P95_MS:g} ms",
        median < MEDIAN_MS and p95 < P95_MS,
    )  # fmt: skip
    return [again, Case(f"{path}, the first look", "time", round(taken[0], 1), "ms")]


async def _viewers(session: aiohttp.ClientSession, service: Service, path: str) -> list[Case]:
    """Processor time and memory of the service while they look on."""
    if service.process is None:
        raise RuntimeError("it has been started")
    pid = service.process.pid
    watching = [asyncio.create_task(_watched(session, path, 2 * SECONDS)) for _ in range(VIEWERS)]
    await asyncio.sleep(SECONDS / 2)  # they come
    before, memory = _processor(pid), _memory(pid)
    await asyncio.sleep(SECONDS)
    share, grown = (_processor(pid) - before) / SECONDS, _memory(pid) - memory
    changes = await asyncio.gather(*watching)
    return [
        Case(
            f"{VIEWERS} viewers of a live run, {min(changes)} changes each", "processor", round(100 * share, 1),
            "% of a core", f"limit {CORE:.0%}", None, f"under {CORE:.0%}", share < CORE and min(changes) > 0,
        ),
        Case("the same: memory grown meanwhile", "memory", round(grown / 1e6, 1), "MB"),
    ]  # fmt: skip


async def _watched(session: aiohttp.ClientSession, path: str, seconds: float) -> int:
    """How many changes a viewer got."""
    changes = 0
    try:
        async with asyncio.timeout(seconds), session.get(path, timeout=aiohttp.ClientTimeout(total=None)) as stream:
            async for line in stream.content:
                changes += line == b"event: part\n"
    except TimeoutError:
        return changes
    return changes


def _processor(pid: int) -> float:
    """Seconds that a process has had of processors."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> int:
    """Bytes that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
