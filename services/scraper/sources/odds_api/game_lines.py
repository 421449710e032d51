"""The Odds API's markets of the game itself: who wins, by how much, and the total; of all events, or beside props."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.scraper.domain.odds import GameLine
from services.scraper.domain.wire import (
    BadRecord,
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
from services.scraper.sources.endpoint import GAME_LINES, Endpoint, Request
from services.scraper.sources.odds_api.answer import SPORT, stamp, unwrap
from services.scraper.sources.odds_api.bookmakers import Quoted, quoted
from shared.basketball.identity import tricode
from shared.basketball.slate import eastern_date
from shared.errors import Permanent

MARKETS = ("h2h", "spreads", "totals")
UNIT = "game_lines"


def parse_game_lines(body: bytes) -> Parsed[GameLine]:
    """One record per (event, bookmaker, market, side).

    Raises:
        Fault: not a list of events with odds.
    """
    events, snapshot = unwrap(document(body))
    found: list[GameLine] = []
    refused: list[Refusal] = []
    for event in listing(events):
        try:
            bookmakers = _bookmakers(event)
            for market in quoted(bookmakers, MARKETS, snapshot, refused):
                found += game_lines_of(event, market, refused)
        except BadRecord as error:
            refused.append(Refusal(label(event, "id"), str(error)))
    return Parsed(tuple(found), tuple(refused), len(events), snapshot)


def game_lines_of(event: Any, market: Quoted, refused: list[Refusal]) -> Iterator[GameLine]:  # noqa: ANN401 - JSON
    """A market's lines. One that cannot be read whole is added to `refused`: half of it would look like all."""
    try:
        made = _lines(event, market)
    except (BadRecord, Permanent) as error:
        refused.append(Refusal(f"{label(event, 'id')} {market.where}", str(error)))
    else:
        yield from made


def _bookmakers(event: Any) -> list[Any]:  # noqa: ANN401 - JSON
    bookmakers = member(event, "bookmakers")
    if not isinstance(bookmakers, list):
        raise BadRecord(f"bookmakers is {repr(bookmakers)[:60]}, not a list")
    return bookmakers


def _lines(event: Any, market: Quoted) -> list[GameLine]:  # noqa: ANN401 - JSON
    day = eastern_date(instant(member(event, "commence_time"), "commence_time"))
    home, away = (tricode(text(event, side)) for side in ("home_team", "away_team"))
    where = (text(event, "id"), day, home, away, market.bookmaker, market.key)
    lines = [GameLine(*where, *_side(outcome, market, home, away), market.posted_at) for outcome in market.outcomes]
    sides = sorted({line.side for line in lines})
    if not len(lines) == len(sides) == 2:  # noqa: PLR2004 - every such market has two
        raise BadRecord(f"{len(lines)} outcomes, of {' and '.join(sides)}")
    return lines


def _side(outcome: Any, market: Quoted, home: str, away: str) -> tuple[str, float | None, float]:  # noqa: ANN401 - JSON
    """(side, point, price)."""
    name, price = text(outcome, "name"), market.price(outcome)
    if price is None:
        raise BadRecord("price is None, not a number")
    point = None if market.key == "h2h" else number(member(outcome, "point"), "point")
    if market.key == "totals":
        if name not in ("Over", "Under"):
            raise BadRecord(f"side {name!r} is neither Over nor Under")
        return name.casefold(), point, price
    team = tricode(name)
    if team not in (home, away):
        raise BadRecord(f"side {name!r} does not play {away}@{home}")
    return team, point, price


ODDS = Endpoint("odds_api", "odds", GAME_LINES, parse_game_lines, rank=1)
ODDS_HISTORY = Endpoint("odds_api", "odds_history", GAME_LINES, parse_game_lines, rank=1)


def game_lines(*, regions: str, as_of: datetime | None) -> Request[GameLine]:
    """The lines of all games with odds, in one answer: now, or as they stood at a past instant."""
    params = {"regions": regions, "markets": ",".join(MARKETS), "dateFormat": "iso", "oddsFormat": "american"}
    if as_of is None:
        return ODDS.request(UNIT, f"/v4/{SPORT}/odds", params)
    params["date"] = stamp(as_of)
    return ODDS_HISTORY.request(UNIT, f"/v4/historical/{SPORT}/odds", params)
