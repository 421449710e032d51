"""What a history knows of a game."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from shared.basketball.slate import BOX_SCORE_LAG

LATE_NEWS_LEAD = timedelta(minutes=30)
"""Inactive lists, and lines of unknown time, count as published this long before tip-off."""


@dataclass(frozen=True, slots=True)
class Game:
    """A game of the schedule and how it ended."""

    game_id: str
    season: str
    season_type: str
    game_date: date
    tip: datetime
    home: str
    away: str
    neutral: bool
    home_points: int | None
    away_points: int | None
    overtimes: int
    arena: str

    @property
    def final_at(self) -> datetime:
        """When the box score counts as published."""
        return self.tip + BOX_SCORE_LAG

    @property
    def late_news_at(self) -> datetime:
        """When the inactive list counts as published."""
        return self.tip - LATE_NEWS_LEAD

    def is_final(self, now: datetime) -> bool:
        """Whether its result is published at `now`."""
        return self.home_points is not None and self.away_points is not None and self.final_at <= now


class Scratch(NamedTuple):
    """A player who is ruled out at an instant of his game's day."""

    game_id: str
    player_id: int
    known_at: datetime


class PropLine(NamedTuple):
    """A bookmaker's line as posted at one instant before tip-off; prices are American odds."""

    posted_at: datetime
    bookmaker: str
    market: str
    player: str
    line: float
    over: float | None
    under: float | None
    is_main: bool


class GameLine(NamedTuple):
    """A bookmaker's lines on a game as posted at one instant; prices are American odds."""

    posted_at: datetime
    bookmaker: str
    spread_home: float | None
    """Points given to the home team: negative for a favourite."""
    total: float | None
    home_ml: float | None
    away_ml: float | None
