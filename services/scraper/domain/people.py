"""Who is with a team, and who is hurt, whoever said it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

from services.scraper.domain.wire import BadRecord

Status = Literal["Available", "Probable", "Questionable", "Doubtful", "Out", "Suspension", "Not With Team"]
STATUSES: tuple[Status, ...] = get_args(Status)
_IN_OTHER_WORDS: dict[str, Status] = {
    "active": "Available",
    "day-to-day": "Questionable",
    "dtd": "Questionable",
    "game time decision": "Questionable",
    "gtd": "Questionable",
    "inactive": "Out",
    "injured reserve": "Out",
    "out for season": "Out",
    "out indefinitely": "Out",
    "ofs": "Out",
    "suspended": "Suspension",
    "league suspension": "Suspension",
    "nwt": "Not With Team",
    # Assigned to the affiliate: with another team that night, whatever his health.
    "g league": "Not With Team",
}
_STATUS_OF = {status.casefold(): status for status in STATUSES} | _IN_OTHER_WORDS


def status_of(words: str) -> Status:
    """A source's words for whether a player will play.

    Raises:
        BadRecord: none that is known; what it means is not guessed.
    """
    found = _STATUS_OF.get(" ".join(words.split()).casefold())
    if found is None:
        raise BadRecord(f"status {words!r} is none of {', '.join(STATUSES)}, nor known to mean one")
    return found


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
    status: Status
    comment: str | None
    reported_at: datetime | None
    """When the source says that it published this; None where it does not say."""
    reason: str | None = None
    """What ails him, in the source's words."""
    return_date: date | None = None
    """When he is expected back."""
    game_date: date | None = None
    """Eastern date of the game it is about; None where the source speaks of whichever is next."""
