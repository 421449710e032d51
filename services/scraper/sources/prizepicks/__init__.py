"""PrizePicks: one line per player and statistic, without prices; JSON:API, players and leagues are `included`."""

from collections.abc import Mapping
from typing import Any

from services.scraper.domain.odds import GameLine, Offer
from services.scraper.domain.wire import (
    BadRecord,
    Parsed,
    document,
    each,
    instant,
    label,
    listing,
    member,
    number,
    text,
)
from services.scraper.sources.endpoint import LINES, Endpoint, Need, Request
from shared.basketball.identity import tricode

_MARKETS = {
    "Points": "points",
    "Rebounds": "rebounds",
    "Assists": "assists",
    "3-PT Made": "threes",
    "Pts+Rebs+Asts": "pra",
    "Pts+Rebs": "pr",
    "Pts+Asts": "pa",
    "Rebs+Asts": "ra",
    "Steals": "steals",
    "Blocked Shots": "blocks",
}
"""Tipoff's market by their statistic; others are left out, and so are those of several players ("Points (Combo)")."""
_LEAGUE = "NBA"
"""Halves, quarters and season totals are leagues of their own."""
_MAIN = {"standard": True, "demon": False, "goblin": False}
"""Demons and goblins are harder and easier lines beside the standard one."""
_Included = Mapping[tuple[object, object], Any]
"""(type, id) -> attributes."""


def parse_projections(body: bytes) -> Parsed[Offer | GameLine]:
    """One record per line on one NBA player's whole game, before it starts; everything else is left out.

    Raises:
        Fault: not a list of projections.
    """
    payload = document(body)
    projections, included = listing(payload, "data"), listing(payload, "included")
    known = {
        (one.get("type"), one.get("id")): one.get("attributes")
        for one in included
        if isinstance(one, dict) and isinstance(one.get("type"), str) and isinstance(one.get("id"), str)
    }
    offers, refused = each(projections, lambda raw: _offer(raw, known), lambda raw: label(raw, "id"))
    return Parsed(tuple(offers), tuple(refused), len(projections))


def _offer(raw: Any, known: _Included) -> Offer | None:  # noqa: ANN401 - JSON
    about, relations = member(raw, "attributes"), member(raw, "relationships")
    if not isinstance(relations, dict):
        raise BadRecord(f"relationships is {repr(relations)[:60]}, not an object")
    market = _MARKETS.get(text(about, "stat_type"))
    if market is None or text(about, "status") != "pre_game" or _names_another(relations, "duration"):
        return None
    player = _related(relations, "new_player", known)
    if _league(relations, player, known) != _LEAGUE or player.get("combo") is True:
        return None
    kind = about.get("odds_type")
    is_main = _MAIN.get("standard" if kind is None else kind if isinstance(kind, str) else "")
    if is_main is None:
        raise BadRecord(f"odds_type {kind!r} is none of {', '.join(_MAIN)}")
    line = number(member(about, "line_score"), "line_score")
    if line < 0:
        raise BadRecord(f"line {line} is below zero")
    posted = about.get("updated_at")
    return Offer(
        event_id=None,
        player_name=text(player, "name"),
        market=market,
        bookmaker=PROJECTIONS.source,
        line=line,
        over_price=None,
        under_price=None,
        is_main=is_main,
        posted_at=None if posted is None else instant(posted, "updated_at"),
        team=tricode(text(player, "team")),
        starts_at=instant(member(about, "start_time"), "start_time"),
    )


def _names_another(relations: Any, name: str) -> bool:  # noqa: ANN401 - JSON
    """Whether a projection is related to one of these at all: to a duration, where it is not of the whole game."""
    return name in relations and member(relations[name], "data") is not None


def _related(relations: Any, name: str, known: _Included) -> Any:  # noqa: ANN401 - JSON
    """The attributes of what a projection is related to."""
    to = member(member(relations, name), "data")
    place = text(to, "type"), text(to, "id")
    found = known.get(place)
    if not isinstance(found, dict):
        raise BadRecord(f"{' '.join(place)} is not included")
    return found


def _league(relations: Any, player: Any, known: _Included) -> object:  # noqa: ANN401 - JSON
    """The projection's own; the player's where the payload does not name it."""
    try:
        return text(_related(relations, "league", known), "name")
    except BadRecord:
        return player.get("league")


def _requests(_: Need) -> tuple[Request[Offer | GameLine], ...]:
    params = {"league_id": "7", "per_page": "1000", "single_stat": "true"}
    return (PROJECTIONS.request("projections", "/projections", params),)


PROJECTIONS = Endpoint("prizepicks", "projections", LINES, parse_projections, rank=2, requests=_requests)
ENDPOINTS = (PROJECTIONS,)
