"""A season and a summer, live: the product runs for ten months in one process, and grows in nothing but what it stores.

Days without games cost next to nothing, one with games some twenty seconds on an idle machine of two processors: hours.
TIPOFF_REHEARSED bounds the days, for a look at a part of it.
"""

import asyncio
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from client.api import Client
from devstack.history import History
from devstack.rehearsal import Part, rehearse
from devstack.upstream.credits import PLAN

FIRST, LAST = date(2023, 10, 20), date(2024, 8, 31)
BUDGET_GB = 20.0
"""The setting's default."""


@pytest.mark.proof
def test_a_season_and_a_summer(shared_data: Path, tmp_path: Path) -> None:
    """Every slate in time, started once, memory flat, disk within budget, credits within the plan, no alert left."""
    last = min(LAST, FIRST + timedelta(days=int(os.environ.get("TIPOFF_REHEARSED", "400"))))
    left: list[int] = []

    async def credits_left(client: Client) -> None:
        for run in await client.get("runs", first=str(FIRST), last=str(last), mode="same_day"):
            found = run["steps"].get("lines", {}).get("counts", {}).get("credits_left")
            left.extend([] if found is None else [found])

    report: dict[str, Any] = asyncio.run(
        rehearse(tmp_path / "home", History.open(shared_data), Part(FIRST, last), lambda _: None, after=credits_left)
    )
    assert [night for night in report["nights"] if night["games"] and not night["in_time"]] == []
    assert report["starts"] == 1
    assert [alert for alert in report["alerts"] if alert["resolved_at"] is None] == []
    assert report["disk_bytes"] < BUDGET_GB * 1e9
    quarter = len(report["rss_kb"]) // 4
    assert max(report["rss_kb"][-quarter:]) < 1.2 * max(report["rss_kb"][quarter : 2 * quarter])
    assert left[0] - left[-1] < PLAN / 30 * (last - FIRST).days
