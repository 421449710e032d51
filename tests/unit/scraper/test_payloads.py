"""What is archived of every answer, and payloads from the upstreams or from the archive."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from services.scraper.answer import Answer
from services.scraper.domain.odds import Event
from services.scraper.domain.wire import Parsed
from services.scraper.fetch import Failed, Unchanged
from services.scraper.payloads import Archived, Collected, Online
from services.scraper.shelf import Shelf
from services.scraper.sources.endpoint import Request
from services.scraper.sources.odds_api.events import EVENTS as EVENTS_ENDPOINT
from services.scraper.sources.odds_api.events import parse_events
from shared.basketball.slate import Mode
from shared.errors import Permanent
from shared.raw_archive import FetchRecord, is_answer, newest_answers, read_body, read_record
from tests.unit.scraper import wire
from tests.unit.scraper.fakes import FakeUpstreams
from tests.unit.shared.archive import MemoryArchive

REQUEST = EVENTS_ENDPOINT.request("events", "/v4/events", {"dateFormat": "iso"})
BODY = b'{"a":1}'
DIGEST = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
FETCHED = datetime(2024, 3, 5, 12, 0, 1, 250, tzinfo=UTC)
PUBLISHED = datetime(2024, 3, 5, 6, 30, 0, tzinfo=UTC)
EASTERN = timezone(timedelta(hours=-5))
FOLDER = "raw/fetches/odds_api/2024-03-05/same_day/lines/"
EVENTS = wire.body([wire.event()])


def answer(body: bytes = BODY, status: int = 200, at: datetime = FETCHED, attempt: int = 1, **headers: str) -> Answer:
    return Answer(status, headers, body, len(body), at, PUBLISHED, attempt)


class Heard:
    """Remembers what became of payloads."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        """(unit, key, reason; "" where it was handed over)."""

    def handed(self, request: Request[Any], archive_key: str) -> None:
        self.said.append((request.unit, archive_key, ""))

    def unusable(self, request: Request[Any], archive_key: str, reason: str) -> None:
        self.said.append((request.unit, archive_key, reason))


@pytest.fixture
def archive() -> MemoryArchive:
    return MemoryArchive()


@pytest.fixture
def shelf(archive: MemoryArchive) -> Shelf:
    return Shelf(archive, date(2024, 3, 5), Mode.SAME_DAY, "lines", attempt=2)


@pytest.fixture
def heard() -> Heard:
    return Heard()


async def test_a_body_is_archived_once_and_every_fetch_of_it_is_recorded(shelf: Shelf, archive: MemoryArchive) -> None:
    """By its content; what the records say is all that was asked and answered, but for the key and idle headers."""
    first = await shelf.put(REQUEST, answer(at=FETCHED.astimezone(EASTERN), etag='"e"', server="x"))
    assert first == f"{FOLDER}events/20240305T120001.000250Z_02-01_200_015abd7f5cc5.json"
    second = await shelf.put(REQUEST, answer(at=FETCHED + timedelta(seconds=1), attempt=3))
    body = f"raw/bodies/01/{DIGEST}.json"
    assert set(archive.objects) == {body, first, second}
    assert archive.objects[body] == BODY
    record = await read_record(archive, first)
    assert record == FetchRecord(
        source="odds_api", endpoint="events", unit="events", path="/v4/events", params={"dateFormat": "iso"},
        status=200, headers={"etag": '"e"'}, fetched_at=FETCHED, published_at=PUBLISHED, attempt=1,
        digest=DIGEST, size=7, body=body,
    )  # fmt: skip
    assert await read_body(archive, record) == BODY


async def test_a_body_that_is_there_is_not_written_again(shelf: Shelf, archive: MemoryArchive) -> None:
    """A full archive still takes what costs it nothing."""
    await shelf.put(REQUEST, answer())
    archive.full_for = lambda key: key.startswith("raw/bodies/")
    await shelf.put(REQUEST, answer(attempt=2))
    assert len(archive.objects) == 3


async def test_an_answer_without_a_body_is_a_record_alone(shelf: Shelf, archive: MemoryArchive) -> None:
    """As a 304 or some errors are."""
    key = await shelf.put(REQUEST, answer(b"", 304))
    assert list(archive.objects) == [key] == [f"{FOLDER}events/20240305T120001.000250Z_02-01_304_.json"]
    record = await read_record(archive, key)
    assert (record.body, record.digest, await read_body(archive, record)) == (None, "", b"")


async def test_a_body_has_the_suffix_of_its_endpoint(shelf: Shelf, archive: MemoryArchive) -> None:
    """A report in PDF is a file that opens."""
    await shelf.put(replace(REQUEST, endpoint=replace(EVENTS_ENDPOINT, suffix="pdf")), answer())
    assert f"raw/bodies/01/{DIGEST}.pdf" in archive.objects


async def test_what_is_no_record_is_said_so(archive: MemoryArchive) -> None:
    """With its key."""
    archive.objects["x"] = b"{}"
    with pytest.raises(Permanent, match="x is no record of a fetch"):
        await read_record(archive, "x")


def test_only_a_200_is_an_answer_to_be_loaded() -> None:
    """The newest of each unit; names of another layout are none."""
    keys = ["f/a/1_01-01_200_x.json", "f/a/2_01-01_200_x.json", "f/a/3_01-01_503_x.json", "f/b/1_01-01_404_.json"]
    assert [is_answer(key) for key in keys] == [True, True, False, False]
    assert newest_answers([*keys, "f/c/20240305T110000Z_-_0.json"]) == {"f/a": keys[1]}


async def test_the_units_that_a_source_gave_to_a_step(shelf: Shelf, archive: MemoryArchive, heard: Heard) -> None:
    """Of this source, date, mode and step only; a unit that was only refused is none."""
    for key in (
        f"{FOLDER}events/1_1_200_a.json", f"{FOLDER}events/2_1_200_a.json", f"{FOLDER}0022300900/1_1_200_a.json",
        f"{FOLDER}0022300901/1_1_503_a.json",
        "raw/fetches/espn/2024-03-05/same_day/lines/injuries/1_1_200_a.json",
        "raw/fetches/odds_api/2024-03-05/overnight/lines/x/1_1_200_a.json",
        "raw/fetches/odds_api/2024-03-06/same_day/lines/y/1_1_200_a.json",
        "raw/fetches/odds_api/2024-03-05/same_day/injuries/z/1_1_200_a.json",
    ):  # fmt: skip
        archive.objects[key] = b""
    assert await shelf.units("odds_api") == {"events", "0022300900"}
    held = await Archived(shelf, heard).held()
    assert held == {("odds_api", "events"), ("odds_api", "0022300900"), ("espn", "injuries")}


# --- online ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def upstreams() -> FakeUpstreams:
    return FakeUpstreams(FETCHED)


@pytest.fixture
def online(upstreams: FakeUpstreams, shelf: Shelf, heard: Heard) -> Online:
    return Online(upstreams, shelf, Counter(), heard)


def records(archive: MemoryArchive) -> list[str]:
    return [key for key in sorted(archive.objects) if key.startswith("raw/fetches/")]


async def test_a_payload_is_archived_before_it_is_handed_over(
    online: Online, archive: MemoryArchive, upstreams: FakeUpstreams, heard: Heard
) -> None:
    """With the key of its record, both stamps and the attempts; the account hears of it."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    upstreams.published["odds_api", "events"] = PUBLISHED
    got = await online.get(REQUEST)
    [key] = records(archive)
    assert got == Collected(parse_events(EVENTS), "odds_api", key, FETCHED, PUBLISHED, attempts=1)
    assert heard.said == [("events", key, "")]
    assert online._meter == {"requests": 1}
    assert await online.held() is None
    assert online.archive_failure is None


