"""The official injury report: what is in it when, and that it reads like the real one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack.history import History
from devstack.league import generate
from devstack.upstream.distortions import poisoned_pdf, renamed_pdf
from devstack.upstream.espn import InjuryFeed
from devstack.upstream.injury_report import InjuryReports, name_at, published_at
from devstack.upstream.injury_report_pdf import Line, draw
from devstack.upstream.wire import nba_name, plain, split_name
from shared.basketball.identity import TEAMS
from shared.basketball.slate import EASTERN, eastern_date, eastern_instant
from tests.unit.devstack.tiny import FIRST, SECOND_TIP, TIP, absent, event, tiny

LEAGUE = generate(days=20)
REPORTS, FEED = InjuryReports(LEAGUE), InjuryFeed(LEAGUE)
EARLY = timedelta(seconds=1)
nows = st.datetimes(datetime(2024, 10, 21), datetime(2024, 11, 8), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def words(body: bytes) -> list[list[tuple[float, float, str]]]:
    """(left, top, text) of every piece of text, page by page."""
    pdfium = pytest.importorskip("pypdfium2", reason="comes with the scraper's reader of these reports")
    document = pdfium.PdfDocument(body)
    pages = []
    for page in document:
        text, height = page.get_textpage(), page.get_height()
        pieces = []
        for number in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(number)
            pieces.append((left, height - top, text.get_text_bounded(left, bottom, right, top).strip()))
        pages.append(pieces)
    return pages


def column(pages: list[list[tuple[float, float, str]]], left: float, right: float) -> str:
    """The text between two x, without the band and the footer."""
    found: Iterator[str] = (
        text
        for page in pages
        for x, y, text in sorted(page, key=lambda one: one[1])
        if left <= x < right and 76 < y < 535
    )
    return " ".join(found)


@given(nows)
def test_report_has_espns_entries_of_the_teams_that_submitted(now: datetime) -> None:
    """A team of today or tomorrow has its entries of the same instant's feed, or NOT YET SUBMITTED, never both."""
    entries, today = FEED.entries(now), eastern_date(now)
    lines = list(REPORTS.lines(now))
    games = [game for day in (today, today + timedelta(days=1)) for game in LEAGUE.on(day)]
    assert {line.date for line in lines} <= {f"{game.game_date:%m/%d/%Y}" for game in games}
    for game in games:
        for tricode in (game.away, game.home):
            of_team = [
                line
                for line in lines
                if line.team == nba_name(TEAMS[tricode]) and line.date == f"{game.game_date:%m/%d/%Y}"
            ]
            if any(line.reason == "NOT YET SUBMITTED" for line in of_team):
                assert len(of_team) == 1
                assert now < eastern_instant(game.game_date, time(13))
                continue
            own = [entry for entry in entries.values() if entry["team"] == tricode]
            names = [split_name(plain(entry["name"])) for entry in own]
            assert {line.player for line in of_team} == {f"{last}, {first}" for first, last in names}
            statuses = sorted("Out" if entry["status"] == "Out" else "Questionable" for entry in own)
            assert sorted(line.status for line in of_team) == statuses
            assert all(line.matchup == f"{game.away}@{game.home}" for line in of_team)


