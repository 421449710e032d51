"""Injury lists in time: whatever is listed, edited, dated back or withdrawn, nothing counts before it was public."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.domain.injury_news import (
    AVAILABLE,
    NO_LONGER_LISTED,
    Disagreement,
    Listing,
    Status,
    merged,
    news,
)

START = datetime(2024, 3, 4, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TEAMS = ("NYK", "BOS")
EVERY = frozenset(TEAMS)
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


def listed(player: int = 1, status: str = "Out", since: datetime | None = None, **changes: object) -> Status:
    """An entry; players of even number are with BOS."""
    entry = Status(player, f"Player {player}", TEAMS[player % 2 == 0], status, "espn", since)
    return replace(entry, **changes)  # type: ignore[arg-type]  # fields of the record


def seen(*statuses: Status, at: datetime = NOON, speaks_for: Iterable[str] = EVERY) -> Listing:
    return Listing(statuses, at, frozenset(speaks_for))


@dataclass
class Memory:
    """What the warehouse keeps of the looks: rows of (status, public since, seen at), as its queries read them."""

    rows: list[tuple[Status, datetime, datetime]]
    last_look: datetime | None = None

    @property
    def known(self) -> dict[int, Status]:
        """Each player's latest, as injuries_known.sql answers."""
        ordered = sorted(self.rows, key=lambda row: row[1:])
        return {status.player_id: replace(status, since=since) for status, since, _ in ordered}

    def look(self, listing: Listing) -> list[tuple[Status, datetime]]:
        """What a list tells; its rows are kept as raw.injuries keeps them, by player, instant and status."""
        public = list(news(listing, self.known, self.last_look))
        keys = {(status.player_id, since, status.status) for status, since, _ in self.rows}
        new = [(status, since) for status, since in public if (status.player_id, since, status.status) not in keys]
        self.rows += [(status, since, listing.seen_at) for status, since in new]
        self.last_look = listing.seen_at
        return new

    def at(self, cutoff: datetime, player: int) -> str | None:
        """A player's status by a cutoff, as the features have it."""
        of_player = [row for row in self.rows if row[0].player_id == player and row[1] <= cutoff]
        return max(of_player, key=lambda row: row[1])[0].status if of_player else None


_claims = st.none() | st.integers(-600, 900).map(lambda n: START + n * MINUTE)
_entries = st.tuples(st.sampled_from(["Out", "Questionable", "Available"]), _claims, _claims)
_lists = st.tuples(
    st.dictionaries(st.integers(1, 4), _entries, max_size=4),
    st.frozensets(st.sampled_from(TEAMS)),
    st.integers(1, 300),
)


Drawn = Sequence[tuple[dict[int, tuple[str, datetime | None, datetime | None]], frozenset[str], int]]
"""Lists: (status, own date, date of the list) by player, teams spoken for, minutes after the look before."""


def _looks(drawn: Drawn) -> list[Listing]:
    at, looks = START, []
    for entries, speaks_for, minutes in drawn:
        at += minutes * MINUTE
        statuses = [
            listed(player, status, since, published_at=published)
            for player, (status, since, published) in entries.items()
        ]
        looks.append(seen(*statuses, at=at, speaks_for=speaks_for))
    return looks


@given(drawn=st.lists(_lists, min_size=1, max_size=6))
def test_f29_at_every_instant_counts_what_was_public_then(drawn: Drawn) -> None:
    """Between two looks: what the first showed, or what the second dates in between. At a look: what it shows."""
    memory, looks = Memory([]), _looks(drawn)
    for listing in looks:
        before = memory.known
        memory.look(listing)
        entries = {status.player_id: status for status in listing.statuses}
        for player in before.keys() | entries.keys():
            entry, known = entries.get(player), before.get(player)
            if entry is not None:
                assert memory.at(listing.seen_at, player) == entry.status
            elif known is not None:
                healed = known.team in listing.speaks_for
                assert memory.at(listing.seen_at, player) == (AVAILABLE if healed else known.status)
    for earlier, later in pairwise(looks):
        then = Memory([row for row in memory.rows if row[2] <= earlier.seen_at])
        for minutes in range(0, int((later.seen_at - earlier.seen_at) / MINUTE), 7):
            cutoff = earlier.seen_at + minutes * MINUTE
            for status in later.statuses:
                claimed = status.since if status.since is not None else status.published_at
                dated_so = claimed is not None and earlier.seen_at < claimed <= cutoff
                public = {then.at(cutoff, status.player_id)} | ({status.status} if dated_so else set())
                assert memory.at(cutoff, status.player_id) in public


