"""How The Odds API writes things: prices, titles, snapshots, refusals. And how it reads a question."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.upstream.wire import Answer, utc

SNAPSHOTS = timedelta(minutes=5)
"""Distance of the historical snapshots."""
_TITLES = {
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
_REGION = "us"
"""Where all bookmakers of a history are."""
_BOOKS_OF_A_REGION = 10
"""As many bookmakers asked for by name cost as much as a region."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, and of whom."""

    markets: tuple[str, ...]
    american: bool
    regions: tuple[str, ...]
    books: tuple[str, ...]

    @property
    def cost(self) -> int:
        """Credits per market."""
        return math.ceil(len(self.books) / _BOOKS_OF_A_REGION) if self.books else max(1, len(self.regions))

    def asks(self, book: str) -> bool:
        """Whether a bookmaker is one of those asked for; named ones win over regions."""
        if self.books:
            return book in self.books
        return not self.regions or _REGION in self.regions


def question(query: Mapping[str, str], known: frozenset[str], *, markets: str = "") -> Question | Answer:
    """What a query asks for, of the `known` markets, by default of `markets`; else the refusal."""
    asked = _listed(query, "markets", markets)
    unknown = [key for key in asked if key not in known]
    if unknown or not asked:
        return invalid(f"markets {','.join(unknown)}")
    odds_format = query.get("oddsFormat", "decimal")
    if odds_format not in ("american", "decimal"):
        return invalid("oddsFormat")
    return Question(asked, odds_format == "american", _listed(query, "regions"), _listed(query, "bookmakers"))


def _listed(query: Mapping[str, str], name: str, default: str = "") -> tuple[str, ...]:
    return tuple(part for part in query.get(name, default).split(",") if part)


def title(book: str) -> str:
    """`FanDuel`."""
    return _TITLES.get(book, book)


def price(american_odds: float | None, *, american: bool) -> float | None:
    """American odds as they are, or as decimal odds (stake included)."""
    if american_odds is None:
        return None
    if american:
        return round(american_odds)
    return round(1 + (american_odds / 100 if american_odds > 0 else 100 / -american_odds), 2)


def snapshot(data: object, at: datetime, now: datetime) -> dict[str, Any]:
    """Data as of an instant, wrapped as the historical endpoints do."""
    following = at + SNAPSHOTS
    return {
        "timestamp": utc(at),
        "previous_timestamp": utc(at - SNAPSHOTS),
        "next_timestamp": utc(following) if following <= now else None,
        "data": data,
    }


def asked_instant(query: Mapping[str, str]) -> datetime | None:
    """The instant that a historical endpoint is asked for; None for none or nonsense."""
    try:
        instant = datetime.fromisoformat(query.get("date", ""))
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def invalid(what: str) -> Answer:
    """422: a parameter is wrong."""
    return Answer.json({"message": f"Invalid {what}".strip(), "error_code": "INVALID_PARAMETER"}, status=422)


def not_found() -> Answer:
    """404: no such event."""
    message = "Event not found. The event may have expired, or the event id is incorrect"
    return Answer.json({"message": message, "error_code": "EVENT_NOT_FOUND"}, status=404)
