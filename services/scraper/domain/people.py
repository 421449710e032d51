"""Who is with a team, and who is hurt, whoever said it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rostered:
    """A player with a team."""

    player_id: int
    player_name: str
    team: str
    position: str | None


@dataclass(frozen=True, slots=True)
class Injury:
    """A listed player, by name: ESPN's ids are its own."""

    player_name: str
    team: str
    status: str
    comment: str | None
    reported_at: datetime
