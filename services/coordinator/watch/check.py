"""The watch, once for each round of the reconciler: doors, outputs, sources, schedules, accuracy, and what is past."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Final

from services.coordinator.alerts import alerts, clear_alert, set_alert
from services.coordinator.sql import sql
from services.coordinator.watch.doors import check_doors
from services.coordinator.watch.leaks import suspects
from services.coordinator.watch.outputs import DUE, check_outputs
from services.coordinator.watch.past import settle
from services.coordinator.watch.schedules import check_schedules, watched_since
from shared.basketball.slate import eastern_date, eastern_instant
from shared.errors import AlreadyExists, Conflict
from shared.ports import Params, Ports, Row
from shared.registries.sources import SOURCES
from shared.runtime.metering import Reason, charged_to

_STALE_WINDOW = timedelta(days=60)
_ACCURACY: Final = "accuracy"
_JUDGED = timedelta(days=60)
"""Days of grades that are looked at for errors too good to be true: as many as that takes."""


async def check(ports: Ports) -> None:
    """Raise what is wrong, and resolve what is not any more, in every mode."""
    await watched_since(ports)
    await check_doors(ports)
    with charged_to(Reason("watch")):
        await check_outputs(ports)
        await _sources(ports)
        await check_schedules(ports)
        await _accuracy(ports)
    await settle(ports)


async def _sources(ports: Ports) -> None:
    today = eastern_date(ports.clock.now())
    params: Params = {"first": today - _STALE_WINDOW, "last": today}
    rows = {row["source"]: row for row in await ports.warehouse.query(sql("monitor/freshness"), params)}
    for source in SOURCES.values():
        if source.fallback:
            continue
        row = rows.get(source.name)
        stale = row is not None and row["slates"] > 0 and _failing(row, today) > source.stale_after
        await set_alert(ports, "source_stale", source.name, _stale(row) if row is not None and stale else None)


def _failing(row: Row, today: date) -> timedelta:
    """For how long it has been asked in vain: a source that nobody asked is a schedule's or a run's matter."""
    since = row["failing_since"]
    return timedelta(0) if since is None else today - since + timedelta(days=1)


def _stale(row: Row) -> str:
    fresh_for = row["fresh_for"]
    since = "no answer in the last weeks" if fresh_for is None else f"nothing new since {fresh_for}"
    return f"{since}, {row['slates']} slates went by: {row['reason']}"


async def _accuracy(ports: Ports) -> None:
    """An error far below the market's is an alarm, not a triumph (failure 29).

    Once a day, when the night's grades are there: two months of grades are what a round would read the most of.
    """
    now = ports.clock.now()
    today = eastern_date(now)
    judged = await ports.state.get("watch", _ACCURACY)
    if now < eastern_instant(today, DUE) or (judged is not None and judged.data["on"] == today.isoformat()):
        return
    params: Params = {"first": today - _JUDGED, "last": today, "mode": "", "system": ""}
    rows = await ports.warehouse.query(sql("accuracy_leaks"), params)
    found = {(suspect["system"], suspect["mode"]): suspect["reason"] for suspect in suspects(rows)}
    for row in rows:
        name = (row["system"], row["mode"])
        await set_alert(ports, "accuracy_too_good", ".".join(name), found.get(name))
    judged_now = {".".join((row["system"], row["mode"])) for row in rows}
    for alert in await alerts(ports.state):  # of a system without grades any more
        name_, scope = alert["name"], alert["scope"]
        if name_ == "accuracy_too_good" and scope not in judged_now and not scope.endswith(".training"):
            await clear_alert(ports, name_, scope)
    data = {"on": today.isoformat()}
    with suppress(AlreadyExists, Conflict):  # another round has judged the same
        if judged is None:
            await ports.state.create("watch", _ACCURACY, data)
        else:
            await ports.state.compare_and_set("watch", _ACCURACY, data, version=judged.version)