async def test_a_refusal_is_archived_too(online: Online, archive: MemoryArchive, heard: Heard) -> None:
    """It is handed on, and nothing to be accounted for."""
    assert await online.get(REQUEST) == Failed("odds_api /v4/events: HTTP 403", 1)
    [key] = records(archive)
    assert (await read_record(archive, key)).status == 403
    assert (heard.said, online.archive_failure) == ([], None)


async def test_what_the_parser_refuses_is_archived_first(
    online: Online, archive: MemoryArchive, upstreams: FakeUpstreams, heard: Heard
) -> None:
    """The account hears where it is and why."""
    upstreams.bodies["odds_api", "events"] = b"<html>"
    assert isinstance(await online.get(REQUEST), Failed)
    [key] = records(archive)
    assert heard.said == [("events", key, "HTML instead of JSON")]
    assert await read_body(archive, await read_record(archive, key)) == b"<html>"


@pytest.mark.parametrize("part", ["raw/bodies/", "raw/fetches/"])
async def test_what_could_not_be_archived_has_failed(
    online: Online, archive: MemoryArchive, upstreams: FakeUpstreams, heard: Heard, part: str
) -> None:
    """The failure is kept: the step asks for another try."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    archive.full_for = lambda key: key.startswith(part)
    assert await online.get(REQUEST) == Failed("archive is full: free space", 1)
    assert str(online.archive_failure) == "archive is full: free space"
    assert heard.said == []


async def test_what_has_not_changed_since_is_neither_sent_nor_parsed(
    online: Online, archive: MemoryArchive, upstreams: FakeUpstreams
) -> None:
    """By the validators of the fetch that is named; that nothing has changed is on record, too."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    first = await online.get(REQUEST)
    assert isinstance(first, Collected)
    assert await online.changed(REQUEST, first.archive_key) == Unchanged(FETCHED, 1)
    assert [key.split("_")[-2] for key in records(archive)] == ["200", "304"]
    upstreams.bodies["odds_api", "events"] = b"[]"
    second = await online.changed(REQUEST, first.archive_key)
    assert isinstance(second, Collected)
    assert second.parsed.seen == 0


