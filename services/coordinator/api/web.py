"""What the coordinator's routes share: reading a query."""

from collections.abc import Mapping
from datetime import date

from shared.basketball.slate import Mode
from shared.contract import MAX_WINDOW_DAYS
from shared.errors import Permanent

EARLIEST, LATEST = date(1946, 11, 1), date(2200, 1, 1)
"""The first game of the NBA was on the first; nothing is asked of the other."""


def one_of(mode: str) -> str:
    """The name of a mode, or `Permanent` with the names there are."""
    if mode not in set(Mode):
        raise Permanent(f"mode {mode!r} is unknown", remedy=f"one of {', '.join(Mode)}")
    return mode


def mode_of(query: Mapping[str, str]) -> Mode:
    """The query's mode; overnight where it names none."""
    return Mode(one_of(query.get("mode", Mode.OVERNIGHT.value)))


def day(query: Mapping[str, str], name: str) -> date:
    """A date of the query, or `Permanent` saying how to write one."""
    try:
        return slate(date.fromisoformat(query[name]), name)
    except KeyError as error:
        raise Permanent(f"query parameter {name} is missing", remedy=f"add {name}=YYYY-MM-DD") from error
    except ValueError as error:
        raise Permanent(f"{name}={query[name]!r} is not a date", remedy="write it as YYYY-MM-DD") from error


def slate(day: date, name: str) -> date:
    """The date, or `Permanent` for one on which the NBA cannot have played: no arithmetic on dates may overflow."""
    if not EARLIEST <= day < LATEST:
        raise Permanent(f"{name}={day} is no date of an NBA game", remedy=f"from {EARLIEST} and before {LATEST}")
    return day


def window(query: Mapping[str, str], max_days: int = MAX_WINDOW_DAYS) -> tuple[date, date]:
    """The dates `first` and `last` of the query, or `Permanent` for more of them than one answer may take."""
    first, last = day(query, "first"), day(query, "last")
    if last < first:
        raise Permanent(f"last={last} is before first={first}")
    if (last - first).days >= max_days:
        raise Permanent(f"first={first} to last={last} is more than {max_days} days", remedy="ask for less at once")
    return first, last
