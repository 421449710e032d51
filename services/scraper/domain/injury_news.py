"""Injury lists in time: what a list tells at the instant it is seen, given what was known before.

Lists are edited without a word: an entry is dated back, a status changed under its old date, a name taken off. What an
earlier look would have shown was not public then, whatever date it bears, so it counts from when it was seen.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime

AVAILABLE = "Available"
OUT = "Out"
NO_LONGER_LISTED = "no longer listed"
_HARMLESS = (AVAILABLE, "Probable")
"""Whoever is not on a list is as good as these."""


@dataclass(frozen=True, slots=True)
class Status:
    """A player's status as one source says it, or as it was known."""

    player_id: int
    player_name: str
    team: str
    status: str
    source: str
    since: datetime | None
    """When the source dates it; None: the source dates its whole list only. Of what is known: when it was public."""
    reason: str | None = None
    return_date: date | None = None
    comment: str | None = None
    published_at: datetime | None = None
    """When the list it is on was published, where that says."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One source's list, as seen at an instant."""

    statuses: Sequence[Status]
    seen_at: datetime
    speaks_for: AbstractSet[str]
    """Teams whose players are all on it who have a status: who is not listed is available."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources on one player."""

    stands: Status
    other: Status


def merged(best: Listing, other: Listing) -> tuple[Listing, list[Disagreement]]:
    """The better source's list, and of the other's what the better one does not speak of; and where they disagree.

    Nor does it speak of who was ruled out after it was published: a report is made every quarter of an hour at best,
    a late scratch is news at once. A status that both give keeps the other's own date and comment, where the better
    source dates only its list.
    """
    listed = {status.player_id: status for status in best.statuses}
    published_at = max(
        (status.published_at for status in best.statuses if status.published_at is not None), default=None
    )
    found = dict(listed)
    disagreements: list[Disagreement] = []
    for theirs in other.statuses:
        ours = listed.get(theirs.player_id)
        if _ruled_out_since(published_at, theirs):
            found[theirs.player_id] = theirs
        elif ours is None and theirs.team in best.speaks_for:
            if theirs.status not in _HARMLESS:
                silent = replace(theirs, status=AVAILABLE, source=next(iter({s.source for s in best.statuses}), ""))
                disagreements.append(Disagreement(silent, theirs))
        elif ours is None:
            found[theirs.player_id] = theirs
        elif ours.status != theirs.status:
            disagreements.append(Disagreement(ours, theirs))
        elif ours.since is None:
            found[ours.player_id] = replace(ours, since=theirs.since, comment=ours.comment or theirs.comment)
    speaks_for = frozenset(best.speaks_for | other.speaks_for)
    return Listing(tuple(found.values()), max(best.seen_at, other.seen_at), speaks_for), disagreements


def _ruled_out_since(published_at: datetime | None, status: Status) -> bool:
    newer = published_at is not None and status.since is not None and status.since > published_at
    return status.status == OUT and newer


def news(
    listing: Listing, known: Mapping[int, Status], last_look: datetime | None
) -> Iterable[tuple[Status, datetime]]:
    """(status, instant since when it is public) of everyone listed, and of those who are no longer.

    `known`: the latest status of each player by earlier looks, those for the slate before included: who left the list
    between two slates was available, should he come back. `last_look`: when a list was last seen before this one.
    """
    for status in listing.statuses:
        yield status, _public_since(status, known.get(status.player_id), listing, last_look)
    gone = known.keys() - {status.player_id for status in listing.statuses}
    for player_id in sorted(gone):
        was = known[player_id]
        if was.status != AVAILABLE and was.team in listing.speaks_for:
            healed = Status(was.player_id, was.player_name, was.team, AVAILABLE, was.source, listing.seen_at)
            yield replace(healed, comment=NO_LONGER_LISTED), listing.seen_at


def _public_since(status: Status, known: Status | None, listing: Listing, last_look: datetime | None) -> datetime:
    unchanged = known is not None and known.status == status.status
    claimed = status.since if status.since is not None else status.published_at
    fresh = claimed is not None and claimed <= listing.seen_at and (last_look is None or claimed > last_look)
    if unchanged and known is not None and known.since is not None:
        renewed = fresh and status.since is not None and status.since > known.since
        return status.since if renewed and status.since is not None else known.since
    return claimed if fresh and claimed is not None else listing.seen_at
