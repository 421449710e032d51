"""The Odds API v4: events, player props and game lines, live and historical.

Two deviations, both so that nothing recorded is lost: a bookmaker's market comes once per `last_update` (the real API
has one `last_update` per market), and a line recorded without any price comes as an Over outcome with price null.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from devstack.facts import Game, PropLine
from devstack.history import History
from devstack.upstream import odds_featured
from devstack.upstream.odds_featured import FEATURED
from devstack.upstream.odds_wire import Question, asked_instant, invalid, not_found, price, question, snapshot, title
from devstack.upstream.wire import Answer, utc
from shared.basketball.identity import TEAMS
from shared.registries.markets import MARKETS

HORIZON = timedelta(days=2)
"""How far ahead events are listed."""
MARKET_KEYS = {market.name: market.odds_key for market in MARKETS.values()}
"""A history's market -> the API's key; alternate lines are under `<key>_alternate`."""
_KNOWN_KEYS = frozenset({*MARKET_KEYS.values(), *(f"{key}_alternate" for key in MARKET_KEYS.values()), *FEATURED})
_PAST_COST = 10
"""A historical answer costs as much as so many live ones."""


class OddsFeed:
    """Upcoming events, and the lines posted for one or for all."""

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
            return not_found()
        asked = question(query, _KNOWN_KEYS)
        if isinstance(asked, Answer):
            return asked
        event = self._event_odds(game, asked, now)
        return Answer.json(event, cost=_cost(event, asked))

    def game_lines(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The game lines of all events that are coming or under way."""
        asked = question(query, frozenset(FEATURED), markets="h2h")
        if isinstance(asked, Answer):
            return asked
        return Answer.json(self._odds(asked, now), cost=len(asked.markets) * asked.cost)

    def historical_events(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The events listed at the instant asked for, never later than `now`."""
        at = asked_instant(query)
        if at is None:
            return invalid("date")
        at = min(at, now)
        events = self._upcoming(at)
        return Answer.json(snapshot(events, at, now), cost=int(bool(events)))

    def historical_odds(self, event_id: str, query: Mapping[str, str], now: datetime) -> Answer:
        """A game's lines at the instant asked for, never later than `now`."""
        at = asked_instant(query)
        if at is None:
            return invalid("date")
        at, game = min(at, now), self._history.game_of_event(event_id)
        if game is None or game.tip > at + HORIZON:
            return not_found()
        asked = question(query, _KNOWN_KEYS)
        if isinstance(asked, Answer):
            return asked
        event = self._event_odds(game, asked, at)
        return Answer.json(snapshot(event, at, now), cost=_PAST_COST * _cost(event, asked))

    def historical_game_lines(self, query: Mapping[str, str], now: datetime) -> Answer:
        """The game lines of all events at the instant asked for, never later than `now`."""
        at = asked_instant(query)
        if at is None:
            return invalid("date")
        asked = question(query, frozenset(FEATURED), markets="h2h")
        if isinstance(asked, Answer):
            return asked
        events = self._odds(asked, min(at, now))
        cost = _PAST_COST * len(asked.markets) * asked.cost
        return Answer.json(snapshot(events, min(at, now), now), cost=cost)

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

    def _event_odds(self, game: Game, asked: Question, at: datetime) -> dict[str, Any]:
        lines = self._lines(game.game_id)
        posted = [line for line in lines[: bisect_right(lines, at, key=_posted_at)] if asked.asks(line.bookmaker)]
        by_book = {book["key"]: book for book in _bookmakers(posted, asked.markets, american=asked.american)}
        for book in self._featured(game, asked, at):
            known = by_book.setdefault(book["key"], {"key": book["key"], "title": book["title"], "markets": []})
            known["markets"] += book["markets"]
        return {**self._event(game), "bookmakers": [by_book[key] for key in sorted(by_book)]}

    def _odds(self, asked: Question, at: datetime) -> list[dict[str, Any]]:
        """Only events that somebody has a line on."""
        since = self._games[bisect_right(self._tips, at - HORIZON) : bisect_right(self._tips, at + HORIZON)]
        shown = [
            {**self._event(game), "bookmakers": self._featured(game, asked, at)} for game in since if game.final_at > at
        ]
        return [event for event in shown if event["bookmakers"]]

    def _featured(self, game: Game, asked: Question, at: datetime) -> list[dict[str, Any]]:
        markets = [key for key in asked.markets if key in FEATURED]
        if not markets:
            return []
        lines = [line for line in self._history.game_lines(game.game_id) if asked.asks(line.bookmaker)]
        posted = lines[: bisect_right(lines, at, key=lambda line: line.posted_at)]
        return odds_featured.bookmakers(game, posted, markets, american=asked.american)


def _posted_at(line: PropLine) -> datetime:
    return line.posted_at


def _cost(event: Mapping[str, Any], asked: Question) -> int:
    """Credits for one event's odds: only markets that are there count."""
    return asked.cost * len({market["key"] for book in event["bookmakers"] for market in book["markets"]})


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
            "title": title(book),
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
        for name, odds in (("Over", line.over), ("Under", line.under)):
            if odds is not None or (unpriced and name == "Over"):
                shown = price(odds, american=american)
                outcomes.append({"name": name, "description": line.player, "price": shown, "point": line.line})
    return outcomes
