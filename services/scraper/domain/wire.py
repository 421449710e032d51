"""Reading JSON that others wrote: what can be wrong with a payload or a record, and strict access to fields.

A payload that cannot be read as a whole raises `Fault` (the request is tried again). A record that cannot be read
raises `BadRecord`, which its parser turns into a `Refusal`: it never costs the good records beside it. What JSON can
say and a warehouse cannot hold (NaN, numbers beyond 64 bits, half a surrogate pair) is refused where it is read, so
that it costs its record and not the payload.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from reprlib import Repr
from typing import Any, Generic, Self, TypeVar

from shared.basketball.identity import canonical_game_id
from shared.basketball.slate import EASTERN
from shared.errors import Permanent, Transient

R = TypeVar("R")
T = TypeVar("T")

MAX_DEPTH = 100
"""Of lists and objects in one another; the deepest real payload has 12."""
NAME = 200
"""Characters of a refused record's name: enough to tell it from one beside it that lacks the same."""
MAX_TEXT = 5_000
"""Characters of one field; the longest real comment has some hundreds."""
_BEYOND_64_BITS = 2**63
_YEARS = range(1946, 2200)
"""From the league's first on: what lies outside is a placeholder (year 1) or a slip, and no zone can shift it."""
_FLAGS = {"1": True, "0": False}
_SHOW = Repr()
"""How a bad value stands in a reason: short, whatever it holds and however deep it is."""
_SHOW.maxlevel, _SHOW.maxstring, _SHOW.maxother, _SHOW.maxlong = 2, 120, 80, 40


