"""The product on one machine: set up, started, killed, started again and stopped, on the local upstream."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from client.api import connect
from client.runs import follow
from devstack.league import open_history
from devstack.stack import LOCAL_SCRAPING, upstream_urls
from devstack.upstream.faults import FaultProfile
from devstack.upstream.server import serve
from live import daemon
from shared.embedded.clock import FileClock
from tests.e2e.command import DONE, FAILED, Done, inside, tipoff
from tests.e2e.nights import LAST

pytestmark = pytest.mark.network
MORNING = datetime(2024, 11, 16, 10, 30, tzinfo=UTC)
"""05:30 Eastern on the day of the last slate: the night's run is half an hour late."""
NIGHT = f"{LAST}.overnight"


async def command(home: Path, *arguments: str | Path) -> Done:
    """`tipoff`, while this process serves the upstream; what stays behind is no child of this process."""
    run = tipoff if "--detach" in arguments else inside
    return await asyncio.to_thread(run, home, *arguments, TIPOFF_CLOCK_FILE=str(home / "clock"))


@asynccontextmanager
async def upstream(home: Path, league: Path) -> AsyncIterator[list[str]]:
    """The flags of `init` that point every source at the local one, whose clock is the product's."""
    clock = FileClock(home / "clock")
    clock.set(MORNING)
    async with serve(open_history(str(league)), clock, FaultProfile.named("none")) as served:
        settings = {"port": 0, **LOCAL_SCRAPING, **upstream_urls(served.base_url)}
        try:
            yield [f"--set={name}={value}" for name, value in settings.items()]
        finally:
            await asyncio.to_thread(daemon.stop, home)


async def ended(home: Path) -> str:
    """The status of the night's run, at its end."""
    up = daemon.found(home)
    assert up is not None
    async with connect(daemon.endpoint(home, up)) as client:
        run = await follow(client, await client.run(NIGHT), lambda _: None)
        return run["status"]


async def logged(home: Path, step: str) -> list[str]:
    """What the night's page shows of a step's log."""
    up = daemon.found(home)
    assert up is not None
    headers = {"X-API-Key": daemon.endpoint(home, up).api_key}
    path = f"{up.url}/v1/runs/{NIGHT}/steps/{step}/log"
    async with aiohttp.ClientSession() as session, session.get(path, headers=headers) as answer:
        found: list[str] = (await answer.json())["lines"]
        return found


async def test_a_night_without_a_key_for_lines(small_league: Path, tmp_path: Path) -> None:
    """Set up, up, killed, up again, down: the night is predicted once, without lines, and nothing is alarmed."""
    home = tmp_path  # with the clock's file in it
    async with upstream(home, small_league) as flags:
        (await command(home, "up")).refused(FAILED, "tipoff.toml", "`tipoff init`")
        made = await command(home, "init", "--yes", "--seasons", "1", *flags)
        assert (made.code, made.err, made.out.count("no key for lines")) == (DONE, "", 1)
        (await command(home, "init", "--yes")).refused(FAILED, "tipoff.toml is there already", "--force")
        assert (await command(home, "status", "--json")).json == {"running": False}
        assert (await command(home, "runs", "--json")).json == []
        (await command(home, "run")).refused(FAILED, "not running", "`tipoff up --detach`")

        up = await command(home, "up", "--detach")
        assert (up.code, up.err, up.out.count("no key for lines")) == (DONE, "", 1)
        (await command(home, "up")).refused(FAILED, "up already", "`tipoff down`")
        assert await ended(home) == "complete"

        first = daemon.found(home)
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        assert (await command(home, "up", "--detach")).code == DONE
        second = daemon.found(home)
        assert second is not None
        assert second.pid != first.pid

        status = await command(home, "status", "--json")
        assert (status.code, status.json["pid"], status.json["worst_alert"]) == (DONE, second.pid, None)
        assert all(service["healthy"] for service in status.json["services"])
        assert status.json["next"]["at"] == "2024-11-16T10:31:00+00:00"
        [run] = [run for run in status.json["runs"] if run["id"] == NIGHT]
        assert (run["id"], run["status"], run["source"]) == (NIGHT, "complete", "schedule:overnight")
        rows = (await command(home, "predictions", "--json")).json
        assert rows
        assert {row["line"] for row in rows} == {None}

        lines = (await command(home, "logs", "--run", NIGHT, "--step", "publish", "--lines", "100")).out.splitlines()
        assert any("step_settled" in line and "step=publish" in line for line in lines)
        assert await logged(home, "publish") == lines

        assert (await command(home, "down")).out == f"stopped (process {second.pid})\n"
        assert (await command(home, "down")).out == "nothing was running\n"
        assert (await command(home, "predictions", "--json")).json == rows  # what there is can be read all the same


@pytest.mark.proof
async def test_set_up_filled_in_and_up(small_league: Path, tmp_path: Path) -> None:
    """As the README has it: init, bootstrap, up, status, down; the night stands on the slates that were filled in."""
    home = tmp_path
    async with upstream(home, small_league) as flags:
        flags += ["--set=training_slates=8"]  # of so short a season
        assert (await command(home, "init", "--yes", "--seasons", "1", *flags)).code == DONE
        filled = await command(home, "bootstrap", "--seasons", "1", "--json")
        assert filled.code == DONE, filled.out
        assert (filled.json["status"], filled.json["holes"]) == ("complete", {})
        for mode in filled.json["modes"]:
            assert mode["made"] == mode["slates"] > 0

        assert (await command(home, "up", "--detach")).code == DONE
        assert await ended(home) == "complete"
        status = await command(home, "status", "--json")
        assert (status.code, status.json["worst_alert"]) == (DONE, None)
        assert all(service["healthy"] for service in status.json["services"])
        assert (await command(home, "predictions", "--json")).json
        assert (await command(home, "down")).code == DONE
        assert (await command(home, "status", "--json")).json == {"running": False}
