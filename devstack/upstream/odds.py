"""The Odds API v4: events and player props, live and historical.

Two deviations, both so that nothing recorded is lost: a bookmaker's market comes once per `last_update` (the real API
has one `last_update` per market), and a line recorded without any price comes as an Over outcome with price null.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from devstack.facts import Game, PropLine
from devstack.history import History
from devstack.upstream.wire import Answer, utc
from shared.basketball.identity import TEAMS
from shared.registries.markets import MARKETS

HORIZON = timedelta(days=2)
"""How far ahead events are listed."""
SNAPSHOTS = timedelta(minutes=5)
"""Distance of the historical snapshots."""
MARKET_KEYS = {market.name: market.odds_key for market in MARKETS.values()}
"""A history's market -> the API's key; alternate lines are under `<key>_alternate`."""
TITLES = {
    "barstool": "Barstool Sportsbook",
    "betmgm": "BetMGM",
    "betonlineag": "BetOnline.ag",
    "betrivers": "BetRivers",
    "bovada": "Bovada",
    "draftkings": "DraftKings",
    "fanduel": "FanDuel",
    "mybookieag": "MyBookie.ag",
    "pointsbetus": "PointsBet (US)",
    "unibet_us": "Unibet",
    "williamhill_us": "Caesars",
}
_KNOWN_KEYS = frozenset(MARKET_KEYS.values()) | {f"{key}_alternate" for key in MARKET_KEYS.values()}
UNAUTHORISED = Answer.json(
    {"message": "API key is missing", "error_code": "MISSING_KEY"},
    status=401,
)


class OddsFeed:
    """Upcoming events, and the lines posted for one."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._games = list(history.games.values())
        self._tips = [game.tip for game in self._games]
        self._lines = lru_cache(64)(history.lines)

    def events(self, now: datetime) -> Answer:
        """Games not yet tipped off, two days ahead."""
        return Answer.json(self._upcoming(now))

    def event_odds(self, event_id: str, query: Mapping[str, str], now: datetime) -> Answer:
        """A game's lines at `now`; 404 for an event that is not there or over."""
        game = self._history.game_of_event(event_id)
        if game is None or game.final_at <= now or game.tip > now + HORIZON:
            return _not_found()
        return self._odds(game, query, now, wrap=False)

    def historical_events(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The events listed at the instant asked for, never later than `now`."""
        at = _instant(query.get("date", ""))
        if at is None:
            return _invalid("date")
        at = min(at, now)
        return Answer.json(_snapshot(self._upcoming(at), at, now))

    def historical_odds(self, event_id: str, query: Mapping[str, str], now: datetime) -> Answer:
        """A game's lines at the instant asked for, never later than `now`."""
        at = _instant(query.get("date", ""))
        if at is None:
            return _invalid("date")
        game = self._history.game_of_event(event_id)
        if game is None or game.tip > min(at, now) + HORIZON:
            return _not_found()
        return self._odds(game, query, min(at, now), wrap=True, now=now)

    def _upcoming(self, at: datetime) -> list[dict[str, Any]]:
        coming = self._games[bisect_right(self._tips, at) : bisect_right(self._tips, at + HORIZON)]
        return [self._event(game) for game in coming]

    def _event(self, game: Game) -> dict[str, Any]:
        return {
            "id": self._history.event_id(game.game_id),
            "sport_key": "basketball_nba",
            "sport_title": "NBA",
            "commence_time": utc(game.tip),
            "home_team": TEAMS[game.home].full_name,
            "away_team": TEAMS[game.away].full_name,
        }

    def _odds(
        self, game: Game, query: Mapping[str, str], at: datetime, *, wrap: bool, now: datetime | None = None
    ) -> Answer:
        markets = [key for key in query.get("markets", "").split(",") if key]
        unknown = [key for key in markets if key not in _KNOWN_KEYS]
        if unknown or not markets:
            return _invalid(f"markets {','.join(unknown)}")
        odds_format = query.get("oddsFormat", "decimal")
        if odds_format not in ("american", "decimal"):
            return _invalid("oddsFormat")
        lines = self._lines(game.game_id)
        posted = lines[: bisect_right(lines, at, key=lambda line: line.posted_at)]
        bookmakers = _bookmakers(posted, markets, american=odds_format == "american")
        body = {**self._event(game), "bookmakers": bookmakers}
        return Answer.json(_snapshot(body, at, now if now is not None else at) if wrap else body)


def _bookmakers(lines: Sequence[PropLine], markets: Sequence[str], *, american: bool) -> list[dict[str, Any]]:
    """The latest of every (book, market, player, line), by book, market asked for and instant."""
    latest = {(line.bookmaker, line.market, line.player, line.line): line for line in lines}
    grouped: dict[str, dict[tuple[int, datetime], list[PropLine]]] = defaultdict(lambda: defaultdict(list))
    order = {key: number for number, key in enumerate(markets)}
    for line in latest.values():
        key = MARKET_KEYS.get(line.market, "") + ("" if line.is_main else "_alternate")
        if key in order:
            grouped[line.bookmaker][order[key], line.posted_at].append(line)
    return [
        {
            "key": book,
            "title": TITLES.get(book, book),
            "markets": [
                {"key": markets[number], "last_update": utc(posted_at), "outcomes": _outcomes(group, american=american)}
                for (number, posted_at), group in sorted(grouped[book].items())
            ],
        }
        for book in sorted(grouped)
    ]


def _outcomes(lines: Sequence[PropLine], *, american: bool) -> list[dict[str, Any]]:
    outcomes = []
    for line in sorted(lines, key=lambda line: (line.player, line.line)):
        unpriced = line.over is None and line.under is None
        for name, price in (("Over", line.over), ("Under", line.under)):
            if price is not None or (unpriced and name == "Over"):
                shown = _price(price, american=american)
                outcomes.append({"name": name, "description": line.player, "price": shown, "point": line.line})
    return outcomes


def _price(american_odds: float | None, *, american: bool) -> float | None:
    """American odds as they are, or as decimal odds (stake included)."""
    if american_odds is None:
        return None
    if american:
        return round(american_odds)
    return round(1 + (american_odds / 100 if american_odds > 0 else 100 / -american_odds), 2)


def _snapshot(data: object, at: datetime, now: datetime) -> dict[str, Any]:
    following = at + SNAPSHOTS
    return {
        "timestamp": utc(at),
        "previous_timestamp": utc(at - SNAPSHOTS),
        "next_timestamp": utc(following) if following <= now else None,
        "data": data,
    }


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def _invalid(what: str) -> Answer:
    return Answer.json({"message": f"Invalid {what}".strip(), "error_code": "INVALID_PARAMETER"}, status=422)


def _not_found() -> Answer:
    message = "Event not found. The event may have expired, or the event id is incorrect"
    return Answer.json({"message": message, "error_code": "EVENT_NOT_FOUND"}, status=404)
