"""Rehearsals: the live product, unmodified, in accelerated time against the local upstream.

The product is a process of its own, as `tipoff up` starts it, on a clock that stands in a file. Time stands while
anything is under way - a firing of a schedule, a step, a word between services - and then jumps to the next instant
that somebody waits for. A process that dies is started again, as a supervisor would.
"""

import asyncio
import json
import random
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, cast

from client.api import Client, connect
from devstack import warmup
from devstack.driver import Plan
from devstack.history import History
from devstack.product import Product
from devstack.stack import LOCAL_SCRAPING, Stack, upstream_urls
from devstack.upstream.app import CLOCK
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import Upstream
from devstack.upstream.server import serve as serve_upstream
from live import config, daemon
from live.stack import running
from live.workspace import SETTINGS
from shared.basketball.slate import Mode, days, eastern_date, eastern_instant
from shared.embedded.clock import FileClock
from shared.errors import Permanent, Transient
from shared.registries.secrets import BALLDONTLIE_API_KEY, ODDS_API_KEY

START: Final = time(4, 55)
"""Eastern time of the first date at which the product is started: before its first schedule."""
END: Final = time(7, 1)
"""Eastern time of the day after the last date: its overnight run has graded the last night."""
STUCK: Final = 600.0
"""Seconds of real time after which what is under way is given up on."""
_LOOK: Final = 0.005
_MADE_UP: Final = "local-upstream"


