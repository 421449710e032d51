"""The schedule: games and the seasons they belong to."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Game:
    """A game as scheduled, with its score once final."""

    game_id: str
    season: str
    season_type: str
    game_date: date
    tip_utc: datetime
    home_team: str
    away_team: str
    neutral_site: bool
    postponed: bool
    score: tuple[int, int] | None
    """(home, away) points of a final game."""


@dataclass(frozen=True, slots=True)
class Season:
    """A season's label and its games of the kinds Tipoff predicts."""

    season: str
    games: tuple[Game, ...]
