"""Reading JSON that others wrote: what can be wrong with a payload or a record, and strict access to fields.

A payload that cannot be read as a whole raises `Fault` (the request is tried again). A record that cannot be read
raises `BadRecord`, which its parser turns into a `Refusal`: it never costs the good records beside it.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

from shared.basketball.slate import EASTERN
from shared.errors import Permanent, Transient

R = TypeVar("R")
T = TypeVar("T")


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
    """A refused record and why, for the quarantine."""

    record: str
    reason: str
    columns: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Columns of raw.quarantine that only some refusals have."""

    @classmethod
    def of(cls, record: str, error: Exception) -> Self:
        """The refusal that an error is."""
        return cls(record, str(error), error.columns if isinstance(error, BadRecord) else {})


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a parser made of a payload."""

    records: tuple[T, ...]
    refused: tuple[Refusal, ...] = ()
    seen: int = 0
    """Records in the payload, wanted or not: 0 is an empty answer."""
    stamp: datetime | None = field(default=None)
    """The upstream's own time of publication, where the payload says."""


def document(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Decode a JSON body. Raises `Fault` for HTML served as JSON and for truncated or undecodable bodies."""
    try:
        return json.loads(body)
    except ValueError:
        if body.lstrip()[:1] == b"<":
            raise Fault("html", "HTML instead of JSON") from None
        raise Fault("truncated", f"{len(body)} bytes that are not JSON") from None


def listing(value: Any, *path: str) -> list[Any]:  # noqa: ANN401 - JSON
    """The list under `path` of a document. Raises `Fault` when the document has another shape."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise Fault("malformed", f"the payload has no {key!r}")
        value = value[key]
    if not isinstance(value, list):
        raise Fault("malformed", f"{'.'.join(path) if path else 'the payload'} is not a list")
    return value


def result_set(payload: Any, name: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Rows of a stats.nba.com result set, reduced to `columns` in their order.

    Raises:
        Fault: there is no such result set, it lacks a column, or a row has another length than the headers.
    """
    for candidate in listing(payload, "resultSets"):
        if isinstance(candidate, dict) and candidate.get("name") == name:
            headers = listing(candidate, "headers")
            missing = [column for column in columns if column not in headers]
            if missing:
                raise Fault("malformed", f"result set {name} lacks {', '.join(missing)}")
            rows = listing(candidate, "rowSet")
            if any(not isinstance(row, list) or len(row) != len(headers) for row in rows):
                raise Fault("malformed", f"result set {name} has a row that does not fit its headers")
            places = [headers.index(column) for column in columns]
            return [tuple(row[place] for place in places) for row in rows]
    raise Fault("malformed", f"the payload has no result set {name}")


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


def member(record: Any, key: str) -> Any:  # noqa: ANN401 - JSON
    """A field that must be there."""
    if not isinstance(record, dict):
        raise BadRecord(f"not an object where {key!r} is expected")
    if key not in record:
        raise BadRecord(f"no {key!r}")
    return record[key]


def text(record: Any, key: str) -> str:  # noqa: ANN401 - JSON
    """A string that is not blank."""
    value = member(record, key)
    if not isinstance(value, str) or not value.strip():
        raise BadRecord(f"{key} is {value!r}, not a text")
    return value.strip()


def whole(value: Any, what: str) -> int:  # noqa: ANN401 - JSON
    """A whole number; 7.0 is one, "7", true and null are not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise BadRecord(f"{what} is {value!r}, not a whole number")
    return int(value)


def number(value: Any, what: str) -> float:  # noqa: ANN401 - JSON
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRecord(f"{what} is {value!r}, not a number")
    return float(value)


def instant(value: Any, what: str) -> datetime:  # noqa: ANN401 - JSON
    """An ISO instant as aware UTC; the NBA's stamps without a zone are Eastern (seen on its CDN)."""
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRecord(f"{what} is {value!r}, not an instant") from None
    return (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=EASTERN)).astimezone(UTC)


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
    return repr(record)[:60]
