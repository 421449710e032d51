"""`tipoff bench scrape`: a thousand box scores through the production fetcher, parsing included.

A local server answers each request after 100 ms; 64 are asked for at once. Beside it in the same run, each a process of
its own and each with the same parser: bare aiohttp, Scrapy with the same limits, and one request at a time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict

from benchmarks.asking import AT_ONCE
from benchmarks.harness import Case, server
from devstack.league import generate
from devstack.upstream.boxscore import box_score

NUMBER = 1_000
SLOWLY = 50
"""Requests of the way that takes a tenth of a second for each."""
LATENCY = 0.1
BODIES = 60
ROUNDS = 3
SCRAPY = "scrapy==2.19.0"
BARE_GOAL, SCRAPY_GOAL, SLOW_GOAL = 0.95, 1.5, 20.0


def bench() -> list[Case]:
    """Box scores a second; ratios are medians of the rounds'."""
    rates: dict[str, list[float]] = defaultdict(list)
    peaks: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as extra, server("late", str(LATENCY), given=b"\n".join(_bodies())) as url:
        missing = _install(extra)
        ways = ["production", "bare", "one_at_a_time", *([] if missing else ["scrapy"])]
        for _ in range(ROUNDS):
            for way in ways:
                number = SLOWLY if way == "one_at_a_time" else NUMBER
                found = _ask(way, url, number, extra)
                rates[way].append(number / found["seconds"])
                peaks[way] = max(peaks.get(way, 0.0), found["peak_mb"])
    cases = [
        _case("bare aiohttp, same parser", rates, "bare", BARE_GOAL),
        _case("one request at a time", rates, "one_at_a_time", SLOW_GOAL),
        _case(f"Scrapy ({SCRAPY}), same limits", rates, "scrapy", SCRAPY_GOAL)
        if not missing
        else Case(_NAME, "rate", round(statistics.median(rates["production"])), "box scores/s",
                  f"Scrapy not measured: {missing}", goal=f"at least {SCRAPY_GOAL:g} times", met=False),
    ]  # fmt: skip
    others = ", ".join(f"{way} {peak:.0f} MB" for way, peak in peaks.items() if way != "production")
    return [*cases, Case("the same, peak memory", "memory", round(peaks["production"]), "MB", others)]


_NAME = f"{NUMBER:,} box scores, {1000 * LATENCY:.0f} ms, {AT_ONCE} at once"


def _case(against: str, rates: dict[str, list[float]], way: str, goal: float) -> Case:
    ratio = statistics.median(mine / other for mine, other in zip(rates["production"], rates[way], strict=True))
    return Case(
        _NAME, "rate", round(statistics.median(rates["production"])), "box scores/s",
        f"{against}, {statistics.median(rates[way]):,.0f}/s", round(ratio, 2), f"at least {goal:g} times",
        ratio >= goal,
    )  # fmt: skip


def _bodies() -> list[bytes]:
    """Final box scores of a generated league, in the CDN's own shape, as large as its are."""
    history = generate()
    now = max(game.final_at for game in history.games.values())
    found = [box_score(history, game_id, now).body for game_id in list(history.games)[:BODIES]]
    return [body.replace(b"\n", b" ") for body in found]


def _install(folder: str) -> str:
    """Scrapy, beside everything else; why it could not be, if it could not."""
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--target", folder, SCRAPY]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    return "" if done.returncode == 0 else f"pip: {(done.stderr.strip().splitlines() or ['failed'])[-1]}"


def _ask(way: str, url: str, number: int, extra: str) -> dict[str, float]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((*sys.path[:1], extra))}
    command = [sys.executable, "-m", "benchmarks.asking", way, url, str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)  # noqa: S603 - our own
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if found["records"] != number:
        raise RuntimeError(f"{way}: {found['records']} records of {number}")
    return found
