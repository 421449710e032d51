"""What does not hold of some slates: pure comparisons of what is there with what was sealed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from typing_extensions import TypedDict

from services.coordinator.record import rows
from services.coordinator.record.chain import Entry, Sealed
from shared.basketball.slate import Mode, cutoff
from shared.ports import Row

WAREHOUSE_CHANGED = "the warehouse was changed: restore the slate from a backup (docs/record.md)"
_LATE_ROWS = (
    "grade it again if a box score or lines came late (`tipoff run --redo grade`), else restore it from a backup"
)
_NOT_SEALED = "`tipoff run` for the slate seals what a crash has left, else find out who wrote it (docs/record.md)"
_TOO_LATE = "the warehouse was changed, or the tip-off was moved after it was published (docs/record.md)"


class Problem(TypedDict):
    """Something that does not hold."""

    game_date: date | None
    mode: str
    seq: int | None
    """The entry it is about; null: about none."""
    reason: str
    remedy: str


Run = tuple[date, str]
"""Slate and run."""
Graded = tuple[date, str]
"""Slate and mode."""


def of_entry(entry: Entry, reason: str, remedy: str) -> Problem:
    """One about an entry."""
    return Problem(game_date=entry.game_date, mode=entry.mode, seq=entry.seq, reason=reason, remedy=remedy)


def published(entries: Collection[Entry], groups: rows.Groups) -> Iterator[Problem]:
    """Every publish against its rows, by run."""
    for (_, run_id), times in Counter((entry.game_date, entry.run_id) for entry in entries).items():
        if times > 1:
            entry = next(entry for entry in entries if entry.run_id == run_id)
            yield of_entry(entry, f"what {run_id} published is sealed {times} times", WAREHOUSE_CHANGED)
    for entry in entries:
        found = rows.sealed(groups.get((entry.game_date, entry.run_id), []))
        if not entry.holds(found):
            what = _difference(found, entry.row_count, f"predictions of {entry.run_id}")
            yield of_entry(entry, what, WAREHOUSE_CHANGED)


def graded(newest: Mapping[Graded, Entry], groups: rows.Groups, published_in: Collection[Graded]) -> Iterator[Problem]:
    """The newest grades of every slate and mode against their rows; grades from before the record are not sealed."""
    for key, entry in newest.items():
        found = rows.sealed(groups.get(key, []))
        if not entry.holds(found):
            what = _difference(found, entry.row_count, f"grades of {entry.mode}")
            yield of_entry(entry, what, WAREHOUSE_CHANGED)
    for slate, mode in groups.keys() - newest.keys():
        if (slate, mode) in published_in:
            reason = f"grades of {mode} are not sealed"
            yield Problem(game_date=slate, mode=mode, seq=None, reason=reason, remedy=_NOT_SEALED)


def sources(entries: Collection[Entry], found: rows.Sources) -> Iterator[Problem]:
    """What grades were made of, by slate: of several modes the entry that was sealed last."""
    for entry in entries:
        there = rows.sealed(found.lines(entry.game_date, entry.sealed_at, entry.schema_version))
        if entry.source_count is not None and (entry.source_count, entry.source_sha256) != (
            there.row_count,
            there.sha256,
        ):
            what = _difference(there, entry.source_count, "games, box scores or lines that it was graded from")
            yield of_entry(entry, what, _LATE_ROWS)


def unsealed(instants: Sequence[Row], runs: Collection[Run], begun: datetime | None) -> Iterator[Problem]:
    """Runs that have published since the record began and are in no entry."""
    for row in _of_runs(instants, runs):
        if begun is not None and row["predicted_at"] >= begun:
            reason = f"what {row['run_id']} published is not sealed"
            yield Problem(game_date=row["game_date"], mode=row["mode"], seq=None, reason=reason, remedy=_NOT_SEALED)


def late(instants: Sequence[Row]) -> Iterator[Problem]:
    """Predictions that count as made after their cutoff, or that a run has published twice."""
    for row in instants:
        about = f"predictions of {row['run_id']} for game {row['game_id']}"
        reason = ""
        if row["repeated"]:
            reason = f"{row['repeated']} {about} are there more than once"
        elif row["tip_utc"] is not None and row["mode"] in set(Mode):
            at = f"{row['predicted_at']:%H:%M:%S} UTC"
            if row["predicted_at"] >= row["tip_utc"]:
                reason = f"{about} are of {at}, after the tip-off"
            elif row["predicted_at"] > cutoff(Mode(row["mode"]), row["game_date"], row["tip_utc"]):
                reason = f"{about} are of {at}, after the cutoff"
        if reason:
            yield Problem(game_date=row["game_date"], mode=row["mode"], seq=None, reason=reason, remedy=_TOO_LATE)


def regraded(rows_: Sequence[Row], mode: str) -> Iterator[Problem]:
    """Stored grades that raw rows do not give."""
    for row in rows_:
        reason = (
            f"{row['grades']} grades of {mode} do not follow from raw rows, "
            f"the first of game {row['game_id']}, player {row['player_id']}, {row['market']}"
        )
        yield Problem(game_date=row["game_date"], mode=mode, seq=None, reason=reason, remedy=_LATE_ROWS)


def before_tip(instants: Sequence[Row], entries: Collection[Entry]) -> int:
    """How many predictions were sealed before their game began."""
    sealed_at = {(entry.game_date, entry.run_id): entry.sealed_at for entry in entries}
    return sum(
        row["predictions"]
        for row in _of_runs(instants, sealed_at)
        if row["tip_utc"] is not None and sealed_at[row["game_date"], row["run_id"]] < row["tip_utc"]
    )


def _of_runs(instants: Sequence[Row], runs: Collection[Run]) -> Iterator[Row]:
    return (row for row in instants if (row["game_date"], row["run_id"]) in runs)


def _difference(found: Sealed, expected: int, what: str) -> str:
    if found.row_count != expected:
        return f"{found.row_count} {what} are there and {expected} were sealed"
    return f"the {what} are not what was sealed"
