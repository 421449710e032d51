"""A season and a summer, live: the product runs for ten months in one process, and grows in nothing but what it stores.

Four to six hours for the whole; half an hour for its last three months, 17 minutes for the first 51 days of these.
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
from live.credits import month
from services.scraper.settings import ScraperSettings

FIRST, LAST = date(2023, 10, 20), date(2024, 8, 31)
FINALS = date(2024, 6, 1)
BUDGET_GB = 20.0
"""The setting's default."""


@pytest.mark.network
@pytest.mark.proof
@pytest.mark.parametrize("first", [FINALS, FIRST], ids=["finals", "season"])
def test_to_the_end_of_summer(first: date, shared_data: Path, tmp_path: Path) -> None:
    """Every slate in time, started once, memory flat, disk within budget, credits within the plan, no alert left."""
    last = min(LAST, first + timedelta(days=int(os.environ.get("TIPOFF_REHEARSED", "400"))))
    left: list[int] = []

    async def credits_left(client: Client) -> None:
        for run in await client.runs(first=str(first), last=str(last), mode="same_day"):
            found = run["steps"]["lines"]["counts"].get("credits_left") if "lines" in run["steps"] else None
            left.extend([] if found is None else [found])

    report: dict[str, Any] = asyncio.run(
        rehearse(tmp_path / "home", History.open(shared_data), Part(first, last), lambda _: None, after=credits_left)
    )
    assert [night for night in report["nights"] if night["games"] and not night["in_time"]] == []
    assert report["starts"] == 1
    assert [alert for alert in report["alerts"] if alert["resolved_at"] is None] == []
    assert report["disk_bytes"] < BUDGET_GB * 1e9
    quarter = len(report["rss_kb"]) // 4
    assert max(report["rss_kb"][-quarter:]) < 1.2 * max(report["rss_kb"][quarter : 2 * quarter])
    assert left[-1] > 0
    assert left[0] - left[-1] < month(ScraperSettings()).most / 30 * (last - first).days