@given(nows)
def test_no_report_is_there_before_its_instant(now: datetime) -> None:
    """The latest report is there; one that is not published yet is 403."""
    latest = published_at(name_at(now))
    assert latest is not None
    assert now - timedelta(hours=2) < latest <= now  # where the clocks go back, 01AM is the first of two
    following = name_at(latest + timedelta(hours=2))
    assert REPORTS.answer(following, now).status == 403
    if LEAGUE.on(eastern_date(latest)):
        assert REPORTS.answer(name_at(now), now).status == 200


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("Injury-Report_2024-01-04_12PM.pdf", "2024-01-04 12:30"),
        ("Injury-Report_2024-01-04_12AM.pdf", "2024-01-04 00:30"),
        ("Injury-Report_2025-12-22_05PM.pdf", "2025-12-22 17:30"),
        ("Injury-Report_2025-12-22_05_45PM.pdf", "2025-12-22 17:45"),
        ("Injury-Report_2026-01-13_12_00AM.pdf", "2026-01-13 00:00"),
        ("Injury-Report_2025-12-23_05PM.pdf", None),
        ("Injury-Report_2025-12-21_05_30PM.pdf", None),
        ("Injury-Report_2024-01-04_13PM.pdf", None),
        ("Injury-Report_2026-01-13_05_40PM.pdf", None),
        ("Injury-Report_2024-02-30_05PM.pdf", None),
        ("Injury-Report.pdf", None),
    ],
)
def test_names_say_when(name: str, local: str | None) -> None:
    """By the hour, published at half past, until late in 2025; by the quarter of an hour since."""
    instant = published_at(name)
    assert (None if instant is None else f"{instant.astimezone(EASTERN):%Y-%m-%d %H:%M}") == local
    if instant is not None and "2025-12-22" not in name:
        assert name_at(instant) == name


def test_teams_submit_the_evening_before_or_at_noon_of_the_second_night() -> None:
    """17:00 of the day before, 13:00 of the day for a team that plays on the day before."""
    history = tiny(
        injuries=[event(date(2024, 10, 28), 1, "relinquished", note="placed on IL with sprained left ankle")]
    )
    reports = InjuryReports(history)

    def boston(now: datetime, day: str) -> list[tuple[str, str, str]]:
        lines = [line for line in reports.lines(now) if line.team == "Boston Celtics" and line.date == day]
        return [(line.player, line.status, line.reason) for line in lines]

    missing, his = [("", "", "NOT YET SUBMITTED")], [("1, Player", "Out", "Injury/Illness - Left Ankle; Sprain")]
    eve = eastern_instant(date(2024, 10, 31)) + timedelta(hours=17)
    assert boston(eve - EARLY, "11/01/2024") == missing
    assert boston(eve, "11/01/2024") == his
    second_night = eastern_instant(date(2024, 11, 2)) + timedelta(hours=13)
    assert boston(second_night - EARLY, "11/02/2024") == missing
    assert boston(second_night, "11/02/2024") == []  # he has played on the first of November
    assert list(reports.lines(SECOND_TIP + timedelta(days=9))) == []


def test_inactive_list_is_in_the_report_half_an_hour_before_tip() -> None:
    """Who is inactive tonight is Out from 30 minutes before his game."""
    history = tiny(availability=[absent(FIRST, 4, "Di Four", "inactive"), absent(FIRST, 5, "Ed Five", "dnp_coach")])
    reports = InjuryReports(history)
    half_past = TIP - timedelta(minutes=30)
    assert [line.player for line in reports.lines(half_past - EARLY) if line.player] == []
    assert [(line.player, line.reason) for line in reports.lines(half_past) if line.player] == [
        ("Four, Di", "G League - Two-Way")
    ]


EDGES = (0.0, 115.0, 196.0, 260.0, 421.0, 581.0, 662.0, 842.0)
"""Between the columns."""


def written(cell: list[tuple[float, float, str]]) -> str:
    """The words of a cell in reading order; tops within a line differ by a few points."""
    top = min((y for y, _, _ in cell), default=0.0)
    return " ".join(text for _, _, text in sorted((round((y - top) / 12), x, text) for y, x, text in cell))


