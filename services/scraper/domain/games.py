"""The schedule: games and the seasons they belong to."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

State = Literal["scheduled", "live", "final", "postponed"]


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
    tip_known: bool = True
    """False where `tip_utc` is a placeholder: the date stands, the time is to be determined."""


@dataclass(frozen=True, slots=True)
class Season:
    """A season's label and its games of the kinds Tipoff predicts."""

    season: str
    games: tuple[Game, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A game as a scoreboard shows it now."""

    game_id: str | None
    """NBA id; None where the source has ids of its own: date and teams tell the game."""
    game_date: date
    """Eastern."""
    tip_utc: datetime | None
    """None while it is to be determined."""
    home_team: str
    away_team: str
    state: State
    score: tuple[int, int] | None
    """(home, away) points of a final game."""
