"""`tipoff doctor --live`: asks the real upstreams."""

import asyncio
import random
from dataclasses import asdict, replace

from cli import common
from cli.common import out
from live import config, daemon
from services.scraper.fetch import Fetcher
from services.scraper.probes import PASSED, Probe, lost, probe
from services.scraper.settings import ScraperSettings
from shared.runtime.profiles import ports
from shared.runtime.settings import load

ATTEMPTS = 4
"""Of each question: from the fourth on an empty answer is believed."""
_COLOURS = {"ok": "green", "not asked": "dim", "no key": "yellow"}


def ask(*, as_json: bool) -> int:
    """Ask and show it; the exit code: 1 if a kind of fact cannot be had, 3 if others stand in for what is amiss."""
    probes = asyncio.run(_asked())
    missing = lost(probes)
    if as_json:
        common.print_json({"lost": missing, "endpoints": [asdict(each) for each in probes]})
    else:
        _show(probes, missing)
    return 1 if missing else 0 if all(each.verdict in PASSED for each in probes) else 3


async def _asked() -> list[Probe]:
    async with ports(settings := _settings()) as world:
        fetcher = Fetcher(
            settings.sources,
            replace(settings.retry_policy, attempts=ATTEMPTS),
            clock=world.clock,
            secrets=world.secrets,
            user_agent=settings.user_agent,
            jitter=random.random,
        )
        async with fetcher:
            return await probe(fetcher, world.secrets, world.clock.now())


def _settings() -> ScraperSettings:
    """The product's own where it was set up, with its secrets; else the environment's."""
    base = common.home()
    if not daemon.speaks_for(base):
        return load(ScraperSettings)
    own = {"home": daemon.workspace_of(base).path}
    return config.read(base).services().scraper.model_copy(update=own)


def _show(probes: list[Probe], missing: list[str]) -> None:
    table = common.table("source", "asked for", "answer", "")
    for each in probes:
        colour = _COLOURS.get(each.verdict, "red")
        table.add_row(each.source, each.endpoint, f"[{colour}]{each.verdict}[/]", each.detail)
    out.print(table)
    for kind in missing:
        out.print(f"[red]nobody gives {'lines' if kind == 'lookup' else kind}[/]: nights will lack them")
