"""Whether what is due is published, in every mode that is run without anybody asking.

A product that was not there when the run was due could not have published: what was due before the watch began is no
alarm, nor is a slate without predictions while the first history is still being loaded.
"""

from datetime import date, datetime, time, timedelta
from typing import Final

from services.coordinator.alerts import set_alert
from services.coordinator.runs.engine import OPEN
from services.coordinator.sql import sql
from services.coordinator.watch.schedules import watched_since
from shared.basketball.slate import Mode, eastern_date, eastern_instant
from shared.ports import Params, Ports, Row
from shared.registries.schedules import SCHEDULED, due

DUE: Final = time(7, 30)
"""Eastern time at which today's predictions are due."""
_EVENING: Final = time(23)
"""Eastern time at which the evening's look at the next slate is due."""
_LATELY = timedelta(days=7)
"""One prediction within it shows that the product has ever got so far."""


def due_at(mode: Mode, slate: date) -> datetime:
    """The instant at which a slate's predictions of a mode are due."""
    eve = slate - timedelta(days=1)
    fixed = {Mode.OVERNIGHT: eastern_instant(slate, DUE), Mode.TOMORROW: eastern_instant(eve, _EVENING)}
    return fixed.get(mode, due(mode, slate))


async def check_outputs(ports: Ports) -> None:
    """Raise an alert for each mode whose predictions are due and not there, and resolve it once they are."""
    for mode in SCHEDULED:
        await _check(ports, mode)


async def _check(ports: Ports, mode: Mode) -> None:
    now = ports.clock.now()
    today = eastern_date(now)
    slate = today + timedelta(days=1) if mode is Mode.TOMORROW else today
    if now < due_at(mode, slate) or due(mode, slate) < await watched_since(ports):
        return
    params: Params = {"first": slate - _LATELY, "last": slate, "mode": mode.value}
    rows = await ports.warehouse.query(sql("monitor/predictions_present"), params)
    missing = [row for row in rows if row["game_date"] == slate and not row["present"] and _expected(row, mode, now)]
    detail = None
    if missing and not await _starting(ports, rows):
        detail = f"{missing[0]['predicted_games']} of {missing[0]['games']} games of {slate} are predicted"
    name = "predictions_missing" if mode is Mode.OVERNIGHT else "update_missing"
    await set_alert(ports, name, f"{slate}.{mode.value}", detail)


def _expected(row: Row, mode: Mode, now: datetime) -> bool:
    """The day-of update is worth something until the first tip-off: by then it has to be there."""
    return mode is not Mode.SAME_DAY or now >= row["first_tip"]


async def _starting(ports: Ports, rows: list[Row]) -> bool:
    """Whether the history is being loaded, and nothing has been predicted yet."""
    if any(row["predicted_games"] for row in rows):
        return False
    return any(opened.id.partition(".")[2] == Mode.BACKFILL.value for opened in await ports.state.list(OPEN, limit=100))
