"""The Odds API's player props of one event, now or as they stood at a past instant."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from services.scraper.domain.odds import GameLine, Offer
from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    document,
    label,
    listing,
    member,
    number,
    shown,
    text,
)
from services.scraper.sources.endpoint import LINES, Endpoint, Request
from services.scraper.sources.odds_api import game_lines
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from services.scraper.sources.odds_api.bookmakers import Quoted, quoted
from shared.registries.markets import MARKETS

EVEN = 100
"""American prices are +100 and more, or -100 and less."""
MAX_LINE = 500
"""No statistic of a game comes near."""
_ALTERNATE = "_alternate"
_MARKET_OF = {market.odds_key: market.name for market in MARKETS.values()}


_KEYS = frozenset((*game_lines.MARKETS, *(f"{key}{suffix}" for key in _MARKET_OF for suffix in ("", _ALTERNATE))))


def market_keys(markets: Iterable[str], *, alternates: bool = True) -> tuple[str, ...]:
    """The API's keys of Tipoff's markets: main lines, and alternate ones if they are wanted."""
    suffixes = ("", _ALTERNATE) if alternates else ("",)
    return tuple(f"{MARKETS[name].odds_key}{suffix}" for name in markets for suffix in suffixes)


def parse_odds(body: bytes) -> Parsed[Offer | GameLine]:
    """One record per (bookmaker, market, player, line) of the markets Tipoff predicts, and the game's own lines.

    Every line is kept; one of whose sides cannot be read is refused whole.

    Raises:
        Fault: not the odds of an event.
    """
    event, snapshot = unwrap(document(body))
    try:
        event_id = text(event, "id")
    except BadRecord:
        raise Fault("malformed", "the payload is no event") from None
    found: list[Offer | GameLine] = []
    refused: list[Refusal] = []
    bookmakers = listing(event, "bookmakers")
    for market in quoted(bookmakers, _KEYS, snapshot, refused):
        if market.key in game_lines.MARKETS:
            found += game_lines.game_lines_of(event, market, refused)
        else:
            found += _offers(event_id, market, refused)
    return Parsed(tuple(found), tuple(refused), len(bookmakers), snapshot)


def _offers(event_id: str, market: Quoted, refused: list[Refusal]) -> Iterator[Offer]:
    """The two sides of a line are two outcomes, and either may be missing; neither may be unreadable."""
    is_main = not market.key.endswith(_ALTERNATE)
    sides: dict[tuple[str, float], dict[str, float | None]] = {}
    unread: list[tuple[str | None, float | None]] = []
    for raw in market.outcomes:
        try:
            player, line, side, price = _quote(raw, market)
        except BadRecord as error:
            refused.append(Refusal(f"{market.where} {label(raw, 'description', 'name')}", str(error)))
            unread.append(_of_what(raw))
        else:
            sides.setdefault((player, line), {})[side] = price
    # Of alternate lines books offer one side as a rule: there only an outcome that tells its line casts a doubt.
    doubts = [(who, point) for who, point in unread if is_main or point is not None]
    for (player, line), prices in sides.items():
        if len(prices) == 1 and any(who in (player, None) and point in (line, None) for who, point in doubts):
            refused.append(
                Refusal(f"{market.where} {player} {line:g}", "its other side may be one that cannot be read")
            )
            continue
        yield Offer(
            event_id,
            player,
            _MARKET_OF[market.key.removesuffix(_ALTERNATE)],
            market.bookmaker,
            line,
            prices.get("Over"),
            prices.get("Under"),
            is_main,
            market.posted_at,
        )


def _of_what(raw: Any) -> tuple[str | None, float | None]:  # noqa: ANN401 - JSON
    """(player, line) of an outcome that cannot be read; None is what it does not say."""
    try:
        player = text(raw, "description")
    except BadRecord:
        player = None
    try:
        return player, _point(raw)
    except BadRecord:
        return player, None


def _point(raw: Any) -> float:  # noqa: ANN401 - JSON
    line = number(member(raw, "point"), "point")
    if not 0 <= line <= MAX_LINE:
        raise BadRecord(f"line {line} is below zero" if line < 0 else f"line {line} is beyond {MAX_LINE}")
    return line


def _quote(raw: Any, market: Quoted) -> tuple[str, float, str, float | None]:  # noqa: ANN401 - JSON
    """(player, line, side, price) of one outcome."""
    side = text(raw, "name")
    if side not in ("Over", "Under"):
        raise BadRecord(f"side {shown(side)} is neither Over nor Under")
    line, price = _point(raw), market.price(raw)
    if price is not None and abs(price) < EVEN:
        raise BadRecord(f"price {price:g} is no American price")
    return text(raw, "description"), line, side, price


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
) -> Request[Offer | GameLine]:
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
