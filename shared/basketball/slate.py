"""Business dates, cutoffs and seasons.

A slate is all games of one US-Eastern date. Instants are aware UTC datetimes; business dates are Eastern.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

OVERNIGHT_CUTOFF = time(7, 0)
SAME_DAY_LEAD = timedelta(minutes=20)
BOX_SCORE_LAG = timedelta(hours=3)
"""A box score counts as known this long after tip-off."""
INACTIVE_LIST_LEAD = timedelta(minutes=30)
"""In a history, inactive lists count as known this long before tip-off."""

MAX_REGRADED_DAYS = 14
"""Days before a slate whose grades its run may make again: so far back the record looks for what has changed."""


class Mode(StrEnum):
    """When a slate is predicted, and how strict the run is about its inputs."""

    OVERNIGHT = "overnight"
    """The night before: strict."""
    SAME_DAY = "same_day"
    """With the day's news, up to shortly before each tip-off."""
    TOMORROW = "tomorrow"
    """Asked for the day before: an early look."""
    MANUAL = "manual"
    """An operator wants what can be had now."""
    BACKFILL = "backfill"
    """A past slate, as overnight would have seen it; raises no alerts."""


def eastern_date(instant: datetime) -> date:
    """The Eastern calendar date of an aware instant."""
    if instant.tzinfo is None:
        raise ValueError(f"naive instant {instant!r}: instants are aware UTC")
    return instant.astimezone(EASTERN).date()


def eastern_instant(day: date, at: time = time(0)) -> datetime:
    """The UTC instant of an Eastern wall-clock time on `day`.

    A time that daylight saving repeats means its first occurrence; one that it skips is read with the offset before.
    """
    return datetime.combine(day, at, EASTERN).astimezone(UTC)


RETROSPECT = datetime(9999, 12, 31, tzinfo=UTC)
"""The `asked_at` of a retrospective run: no instant of its own limits what it may know, only the mode's rule does."""


def cutoff(mode: Mode, game_date: date, tip_utc: datetime, asked_at: datetime = RETROSPECT) -> datetime:
    """The instant up to which information may be used for one game (ADR 0010).

    `asked_at` is a live run's own instant. It limits `tomorrow` and `manual`, which are asked for before the rule's
    instant; `upcoming_player_game_context.sql` says the same in SQL.
    """
    match mode:
        case Mode.OVERNIGHT | Mode.BACKFILL:
            return eastern_instant(game_date, OVERNIGHT_CUTOFF)
        case Mode.TOMORROW:
            return min(eastern_instant(game_date, OVERNIGHT_CUTOFF), asked_at)
        case Mode.SAME_DAY:
            return tip_utc - SAME_DAY_LEAD
        case Mode.MANUAL:
            return min(tip_utc - SAME_DAY_LEAD, asked_at)


def season_of(day: date) -> str:
    """The NBA's label of the season a date belongs to: "2023-24" runs from 1 August 2023 to 31 July 2024."""
    start = day.year if day.month >= 8 else day.year - 1  # noqa: PLR2004 - August: no NBA season crosses it
    return f"{start}-{(start + 1) % 100:02d}"


SEASON_TYPES = {
    "001": "preseason",
    "002": "regular",
    "003": "allstar",
    "004": "playoffs",
    "005": "playin",
    "006": "cup_final",
}
"""First three characters of a game id -> kind of game."""

PREDICTED_SEASON_TYPES = ("regular", "playoffs", "playin", "cup_final")


def season_type_of(game_id: str) -> str:
    """The kind of game a canonical game id says it is; "other" for what Tipoff does not know."""
    return SEASON_TYPES.get(game_id[:3], "other")


def days(first: date, last: date) -> list[date]:
    """Every date from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
