"""`tipoff bench throttle`: the rate at which the production fetcher's requests reach a server's socket.

Nine cases, rate and time to answer, each with more to ask than the rate lets through, and one in which the process
stands still for two seconds. Of any `rate` + 1 arrivals in a row the first and the last lie more than a second apart,
or a window was exceeded; a second to their mean distance is how much of the rate is used.
"""

import asyncio
import json
import random
import statistics
import time
import urllib.request
from collections import Counter
from datetime import timedelta

from benchmarks.harness import Case, server
from services.scraper.domain.wire import Parsed
from services.scraper.fetch import Failed, Fetcher
from services.scraper.sources.endpoint import LOOKUP, Endpoint
from shared.embedded.secrets import EnvironmentSecrets
from shared.errors import Transient
from shared.registries.sources import Source
from shared.runtime.clock import WallClock
from shared.runtime.retry import RetryPolicy

RATES = (10, 100, 500)
LATENCIES = (0.01, 0.1, 1.0)
WINDOWS = 8
"""Seconds' worth of requests a case makes."""
STALL = 2.0
GOAL = 0.97


def bench() -> list[Case]:
    """Per case the share of the rate that is used, and the windows that held more than it."""
    with server("arrivals") as url:
        cases = [_case(url, rate, latency) for rate in RATES for latency in LATENCIES]
        return [*cases, _case(url, 100, 0.1, stalled=True)]


def _case(url: str, rate: int, latency: float, *, stalled: bool = False) -> Case:
    asyncio.run(_ask(url, rate, latency, stalled=stalled))
    with urllib.request.urlopen(f"{url}/arrivals", timeout=10) as answer:  # noqa: S310 - our own server
        arrivals = sorted(json.load(answer))
    gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[rate:], strict=False)]
    exceeded, use = sum(gap <= 1.0 for gap in gaps), 1.0 / statistics.mean(gaps)
    name = f"{rate} requests/s, answered in {latency:g} s" + (f", {STALL:g} s of standing still" if stalled else "")
    goal = "no window exceeded" if stalled else f"no window exceeded, at least {GOAL:.0%} used"
    return Case(
        name, "use", round(100 * use, 1), "%", f"{exceeded} windows of {len(gaps)} exceeded, closest {min(gaps):.4f} s",
        round(use, 3), goal, exceeded == 0 and (stalled or use >= GOAL),
    )  # fmt: skip


async def _ask(url: str, rate: int, latency: float, *, stalled: bool) -> None:
    source = Source("bench", "the bench", url, rate, timedelta(days=1), concurrency=max(64, int(1.5 * rate)))
    endpoint = Endpoint("bench", "bench", LOOKUP, lambda body: Parsed((body,), seen=1), rank=1)
    fetcher = Fetcher(
        {"bench": source},
        RetryPolicy(attempts=1),
        clock=WallClock(),
        secrets=EnvironmentSecrets({}),
        user_agent="tipoff-bench",
        jitter=random.random,
    )
    async with fetcher:
        request = endpoint.request("u", f"/{latency}")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetcher.get(request, Counter())) for _ in range(WINDOWS * rate)]
            if stalled:
                await asyncio.sleep(2.5)
                time.sleep(STALL)  # noqa: ASYNC251 - that is the point: nothing in this process goes on
    failed = [got.reason for task in tasks if isinstance(got := task.result(), Failed)]
    if failed:
        raise Transient(f"{len(failed)} of {len(tasks)} requests failed: {failed[0]}")
