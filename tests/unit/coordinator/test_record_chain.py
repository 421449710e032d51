"""The chain of the record: what is wrong with it is named, entry by entry."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.record.chain import GENESIS, Draft, Entry, Sealed, breaks

NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)
ROWS = Sealed(2, "a" * 64)


def draft(day: int, **values: object) -> Draft:
    """What a slate's run has published."""
    slate = date(2024, 3, day)
    given = {"kind": "publish", "game_date": slate, "mode": "overnight", "run_id": f"{slate}.overnight.1", "rows": ROWS}
    return Draft(**(given | values))  # type: ignore[arg-type]  # the values of the test


def chain(count: int = 4) -> list[Entry]:
    """So many slates."""
    found: list[Entry] = []
    for day in range(1, count + 1):
        found.append(draft(day).after(found[-1] if found else None, NOON + timedelta(days=day)))
    return found


def test_an_entry_has_the_hash_of_the_one_before() -> None:
    """The first has zeros; nothing is wrong with the whole, nor with none at all."""
    entries = chain()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4]
    assert [entry.prev for entry in entries] == [GENESIS, *(entry.sha256 for entry in entries[:-1])]
    assert breaks(entries, entries[-1]) == breaks([], None) == []


def test_an_entry_comes_back_from_state_store_and_table_as_it_was() -> None:
    """Dates as text or not."""
    entry = chain(1)[0]
    assert Entry.of(entry.stored()) == Entry.of(entry.row()) == entry


def rehashed(entries: Sequence[Entry]) -> list[Entry]:
    """Whoever changes the second entry and hashes it anew."""
    second = replace(entries[1], row_count=9)
    return [entries[0], replace(second, sha256=second.hashed()), *entries[2:]]


TAMPERED: dict[str, tuple[Callable[[list[Entry]], list[Entry]], int, str]] = {
    "changed": (lambda its: [its[0], replace(its[1], row_count=3), *its[2:]], 2, "was changed"),
    "hashed anew": (rehashed, 3, "does not follow the entry before it"),
    "missing": (lambda its: [its[0], *its[2:]], 3, "entry 2 is missing before it"),
    "several missing": (lambda its: [its[0], its[3]], 4, "entries 2 to 3 are missing before it"),
    "the first missing": (lambda its: its[1:], 2, "entry 1 is missing before it"),
    "the last missing": (lambda its: its[:-1], 4, "1 at the end of the record are missing"),
    "all missing": (lambda its: its[:0], 4, "4 at the end of the record are missing"),
    "twice": (lambda its: [*its[:2], *its[1:]], 2, "there is more than one entry 2"),
    "one too many": (lambda its: [*its, draft(5).after(its[-1], NOON)], 5, "is after the head of the record, 4"),
    "another last": (
        lambda its: [*its[:-1], draft(9).after(its[-2], NOON)],
        4,
        "is not the head that the state store has",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_wrong_is_named(name: str) -> None:
    """The first entry that does not hold, its slate and why."""
    tamper, seq, reason = TAMPERED[name]
    entries = chain()
    found = breaks(tamper(entries), entries[-1])[0]
    assert (found.seq, found.reason[: len(reason)]) == (seq, reason)
    assert found.game_date is not None


@pytest.mark.parametrize("name", ["seq", "game_date", "mode", "run_id", "schema_version", "row_count", "rows_sha256"])
def test_every_column_of_an_entry_is_hashed(name: str) -> None:
    """None of them can be changed unseen."""
    entry = chain(1)[0]
    value = getattr(entry, name)
    changed: Any = {name: value + timedelta(days=1) if isinstance(value, date) else value * 2}
    assert replace(entry, **changed).hashed() != entry.sha256


def test_a_publish_is_sealed_once_and_a_grade_when_it_has_changed() -> None:
    """A run publishes once, whatever its rows are now; grades that have changed back are sealed again."""
    [one] = chain(1)
    assert draft(1, rows=Sealed(7, "b" * 64)).repeats([one])
    assert not draft(1, run_id="2024-03-01.overnight.2").repeats([one])
    source = Sealed(5, "c" * 64)
    first = draft(1, kind="grade", source=source)
    graded = first.after(one, NOON)
    assert first.repeats([one, graded])
    assert not first.repeats([one])
    assert not draft(1, kind="grade", rows=Sealed(2, "d" * 64), source=source).repeats([one, graded])
    assert not draft(1, kind="grade", source=Sealed(5, "d" * 64)).repeats([one, graded])
    changed = draft(1, kind="grade", rows=Sealed(2, "d" * 64), source=source).after(graded, NOON)
    assert not first.repeats([one, graded, changed])
