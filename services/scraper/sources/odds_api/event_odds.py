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
    text,
)
from services.scraper.sources.endpoint import LINES, Endpoint, Request
from services.scraper.sources.odds_api import game_lines
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from services.scraper.sources.odds_api.bookmakers import Quoted, quoted
from shared.registries.markets import MARKETS

_ALTERNATE = "_alternate"
_MARKET_OF = {market.odds_key: market.name for market in MARKETS.values()}


_KEYS = frozenset((*game_lines.MARKETS, *(f"{key}{suffix}" for key in _MARKET_OF for suffix in ("", _ALTERNATE))))


def market_keys(markets: Iterable[str]) -> tuple[str, ...]:
    """The API's keys of Tipoff's markets: main and alternate lines."""
    return tuple(f"{MARKETS[name].odds_key}{suffix}" for name in markets for suffix in ("", _ALTERNATE))


def parse_odds(body: bytes) -> Parsed[Offer | GameLine]:
    """One record per (bookmaker, market, player, line) of the markets Tipoff predicts, and the game's own lines.

    Every line is kept; one of whose sides cannot be read is refused whole.

    Raises:
        Fault: not the odds of an event.
    """
    event, snapshot = unwrap(document(body))
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        raise Fault("malformed", "the payload is no event")
    found: list[Offer | GameLine] = []
    refused: list[Refusal] = []
    bookmakers = listing(event, "bookmakers")
    for market in quoted(bookmakers, _KEYS, snapshot, refused):
        if market.key in game_lines.MARKETS:
            found += game_lines.game_lines_of(event, market, refused)
        else:
            found += _offers(event["id"], market, refused)
    return Parsed(tuple(found), tuple(refused), len(bookmakers), snapshot)


def _offers(event_id: str, market: Quoted, refused: list[Refusal]) -> Iterator[Offer]:
    """The two sides of a line are two outcomes, and either may be missing; neither may be unreadable."""
    is_main = not market.key.endswith(_ALTERNATE)
    sides: dict[tuple[str, float], dict[str, float | None]] = {}
    broken: set[tuple[str, float | None]] = set()
    for raw in market.outcomes:
        try:
            player, line, side, price = _quote(raw, market)
        except BadRecord as error:
            broken.add(_line_of(raw))
            refused.append(Refusal(f"{market.where} {label(raw, 'description', 'name')}", str(error)))
        else:
            sides.setdefault((player, line), {})[side] = price
    for (player, line), prices in sides.items():
        # Of a main market's line whose other side has lost its number, the one that is left is a half.
        if (player, line) in broken or (is_main and len(prices) == 1 and (player, None) in broken):
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


def _line_of(raw: Any) -> tuple[str, float | None]:  # noqa: ANN401 - JSON
    """The player and line of an outcome that cannot be read, as far as they can."""
    try:
        player = text(raw, "description")
    except BadRecord:
        return "", None
    try:
        return player, _point(raw)
    except BadRecord:
        return player, None


def _point(raw: Any) -> float:  # noqa: ANN401 - JSON
    line = number(member(raw, "point"), "point")
    if line < 0:
        raise BadRecord(f"line {line} is below zero")
    return line


def _quote(raw: Any, market: Quoted) -> tuple[str, float, str, float | None]:  # noqa: ANN401 - JSON
    """(player, line, side, price) of one outcome."""
    side = text(raw, "name")
    if side not in ("Over", "Under"):
        raise BadRecord(f"side {side!r} is neither Over nor Under")
    line = _point(raw)
    return text(raw, "description"), line, side, market.price(raw)


ODDS = Endpoint("odds_api", "event_odds", LINES, parse_odds, rank=1)
ODDS_HISTORY = Endpoint("odds_api", "event_odds_history", LINES, parse_odds, rank=1)


def event_odds(
    game_id: str, event_id: str, *, regions: str, markets: Iterable[str], as_of: datetime | None
) -> Request[Offer | GameLine]:
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