def read(pages: list[list[tuple[float, float, str]]]) -> list[Line]:
    """The lines of a report: each has a status, or was not submitted; what is blank is as above."""
    lines: list[Line] = []
    for page in pages:
        inside = [one for one in page if 76 < one[1] < 535 and one[2]]
        anchors = [y for x, y, text in inside if text.startswith("SUBMITTED") or (EDGES[5] <= x < EDGES[6] and y > 120)]
        anchors += [y for _, y, text in inside if "NOT YET" in text and "SUBMITTED" in text]
        rows: dict[float, list[list[tuple[float, float, str]]]] = {
            y: [[] for _ in EDGES[1:]] for y in sorted(set(anchors))
        }
        for x, y, text in inside:
            nearest = min(rows, key=lambda anchor: abs(anchor - y))
            if abs(nearest - y) < 16 and text not in HEADINGS:
                rows[nearest][sum(x >= edge for edge in EDGES[1:])].append((y, x, text))
        for row in rows.values():
            cells = [written(cell) for cell in row]
            above = lines[-1] if lines else Line(*[""] * 7)
            lines.append(Line(*(cells[n] if cells[n] or n > 3 else above[n] for n in range(7))))
    return lines


HEADINGS = {"Game", "Date", "Time", "Matchup", "Team", "Player", "Name", "Current", "Status", "Reason"}


def test_report_reads_like_the_real_one(shared_payloads: Path) -> None:
    """The recorded report's lines, drawn by us, have the same text in the same columns on as many pages."""
    (file,) = (shared_payloads / "nba" / "injury_report").glob("*.pdf")
    real = words(file.read_bytes())
    lines = read(real)
    assert len(lines) > 40
    assert {line.date for line in lines} == {"01/04/2024", "01/05/2024"}
    ours = words(draw(datetime(2024, 1, 4, 12, 30, tzinfo=EASTERN), lines))
    assert len(ours) == len(real) == 3
    assert read(ours) == lines
    for left, right in pairwise(EDGES):
        assert sorted(column(ours, left, right).split()) == sorted(column(real, left, right).split())
    titles = [[" ".join(text for _, y, text in page if y < 76 or y > 535) for page in pages] for pages in (ours, real)]
    assert titles[0] == titles[1]


def test_a_day_without_games_has_no_report() -> None:
    """403 where neither that day nor the next has games; where all are healthy the report is an empty table."""
    reports = InjuryReports(tiny(injuries=[], availability=[]))
    alone = eastern_instant(date(2024, 11, 2)) + timedelta(hours=20)
    assert list(reports.lines(alone)) == []
    assert reports.answer("Injury-Report_2024-11-02_07PM.pdf", alone).status == 200
    assert reports.answer("Injury-Report_2024-11-05_07PM.pdf", alone + timedelta(days=9)).status == 403


def test_a_distorted_report_is_a_sound_file() -> None:
    """Its columns have other names, or one entry a status that is none; everything else reads as before."""
    lines = [Line("11/20/2024", "07:30 (ET)", "DAL@CLE", "Dallas Mavericks", f"{n}, A", "Out", "N/a") for n in range(3)]
    true = draw(datetime(2024, 11, 20, 12, 30, tzinfo=EASTERN), lines)
    assert read(words(true)) == lines
    (named,) = words(renamed_pdf(true))
    assert {text for _, _, text in words(true)[0]} ^ {text for _, _, text in named} == {"Player Name", "Sportswoman"}
    for picked in range(4):
        statuses = [line.status for line in read(words(poisoned_pdf(true, picked)))]
        assert statuses == ["???" if n == picked % 3 else "Out" for n in range(3)]
    assert poisoned_pdf(b"%PDF nobody", 5) == b"%PDF nobody"


def test_same_report_is_the_same_file(league: History) -> None:
    """Its bytes depend on what it says alone; it is drawn once."""
    noon = datetime(2024, 11, 20, 17, 30, tzinfo=UTC)
    name = name_at(noon)
    reports = InjuryReports(league)
    first = reports.answer(name, noon)
    assert reports.answer(name, noon + timedelta(days=3)).body is first.body
    assert InjuryReports(league).answer(name, noon).body == first.body
    assert first.content_type == "application/pdf"
    assert first.headers["Last-Modified"] == "Wed, 20 Nov 2024 17:30:00 GMT"
