"""The archive's layout, and payloads from the upstreams or from it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from services.scraper.domain.odds import Event
from services.scraper.domain.wire import Parsed
from services.scraper.fetch import Failed
from services.scraper.payloads import Archived, Collected, Online, Shelf
from services.scraper.sources.odds_api.events import EVENTS as EVENTS_ENDPOINT
from services.scraper.sources.odds_api.events import parse_events
from shared.basketball.slate import Mode
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import FakeUpstreams
from tests.unit.shared.archive import MemoryArchive

REQUEST = EVENTS_ENDPOINT.request("events", "/v4/events")
BODY = b'{"a":1}'
"""Its SHA-256 begins with 015abd7f5cc5."""
FETCHED = datetime(2024, 3, 5, 12, 0, 1, 250, tzinfo=UTC)
EASTERN = timezone(timedelta(hours=-5))
FOLDER = "raw/odds_api/2024-03-05/same_day/lines/"
EVENTS = wire.body([wire.event()])


@pytest.fixture
def archive() -> MemoryArchive:
    return MemoryArchive()


@pytest.fixture
def shelf(archive: MemoryArchive) -> Shelf:
    return Shelf(archive, date(2024, 3, 5), Mode.SAME_DAY, "lines")


async def test_a_body_is_archived_under_all_that_is_known_of_it(shelf: Shelf, archive: MemoryArchive) -> None:
    """Source, date, mode, step, unit, when it was fetched and published (in UTC), and what it holds."""
    assert shelf.folder("odds_api") == FOLDER
    published = datetime(2024, 3, 5, 1, 30, tzinfo=EASTERN)
    key = await shelf.put(REQUEST, BODY, FETCHED.astimezone(EASTERN), published)
    assert key == f"{FOLDER}events/20240305T120001.000250Z_20240305T063000.000000Z_015abd7f5cc5.json"
    assert archive.objects == {key: BODY}
    unpublished = await shelf.put(REQUEST, BODY, FETCHED, None)
    assert unpublished == f"{FOLDER}events/20240305T120001.000250Z_-_015abd7f5cc5.json"


async def test_the_newest_payload_of_a_unit(shelf: Shelf, archive: MemoryArchive) -> None:
    """Names sort by the time of the fetch; a unit whose name begins alike is another."""
    assert await shelf.newest(REQUEST) is None
    for name in ("events/2", "events/1", "events2/3", "other/4"):
        archive.objects[FOLDER + name] = b""
    assert await shelf.newest(REQUEST) == f"{FOLDER}events/2"


async def test_the_units_that_a_source_gave_to_a_step(shelf: Shelf, archive: MemoryArchive) -> None:
    """Of this source, date, mode and step only."""
    for key in (
        f"{FOLDER}events/1",
        f"{FOLDER}events/2",
        f"{FOLDER}0022300900/1",
        "raw/espn/2024-03-05/same_day/lines/injuries/1",
        "raw/odds_api/2024-03-05/overnight/lines/x/1",
        "raw/odds_api/2024-03-06/same_day/lines/y/1",
        "raw/odds_api/2024-03-05/same_day/injuries/z/1",
    ):
        archive.objects[key] = b""
    assert await shelf.units("odds_api") == {"events", "0022300900"}
    archived = Archived(shelf)
    assert await archived.held() == {("odds_api", "events"), ("odds_api", "0022300900"), ("espn", "injuries")}


# --- online ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def upstreams() -> FakeUpstreams:
    return FakeUpstreams(FETCHED)


async def test_a_payload_is_archived_before_it_is_handed_over(
    shelf: Shelf, archive: MemoryArchive, upstreams: FakeUpstreams
) -> None:
    """With the archive's key, both stamps and the attempts; the meter counts the request."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    upstreams.published["odds_api", "events"] = datetime(2024, 3, 5, 6, tzinfo=UTC)
    meter: Counter[str] = Counter()
    online = Online(upstreams, shelf, meter)
    got = await online.get(REQUEST)
    [(key, body)] = archive.objects.items()
    assert body == EVENTS
    assert got == Collected(
        parse_events(EVENTS), "odds_api", key, FETCHED, datetime(2024, 3, 5, 6, tzinfo=UTC), attempts=1
    )
    assert meter == {"requests": 1}
    assert await online.held() is None
    assert online.archive_failure is None


async def test_what_failed_is_handed_on_and_not_archived(
    shelf: Shelf, archive: MemoryArchive, upstreams: FakeUpstreams
) -> None:
    """It is no failure of the archive."""
    online = Online(upstreams, shelf, Counter())
    assert await online.get(REQUEST) == Failed("odds_api /v4/events: HTTP 403", 1)
    assert (archive.objects, online.archive_failure) == ({}, None)


async def test_what_could_not_be_archived_has_failed(
    shelf: Shelf, archive: MemoryArchive, upstreams: FakeUpstreams
) -> None:
    """The failure is kept: the step asks for another try."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    archive.full_for = lambda _: True
    online = Online(upstreams, shelf, Counter())
    assert await online.get(REQUEST) == Failed("archive is full: free space", 1)
    assert str(online.archive_failure) == "archive is full: free space"


# --- archived -------------------------------------------------------------------------------------------------------


async def test_an_archived_payload_is_as_it_was_collected(shelf: Shelf, archive: MemoryArchive) -> None:
    """The newest one, with the stamps of its name; no attempt was made."""
    archive.objects[f"{FOLDER}events/20240305T110000.000000Z_-_0.json"] = b"[]"
    published = datetime(2024, 3, 5, 6, 30, 0, 7, tzinfo=UTC)
    key = await shelf.put(REQUEST, EVENTS, FETCHED, published)
    archived = Archived(shelf)
    assert await archived.get(REQUEST) == Collected(
        parse_events(EVENTS), "odds_api", key, FETCHED, published, attempts=0
    )


async def test_an_archived_payload_without_a_time_of_publication(shelf: Shelf) -> None:
    """It has none afterwards either."""
    await shelf.put(REQUEST, EVENTS, FETCHED, None)
    got = await Archived(shelf).get(REQUEST)
    assert isinstance(got, Collected)
    assert (got.fetched_at, got.published_at) == (FETCHED, None)


async def test_what_is_not_archived_or_cannot_be_read_has_failed(shelf: Shelf) -> None:
    """Without an attempt; the reason names the unit or the file."""
    archived = Archived(shelf)
    assert await archived.get(REQUEST) == Failed("odds_api events: not in the archive", 0)
    key = await shelf.put(REQUEST, b"<html>", FETCHED, None)
    assert await archived.get(REQUEST) == Failed(f"{key}: HTML instead of JSON", 0)


async def test_a_bug_of_a_parser_is_no_failure_of_a_payload(shelf: Shelf) -> None:
    """Only faults are."""

    def broken(_: bytes) -> Parsed[Event]:
        raise LookupError("a bug")

    await shelf.put(REQUEST, b"[]", FETCHED, None)
    with pytest.raises(LookupError, match="a bug"):
        await Archived(shelf).get(replace(REQUEST, endpoint=replace(EVENTS_ENDPOINT, parse=broken)))
