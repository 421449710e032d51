"""Which schedules have asked, and which should have (failure 34)."""

from datetime import datetime, timedelta
from typing import Final

from services.coordinator.alerts import set_alert
from shared.errors import AlreadyExists, Conflict
from shared.ports import Document, Ports
from shared.registries.schedules import RUNS_PATH, SCHEDULES

FIRES: Final = "schedule_fires"
_SILENT = timedelta(hours=26)
"""Every schedule fires at least once a day; two hours' grace for daylight saving and retries."""
_ASLEEP = timedelta(hours=3)
"""The reconciler comes round every hour: after so long without it nothing was awake."""


async def note(ports: Ports, source: str) -> None:
    """Note that a schedule has asked, if it was one."""
    kind, _, name = source.partition(":")
    if kind != "schedule" or name not in SCHEDULES:
        return
    now, state = ports.clock.now(), ports.state
    document = await state.get(FIRES, name)
    data = {"at": now.isoformat()}
    if SCHEDULES[name].path != RUNS_PATH:
        data["awake"] = _awake(document, now)
    try:
        if document is None:
            await state.create(FIRES, name, data)
        else:
            await state.compare_and_set(FIRES, name, data, version=document.version)
    except (AlreadyExists, Conflict):
        return  # its second delivery came first and noted the same


def _awake(document: Document | None, now: datetime) -> str:
    """Since when the reconciler has come round every hour: before that the machine slept, or there was none."""
    if document is None or now - datetime.fromisoformat(document.data["at"]) > _ASLEEP:
        return now.isoformat()
    return str(document.data.get("awake", document.data["at"]))


async def check_schedules(ports: Ports) -> None:
    """A schedule that has not asked for a day is missing, once any has been seen for longer than that (failure 34).

    After a sleep of the machine the day begins anew: what was missed is caught up with, or missing tomorrow.
    """
    now = ports.clock.now()
    fired = {document.id: document.data for document in await ports.state.list(FIRES)}
    watched = await watched_since(ports) if fired else now
    awake = max((datetime.fromisoformat(data["awake"]) for data in fired.values() if "awake" in data), default=None)
    for name in SCHEDULES:
        last = datetime.fromisoformat(fired[name]["at"]) if name in fired else watched
        silent = bool(fired) and now - (last if awake is None else max(last, awake)) > _SILENT
        detail = f"has not fired since {last:%Y-%m-%d %H:%M} UTC" if silent else None
        await set_alert(ports, "schedule_missing", name, detail)


async def watched_since(ports: Ports) -> datetime:
    """The instant of the first watch: what was due before it is ignored."""
    now = ports.clock.now()
    document = await ports.state.get("watch", "first")
    if document is not None:
        return datetime.fromisoformat(document.data["at"])
    try:
        await ports.state.create("watch", "first", {"at": now.isoformat()})
    except AlreadyExists:
        return now
    return now
