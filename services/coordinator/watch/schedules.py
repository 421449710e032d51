"""Which schedules have asked, and which should have (failure 34)."""

from datetime import datetime, timedelta
from typing import Final

from services.coordinator.alerts import set_alert
from shared.errors import AlreadyExists, Conflict
from shared.ports import Ports
from shared.registries.schedules import SCHEDULES

FIRES: Final = "schedule_fires"
_SILENT = timedelta(hours=26)
"""Every schedule fires at least once a day; two hours' grace for daylight saving and retries."""


async def note(ports: Ports, source: str) -> None:
    """Note that a schedule has asked, if it was one."""
    kind, _, name = source.partition(":")
    if kind != "schedule" or name not in SCHEDULES:
        return
    state, data = ports.state, {"at": ports.clock.now().isoformat()}
    document = await state.get(FIRES, name)
    try:
        if document is None:
            await state.create(FIRES, name, data)
        else:
            await state.compare_and_set(FIRES, name, data, version=document.version)
    except (AlreadyExists, Conflict):
        return  # its second delivery came first and noted the same


async def check_schedules(ports: Ports) -> None:
    """A schedule that has not asked for a day is missing, once any has been seen for longer than that (failure 34)."""
    now = ports.clock.now()
    known = {document.id: datetime.fromisoformat(document.data["at"]) for document in await ports.state.list(FIRES)}
    watched = await _watched_since(ports, now) if known else now
    for name in SCHEDULES:
        last = known.get(name, watched)
        detail = f"has not fired since {last:%Y-%m-%d %H:%M} UTC" if known and now - last > _SILENT else None
        await set_alert(ports, "schedule_missing", name, detail)


async def _watched_since(ports: Ports, now: datetime) -> datetime:
    """The instant of the first watch: schedules due before it are ignored."""
    document = await ports.state.get("watch", "first")
    if document is not None:
        return datetime.fromisoformat(document.data["at"])
    try:
        await ports.state.create("watch", "first", {"at": now.isoformat()})
    except AlreadyExists:
        return now
    return now
