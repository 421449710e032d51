"""`python -m tests.e2e.asking URL KEY`: two healthy requests every 50 ms until stdin ends, in a process of its own.

Writes, as one line of JSON, the statuses in the order they came and the longest wait in seconds.
"""

import asyncio
import json
import sys
import time
from itertools import cycle

import aiohttp

EVERY = 0.05
PATHS = ("/healthz", "/healthz", "/healthz", "/v1/runs")
"""The route of the API five times a second, which is what `test_abuse` lets one caller ask."""


async def ask(url: str, key: str) -> None:
    """Ask until stdin ends; what is answered late does not hold up what is asked next."""
    statuses: list[int] = []
    slowest = 0.0

    async def one(path: str) -> None:
        nonlocal slowest
        begun = time.perf_counter()
        async with session.get(f"{url}{path}") as answer:
            await answer.read()
        slowest = max(slowest, time.perf_counter() - begun)
        statuses.append(answer.status)

    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(headers={"X-API-Key": key}, timeout=timeout) as session,
        asyncio.TaskGroup() as group,
    ):
        for path in cycle(PATHS):
            if ended.done():
                break
            group.create_task(one(path))
            await asyncio.sleep(EVERY)
    sys.stdout.write(json.dumps({"statuses": statuses, "slowest": slowest}) + "\n")


if __name__ == "__main__":
    asyncio.run(ask(*sys.argv[1:]))