class Fault(Transient):
    """An upstream misbehaved; `kind` (rate_limited, server_error, timeout, truncated, html, ...) is counted."""

    def __init__(self, kind: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.kind = kind


class BadRecord(Exception):  # noqa: N818 - it is the record that is bad
    """One record breaks the format or its meaning; the text says how."""

    def __init__(self, reason: str, columns: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.columns = {} if columns is None else columns
        """What raw.quarantine keeps of it beside the reason."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused record and why, for the quarantine: both are cut short and can be stored, whatever the record held."""

    record: str
    reason: str
    columns: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Columns of raw.quarantine that only some refusals have."""

    @classmethod
    def of(cls, record: str, error: Exception) -> Self:
        """The refusal that an error is."""
        return cls(record, str(error), error.columns if isinstance(error, BadRecord) else {})

    def __post_init__(self) -> None:
        """Records are named by what they say of themselves."""
        object.__setattr__(self, "record", _quoted(self.record)[:NAME])
        object.__setattr__(self, "reason", _quoted(self.reason)[:500])


def _quoted(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a parser made of a payload."""

    records: tuple[T, ...]
    refused: tuple[Refusal, ...] = ()
    seen: int = 0
    """Records in the payload, wanted or not: 0 is an empty answer."""
    stamp: datetime | None = field(default=None)
    """The upstream's own time of publication, where the payload says."""
    covers: frozenset[tuple[date | None, str]] | None = None
    """Teams that the payload speaks for, with the Eastern date of their game, or None for whichever; None: all."""


def document(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Decode a JSON body in UTF-8.

    Raises:
        Fault: HTML served as JSON; a truncated or undecodable body; one nested too deeply.
    """
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except ValueError:
        if body.lstrip()[:1] == b"<":
            raise Fault("html", "HTML instead of JSON") from None
        raise Fault("truncated", f"{len(body)} bytes that are not JSON") from None
    except RecursionError:
        raise Fault("malformed", f"the payload is nested more than {MAX_DEPTH} deep") from None
    level, depth = [value], 0
    while level := [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise Fault("malformed", f"the payload is nested more than {MAX_DEPTH} deep")
    return value


def _inside(outer: Any) -> Iterable[Any]:  # noqa: ANN401 - JSON
    return outer.values() if isinstance(outer, dict) else outer


def listing(value: Any, *path: str) -> list[Any]:  # noqa: ANN401 - JSON
    """The list under `path` of a document. Raises `Fault` when the document has another shape."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise Fault("malformed", f"the payload has no {key!r}")
        value = value[key]
    if not isinstance(value, list):
        raise Fault("malformed", f"{'.'.join(path) if path else 'the payload'} is not a list")
    return value


def each(
    records: Iterable[R], read: Callable[[R], T | None], name: Callable[[R], str]
) -> tuple[list[T], list[Refusal]]:
    """What `read` makes of the records, without those it makes None of; and those that it cannot read, by name."""
    found: list[T] = []
    refused: list[Refusal] = []
    for record in records:
        try:
            made = read(record)
        except (BadRecord, Permanent) as error:
            refused.append(Refusal.of(name(record), error))
        else:
            if made is not None:
                found.append(made)
    return found, refused


def shown(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as a reason quotes it: short, and free of what cannot be stored."""
    return _SHOW.repr(value)


def member(record: Any, key: str) -> Any:  # noqa: ANN401 - JSON
    """A field that must be there."""
    if not isinstance(record, dict):
        raise BadRecord(f"not an object where {key!r} is expected")
    if key not in record:
        raise BadRecord(f"no {key!r}")
    return record[key]


def text(record: Any, key: str) -> str:  # noqa: ANN401 - JSON
    """A string that is not blank."""
    return words(member(record, key), key)


def words(value: Any, what: str) -> str:  # noqa: ANN401 - JSON
    """The same of a value."""
    if not isinstance(value, str) or not value.strip():
        raise BadRecord(f"{what} is {shown(value)}, not a text")
    return _storable(value, what)


def optional_text(record: Any, key: str) -> str | None:  # noqa: ANN401 - JSON
    """A string where there is one; None where it is absent, null or blank. Another type is refused."""
    value = record.get(key) if isinstance(record, dict) else member(record, key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRecord(f"{key} is {shown(value)}, not a text")
    return _storable(value, key) if value.strip() else None


def remark(record: Any, key: str) -> str | None:  # noqa: ANN401 - JSON
    """A string that nothing depends on: None where there is none that can be kept. Never a reason to refuse."""
    try:
        return optional_text(record, key)
    except BadRecord:
        return None


def _storable(value: str, key: str) -> str:
    if len(value) > MAX_TEXT:
        raise BadRecord(f"{key} has {len(value)} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRecord(f"{key} is {shown(value)}, with half a surrogate pair") from None
    if "\0" in value:
        raise BadRecord(f"{key} is {shown(value)}, with a NUL")
    return value.strip()


def whole(value: Any, what: str) -> int:  # noqa: ANN401 - JSON
    """A whole number of 64 bits; 7.0 is one, "7", true and null are not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _BEYOND_64_BITS:
        raise BadRecord(f"{what} is {shown(value)}, not a whole number")
    if value != int(value):
        raise BadRecord(f"{what} is {shown(value)}, not a whole number")
    return int(value)


def number(value: Any, what: str) -> float:  # noqa: ANN401 - JSON
    """A finite number, a whole one of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRecord(f"{what} is {shown(value)}, not a number")
    if not abs(value) < _BEYOND_64_BITS if isinstance(value, int) else not math.isfinite(value):
        raise BadRecord(f"{what} is {shown(value)}, not a number")
    return float(value)


def flag(value: Any, what: str) -> bool:  # noqa: ANN401 - JSON
    """Yes or no: true, 1 and "1", or false, 0 and "0" (the NBA's CDN writes all three, its statistics 1.0)."""
    if isinstance(value, str) and value in _FLAGS:
        return _FLAGS[value]
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise BadRecord(f"{what} is {shown(value)}, neither yes nor no")


def game_id(value: Any, what: str = "gameId") -> str:  # noqa: ANN401 - JSON
    """The NBA's canonical game id. Raises `BadRecord` for another type, `Permanent` for no id of the NBA."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRecord(f"{what} is {shown(value)}, not a game id")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise BadRecord(f"{what} has {len(value)} characters")
    return canonical_game_id(value)


def instant(value: Any, what: str) -> datetime:  # noqa: ANN401 - JSON
    """An ISO instant as aware UTC; the NBA's stamps without a zone are Eastern (seen on its CDN)."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRecord(f"{what} is {shown(value)}, not an instant") from None
    if parsed.year not in _YEARS:
        raise BadRecord(f"{what} is {shown(value)}, in no year of the league")
    return (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=EASTERN)).astimezone(UTC)


def day(value: Any, what: str) -> date:  # noqa: ANN401 - JSON
    """The date that an ISO date or instant begins with."""
    try:
        parsed = date.fromisoformat(value[:10])
    except (TypeError, ValueError, KeyError):
        raise BadRecord(f"{what} is {shown(value)}, not a date") from None
    if parsed.year not in _YEARS:
        raise BadRecord(f"{what} is {shown(value)}, in no year of the league")
    return parsed


def stamp_of(payload: Any) -> datetime | None:  # noqa: ANN401 - JSON
    """`meta.time` of an NBA payload; None where it is absent or unreadable (then the fetch counts)."""
    try:
        return instant(member(member(payload, "meta"), "time"), "meta.time")
    except BadRecord:
        return None


def label(record: Any, *keys: str) -> str:  # noqa: ANN401 - JSON
    """A name for a refused record: the first of `keys` it has, else an excerpt."""
    if isinstance(record, dict):
        for key in keys:
            value = record.get(key)
            if isinstance(value, str | int) and value != "":
                return str(value)
    return repr(record)[:NAME]
