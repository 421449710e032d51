"""The pages of runs: which there are, and one of them with its steps."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

from services.coordinator.api.answers import StepLog
from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Query
from services.coordinator.api.step_log import MAX_LINES
from services.coordinator.page.gantt import gantt
from services.coordinator.page.page import Page, Visit
from shared.basketball.slate import eastern_date
from shared.registries.keys import Role
from shared.registries.pipeline import STEPS
from shared.runtime.answers import Refusal

DAYS = 14
"""Slates of the list."""
REFUSED = 20
"""Rows of the quarantine that are shown."""
Asked = Literal["retry", "redo", "force"]


class NightsQuery(Query):
    """Up to which slate."""

    last: Slate | None = None


class NightQuery(Query):
    """Which step is opened, and what has just been asked for."""

    step: str = ""
    asked: Asked | None = None


async def nights(visit: Visit) -> Mapping[str, object]:
    """The runs of the latest slates."""
    query: NightsQuery = visit.query
    last = query.last if query.last is not None else eastern_date(visit.now) + timedelta(days=1)
    found = await _runs(visit, last)
    if not found and query.last is None:  # in summer
        every = await visit.get("/v1/runs")
        last = max((date.fromisoformat(run["game_date"]) for run in every), default=last)
        found = await _runs(visit, last) if every else []
    found.sort(key=lambda run: (run["game_date"], run["created_at"], run["id"]), reverse=True)
    first = last - timedelta(days=DAYS - 1)
    return {"runs": found, "first": first, "last": last, "earlier": first - timedelta(days=1)}


async def _runs(visit: Visit, last: date) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await visit.get("/v1/runs", first=last - timedelta(days=DAYS - 1), last=last)
    return found


async def night(visit: Visit) -> Mapping[str, object]:
    """A run: its chart, its steps, and of the one that is opened everything that is known.

    No statement is run but where a step has something in quarantine: that is read once, when it is opened.
    """
    try:
        run = await visit.get(f"/v1/runs/{visit.path['key']}")
    except Refusal as error:
        raise Refusal(
            error.status, str(error), "select the slate in the grid to have it run, or see all nights"
        ) from error
    query: NightQuery = visit.query
    step = query.step if query.step in run["steps"] else ""
    found = run["steps"][step]["evidence"] if step else None
    log: StepLog | None = None
    if step and not visit.live:
        log = await visit.get(f"/v1/runs/{run['id']}/steps/{step}/log")
    refused: list[dict[str, Any]] = []
    if found is not None and found["quarantined"] and not visit.live:
        of = {"game_date": run["game_date"], "mode": run["mode"], "step": step}
        refused = await visit.get("/v1/quarantine", **of, limit=REFUSED)
    return {
        "run": run,
        "chart": gantt(run, visit.now, step),
        "chosen": step,
        "opened": opened(run, step) if step else None,
        "asked": query.asked,
        "refused": refused,
        "log": log,
        "max_lines": MAX_LINES,
        "counted": {
            status: number
            for status in ("running", "waiting", "failed", "blocked", "degraded", "pending", "done")
            if (number := sum(each["status"] == status for each in run["steps"].values()))
        },
        "broken": [name for name, each in run["steps"].items() if each["status"] in ("failed", "blocked", "waiting")],
        "microdollars": sum(each["counts"].get("microdollars", 0) for each in run["steps"].values()),
    }


def opened(run: Mapping[str, Any], name: str) -> Mapping[str, object]:
    """What is known of one step of a run."""
    declared = STEPS[name]
    return {
        "step": run["steps"][name],
        "service": declared.service,
        "table": declared.table,
        "needs": [need for need in declared.needs if need in run["steps"]],
        "needed_by": [other for other in run["steps"] if name in STEPS[other].needs],
        "decisions": [decision for decision in run["decisions"] if decision["step"] == name][::-1],
    }


PAGES: tuple[Page, ...] = (
    Page("/nights", Role.VIEWER, nights, "nights.html", NightsQuery),
    Page("/nights/{key}", Role.VIEWER, night, "night.html", NightQuery, live="night_part.html"),
)
