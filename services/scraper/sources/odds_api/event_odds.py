"""The Odds API's player props of one event, now or as they stood at a past instant."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.scraper.domain.odds import Offer
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    document,
    instant,
    label,
    listing,
    member,
    number,
    text,
)
from services.scraper.sources.endpoint import LINES, Endpoint, Request
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from shared.registries.markets import MARKETS

_ALTERNATE = "_alternate"
_MARKET_OF = {market.odds_key: market.name for market in MARKETS.values()}


def market_keys(markets: Iterable[str], *, alternates: bool = True) -> tuple[str, ...]:
    """The API's keys of Tipoff's markets: main lines, and alternate ones if they are wanted."""
    suffixes = ("", _ALTERNATE) if alternates else ("",)
    return tuple(f"{MARKETS[name].odds_key}{suffix}" for name in markets for suffix in suffixes)


def parse_odds(body: bytes) -> Parsed[Offer]:
    """One record per (bookmaker, market, player, line) of the markets Tipoff predicts: every line is kept.

    Raises:
        Fault: not the odds of an event.
    """
    event, snapshot = unwrap(document(body))
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        raise Fault("malformed", "the payload is no event")
    offers: list[Offer] = []
    refused: list[Refusal] = []
    bookmakers = listing(event, "bookmakers")
    for bookmaker in bookmakers:
        try:
            book = text(bookmaker, "key")
            markets = [(raw, text(raw, "key")) for raw in member(bookmaker, "markets")]
        except (BadRecord, TypeError) as error:
            refused.append(Refusal(label(bookmaker, "key"), str(error)))
            continue
        for raw, key in markets:
            name = _MARKET_OF.get(key.removesuffix(_ALTERNATE))
            if name is None:
                continue
            try:
                posted_at = _posted_at(raw, bookmaker, snapshot)
                quotes = list(_quotes(member(raw, "outcomes"), f"{book} {key}", refused))
            except BadRecord as error:
                refused.append(Refusal(f"{book} {key}", str(error)))
                continue
            offers.extend(
                Offer(event["id"], player, name, book, line, over, under, not key.endswith(_ALTERNATE), posted_at)
                for player, line, over, under in quotes
            )
    return Parsed(tuple(offers), tuple(refused), len(bookmakers), snapshot)


def _posted_at(market: Any, bookmaker: Any, snapshot: datetime | None) -> datetime | None:  # noqa: ANN401 - JSON
    for holder in (market, bookmaker):
        if holder.get("last_update") is not None:
            return instant(holder["last_update"], "last_update")
    return snapshot


def _quotes(
    outcomes: Any,  # noqa: ANN401 - JSON
    where: str,
    refused: list[Refusal],
) -> Iterator[tuple[str, float, float | None, float | None]]:
    """(player, line, over price, under price): the two sides of a line are two outcomes, and either may be missing."""
    if not isinstance(outcomes, list):
        raise BadRecord("its outcomes are not a list")
    sides: dict[tuple[str, float], dict[str, float | None]] = {}
    for raw in outcomes:
        try:
            player, line, side, price = _quote(raw)
        except BadRecord as error:
            refused.append(Refusal(f"{where} {label(raw, 'description', 'name')}", str(error)))
        else:
            sides.setdefault((player, line), {})[side] = price
    for (player, line), prices in sides.items():
        yield player, line, prices.get("Over"), prices.get("Under")


def _quote(raw: Any) -> tuple[str, float, str, float | None]:  # noqa: ANN401 - JSON
    """(player, line, side, price) of one outcome."""
    side = text(raw, "name")
    if side not in ("Over", "Under"):
        raise BadRecord(f"side {side!r} is neither Over nor Under")
    line = number(member(raw, "point"), "point")
    if line < 0:
        raise BadRecord(f"line {line} is below zero")
    price = raw.get("price")
    return text(raw, "description"), line, side, None if price is None else number(price, "price")


ODDS = Endpoint("odds_api", "event_odds", LINES, parse_odds, rank=1)
ODDS_HISTORY = Endpoint("odds_api", "event_odds_history", LINES, parse_odds, rank=1)


def event_odds(
    game_id: str,
    event_id: str,
    *,
    regions: str,
    markets: Iterable[str],
    as_of: datetime | None,
    alternates: bool = True,
) -> Request[Offer]:
    """One game's player props, now or as they stood at a past instant."""
    params = {
        "regions": regions,
        "markets": ",".join(market_keys(markets, alternates=alternates)),
        "dateFormat": "iso",
        "oddsFormat": "american",
    }
    if as_of is None:
        return ODDS.request(game_id, f"/v4/{SPORT}/events/{event_id}/odds", params)
    params["date"] = stamp(as_of)
    return ODDS_HISTORY.request(game_id, f"/v4/historical/{SPORT}/events/{event_id}/odds", params)