@given(drawn=st.lists(_lists, min_size=1, max_size=6))
def test_nothing_is_public_before_its_own_stamp_nor_after_it_was_seen(drawn: Drawn) -> None:
    """And a list seen again tells nothing new."""
    memory = Memory([])
    for listing in _looks(drawn):
        entries = {status.player_id: status for status in listing.statuses}
        before = memory.known
        for status, since in memory.look(listing):
            assert since <= listing.seen_at
            entry = entries.get(status.player_id)
            claimed = None if entry is None else entry.since if entry.since is not None else entry.published_at
            unchanged = before.get(status.player_id)
            if claimed is not None and (unchanged is None or unchanged.status != status.status):
                assert since >= min(claimed, listing.seen_at)
        assert memory.look(listing) == []


@given(status=st.sampled_from(["Out", "Doubtful", AVAILABLE]), gaps=st.lists(st.integers(1, 500), max_size=8))
def test_an_unchanged_entry_keeps_its_instant_over_any_number_of_looks(status: str, gaps: list[int]) -> None:
    """Dated or not."""
    for since in (START - HOUR, None):
        memory, at = Memory([]), START
        memory.look(seen(listed(1, status, since), at=at))
        for gap in gaps:
            at += gap * MINUTE
            assert memory.look(seen(listed(1, status, since), at=at)) == []
        assert [row[1] for row in memory.rows] == [since if since is not None else START]


KNOWN = listed(1, "Out", NOON - 10 * HOUR)
LAST = NOON - 2 * HOUR


@pytest.mark.parametrize(
    ("entry", "known", "since"),
    [
        # Never seen before: its own date, if that lies after the last look, which did not show it.
        (listed(since=NOON - HOUR), None, NOON - HOUR),
        (listed(since=NOON), None, NOON),
        (listed(since=LAST + MINUTE), None, LAST + MINUTE),
        (listed(since=LAST), None, NOON),
        (listed(since=LAST - MINUTE), None, NOON),
        (listed(since=NOON + MINUTE), None, NOON),
        # The list's date where the entry has none, and the entry's where both have one.
        (listed(published_at=NOON - HOUR), None, NOON - HOUR),
        (listed(since=NOON - HOUR, published_at=NOON - MINUTE), None, NOON - HOUR),
        (listed(published_at=LAST), None, NOON),
        (listed(), None, NOON),
        # Edited: under its old date, under a new one, under one of the future.
        (listed(status="Doubtful", since=KNOWN.since), KNOWN, NOON),
        (listed(status="Doubtful", since=NOON - HOUR), KNOWN, NOON - HOUR),
        (listed(status="Doubtful", since=NOON + MINUTE), KNOWN, NOON),
        # The same again: as it was known, unless the entry itself is dated anew.
        (listed(since=KNOWN.since), KNOWN, KNOWN.since),
        (listed(since=NOON - 20 * HOUR), KNOWN, KNOWN.since),
        (listed(since=NOON - HOUR), KNOWN, NOON - HOUR),
        (listed(since=NOON + MINUTE), KNOWN, KNOWN.since),
        (listed(published_at=NOON - HOUR), KNOWN, KNOWN.since),
        (listed(), KNOWN, KNOWN.since),
        # Known since the last look, which is logged as of its start: a date in between is no news.
        (listed(since=LAST + MINUTE), replace(KNOWN, since=LAST + 2 * MINUTE), LAST + 2 * MINUTE),
    ],
)
def test_an_entry_counts_since(entry: Status, known: Status | None, since: datetime) -> None:
    """Its own date where nothing speaks against it, else since it was seen."""
    known_by_id = {} if known is None else {1: known}
    assert list(news(seen(entry), known_by_id, LAST)) == [(entry, since)]


def test_the_first_look_of_all_believes_any_date_of_the_past() -> None:
    """Nobody looked before, so nothing says that it was not there."""
    entry = listed(since=NOON - 400 * HOUR)
    assert list(news(seen(entry), {}, None)) == [(entry, entry.since)]


def test_who_left_the_list_is_available_since_it_was_seen() -> None:
    """Where his team is spoken for; once; and known are his name and team alone."""
    out = listed(1, since=LAST, reason="Ankle", return_date=date(2024, 3, 9), comment="Sore.")
    known = {1: out, 2: listed(2, since=LAST), 3: listed(3, AVAILABLE, LAST), 5: listed(5, "Probable", LAST)}
    public = list(news(seen(speaks_for=("NYK",)), known, LAST))
    healed = Status(1, "Player 1", "NYK", AVAILABLE, "espn", NOON, comment=NO_LONGER_LISTED)
    probable = replace(healed, player_id=5, player_name="Player 5")
    assert public == [(healed, NOON), (probable, NOON)]
    assert list(news(seen(), {1: healed}, NOON - MINUTE)) == []


