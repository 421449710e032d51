"""Asking for runs from a page: what would be done, on a page of its own, and then doing it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from services.coordinator.api.route import Query
from services.coordinator.page.page import Action, Form, Page, Sent, Visit
from shared.basketball.slate import eastern_date
from shared.errors import Permanent
from shared.registries.keys import Role
from shared.registries.pipeline import LOAD, STEPS
from shared.runtime.answers import Refusal

WHAT: Final = {
    "retry": "try again what has failed or waits; what is done stands",
    "redo": "do a step again, and whatever stands on it",
    "force": "do everything again, from the first request to the export",
}
"""What may be asked for, and what it does."""


class AskQuery(Query):
    """Of which step."""

    step: str = ""
    archive: bool = False


class AskForm(Form):
    """The same, sent."""

    step: str = ""
    archive: bool = False


async def confirm(visit: Visit) -> Mapping[str, object]:
    """What would be done: nothing is written."""
    query: AskQuery = visit.query
    run, body = await _request(visit, query)
    before = await visit.preview("/v1/runs", body)
    after = {} if before["run"] is None else before["run"]["steps"]
    begins = [name for name, step in after.items() if step["status"] not in ("done", "degraded")]
    return {
        "run": run,
        "what": visit.path["action"],
        "means": WHAT[visit.path["action"]],
        "step": query.step,
        "archive": query.archive,
        "scrapes": query.step != "" and STEPS[query.step].service == "scraper",
        "begins": begins,
        "stands": len(after) - len(begins),
    }


async def ask(sent: Sent) -> str:
    """Ask for it, and go back to the night."""
    form: AskForm = sent.form
    run, body = await _request(sent, form)
    await sent.post("/v1/runs", body)
    step = f"&step={form.step}" if form.step else ""
    return f"/nights/{run['id']}?asked={sent.path['action']}{step}"


async def _request(of: Visit | Sent, given: AskQuery | AskForm) -> tuple[Mapping[str, Any], dict[str, object]]:
    """The run, and the body that asks for what is meant.

    Raises:
        Refusal: there is no such action.
        Permanent: it cannot be done to this run.
    """
    action = of.path["action"]
    if action not in WHAT:
        raise Refusal(HTTPStatus.NOT_FOUND, f"{action} is none of {', '.join(WHAT)}", "go back to the night")
    run = await of.get(f"/v1/runs/{of.path['key']}")
    if run["part"]:
        raise Permanent(f"{run['id']} is a part of a slate's run", remedy="ask for the slate's own run")
    body: dict[str, object] = {
        "game_date": run["game_date"],
        "mode": run["mode"],
        "targets": run["targets"],
        "retrospective": run["retrospective"] or run["game_date"] < str(eastern_date(of.now)),
    }
    if action == "force":
        body["force"] = True
    if action == "redo":
        if given.step not in run["steps"]:
            raise Permanent(f"{given.step!r} is no step of {run['id']}", remedy=f"one of {', '.join(run['steps'])}")
        body |= {"redo": [given.step]} | ({"from_phase": LOAD} if given.archive else {})
    return run, body


PAGES: tuple[Page, ...] = (Page("/nights/{key}/{action}", Role.OPERATOR, confirm, "confirm.html", AskQuery),)
ACTIONS: tuple[Action, ...] = (Action("/nights/{key}/{action}", Role.OPERATOR, ask, AskForm, "ask for a run"),)
