"""Every alert, once: what it means and how grave it is; docs/runbooks/<name>.md says what to do (a test compares both).

An alert is a document of the state store, named after what it is about, so that raising one twice raises it once. It
is open until its condition clears; `tipoff alerts` lists them. The document is its own outbox, too: `opening` counts
how often it was raised anew, and `said` holds what each channel has heard of it (`watch/voice.py`).
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.errors import AlreadyExists, Conflict, Permanent
from shared.ports import Document, Ports, StateStore
from shared.runtime.logs import get_logger

COLLECTION: Final = "alerts"
_TRIES = 10
_log = get_logger("alerts")

Severity = Literal["page", "ticket"]
"""`page`: somebody looks now, predictions are at stake. `ticket`: somebody looks today."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that somebody must know about."""

    name: str
    severity: Severity
    meaning: str
    """In one line; the runbook of the same name has the rest."""
    past_after: int | None = None
    """Days after which nobody can mend it any more, so that it is history: after its slate, where its scope begins with
    a date, else after it was last seen. None: only what raises it, or a person, resolves it."""


ALERTS = {
    alert.name: alert
    for alert in (
        Alert("run_failed", "page", "a run ended without what it was asked for", past_after=3),
        Alert(
            "run_degraded", "ticket", "a run ended with less than everything: what it published says so", past_after=3
        ),
        Alert("predictions_missing", "page", "at 07:30 ET today's predictions are not published", past_after=0),
        Alert("update_missing", "ticket", "a slate's evening look or its day-of update is not published", past_after=0),
        Alert("source_stale", "ticket", "an upstream has given nothing new for too long"),
        Alert("archived_not_loaded", "ticket", "payloads were archived and never loaded", past_after=7),
        Alert("challenger_worse", "ticket", "a new model scored worse than the champion and does not replace it"),
        Alert("disk_budget", "ticket", "the workspace takes more of the disk than it may, or fills it"),
        Alert("artifact_refused", "page", "a model could not be loaded: its system is absent", past_after=7),
        Alert("budget_exceeded", "ticket", "a night's queries cost more than its budget", past_after=3),
        Alert("credits_low", "ticket", "a paid source's credits last for few more slates, or for none", past_after=7),
        Alert("dead_letter", "ticket", "a message could not be handled", past_after=7),
        Alert("schedule_missing", "page", "a schedule has not fired when it was due", past_after=7),
        Alert("feature_health", "ticket", "a feature is null, constant, out of range or has drifted", past_after=3),
        Alert("accuracy_too_good", "page", "errors are far below the market's: the future has leaked in"),
        Alert("open_door", "page", "a service answers strangers: tokens for it can be forged", past_after=7),
        Alert("heal_exhausted", "page", "the reconciler has asked for a slate too often in vain", past_after=3),
        Alert("channel_refused", "ticket", "a channel does not take alerts: nobody hears them there"),
    )
}


async def raise_alert(ports: Ports, name: str, scope: str, detail: str) -> None:
    """Open the alert, or bring an open one up to date. `scope` says what it is about (a run, a source, a model).

    Raises:
        Permanent: the name is not in the registry.
    """
    if name not in ALERTS:
        raise Permanent(f"unknown alert {name!r}", remedy="declare it in ALERTS, with its runbook")
    now = ports.clock.now().isoformat()
    fresh: dict[str, Any] = {
        "name": name,
        "scope": scope,
        "severity": ALERTS[name].severity,
        "detail": detail,
        "raised_at": now,
        "seen_at": now,
        "resolved_at": None,
        "times": 1,
        "opening": 1,
        "said": {},
    }
    await _write(ports.state, _id(name, scope), fresh)


async def clear_alert(ports: Ports, name: str, scope: str) -> None:
    """Resolve the alert if it is open: its condition no longer holds."""
    id_ = _id(name, scope)
    for _ in range(_TRIES):
        document = await ports.state.get(COLLECTION, id_)
        if document is None or document.data["resolved_at"] is not None:
            return
        data = document.data | {"resolved_at": ports.clock.now().isoformat()}
        try:
            await ports.state.compare_and_set(COLLECTION, id_, data, version=document.version)
        except Conflict:
            continue
        _log.info("alert_resolved", alert=name, scope=scope)
        return
    raise Conflict(f"alert {id_} is being written by too many at once")


async def set_alert(ports: Ports, name: str, scope: str, detail: str | None) -> None:
    """Raise the alert with its detail; without one its condition does not hold, and it is resolved."""
    if detail is None:
        await clear_alert(ports, name, scope)
    else:
        await raise_alert(ports, name, scope, detail)


async def alerts(state: StateStore, *, resolved: bool = False) -> list[dict[str, Any]]:
    """The open alerts (with `resolved`, all), gravest and newest first."""
    found = [_shown(document.data) for document in await documents(state)]
    wanted = [alert for alert in found if resolved or alert["resolved_at"] is None]
    newest = sorted(wanted, key=lambda alert: str(alert["raised_at"]), reverse=True)
    return sorted(newest, key=lambda alert: ("page", "ticket").index(alert["severity"]))


async def documents(state: StateStore) -> list[Document]:
    """Every alert there is or was, as it is kept."""
    return await state.list(COLLECTION, limit=10_000)


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in ("opening", "said")}


async def _write(state: StateStore, id_: str, fresh: dict[str, Any]) -> None:
    for _ in range(_TRIES):
        document = await state.get(COLLECTION, id_)
        try:
            if document is None:
                await state.create(COLLECTION, id_, fresh)
            else:
                data = _seen_again(document.data, fresh)
                await state.compare_and_set(COLLECTION, id_, data, version=document.version)
        except (Conflict, AlreadyExists):
            continue
        if document is None or document.data["resolved_at"] is not None:
            _log.warning("alert_raised", alert=fresh["name"], scope=fresh["scope"], detail=fresh["detail"])
        return
    raise Conflict(f"alert {id_} is being written by too many at once")


def _seen_again(old: dict[str, Any], fresh: dict[str, Any]) -> dict[str, Any]:
    """An open alert keeps when it was raised; one that had been resolved is raised anew."""
    opening, said = old.get("opening", 1), old.get("said", {})  # alerts of before there were channels have neither
    if old["resolved_at"] is not None:
        return fresh | {"opening": opening + 1, "said": said}
    if old["detail"] == fresh["detail"] and old["seen_at"] == fresh["seen_at"]:
        return old
    kept = {"raised_at": old["raised_at"], "times": old["times"] + 1, "opening": opening, "said": said}
    return fresh | kept


def _id(name: str, scope: str) -> str:
    """A document id: no slash, and bounded."""
    return f"{name}.{re.sub(r'[^A-Za-z0-9_.-]+', '-', scope)[:200]}"
