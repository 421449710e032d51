"""`tipoff bench page`: what Tonight, a player and the record take of the server's time on a season of documents.

The coordinator on the embedded adapters is a process of its own. A question after the other, each at an instant of its
own: what is kept in memory helps as it would help viewers.
"""

import asyncio
import statistics
import time
from datetime import UTC, datetime, timedelta

import aiohttp

from benchmarks.harness import Case
from benchmarks.published import GAMES, LAST, PLAYERS, SLATES, served
from shared.errors import Transient

MEDIAN_MS, P95_MS = 100.0, 250.0
ASKED = 100
"""Questions of each kind, after the first."""
_TIMEOUT = aiohttp.ClientTimeout(total=60)


def bench() -> list[Case]:
    """Each route's median and 95th percentile; and what the first answer took, with nothing in memory."""
    found = asyncio.run(_measure())
    cases = []
    for what, seconds in found.items():
        first, *later = (1e3 * each for each in seconds)
        median, p95 = statistics.median(later), statistics.quantiles(later, n=20)[18]
        for name, value, limit in (("median", median, MEDIAN_MS), ("95th percentile", p95, P95_MS)):
            cases.append(
                Case(f"{what}, {name}", "time", round(value, 1), "ms", f"limit {limit:.0f} ms", round(value / limit, 3),
                     f"at most {limit:.0f} ms", value <= limit)
            )  # fmt: skip
        cases.append(Case(f"{what}, the first answer", "time", round(first, 1), "ms"))
    return cases


async def _measure() -> dict[str, list[float]]:
    """Question -> seconds of each answer."""
    async with (
        served() as (url, headers),
        aiohttp.ClientSession(url, headers=headers, timeout=_TIMEOUT) as session,
    ):
        numbers = range(1 + ASKED)
        return {what: [await _ask(session, path, number) for number in numbers] for what, path in _PATHS}


_SLATE = f"game_date={LAST}&mode=same_day"
_PATHS = (
    (f"Tonight, a season of {SLATES} slates", f"/v1/tonight?{_SLATE}"),
    ("a player", f"/v1/players/{{player}}?{_SLATE}"),
    ("players by name", f"/v1/players?{_SLATE}&query={{player}}"),
    *((f"the record by {by}", f"/v1/record?by={by}") for by in ("all", "market", "system", "month", "edge")),
)


async def _ask(session: aiohttp.ClientSession, path: str, number: int) -> float:
    """Seconds of an answer: to the question as of some instant of the last slate's evening."""
    player = 1000 * (1 + number % GAMES) + number % PLAYERS
    at = datetime(LAST.year, LAST.month, LAST.day, 16, tzinfo=UTC) + timedelta(minutes=3 * number)
    asked = f"{path.format(player=player)}&as_of={at:%Y-%m-%dT%H:%M:%SZ}"
    began = time.perf_counter()
    async with session.get(asked) as answer:
        body = await answer.read()
        if answer.status != 200:  # noqa: PLR2004 - good
            raise Transient(f"GET {asked} answered {answer.status}: {body[:200]!r}")
    return time.perf_counter() - began
