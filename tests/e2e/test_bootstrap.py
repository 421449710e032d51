"""`tipoff bootstrap` and `tipoff doctor --live` of a new install, on the local upstream, and stats.nba.com blocked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devstack.league import open_history
from devstack.stack import LOCAL_SCRAPING, upstream_urls
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import serve
from shared.embedded.clock import FileClock
from tests.e2e.command import DEGRADED, DONE, Done, inside

pytestmark = pytest.mark.network
NOON = datetime(2024, 11, 16, 17, tzinfo=UTC)
"""Of the day of the last slate."""


@asynccontextmanager
async def upstream(home: Path, league: Path, faults: str) -> AsyncIterator[None]:
    """A home that is set up, with every source at the local one."""
    clock = FileClock(home / "clock")
    clock.set(NOON)
    async with serve(open_history(str(league)), clock, FaultProfile.named(faults)) as served:
        settings = {**LOCAL_SCRAPING, **upstream_urls(served.base_url), "lines_of_past": "false"}
        flags = [f"--set={name}={value}" for name, value in settings.items()]
        assert (await command(home, "init", "--yes", "--seasons", "1", *flags)).code == DONE
        yield


async def command(home: Path, *arguments: str) -> Done:
    """`tipoff`, while this process serves the upstream."""
    return await asyncio.to_thread(inside, home, *arguments, TIPOFF_CLOCK_FILE=str(home / "clock"))


async def test_f05_a_new_install_is_filled_in_with_stats_nba_com_blocked(league_folder: Path, tmp_path: Path) -> None:
    """Features of every slate but the first days', without a request for any of them; asked again nothing is to do."""
    some = ("--seasons", "1", "--until", "2024-10-31", "--json")
    async with upstream(tmp_path, league_folder, "blocked:stats.nba.com"):
        done = await command(tmp_path, "bootstrap", "--mode", "overnight", *some)
        assert done.code == DONE, done
        report = done.json
        [mode] = report["modes"]
        assert (report["status"], report["holes"], report["credits"]) == ("complete", {}, 0)
        assert mode["made"] == mode["slates"] > 0
        assert report["requests"] == report["history"]["requests"] > 0
        assert report["history"]["faults"]
        assert mode["note"].startswith("nothing trained: ")

        again = (await command(tmp_path, "bootstrap", "--mode", "overnight", *some)).json
        assert (again["modes"][0]["made"], again["requests"]) == (0, report["requests"])
        planned = (await command(tmp_path, "bootstrap", "--dry-run", *some)).json
        assert planned["to_make"] == {"same_day": mode["slates"], "overnight": 0}


async def test_the_doctor_asks_every_upstream(league_folder: Path, tmp_path: Path) -> None:
    """Each answer is what the parsers expect; without keys two sources are not asked, and that is no failure."""
    async with upstream(tmp_path, league_folder, "none"):
        done = await command(tmp_path, "doctor", "--live", "--json")
        assert (done.code, done.json["lost"]) == (DEGRADED, [])
        verdicts = {(each["source"], each["endpoint"]): each["verdict"] for each in done.json["endpoints"]}
        assert verdicts.pop(("nba_cdn", "boxscore")) == "refused"  # last season's first game: this league has none
        keyless = {name for name, verdict in verdicts.items() if verdict == "no key"}
        assert {source for source, _ in keyless} == {"odds_api", "balldontlie"}
        assert {verdict for name, verdict in verdicts.items() if name[0] not in ("odds_api", "balldontlie")} == {"ok"}
