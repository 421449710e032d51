"""Tonight: the best edges, the games, what changed, what is missing, and whether it is there in time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus

from services.coordinator.documents.shapes import Edge, Tonight
from services.coordinator.page.charts import Span, span
from services.coordinator.page.failures import Unknown
from services.coordinator.page.page import Page, Visit
from services.coordinator.page.time_machine import Links, Then, asked, local
from services.coordinator.page.views import LABELS, shown
from services.coordinator.runs.run import key_for
from shared.basketball.slate import Mode
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

SHOWN_MARKETS = ("points", "rebounds", "assists", "threes", "pra")
"""Markets of the cards; a player's page has all."""
_EVERY = 15.0
"""Seconds between two looks: a pass takes longer."""
FIRST = 8
"""Edges that are shown before the rest is asked for."""


async def tonight(visit: Visit) -> Mapping[str, object]:
    """A slate as it was known at an instant.

    Raises:
        Unknown: there is no such slate.
    """
    query: Then = visit.query
    try:
        return view(await visit.get("/v1/tonight", **asked(query)), query)
    except Refusal as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        links = Links({} if query.as_of is None else {"as_of": query.as_of.isoformat()})
        others = [("the latest slate", links("/"))]
        if query.mode is not None and query.game_date is not None:
            others.insert(0, (f"{query.game_date} in the mode that was run", links("/", game_date=query.game_date)))
        if query.as_of is not None:
            others.append(("what is known now", Links({})("/", game_date=query.game_date, mode=query.mode)))
        raise Unknown(str(error), error.remedy, others) from error


def view(slate: Tonight, query: Then) -> Mapping[str, object]:
    """What the template shows of a slate."""
    kept = {"game_date": slate["game_date"], "mode": slate["mode"]}
    if query.as_of is not None:
        kept["as_of"] = query.as_of.isoformat()
    day = date.fromisoformat(slate["game_date"])
    return {
        "slate": slate,
        "edges": list(zip(slate["edges"], drawings(slate["edges"]), strict=True)),
        "first": FIRST,
        "games": [
            (game, [edge for edge in slate["edges"] if edge["game_id"] == game["game_id"]]) for game in slate["games"]
        ],
        "names": {game["game_id"]: f"{game['away_team']} at {game['home_team']}" for game in slate["games"]},
        "shown_markets": SHOWN_MARKETS,
        "labels": LABELS,
        "night": f"/nights/{key_for(day, Mode(slate['mode']))}",
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "links": Links(kept),
        "then": query.as_of,
        "then_field": local(query.as_of or datetime.fromisoformat(slate["as_of"])),
        "modes": [mode.value for mode in Mode],
    }


def drawings(edges: list[Edge]) -> list[object]:
    """One of each edge; those of a market can be compared."""
    scale = _scale(edges)
    return [_drawn(edge, scale[edge["market"]]) for edge in edges]


def _scale(edges: list[Edge]) -> dict[str, float]:
    """Market -> where its drawings end, so that those of a market can be compared."""
    ends: dict[str, float] = {}
    for edge in edges:
        ends[edge["market"]] = max(ends.get(edge["market"], 0.0), edge["q90"], edge["line"])
    return ends


def _drawn(edge: Edge, end: float) -> object:
    forecast = Span("forecast", edge["mean"], shown(edge["q10"]), edge["q90"])
    name = f"Forecast {edge['mean']:.1f}, {forecast.low:.0f} to {edge['q90']:.0f}, line {edge['line']:g}"
    return span(forecast, edge["line"], (0.0, end), name=name)


PAGES: tuple[Page, ...] = (
    Page("/", Role.VIEWER, tonight, "tonight.html", Then, public=True, live="tonight_part.html", every=_EVERY),
)
