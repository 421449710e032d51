"""The watch, once for each round of the reconciler: doors, outputs, sources, schedules, accuracy, and what is past."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from services.coordinator.alerts import alerts, clear_alert, set_alert
from services.coordinator.sql import sql
from services.coordinator.watch.doors import check_doors
from services.coordinator.watch.leaks import suspects
from services.coordinator.watch.outputs import DUE, check_outputs
from services.coordinator.watch.past import settle
from services.coordinator.watch.schedules import check_schedules, watched_since
from services.coordinator.watch.sources import fetched, stale
from shared.basketball.slate import eastern_date, eastern_instant
from shared.errors import AlreadyExists, Conflict
from shared.ports import Params, Ports
from shared.registries.sources import SOURCES
from shared.runtime.metering import Reason, charged_to

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
    rows = await fetched(ports, today)
    for source in SOURCES.values():
        if not source.fallback:
            await set_alert(ports, "source_stale", source.name, stale(source, rows.get(source.name), today))


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