def test_who_comes_back_is_dated_when_he_was_seen_back() -> None:
    """Under the date of his first listing: in between he was available, and nobody could know."""
    memory, since = Memory([]), START - HOUR
    for hours, entries in enumerate(([listed(since=since)], [], [listed(since=since)])):
        memory.look(seen(*entries, at=START + hours * HOUR))
    assert [(row[0].status, row[1]) for row in memory.rows] == [
        ("Out", since), (AVAILABLE, START + HOUR), ("Out", START + 2 * HOUR),
    ]  # fmt: skip


# --- two lists --------------------------------------------------------------------------------------------------------


def best(*statuses: Status, **changes: object) -> Listing:
    """The better source's."""
    listing = seen(*(replace(status, source="nba_official") for status in statuses), speaks_for=("NYK",))
    return replace(listing, **changes)  # type: ignore[arg-type]  # fields of the record


def test_what_the_better_list_does_not_speak_of_is_added() -> None:
    """A player of a team that it does not cover; together they speak for the teams of both."""
    ours, theirs = listed(1), listed(2)
    found, disagreements = merged(best(ours), seen(theirs, speaks_for=("BOS",)))
    assert found == Listing((replace(ours, source="nba_official"), theirs), NOON, EVERY)
    assert disagreements == []


def test_the_better_list_stands_and_the_disagreement_has_both() -> None:
    """On a status, and on a player whom it leaves out though it speaks for his team."""
    ours, theirs, silent = listed(1, "Questionable"), listed(1, "Out", NOON), listed(3, "Doubtful", NOON)
    found, disagreements = merged(best(ours), seen(theirs, silent))
    stands = replace(ours, source="nba_official")
    assert found.statuses == (stands,)
    assert disagreements == [
        Disagreement(stands, theirs),
        Disagreement(replace(silent, status=AVAILABLE, source="nba_official"), silent),
    ]


@pytest.mark.parametrize("status", [AVAILABLE, "Probable"])
def test_who_is_as_good_as_available_is_no_disagreement_where_he_is_not_listed(status: str) -> None:
    """Nor is he added: the better list has spoken for his team."""
    assert merged(best(listed(1)), seen(listed(3, status))) == (replace(best(listed(1)), speaks_for=EVERY), [])


def test_a_status_that_both_give_keeps_the_others_date() -> None:
    """And its comment, where the better source has none of its own."""
    dated = listed(1, since=NOON - HOUR, comment="Sore.")
    [found] = merged(best(listed(1, published_at=NOON)), seen(dated))[0].statuses
    assert (found.since, found.comment, found.source) == (NOON - HOUR, "Sore.", "nba_official")
    [found] = merged(best(listed(1, comment="Ankle.")), seen(dated))[0].statuses
    assert (found.since, found.comment) == (NOON - HOUR, "Ankle.")
    [found] = merged(best(listed(1, since=NOON)), seen(dated))[0].statuses
    assert (found.since, found.comment) == (NOON, None)


def test_an_undated_entry_of_the_other_list_does_not_take_the_better_lists_date() -> None:
    """The better one was published before the other was seen; together they were seen when the later was."""
    listing, _ = merged(best(listed(1, published_at=NOON - HOUR)), seen(listed(2), at=NOON + MINUTE))
    public = {status.player_id: since for status, since in news(listing, {}, LAST)}
    assert public == {1: NOON - HOUR, 2: NOON + MINUTE}


@pytest.mark.parametrize("ours", [(), (listed(1, "Questionable", published_at=NOON),)], ids=["unlisted", "listed"])
def test_who_is_ruled_out_after_the_better_list_was_published_is_out(ours: Sequence[Status]) -> None:
    """A late scratch need not wait for the next report: that is no disagreement."""
    report = seen(*ours, listed(3, published_at=NOON), at=NOON + HOUR)
    late = listed(1, "Out", NOON + MINUTE)
    found, disagreements = merged(report, seen(late, at=NOON + HOUR))
    assert (late in found.statuses, disagreements) == (True, [])


@pytest.mark.parametrize(
    ("status", "since", "published_at"),
    [("Out", NOON, NOON), ("Questionable", NOON + MINUTE, NOON), ("Out", None, NOON), ("Out", NOON + MINUTE, None)],
    ids=["as old as the list", "not ruled out", "without a date", "beside a list without a date"],
)
def test_of_all_else_the_better_list_speaks(status: str, since: datetime | None, published_at: datetime | None) -> None:
    """What a source says of a player whose team the better one speaks for is noted, and does not stand."""
    report = seen(listed(3, published_at=published_at), at=NOON + HOUR)
    found, disagreements = merged(report, seen(listed(1, status, since), at=NOON + HOUR))
    assert ([each.player_id for each in found.statuses], len(disagreements)) == ([3], 1)
