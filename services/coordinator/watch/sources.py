"""How the sources fare: when each last gave something new, and since when it has been asked in vain."""

from datetime import date, timedelta
from typing import Final

from services.coordinator.sql import sql
from shared.ports import Params, Ports, Row
from shared.registries.sources import Source

WINDOW: Final = timedelta(days=60)
"""Slates that are looked at."""


async def fetched(ports: Ports, today: date) -> dict[str, Row]:
    """What `monitor/freshness` says of each source that was asked in the window, by name."""
    params: Params = {"first": today - WINDOW, "last": today}
    return {row["source"]: row for row in await ports.warehouse.query(sql("monitor/freshness"), params)}


def stale(source: Source, row: Row | None, today: date) -> str | None:
    """Why a source counts as stale; None: it does not. One that nobody asked is a schedule's or a run's matter."""
    if source.fallback or row is None or row["slates"] == 0 or _failing(row, today) <= source.stale_after:
        return None
    fresh_for = row["fresh_for"]
    since = "no answer in the last weeks" if fresh_for is None else f"nothing new since {fresh_for}"
    return f"{since}, {row['slates']} slates went by: {row['reason']}"


def _failing(row: Row, today: date) -> timedelta:
    """For how long it has been asked in vain."""
    since = row["failing_since"]
    return timedelta(0) if since is None else today - since + timedelta(days=1)
