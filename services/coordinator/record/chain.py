"""The chain: entries, each with the hash of the one before it. Pure.

An entry's own hash is the SHA-256 of its canonical JSON without `sha256` and without a line feed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Literal, Self

from services.coordinator.record.canonical import document, instant
from services.coordinator.record.schemas import NEWEST
from shared.ports import Row

GENESIS = "0" * 64
"""What the first entry has for the hash of the one before it."""
Kind = Literal["publish", "grade"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows and their SHA-256."""

    row_count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A link of the chain; the columns of `ops.record`."""

    seq: int
    kind: Kind
    game_date: date
    mode: str
    run_id: str
    schema_version: int
    row_count: int
    rows_sha256: str
    source_count: int | None
    source_sha256: str | None
    sealed_at: datetime
    prev: str
    sha256: str = ""

    @classmethod
    def of(cls, row: Row) -> Self:
        """From a row of `ops.record`, or from a document of the state store."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        if isinstance(values["game_date"], str):
            values["game_date"] = date.fromisoformat(values["game_date"])
            values["sealed_at"] = datetime.fromisoformat(values["sealed_at"])
        return cls(**values)

    @property
    def text(self) -> str:
        """As it is hashed."""
        found = self.stored()
        del found["sha256"]
        return document(found)

    def stored(self) -> dict[str, Any]:
        """As a document of the state store, and as it is exported."""
        return asdict(self) | {"game_date": str(self.game_date), "sealed_at": instant(self.sealed_at)}

    def row(self) -> Row:
        """As a row of `ops.record`."""
        return asdict(self)

    def hashed(self) -> str:
        """The hash that belongs to what it says."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def holds(self, rows: Sealed, source: Sealed | None = None) -> bool:
        """Whether it seals exactly this."""
        same_source = source is None or (self.source_count, self.source_sha256) == (source.row_count, source.sha256)
        return (self.row_count, self.rows_sha256) == (rows.row_count, rows.sha256) and same_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be sealed."""

    kind: Kind
    game_date: date
    mode: str
    run_id: str
    rows: Sealed
    source: Sealed | None = None

    def after(self, head: Entry | None, sealed_at: datetime) -> Entry:
        """As the entry that follows the head."""
        entry = Entry(
            seq=1 if head is None else head.seq + 1,
            kind=self.kind,
            game_date=self.game_date,
            mode=self.mode,
            run_id=self.run_id,
            schema_version=NEWEST,
            row_count=self.rows.row_count,
            rows_sha256=self.rows.sha256,
            source_count=None if self.source is None else self.source.row_count,
            source_sha256=None if self.source is None else self.source.sha256,
            sealed_at=sealed_at,
            prev=GENESIS if head is None else head.sha256,
        )
        return replace(entry, sha256=entry.hashed())

    def repeats(self, entries: Sequence[Entry]) -> bool:
        """Whether those of its slate and mode have it: a run publishes once, a grade is sealed when it has changed."""
        mine = [entry for entry in entries if (entry.kind, entry.game_date, entry.mode) == self._subject]
        if self.kind == "publish":
            return any(entry.run_id == self.run_id for entry in mine)
        return bool(mine) and mine[-1].schema_version == NEWEST and mine[-1].holds(self.rows, self.source)

    @property
    def _subject(self) -> tuple[Kind, date, str]:
        return self.kind, self.game_date, self.mode


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    seq: int
    game_date: date | None
    mode: str
    reason: str


def breaks(entries: Sequence[Entry], head: Entry | None) -> list[Break]:
    """What is wrong with the whole chain, given in order; `head` is what the state store has, None: it has none."""
    found = []
    before: Entry | None = None
    for entry in entries:
        reason = _broken(before, entry)
        if reason:
            found.append(Break(entry.seq, entry.game_date, entry.mode, reason))
        before = entry
    if head is not None and (before is None or before.seq < head.seq):
        count = head.seq - (0 if before is None else before.seq)
        found.append(Break(head.seq, head.game_date, head.mode, f"{count} at the end of the record are missing"))
    elif before is not None and head is not None and before.seq > head.seq:
        found.append(Break(before.seq, before.game_date, before.mode, f"is after the head of the record, {head.seq}"))
    elif before is not None and head is not None and before.sha256 != head.sha256:
        found.append(Break(before.seq, before.game_date, before.mode, "is not the head that the state store has"))
    return found


def _broken(before: Entry | None, entry: Entry) -> str:
    expected = 1 if before is None else before.seq + 1
    if entry.seq > expected:
        missing = f"entry {expected} is" if entry.seq == expected + 1 else f"entries {expected} to {entry.seq - 1} are"
        return f"{missing} missing before it"
    if entry.seq < expected:
        return f"there is more than one entry {entry.seq}"
    if entry.sha256 != entry.hashed():
        return "was changed: its hash is not that of what it says"
    if entry.prev != (GENESIS if before is None else before.sha256):
        return "does not follow the entry before it"
    return ""
