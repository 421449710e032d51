"""The pages of runs: which there are, and one of them."""

from collections.abc import Mapping
from datetime import date, timedelta

from services.coordinator.api.queries import Slate
from services.coordinator.api.route import Query
from services.coordinator.page.page import Action, Page, Visit
from shared.registries.keys import Role

DAYS = 14
"""Slates of the list."""


class NightsQuery(Query):
    """Up to which slate."""

    last: Slate | None = None


async def nights(visit: Visit) -> Mapping[str, object]:
    """The runs of the latest slates."""
    query: NightsQuery = visit.query
    window = {} if query.last is None else {"first": query.last - timedelta(days=DAYS - 1), "last": query.last}
    found = await visit.get("/v1/runs", **window)
    days = [date.fromisoformat(run["game_date"]) for run in found]
    newest = query.last if query.last is not None else max(days, default=None)
    first = None if newest is None else newest - timedelta(days=DAYS - 1)
    shown = [run for run, day in zip(found, days, strict=True) if first is None or day >= first]
    shown.sort(key=lambda run: (run["game_date"], run["created_at"], run["id"]), reverse=True)
    earlier = None if first is None else first - timedelta(days=1)
    return {"runs": shown, "first": first, "last": newest, "earlier": earlier}


PAGES: tuple[Page, ...] = (Page("/nights", Role.VIEWER, nights, "nights.html", NightsQuery),)
ACTIONS: tuple[Action, ...] = ()
