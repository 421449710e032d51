"""Alerts that nobody can mend any more: the slate is long past, or what raised them has long not been seen."""

import re
from datetime import date, datetime, timedelta

from services.coordinator.alerts import ALERTS, alerts, clear_alert
from shared.basketball.slate import eastern_date
from shared.ports import Ports, Row

_SLATE = re.compile(r"\d{4}-\d{2}-\d{2}(?=[./]|$)")


async def settle(ports: Ports) -> None:
    """Resolve them; the registry says of each after how many days it is history."""
    today = eastern_date(ports.clock.now())
    for alert in await alerts(ports.state):
        days = ALERTS[alert["name"]].past_after if alert["name"] in ALERTS else 0
        if days is not None and today - _about(alert) > timedelta(days=days):
            await clear_alert(ports, alert["name"], alert["scope"])


def _about(alert: Row) -> date:
    """The slate that it is about, else the day it was last seen."""
    slate = _SLATE.match(alert["scope"])
    if slate is not None:
        return date.fromisoformat(slate[0])
    return eastern_date(datetime.fromisoformat(alert["seen_at"]))
