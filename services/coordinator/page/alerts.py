"""The pages of what needs a hand: alerts, dead letters, sources, each with its runbook."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from services.coordinator.api.route import Query
from services.coordinator.page.page import Action, Form, Page, Sent, Visit
from services.coordinator.page.runbooks import names
from shared.registries.keys import Role

MAX_LETTERS = 100


class AlertsQuery(Query):
    """Which alerts, and what has just been resolved."""

    resolved: bool = False
    done: str = ""


class ResolveQuery(Query):
    """Which alert."""

    name: str
    scope: str


class ResolveForm(Form):
    """The same, sent."""

    name: str
    scope: str


async def alerts(visit: Visit) -> Mapping[str, object]:
    """Open alerts, gravest first."""
    query: AlertsQuery = visit.query
    found = await visit.get("/v1/alerts", resolved=query.resolved)
    shown = [alert | {"night": _night(alert["scope"]), "resolve": urlencode(_about(alert))} for alert in found]
    return {"alerts": shown, "resolved": query.resolved, "done": query.done, "runbooks": names()}


async def confirm(visit: Visit) -> Mapping[str, object]:
    """What resolving means."""
    query: ResolveQuery = visit.query
    return {"name": query.name, "scope": query.scope}


async def resolve(sent: Sent) -> str:
    """Resolve an alert, and go back to the others."""
    form: ResolveForm = sent.form
    await sent.post("/v1/alerts", {"name": form.name, "scope": form.scope})
    return f"/alerts?{urlencode({'done': f'{form.name} {form.scope}'})}"


async def dead_letters(visit: Visit) -> Mapping[str, object]:
    """What could not be handled, newest first."""
    found = await visit.get("/v1/dead-letters", limit=MAX_LETTERS)
    letters = [_letter(each) for each in sorted(found, key=lambda each: str(each["at"]), reverse=True)]
    return {"letters": letters, "full": len(found) == MAX_LETTERS, "runbooks": names()}


async def sources(visit: Visit) -> Mapping[str, object]:
    """Every upstream: freshness, failures, credits."""
    return {**await visit.get("/v1/sources"), "runbooks": names()}


def _about(alert: Mapping[str, Any]) -> dict[str, str]:
    return {"name": alert["name"], "scope": alert["scope"]}


def _night(about: str) -> str | None:
    """The run that something is about, where it begins with one, as `2024-03-04.overnight.1/predict/2` does."""
    parts = about.partition("/")[0].split(".")
    date_and_mode = 2
    dated = len(parts) >= date_and_mode and parts[0].count("-") == date_and_mode and parts[0][:1].isdigit()
    return ".".join(parts[:date_and_mode]) if dated else None


def _letter(letter: Mapping[str, Any]) -> Mapping[str, Any]:
    key = letter["attributes"].get("key", "")
    return {
        **letter,
        "about": key if key != "" else letter["id"][:12],
        "night": _night(key),
        "step": key.split("/")[1] if key.count("/") else "",
        "message": _indented(letter["data"]),
    }


def _indented(data: str | None) -> str | None:
    """A message of JSON, to be read."""
    if data is None:
        return None
    try:
        return json.dumps(json.loads(data), indent=1)
    except ValueError:
        return data


PAGES: tuple[Page, ...] = (
    Page("/alerts", Role.VIEWER, alerts, "alerts.html", AlertsQuery, live="alerts_part.html", every=10.0),
    Page("/alerts/resolve", Role.OPERATOR, confirm, "resolve.html", ResolveQuery),
    Page("/dead-letters", Role.VIEWER, dead_letters, "dead_letters.html"),
    Page("/sources", Role.VIEWER, sources, "sources.html"),
)
ACTIONS: tuple[Action, ...] = (Action("/alerts/resolve", Role.OPERATOR, resolve, ResolveForm, "resolve an alert"),)
