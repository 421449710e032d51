"""Games and prices as bookmakers know them."""

from dataclasses import dataclass
from datetime import date, datetime


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