@pytest.mark.parametrize(
    ("headers", "conditions"),
    [
        ({}, {}),
        ({"etag": 'W/"1"'}, {"If-None-Match": 'W/"1"'}),
        ({"last-modified": "Mon"}, {"If-Modified-Since": "Mon"}),
        ({"etag": '"1"', "last-modified": "Mon"}, {"If-None-Match": '"1"', "If-Modified-Since": "Mon"}),
    ],
)
async def test_the_conditions_are_what_the_fetch_was_answered_with(
    online: Online, shelf: Shelf, upstreams: FakeUpstreams, headers: dict[str, str], conditions: dict[str, str]
) -> None:
    """Without a fetch, a record of it, or its validators there are none."""
    upstreams.bodies["odds_api", "events"] = EVENTS
    key = await shelf.put(REQUEST, replace(answer(), headers=headers))
    for since in (key, None, "raw/fetches/lost"):
        await online.changed(REQUEST, since)
    assert [asked.conditions for asked in upstreams.asked] == [conditions, {}, {}]


# --- archived -------------------------------------------------------------------------------------------------------


async def test_an_archived_payload_is_as_it_was_collected(shelf: Shelf, heard: Heard) -> None:
    """The newest one, with the stamps of its record; no attempt was made, and nothing is newer than what is there."""
    await shelf.put(REQUEST, answer(b"[]", at=FETCHED - timedelta(hours=1), attempt=4))
    key = await shelf.put(REQUEST, answer(EVENTS))
    await shelf.put(REQUEST, answer(b"gone", 404, FETCHED + timedelta(hours=1)))
    collected = Collected(parse_events(EVENTS), "odds_api", key, FETCHED, PUBLISHED, attempts=0)
    archived = Archived(shelf, heard)
    assert await archived.get(REQUEST) == collected
    assert heard.said == [("events", key, "")]
    assert await archived.changed(REQUEST, key) == collected


async def test_the_newest_payload_that_can_be_parsed_counts(shelf: Shelf, heard: Heard) -> None:
    """What is newer is refused: HTML, and an empty answer that was not yet to be believed."""
    good = await shelf.put(REQUEST, answer(EVENTS))
    page = await shelf.put(REQUEST, answer(b"<html>", at=FETCHED + timedelta(hours=1)))
    empty = await shelf.put(REQUEST, answer(b"[]", at=FETCHED + timedelta(hours=2), attempt=3))
    got = await Archived(shelf, heard).get(REQUEST)
    assert isinstance(got, Collected)
    assert got.archive_key == good
    assert heard.said == [
        ("events", empty, "an empty answer"), ("events", page, "HTML instead of JSON"), ("events", good, ""),
    ]  # fmt: skip


async def test_what_is_not_archived_or_cannot_be_read_has_failed(
    shelf: Shelf, archive: MemoryArchive, heard: Heard
) -> None:
    """Without an attempt; the reason is that of the newest answer."""
    archived = Archived(shelf, heard)
    assert await archived.get(REQUEST) == Failed("odds_api events: not in the archive", 0)
    refused = await shelf.put(REQUEST, answer(b"no", 403, FETCHED + timedelta(hours=1)))
    assert await archived.get(REQUEST) == Failed(f"{refused}: HTTP 403", 0)
    key = await shelf.put(REQUEST, answer(b"<html>"))
    assert await archived.get(REQUEST) == Failed(f"{key}: HTML instead of JSON", 0)
    for body in [key for key in archive.objects if key.startswith("raw/bodies/")]:
        del archive.objects[body]
    got = await archived.get(REQUEST)
    assert isinstance(got, Failed)
    assert "no object raw/bodies/" in got.reason


async def test_a_bug_of_a_parser_is_no_failure_of_a_payload(shelf: Shelf, heard: Heard) -> None:
    """Only faults are."""

    def broken(_: bytes) -> Parsed[Event]:
        raise LookupError("a bug")

    await shelf.put(REQUEST, answer(b"[]"))
    with pytest.raises(LookupError, match="a bug"):
        await Archived(shelf, heard).get(replace(REQUEST, endpoint=replace(EVENTS_ENDPOINT, parse=broken)))


async def test_the_archive_says_when_it_was_asked_for(shelf: Shelf, heard: Heard, online: Online) -> None:
    """Names that go by the time are those of then; where it is asked for now, nothing is said."""
    archived = Archived(shelf, heard)
    assert await archived.asked_at() is None
    for minutes in (0, 5, 3):
        await shelf.put(REQUEST, answer(at=FETCHED + timedelta(minutes=minutes)))
    assert await archived.asked_at() == FETCHED + timedelta(minutes=5)
    assert await online.asked_at() is None
