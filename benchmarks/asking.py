"""`python -m benchmarks.asking WAY URL NUMBER`: asks for box scores in one way and parses them, as a process.

Prints seconds from the first request to the last record, the records, and the peak memory of the process in MB.
"""

import asyncio
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp

from services.scraper.fetch import Fetched, Fetcher
from services.scraper.sources.nba_cdn.boxscore import boxscore, parse_boxscore
from shared.embedded.secrets import EnvironmentSecrets
from shared.registries.sources import SOURCES
from shared.runtime.clock import WallClock
from shared.runtime.retry import RetryPolicy

AT_ONCE = 64


def path(number: int) -> str:
    """Of a box score."""
    return boxscore(f"00223{number:05d}").path


async def production(url: str, number: int) -> int:
    """The scraper's own fetcher."""
    source = replace(SOURCES["nba_cdn"], base_url=url, rate=100_000, concurrency=AT_ONCE)
    fetcher = Fetcher(
        {source.name: source},
        RetryPolicy(),
        clock=WallClock(),
        secrets=EnvironmentSecrets({}),
        user_agent="tipoff-bench",
        jitter=random.random,
    )

    async def ask(n: int) -> int:
        got = await fetcher.get(boxscore(f"00223{n:05d}"), Counter())
        return len(got.parsed.records) if isinstance(got, Fetched) else 0  # the body goes, as once it is archived

    async with fetcher:
        return sum(await asyncio.gather(*(ask(n) for n in range(number))))


async def bare(url: str, number: int, at_once: int = AT_ONCE) -> int:
    """Nothing but aiohttp and the parser."""
    left, records = iter(range(number)), 0
    headers = SOURCES["nba_cdn"].headers
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once), headers=headers) as session:

        async def ask() -> None:
            nonlocal records
            for n in left:
                async with session.get(url + path(n)) as response:
                    response.raise_for_status()
                    parsed = parse_boxscore(await response.read())
                records += len(parsed.records)

        await asyncio.gather(*(ask() for _ in range(at_once)))
    return records


async def one_at_a_time(url: str, number: int) -> int:
    """The same, each after the answer of the one before."""
    return await bare(url, number, at_once=1)


def spider(url: str, number: int) -> tuple[int, float]:
    """Scrapy with the same limits, headers and parser, without what else it would do (robots.txt, cookies, its log).

    Its seconds are from its first request on: what it takes to start is not counted.
    """
    import scrapy  # noqa: PLC0415 - it is installed for the benchmark only
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 - as above

    records, began, ended = 0, 0.0, 0.0

    class BoxScores(scrapy.Spider):  # type: ignore[misc]  # untyped where it is not installed
        name = "boxscores"

        async def start(self) -> AsyncIterator[scrapy.Request]:
            nonlocal began
            began = time.perf_counter()
            for n in range(number):
                yield scrapy.Request(url + path(n))

        def parse(self, response: scrapy.http.Response) -> None:
            nonlocal records, ended
            records += len(parse_boxscore(response.body).records)
            ended = time.perf_counter()

    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": AT_ONCE,
            "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_ENABLED": False,
            "DEFAULT_REQUEST_HEADERS": dict(SOURCES["nba_cdn"].headers),
        }
    )
    process.crawl(BoxScores)
    process.start()
    return records, ended - began


WAYS: dict[str, Callable[[str, int], Awaitable[int]]] = {
    "production": production,
    "bare": bare,
    "one_at_a_time": one_at_a_time,
}


def _peak() -> float:
    """MB that this process had at most. `getrusage` would count what its parent had when it was started, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1000 if found is not None else math.nan


async def _run(way: str, url: str, number: int) -> tuple[int, float]:
    began = time.perf_counter()
    return await WAYS[way](url, number), time.perf_counter() - began


if __name__ == "__main__":
    chosen, address, asked = sys.argv[1], sys.argv[2], int(sys.argv[3])
    found, seconds = spider(address, asked) if chosen == "scrapy" else asyncio.run(_run(chosen, address, asked))
    print(json.dumps({"seconds": seconds, "records": found, "peak_mb": _peak()}))
