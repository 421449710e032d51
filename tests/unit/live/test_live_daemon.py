"""The process: how it ends, what it refuses, and what is found of it."""

import asyncio
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from live import daemon
from live.credits import month
from live.stack import Running
from live.unit import unit
from services.scraper.settings import ScraperSettings
from shared.errors import Permanent, Transient
from shared.runtime.service import Health
from tests.clock import FakeClock


async def test_the_first_that_ends_ends_the_others() -> None:
    """By being stopped, or by its failure."""
    stopped = asyncio.Event()
    others = [asyncio.Event() for _ in range(2)]
    stopped.set()
    await daemon.until_first(stopped.wait(), *(each.wait() for each in others))

    async def fails() -> None:
        raise Permanent("broken")

    with pytest.raises(Permanent, match="broken"):
        await daemon.until_first(fails(), *(each.wait() for each in others))
    assert len(asyncio.all_tasks()) == 1


def test_a_clock_that_was_never_set_is_refused() -> None:
    """With the remedy."""
    with pytest.raises(Permanent, match="shows 1970-01-01 00:00 UTC: set it"):
        daemon.require_set(datetime(1970, 1, 1, tzinfo=UTC))
    daemon.require_set(datetime(2025, 1, 1, tzinfo=UTC))


def test_only_the_process_that_holds_the_workspace_is_up(tmp_path: Path) -> None:
    """The record of one that was killed says nothing, also while the next one starts."""
    workspace = daemon.workspace_of(tmp_path)
    workspace.make()
    record = workspace.path / "running.json"

    def recorded(pid: int) -> None:
        record.write_text(json.dumps({"pid": pid, "url": "http://127.0.0.1:1", "urls": {}}))

    assert daemon.found(tmp_path) is None
    recorded(os.getpid())
    assert daemon.found(tmp_path) is None
    assert daemon.stop(tmp_path) is None
    with workspace.lock():
        assert daemon.found(tmp_path) == daemon.Up(os.getpid(), "http://127.0.0.1:1", {})
        with pytest.raises(Permanent, match="`tipoff down` first"):
            daemon.refuse_second(tmp_path)
        recorded(os.getpid() + 1)
        assert daemon.found(tmp_path) is None


def test_lines_of_a_month_and_the_plan_that_they_fit_into() -> None:
    """225 games, four looks at each or eight; the games' own lines thrice a slate, and with each game's final pass."""
    everything = month(ScraperSettings())
    assert (everything.per_game, everything.least) == (20, 225 * 4 * 20 + 3 * (3 * 28 + 225))
    assert everything.most == 225 * 8 * 20 + 3 * (3 * 28 + 225)
    assert "up to 18,927 credits of The Odds API, plan 20K" in str(everything)
    assert "up to 36,927, plan 100K" in str(everything)
    points = month(ScraperSettings(odds_markets="points", odds_alternates=False))
    assert (points.per_game, points.most) == (1, 225 * 8 + 3 * (3 * 28 + 225))


@pytest.mark.parametrize("user", [None, "daemon"], ids=["own", "system"])
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path, user: str | None) -> None:
    """Hardened: nothing can be written but the home."""
    text = unit(tmp_path / "my home", ["/bin/true", "up"], user)
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "Restart=always",
        f'ReadWritePaths="{tmp_path}/my home"',
    ):
        assert line in text.splitlines()
    assert ("User=daemon" in text) == (user is not None)
    file = tmp_path / "tipoff.service"
    file.write_text(text)
    (tmp_path / "my home").mkdir()
    scope = ["--user"] if user is None else []
    try:
        done = subprocess.run(
            ["systemd-analyze", "verify", *scope, str(file)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert (done.returncode, done.stderr) == (0, "")


def test_stopping_waits_for_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end in time is said."""
    workspace = daemon.workspace_of(tmp_path)
    workspace.make()
    monkeypatch.setattr(daemon, "STOP_TIMEOUT", 0.0)
    monkeypatch.setattr(os, "kill", lambda *_: None)
    (workspace.path / "running.json").write_text(json.dumps({"pid": os.getpid(), "url": "", "urls": {}}))
    with workspace.lock(), pytest.raises(Transient, match="did not stop"):
        daemon.stop(tmp_path)


async def test_a_service_whose_consumers_end_is_named() -> None:
    """By the first that does, with the reason: then the process ends, and a supervisor starts it again."""
    health = {name: Health(name, "dev", {}, FakeClock()) for name in ("scraper", "worker")}

    async def fails() -> None:
        raise RuntimeError("no such column")

    ports: Any = None
    waiting = asyncio.create_task(Running({}, ports, health).broken())
    consumers = asyncio.create_task(fails())
    consumers.add_done_callback(health["worker"].consumers_ended)
    assert await waiting == "the worker takes no more messages: RuntimeError: no such column"