@dataclass(frozen=True, slots=True)
class Part:
    """What is rehearsed."""

    first: date
    last: date
    faults: str = "none"
    troubles: Mapping[datetime, str] = field(default_factory=dict)
    """From these instants on other faults than `faults`."""
    speed: float | None = None
    """Virtual seconds in a real one at most; None: no bound."""
    kills: int = 0
    """Times that the process is killed at a random moment."""
    seed: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)
    """By name, beside the keys that the local upstream takes."""
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Section -> name -> value of the settings file."""

    @property
    def start(self) -> datetime:
        """When the product is started."""
        return eastern_instant(self.first, START)

    @property
    def end(self) -> datetime:
        """When it is stopped."""
        return eastern_instant(self.last + timedelta(days=1), END)


Observer = Callable[[datetime], None]
"""Called with the virtual instant before each jump."""
Before = Callable[[Path, Upstream], Awaitable[None]]
After = Callable[[Client], Awaitable[None]]


async def rehearse(
    home: Path, history: History, part: Part, observe: Observer, *, before: Before | None = None, after: After
) -> dict[str, Any]:
    """Rehearse from `part.first` to the morning after `part.last`; returns the report.

    `home` is emptied first. `before` is done with the product down, `after` with it up, at the end.

    Raises:
        Transient: something is under way for longer than `STUCK`.
    """
    await asyncio.to_thread(_emptied, home)
    clock = FileClock(home / "clock")
    clock.set(part.start)
    async with serve_upstream(history, clock, FaultProfile.named(part.faults)) as upstream:
        _set_up(home, upstream, part)
        if before is not None:
            await before(home, upstream)
            clock.set(part.start, force=True)
        product = Product(home, clock)
        try:
            jumps = await _through(product, part, observe, upstream)
            client = await product.client()
            report = await _report(client, product, part, upstream)
            await after(client)
        finally:
            await product.stop()
    return report | {"jumps": jumps}


def _emptied(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)


def _set_up(home: Path, upstream: Upstream, part: Part) -> None:
    """What `tipoff init` writes, with the local upstream's address in place of the real ones'."""
    values: dict[str, dict[str, object]] = {
        "scraper": {**upstream_urls(upstream.base_url), **LOCAL_SCRAPING},
        "coordinator": {"requests_per_second": 1000.0},  # of whoever looks whether anything is under way
    }
    for section, given in part.settings.items():
        values[section] = {**values.get(section, {}), **given}
    (home / SETTINGS).write_text(config.written(values))
    secrets = {ODDS_API_KEY: _MADE_UP, BALLDONTLIE_API_KEY: _MADE_UP, **part.secrets}
    daemon.workspace_of(home).write_secrets(secrets)


async def _through(product: Product, part: Part, observe: Observer, upstream: Upstream) -> int:
    """Let time pass; returns the jumps it took."""
    dice = random.Random(part.seed)  # noqa: S311 - which moments are tried
    end = part.end
    span = (end - part.start) / max(1, part.kills)
    deaths = [part.start + span * (n + dice.random()) for n in range(part.kills)]
    jumps, day = 0, None
    troubles = sorted(part.troubles.items())
    while (now := product.clock.now()) < end:
        while troubles and troubles[0][0] <= now:
            upstream.change(FaultProfile.named(troubles.pop(0)[1]))
        following = await _settled(product)
        if troubles:
            following = min(following, troubles[0][0])
        observe(now)
        if eastern_date(now) != day:
            day = eastern_date(now)
            product.measure()
        if deaths and following >= deaths[0]:
            del deaths[0]
            product.clock.set(min(following, end))
            await asyncio.sleep(dice.random() * 2)  # somewhere in what is then begun
            await product.kill()
            await product.ensure()
            jumps += 1
            continue
        if part.speed is not None:
            await asyncio.sleep((min(following, end) - now).total_seconds() / part.speed)
        product.clock.set(min(following, end))
        jumps += 1
    await _settled(product)
    return jumps


async def _settled(product: Product) -> datetime:
    """Wait until nothing is under way; returns the next instant that somebody waits for."""
    deadline = asyncio.get_running_loop().time() + STUCK
    why = "a schedule"
    while asyncio.get_running_loop().time() < deadline:
        try:
            client = await product.client()
            if _awaited(product.clock) is not None:
                answer = await client.get("idle")
                why = ", ".join(answer["at_work"])
                if answer["idle"] and (following := _awaited(product.clock)) is not None:
                    return following
        except Transient as error:  # it dies, and is started again
            why = str(error)
            await product.forget()
        await asyncio.sleep(_LOOK)
    raise Transient(f"under way for {STUCK:.0f} s: {why}", remedy="see rehearsed.log")


def _awaited(clock: FileClock) -> datetime | None:
    """The instant that is waited for; None while something else is done."""
    try:
        text = clock.awaited.read_text()
        return None if text == FileClock.BUSY else _later(datetime.fromisoformat(text), clock.now())
    except (OSError, ValueError):
        return None


def _later(instant: datetime, now: datetime) -> datetime | None:
    return instant if instant > now else None


async def warm_up(
    home: Path, upstream: Upstream, *, history: History, plan: Plan, dates: list[date], modes: Sequence[Mode]
) -> None:
    """Features of earlier slates in each mode, as before a replay: for the models to learn from."""
    clock = upstream.app[CLOCK]
    settings = config.read(home).services()
    workspace = daemon.workspace_of(home)
    with workspace.lock():
        async with running(workspace.path, clock, settings) as services:
            stack = Stack(services.urls, workspace.api_key, upstream, cast("FileClock", clock), services.ports)
            async with connect(stack.endpoint) as client:
                for mode in modes:
                    of_mode = replace(plan, mode=mode)
                    await warmup.warm_up(history, of_mode, dates, lambda _: None, stack, client)


async def _report(client: Client, product: Product, part: Part, upstream: Upstream) -> dict[str, Any]:
    """What became of each slate, what was raised, what it took."""
    window = {"first": part.first.isoformat(), "last": part.last.isoformat()}
    slates = {}
    for mode in ("overnight", "same_day"):
        slates[mode] = {row["game_date"]: row for row in await client.get("slates", **window, mode=mode)}
    cascade = await client.get("cascade", **window, mode="overnight")
    present = {row["game_date"]: row for row in cascade["predictions_present"]}
    nights = [
        {
            "game_date": str(day),
            "games": slates["overnight"].get(str(day), {}).get("games_expected", 0),
            "published_at": present.get(str(day), {}).get("published_at"),
            "in_time": present.get(str(day), {}).get("in_time"),
            **{mode: slates[mode].get(str(day), {}).get("predictions", 0) for mode in slates},
            "graded": slates["same_day"].get(str(day), {}).get("graded", 0),
        }
        for day in days(part.first, part.last)
    ]
    return {
        "from": str(part.first),
        "to": str(part.last),
        "faults_profile": part.faults,
        "nights": nights,
        "alerts": await client.get("alerts", resolved="true"),
        "starts": product.starts,
        "rss_kb": product.rss_kb,
        "disk_bytes": sum(file.stat().st_size for file in product.home.rglob("*") if file.is_file()),
        "upstream": upstream.stats(),
    }


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """As JSON."""
    if not path.parent.is_dir():
        raise Permanent(f"cannot write {path}: no such folder", remedy="name a folder that is there")
    path.write_text(json.dumps(report, indent=1, default=str) + "\n")
