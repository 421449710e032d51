"""One player: his distribution against any line, his last games, every system, every price."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from pydantic import Field

from services.coordinator.api.any_line import Answer
from services.coordinator.api.queries import Market
from services.coordinator.documents.shapes import Forecast, PlayerDocument, PlayerShown
from services.coordinator.page import charts, record_charts
from services.coordinator.page.charts import Span
from services.coordinator.page.failures import Unknown
from services.coordinator.page.page import Page, Visit
from services.coordinator.page.time_machine import Links, Then, local, of_slate
from services.coordinator.page.views import LABELS, LARGEST_COUNT, STEP, default_line, games, priced, shown, stored
from shared.registries.keys import Role
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS, headline
from shared.runtime.answers import Refusal

_FEW = 5
"""Suggestions."""


class PlayerQuery(Then):
    """A player, one market of his, and a line."""

    market: Market | None = Field(None, description="default: that of his largest edge")
    line: float | None = Field(None, ge=0, le=LARGEST_COUNT, allow_inf_nan=False, description="default: what is posted")


async def player(visit: Visit) -> Mapping[str, object]:
    """A player as he was known at an instant.

    Raises:
        Unknown: there is none of that id; players of the slate whose names are near are suggested.
    """
    query: PlayerQuery = visit.query
    who = visit.path["id"]
    slate = of_slate(query)
    if not (who.isascii() and who.isdecimal()):
        raise await _unknown(visit, f"{who} is no player's id", slate)
    try:
        found = await visit.get(f"/v1/players/{who}", **slate)
    except Refusal as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise await _unknown(visit, str(error), slate) from error
    return view(found, query)


async def _unknown(visit: Visit, words: str, slate: Mapping[str, str]) -> Unknown:
    links = Links(slate)
    try:
        near = await visit.get("/v1/players", query=visit.path["id"], **slate)
    except Refusal:  # nothing is published there, or the name is none
        near = []
    people = [(f"{each['player_name']}, {each['team']}", links(f"/players/{each['player_id']}")) for each in near]
    return Unknown(words, suggestions=[*people[:_FEW], ("the whole slate", links("/"))])


def view(found: PlayerShown, query: PlayerQuery) -> Mapping[str, object]:
    """What the template shows of a player.

    Raises:
        Unknown: nothing is forecast of him in the market that was asked for.
    """
    who, game = found["player"], found["game"]
    best = {each["market"]: each for each in headline([dict(each) for each in who["forecasts"]])}
    markets = [name for name in MARKETS if any(each["market"] == name for each in who["forecasts"])]
    kept = {"game_date": game["game_date"], "mode": game["mode"]}
    if query.as_of is not None:
        kept["as_of"] = query.as_of.isoformat()
    links = Links(kept)
    market = _market(who, markets, query.market, links)
    systems = [each for each in who["forecasts"] if each["market"] == market]
    head: Forecast = best.get(market, systems[0])  # type: ignore[assignment]  # `headline` returns the rows it was given
    books = who["books"].get(market, [])
    line = default_line(head, books) if query.line is None else query.line
    distribution = stored(head)
    chances = [] if distribution is None else distribution.chances()
    past = games(who["past"], market)
    values = [each.value for each in past if each.value is not None]
    return {
        "who": who,
        "game": game,
        "market": market,
        "markets": markets,
        "best": best,
        "head": head,
        "member": next((each for each in systems if each["system"] == SYSTEMS[head["system"]].explained_by), None),
        "line": line,
        "line_asked": query.line is not None,
        "stored": distribution,
        "answer": _against(head, line),
        "curve": charts.distribution(
            chances, line, band=(shown(head["q10"]), head["q90"]), name=f"{who['player_name']}, {market}: distribution"
        ),
        "last_line": max([STEP, *(each.count + STEP for each in chances[-1:]), line]),
        "step": STEP,
        "bars": charts.last_games(past, line, name=f"{who['player_name']}, {market}: last {len(past)} games"),
        "overs": sum(value > line for value in values),
        "played": len(values),
        "past": list(zip(who["past"], reversed(past), strict=True)),
        "minutes": charts.sparkline([each["minutes"] for each in reversed(who["past"])], "Minutes of his last games"),
        "spans": record_charts.intervals(
            [
                Span(
                    each["system"].replace("_", " "),
                    each["mean"],
                    shown(each["q10"]),
                    each["q90"],
                    f"{each['mean']:.1f}",
                )
                for each in systems
            ],
            reference=line,
            name="Every system's forecast",
        ),
        "systems": [(each, stored(each), _against(each, line)) for each in systems],
        "books": priced(books, distribution),
        "posted": sorted({quote["line"] for quote in books}),
        "out": found["out"],
        "moves": [move for move in found["moves"].get(market, []) if move["player_id"] == who["player_id"]],
        "labels": LABELS,
        "links": links,
        "then": query.as_of,
        "then_field": local(query.as_of or datetime.fromisoformat(found["as_of"])),
    }


def _against(forecast: Forecast, line: float) -> Answer | None:
    distribution = stored(forecast)
    return None if distribution is None else distribution.against(line)


def _market(who: PlayerDocument, markets: list[str], asked_for: str | None, links: Links) -> str:
    """The market that is shown: the one asked for, else that of his largest recommended edge, else the first."""
    name = who["player_name"]
    if not markets:
        raise Unknown(f"nothing is forecast of {name} in this game", suggestions=[("the whole slate", links("/"))])
    if asked_for is not None:
        if asked_for not in markets:
            others = [(LABELS[each], links(f"/players/{who['player_id']}", market=each)) for each in markets]
            raise Unknown(f"nothing is forecast of {name}'s {asked_for} in this game", suggestions=others)
        return asked_for
    picks = [each for each in who["forecasts"] if each["recommendation"] in {"over", "under"}]
    if not picks:
        return markets[0]
    return max(picks, key=lambda each: 0.0 if each["edge"] is None else abs(each["edge"]))["market"]


PAGES: tuple[Page, ...] = (Page("/players/{id}", Role.VIEWER, player, "player.html", PlayerQuery, public=True),)
