"""Where documents lie in the archive. They are written once; the newest that is not later than an instant holds at it.

The last part of a key is its stamp: the instant of the publication and the run, so that keys sort by time.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

_FORMAT: Final = "%Y%m%dT%H%M%S.%fZ"
_WIDTH: Final = len("20240304T224000.000000Z")
_END: Final = ".json.gz"


def games(day: date, mode: str) -> str:
    """Prefix of the games of a slate: everything that was known of them."""
    return f"documents/games/{day}/{mode}/"


def cards(day: date, mode: str = "") -> str:
    """Prefix of the same in short; without a mode, of every mode."""
    return f"documents/cards/{day}/{mode}/" if mode else f"documents/cards/{day}/"


def publications(day: date | None = None, mode: str = "") -> str:
    """Prefix of what says which documents a run has written; without a slate, of every slate."""
    return "documents/publications/" if day is None else f"documents/publications/{day}/{mode}/"


def record(mode: str = "") -> str:
    """Prefix of the record by month; without a mode, of every mode."""
    return f"documents/record/{mode}/" if mode else "documents/record/"


def picks(mode: str, day: str = "") -> str:
    """Prefix of the graded picks of a slate; without one, of every slate."""
    return f"documents/picks/{mode}/{day}/" if day else f"documents/picks/{mode}/"


def stamped(at: datetime, run_id: str) -> str:
    """The last part of the keys of a publication."""
    return f"{at.astimezone(UTC).strftime(_FORMAT)}.{run_id}{_END}"


def stamp_of(key: str) -> datetime:
    """The instant of a document's publication."""
    name = key.rpartition("/")[2]
    return datetime.strptime(name[:_WIDTH], _FORMAT).replace(tzinfo=UTC)


def newest(keys: Iterable[str], as_of: datetime) -> dict[str, str]:
    """Folder -> its newest key that is not later than the instant; folders without one are left out."""
    latest = as_of.astimezone(UTC).strftime(_FORMAT)
    found: dict[str, str] = {}
    for key in keys:
        folder, _, name = key.rpartition("/")
        if name[:_WIDTH] <= latest and key > found.get(folder, ""):
            found[folder] = key
    return found


def parts(key: str) -> tuple[str, ...]:
    """The folders of a key below `documents/<kind>/`, without its stamp."""
    return tuple(key.split("/")[2:-1])
