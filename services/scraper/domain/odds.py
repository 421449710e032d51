"""The Odds API v4: events, and player props of one event; live, or historical (wrapped with the snapshot's time)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.scraper.domain.wire import (
    BadRecord,
    Fault,
    Parsed,
    Refusal,
    document,
    each,
    instant,
    label,
    listing,
    member,
    number,
    text,
)
from shared.basketball.identity import tricode
from shared.basketball.slate import eastern_date
from shared.registries.markets import MARKETS

_ALTERNATE = "_alternate"
_MARKET_OF = {market.odds_key: market.name for market in MARKETS.values()}


@dataclass(frozen=True, slots=True)
class Event:
    """A game as the Odds API knows it."""

    event_id: str
    teams: frozenset[str]
    """Two tricodes; at neutral sites sources disagree on who is at home."""
    game_date: date
    """Eastern date of the announced start."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One bookmaker's over/under on one player at one line."""

    event_id: str
    player_name: str
    market: str
    bookmaker: str
    line: float
    over_price: float | None
    under_price: float | None
    is_main: bool
    posted_at: datetime | None
    """When the bookmaker's market was last updated, or the historical snapshot; None where neither is given."""


def market_keys(markets: Iterable[str]) -> tuple[str, ...]:
    """The API's keys of Tipoff's markets: main and alternate lines."""
    return tuple(f"{MARKETS[name].odds_key}{suffix}" for name in markets for suffix in ("", _ALTERNATE))


def _unwrap(payload: Any) -> tuple[Any, datetime | None]:  # noqa: ANN401 - JSON
    """The data and, of a historical answer, the snapshot's time."""
    if isinstance(payload, dict) and "data" in payload:
        try:
            return payload["data"], instant(member(payload, "timestamp"), "timestamp")
        except BadRecord as error:
            raise Fault("malformed", f"historical answer: {error}") from None
    return payload, None


def parse_events(body: bytes) -> Parsed[Event]:
    """One record per event.

    Raises:
        Fault: not a list of events.
    """
    data, stamp = _unwrap(document(body))
    entries = listing(data)
    events, refused = each(entries, _event, lambda raw: label(raw, "id"))
    return Parsed(tuple(events), tuple(refused), len(entries), stamp)


def _event(raw: Any) -> Event:  # noqa: ANN401 - JSON
    start = instant(member(raw, "commence_time"), "commence_time")
    teams = frozenset({tricode(text(raw, "home_team")), tricode(text(raw, "away_team"))})
    return Event(text(raw, "id"), teams, eastern_date(start))


def parse_odds(body: bytes) -> Parsed[Offer]:
    """One record per (bookmaker, market, player, line) of the markets Tipoff predicts: every line is kept.

    Raises:
        Fault: not the odds of an event.
    """
    event, snapshot = _unwrap(document(body))
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
