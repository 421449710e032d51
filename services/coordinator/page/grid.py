"""The page of the grid: date x step, and a backfill of the slates that somebody selects, shown before it is done."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from pydantic import Field

from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Query
from services.coordinator.grid.cells import CellStatus
from services.coordinator.page.page import Action, Form, Page, Sent, Visit
from shared.basketball.slate import Mode, days, eastern_date
from shared.errors import Permanent
from shared.registries.keys import Role
from shared.registries.pipeline import PHASES, STEPS
from shared.runtime.answers import Refusal

DAYS: Final = 14
MAX_DAYS: Final = 62
"""Slates that are shown at once."""
MAX_SLATES: Final = 40
"""Slates that are asked for at once: fewer than runs may be at work."""
SIGNS: Final = {
    CellStatus.DONE: "✓",
    CellStatus.DEGRADED: "~",
    CellStatus.MISSING: "○",
    CellStatus.GONE: "✗",
    CellStatus.PENDING: "…",
    CellStatus.WAITING: "w",
    CellStatus.RUNNING: "▸",
    CellStatus.FAILED: "!",
    CellStatus.BLOCKED: "b",
    CellStatus.IDLE: "",
}
"""What a cell shows of each status."""


class GridQuery(Query):
    """Which slates."""

    first: Slate | None = None
    last: Slate | None = None
    mode: Mode | None = None
    asked: int | None = None
    left: int = 0


class FillQuery(Query):
    """The slates that are selected."""

    mode: Mode
    day: tuple[Slate, ...] = Field(default=(), max_length=MAX_DAYS)
    target: str = "export"


class FillForm(Form):
    """The same, sent."""

    mode: Mode
    day: tuple[Slate, ...] = Field(default=(), max_length=MAX_DAYS)
    target: str = "export"


async def grid(visit: Visit) -> Mapping[str, object]:
    """The cells of two weeks, or of the window that is asked for."""
    query: GridQuery = visit.query
    today = eastern_date(visit.now)
    last = query.last if query.last is not None else today
    first = query.first if query.first is not None else last - timedelta(days=DAYS - 1)
    if (last - first).days >= MAX_DAYS:
        raise Permanent(f"{first} to {last} is more than {MAX_DAYS} days", remedy="ask for less at once")
    mode = query.mode if query.mode is not None else await _last_mode(visit, today)
    rows: dict[date, dict[str, Any]] = {day: {} for day in days(first, last)}
    for cell in await visit.get("/v1/grid", first=first, last=last, mode=mode):
        rows[cell["game_date"]][cell["step"]] = cell
    return {
        "first": first,
        "last": last,
        "mode": mode.value,
        "modes": [each.value for each in Mode],
        "rows": [(day, cells, _state(cells)) for day, cells in sorted(rows.items(), reverse=True)],
        "steps": list(STEPS.values()),
        "phases": [
            (name, number)
            for phase, name in PHASES.items()
            if (number := sum(s.phase == phase for s in STEPS.values()))
        ],
        "signs": {status.value: sign for status, sign in SIGNS.items()},
        "earlier": (first - timedelta(days=DAYS), first - timedelta(days=1)),
        "later": (last + timedelta(days=1), last + timedelta(days=DAYS)) if last < today else None,
        "asked": query.asked,
        "left": query.left,
        "max_slates": MAX_SLATES,
    }


async def _last_mode(visit: Visit, today: date) -> Mode:
    """The mode that was run last."""
    window = {"first": today - timedelta(days=DAYS), "last": today + timedelta(days=1)}
    runs = [run for run in await visit.get("/v1/runs", **window) if not run["part"]]
    if not runs:
        return Mode.OVERNIGHT
    return Mode(max(runs, key=lambda run: (run["game_date"], run["created_at"]))["mode"])


def _state(cells: Mapping[str, Mapping[str, Any]]) -> str:
    """A slate in one word: the worst of its cells."""
    found = {cell["status"] for cell in cells.values()}
    order = ("failed", "gone", "blocked", "running", "waiting", "pending", "missing", "degraded", "done", "idle")
    return next((status for status in order if status in found), "idle")


async def preview(visit: Visit) -> Mapping[str, object]:
    """What a backfill would do, slate by slate: nothing is written."""
    query: FillQuery = visit.query
    slates = []
    for body in await _requests(visit, query):
        answer = await visit.preview("/v1/runs", body)
        steps = {} if answer["run"] is None else answer["run"]["steps"]
        begins = [name for name, step in steps.items() if step["status"] not in ("done", "degraded")]
        slates.append((body["game_date"], begins, body.get("redo", [])))
    return {
        "mode": query.mode.value,
        "target": query.target,
        "slates": slates,
        "cells": sum(len(begins) for _, begins, _ in slates),
    }


async def fill(sent: Sent) -> str:
    """Ask for each slate, the oldest first, as far as there is room for runs; what is left is asked for again."""
    form: FillForm = sent.form
    bodies = await _requests(sent, form)
    asked = 0
    for body in bodies:
        try:
            await sent.post("/v1/runs", body, part=f".{body['game_date']}")
        except Refusal:
            if asked == 0:
                raise
            break
        asked += 1
    first, last = bodies[0]["game_date"], bodies[-1]["game_date"]
    return f"/grid?first={first}&last={last}&mode={form.mode.value}&asked={asked}&left={len(bodies) - asked}"


async def _requests(of: Visit | Sent, given: FillQuery | FillForm) -> Sequence[dict[str, Any]]:
    """A request for each slate: what its run had and is gone is done again, what is missing or failed is asked for."""
    if not given.day:
        raise Permanent("no slate is selected", remedy="select some in the grid")
    if given.target not in STEPS:
        raise Permanent(f"{given.target!r} is no step", remedy=f"one of {', '.join(STEPS)}")
    chosen = sorted(set(given.day))
    if len(chosen) > MAX_SLATES:
        raise Permanent(f"{len(chosen)} slates are selected", remedy=f"select at most {MAX_SLATES} at once")
    if (chosen[-1] - chosen[0]).days >= MAX_DAYS:
        raise Permanent(f"the slates lie more than {MAX_DAYS} days apart", remedy="select fewer at once")
    today = eastern_date(of.now)
    found = await of.get("/v1/grid", first=chosen[0], last=chosen[-1], mode=given.mode)
    gone = {
        day: [cell["step"] for cell in found if cell["game_date"] == day and cell["status"] == "gone"] for day in chosen
    }
    return [
        {"game_date": str(day), "mode": given.mode.value, "targets": [given.target], "retrospective": day < today}
        | ({"redo": gone[day]} if gone[day] else {})
        for day in chosen
    ]


PAGES: tuple[Page, ...] = (
    Page("/grid", Role.VIEWER, grid, "grid.html", GridQuery, live="grid_part.html", every=10.0),
    Page("/grid/backfill", Role.OPERATOR, preview, "backfill.html", FillQuery),
)
ACTIONS: tuple[Action, ...] = (Action("/grid/backfill", Role.OPERATOR, fill, FillForm, "backfill slates"),)
