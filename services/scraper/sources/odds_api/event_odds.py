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
    remark,
    shown,
    text,
)
from services.scraper.sources.endpoint import LINES, Endpoint, Request
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from shared.registries.markets import MARKETS

EVEN = 100
"""American prices are +100 and more, or -100 and less."""
MAX_LINE = 500
"""No statistic of a game comes near."""
_ALTERNATE = "_alternate"
_MARKET_OF = {market.odds_key: market.name for market in MARKETS.values()}


def market_keys(markets: Iterable[str]) -> tuple[str, ...]:
    """The API's keys of Tipoff's markets: main and alternate lines."""
    return tuple(f"{MARKETS[name].odds_key}{suffix}" for name in markets for suffix in ("", _ALTERNATE))


def parse_odds(body: bytes) -> Parsed[Offer]:
    """One record per (bookmaker, market, player, line) of the markets Tipoff predicts: every line is kept.

    A line has one side or both, as the book offers it; one whose other side cannot be read is refused whole.

    Raises:
        Fault: not the odds of an event.
    """
    event, snapshot = unwrap(document(body))
    try:
        event_id = text(event, "id")
    except BadRecord:
        raise Fault("malformed", "the payload is no event") from None
    offers: list[Offer] = []
    refused: list[Refusal] = []
    bookmakers = listing(event, "bookmakers")
    for bookmaker in bookmakers:
        try:
            book = text(bookmaker, "key")
            markets = _listed(member(bookmaker, "markets"), "markets")
        except BadRecord as error:
            refused.append(Refusal(label(bookmaker, "key"), str(error)))
            continue
        for raw in markets:
            try:
                key = text(raw, "key")
                name = _MARKET_OF.get(key.removesuffix(_ALTERNATE))
                if name is None:
                    continue
                posted_at = _posted_at(raw, bookmaker, snapshot)
                quotes = list(_quotes(_listed(member(raw, "outcomes"), "outcomes"), f"{book} {key}", refused))
            except BadRecord as error:
                refused.append(Refusal(f"{book} {label(raw, 'key')}", str(error)))
                continue
            offers.extend(
                Offer(event_id, player, name, book, line, over, under, not key.endswith(_ALTERNATE), posted_at)
                for player, line, over, under in quotes
            )
    return Parsed(tuple(offers), tuple(refused), len(bookmakers), snapshot)


def _listed(value: Any, what: str) -> list[Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        raise BadRecord(f"its {what} are not a list")
    if not value:
        raise BadRecord(f"its {what} are none")
    return value


def _posted_at(market: Any, bookmaker: Any, snapshot: datetime | None) -> datetime | None:  # noqa: ANN401 - JSON
    for holder in (market, bookmaker):
        if holder.get("last_update") is not None:
            return instant(holder["last_update"], "last_update")
    return snapshot


def _quotes(
    outcomes: list[Any],
    where: str,
    refused: list[Refusal],
) -> Iterator[tuple[str, float, float | None, float | None]]:
    """(player, line, over price, under price): the two sides of a line are two outcomes, and either may be missing."""
    sides: dict[tuple[str, float], dict[str, float]] = {}
    unread: list[tuple[Any, Any]] = []
    for raw in outcomes:
        try:
            player, line, side, price = _quote(raw)
        except BadRecord as error:
            refused.append(Refusal(f"{where} {label(raw, 'description', 'name')}", str(error)))
            unread.append(_of_what(raw))
        else:
            sides.setdefault((player, line), {})[side] = price
    # Of alternate lines books offer one side as a rule: there an outcome that says nothing of itself casts no doubt.
    nameless = (None, None) if where.endswith(_ALTERNATE) else ()
    doubts = [doubt for doubt in unread if doubt != nameless]
    for (player, line), prices in sides.items():
        if len(prices) == 1 and any(who in (player, None) and point in (line, None) for who, point in doubts):
            refused.append(Refusal(f"{where} {player} {line:g}", "its other side may be one that cannot be read"))
        else:
            yield player, line, prices.get("Over"), prices.get("Under")


def _of_what(raw: Any) -> tuple[str | None, float | None]:  # noqa: ANN401 - JSON
    """(player, line) of an outcome that cannot be read; None is what it does not say."""
    player = remark(raw, "description") if isinstance(raw, dict) else None
    try:
        return player, number(member(raw, "point"), "point")
    except BadRecord:
        return player, None


def _quote(raw: Any) -> tuple[str, float, str, float]:  # noqa: ANN401 - JSON
    """(player, line, side, price) of one outcome."""
    side = text(raw, "name")
    if side not in ("Over", "Under"):
        raise BadRecord(f"side {shown(side)} is neither Over nor Under")
    line = number(member(raw, "point"), "point")
    if not 0 <= line <= MAX_LINE:
        raise BadRecord(f"line {line} is below zero" if line < 0 else f"line {line} is beyond {MAX_LINE}")
    price = number(member(raw, "price"), "price")
    if abs(price) < EVEN:
        raise BadRecord(f"price {price:g} is no American price")
    return text(raw, "description"), line, side, price


ODDS = Endpoint("odds_api", "event_odds", LINES, parse_odds, rank=1)
ODDS_HISTORY = Endpoint("odds_api", "event_odds_history", LINES, parse_odds, rank=1)


def event_odds(
    game_id: str, event_id: str, *, regions: str, markets: Iterable[str], as_of: datetime | None
) -> Request[Offer]:
    """One game's player props, now or as they stood at a past instant."""
    params = {
        "regions": regions,
        "markets": ",".join(market_keys(markets)),
        "dateFormat": "iso",
        "oddsFormat": "american",
    }
    if as_of is None:
        return ODDS.request(game_id, f"/v4/{SPORT}/events/{event_id}/odds", params)
    params["date"] = stamp(as_of)
    return ODDS_HISTORY.request(game_id, f"/v4/historical/{SPORT}/events/{event_id}/odds", params)
