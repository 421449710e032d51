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

    event_id: str | None
    """The source's own; None where it does not tell games apart: team and start do."""
    player_name: str
    market: str
    bookmaker: str
    line: float
    over_price: float | None
    under_price: float | None
    is_main: bool
    posted_at: datetime | None
    """When the bookmaker's market was last updated, or the historical snapshot; None where neither is given."""
    team: str | None = None
    """The player's tricode, where the source says it."""
    starts_at: datetime | None = None
    """The announced start of the game, likewise."""


@dataclass(frozen=True, slots=True)
class GameLine:
    """One bookmaker's price on one side of a game: who wins, by how much, or how many points there will be."""

    event_id: str
    game_date: date
    """Eastern date of the announced start."""
    home_team: str
    away_team: str
    bookmaker: str
    market: str
    """h2h, spreads or totals."""
    side: str
    """A team's tricode; of totals over or under."""
    point: float | None
    """Points added to the side's score, or the total; None of h2h."""
    price: float
    """In the format asked for: American odds."""
    posted_at: datetime | None
    """As an offer's."""
