"""Who is with a team, and who is hurt, whoever said it."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Rostered:
    """A player with a team."""

    player_id: int | None
    """NBA id; None where the source has ids of its own and the name must be matched."""
    player_name: str
    team: str
    position: str | None


@dataclass(frozen=True, slots=True)
class Injury:
    """A listed player, by name: no source of injuries gives NBA ids."""

    player_name: str
    team: str
    status: str
    comment: str | None
    reported_at: datetime | None
    """When the source says that it published this; None where it does not say."""
    reason: str | None = None
    """What ails him, in the source's words."""
    return_date: date | None = None
    """When he is expected back."""
