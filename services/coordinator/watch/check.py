"""The watch, once for each round of the reconciler: doors, outputs, sources, schedules, accuracy."""

from contextlib import suppress
from datetime import time, timedelta
from typing import Final

from services.coordinator.alerts import set_alert
from services.coordinator.sql import sql
from services.coordinator.watch.doors import check_doors
from services.coordinator.watch.leaks import suspects
from services.coordinator.watch.schedules import check_schedules
from shared.basketball.slate import Mode, eastern_date, eastern_instant
from shared.errors import AlreadyExists, Conflict
from shared.ports import Params, Ports
from shared.registries.sources import SOURCES
from shared.runtime.metering import Reason, charged_to

DUE: Final = time(7, 30)
"""Eastern time at which today's predictions are due."""
_STALE_WINDOW = timedelta(days=60)
_ACCURACY: Final = "accuracy"
_JUDGED = timedelta(days=60)
"""Days of grades that are looked at for errors too good to be true: as many as that takes."""


async def check(ports: Ports) -> None:
    """Raise what is wrong, and resolve what is not any more, in every mode."""
    await check_doors(ports)
    with charged_to(Reason("watch")):
        await _predictions(ports)
        await _sources(ports)
        await check_schedules(ports)
        await _accuracy(ports)


async def _predictions(ports: Ports) -> None:
    """Those of the night: the other modes look early or late at what the night has predicted."""
    now = ports.clock.now()
    today, mode = eastern_date(now), Mode.OVERNIGHT
    if now < eastern_instant(today, DUE):
        return
    params: Params = {"first": today, "last": today, "mode": mode.value}
    rows = await ports.warehouse.query(sql("monitor/predictions_present"), params)
    missing = [row for row in rows if not row["present"]]
    detail = None
    if missing:
        detail = f"{missing[0]['predicted_games']} of {missing[0]['games']} games of {today} are predicted"
    await set_alert(ports, "predictions_missing", f"{today}.{mode.value}", detail)


async def _sources(ports: Ports) -> None:
    today = eastern_date(ports.clock.now())
    params: Params = {"first": today - _STALE_WINDOW, "last": today}
    for row in await ports.warehouse.query(sql("monitor/freshness"), params):
        source = SOURCES.get(row["source"])
        if source is None or source.fallback:
            continue
        fresh_for = row["fresh_for"]
        stale = row["slates"] > 0 and (fresh_for is None or today - fresh_for > source.stale_after)
        since = "no answer in the last weeks" if fresh_for is None else f"nothing new since {fresh_for}"
        detail = f"{since}, {row['slates']} slates went by: {row['reason']}"
        await set_alert(ports, "source_stale", source.name, detail if stale else None)


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
    data = {"on": today.isoformat()}
    with suppress(AlreadyExists, Conflict):  # another round has judged the same
        if judged is None:
            await ports.state.create("watch", _ACCURACY, data)
        else:
            await ports.state.compare_and_set("watch", _ACCURACY, data, version=judged.version)
