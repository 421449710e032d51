"""Raises alerts, and resolves them once their condition has cleared."""

from datetime import datetime, time, timedelta
from typing import Final

from services.coordinator import health
from services.coordinator.alerts import clear_alert, raise_alert
from services.coordinator.domain.run import Run, RunStatus
from services.coordinator.leaks import suspects
from services.coordinator.sources import SOURCES
from services.coordinator.sql import sql
from shared.basketball.slate import Mode, eastern_date, eastern_instant
from shared.errors import AlreadyExists, Conflict
from shared.ports import Params, Ports
from shared.registries.pipeline import MODE_RULES
from shared.registries.schedules import SCHEDULES

DUE: Final = time(7, 30)
"""Eastern time at which today's predictions are due."""
FIRES: Final = "schedule_fires"
_SILENT = timedelta(hours=26)
"""Every schedule fires at least once a day; two hours' grace for daylight saving and retries."""
_STALE_WINDOW = timedelta(days=60)
_JUDGED = timedelta(days=60)
"""Days of grades that are looked at for errors too good to be true: as many as that takes."""
_ALERT_OF = {RunStatus.FAILED: "run_failed", RunStatus.DEGRADED: "run_degraded"}


async def announce(run: Run, ports: Ports) -> None:
    """At a run's end: its status and its features' health. A mode without alerts, or a replay, raises none."""
    if run.retrospective or not MODE_RULES[run.mode].alerts:
        return
    for status, name in _ALERT_OF.items():
        await _set(ports, name, run.key, why(run) if run.status is status else None)
    if run.status is RunStatus.COMPLETE:  # whatever message of it was given up on: it was done again
        await clear_alert(ports.state, ports.clock, "dead_letter", run.key)
    if "ml_feature_store" in run.steps:
        found = await health.check(ports.warehouse, run.game_date, run.mode)
        text = "; ".join(f"{finding.feature}: {finding.problem}" for finding in found[:5])
        more = f"; and {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004 - as many as a line holds
        await _set(ports, "feature_health", run.key, text + more if found else None)


def why(run: Run) -> str:
    """What is wrong with a run, in one line: the causes, not what they block."""
    causes = [f"{name}: {step.reason}" for name, step in run.steps.items() if step.reason and step.status != "blocked"]
    return "; ".join(causes) if causes else run.status.value


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


async def check(ports: Ports, mode: Mode) -> None:
    """The watch, once for each round of the reconciler: outputs, sources, schedules, accuracy."""
    await _predictions(ports, mode)
    await _sources(ports)
    await _schedules(ports)
    await _accuracy(ports, mode)


async def _predictions(ports: Ports, mode: Mode) -> None:
    now = ports.clock.now()
    today = eastern_date(now)
    if mode is not Mode.OVERNIGHT or now < eastern_instant(today, DUE):
        return
    params: Params = {"first": today, "last": today, "mode": mode.value}
    rows = await ports.warehouse.query(sql("monitor/predictions_present"), params)
    missing = [row for row in rows if not row["present"]]
    detail = None
    if missing:
        detail = f"{missing[0]['predicted_games']} of {missing[0]['games']} games of {today} are predicted"
    await _set(ports, "predictions_missing", f"{today}.{mode.value}", detail)


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
        await _set(ports, "source_stale", source.name, detail if stale else None)


async def _schedules(ports: Ports) -> None:
    """A schedule that has not asked for a day is missing, once any has been seen for longer than that (failure 34)."""
    now = ports.clock.now()
    known = {document.id: datetime.fromisoformat(document.data["at"]) for document in await ports.state.list(FIRES)}
    watched = await _watched_since(ports, now) if known else now
    for name in SCHEDULES:
        last = known.get(name, watched)
        detail = f"has not fired since {last:%Y-%m-%d %H:%M} UTC" if known and now - last > _SILENT else None
        await _set(ports, "schedule_missing", name, detail)


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


async def _accuracy(ports: Ports, mode: Mode) -> None:
    """An error far below the market's is an alarm, not a triumph (failure 29); `services.coordinator.leaks` judges."""
    today = eastern_date(ports.clock.now())
    params: Params = {"first": today - _JUDGED, "last": today, "mode": mode.value, "system": ""}
    rows = await ports.warehouse.query(sql("accuracy_leaks"), params)
    found = {suspect["system"]: suspect["reason"] for suspect in suspects(rows)}
    for row in rows:
        await _set(ports, "accuracy_too_good", f"{row['system']}.{mode.value}", found.get(row["system"]))


async def _set(ports: Ports, name: str, scope: str, detail: str | None) -> None:
    """Raise with a detail, resolve with none."""
    if detail is None:
        await clear_alert(ports.state, ports.clock, name, scope)
    else:
        await raise_alert(ports.state, ports.clock, name, scope, detail)
