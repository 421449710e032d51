"""The official injury report, drawn by hand as the NBA draws it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.scraper.domain.people import STATUSES, Injury, Status
from services.scraper.domain.wire import Fault, Parsed, Refusal
from services.scraper.sources.endpoint import Need
from services.scraper.sources.nba_official.injury_report import newest, parse_report
from tests.unit.scraper import pdf

REPORTED = datetime(2024, 2, 22, 22, 30, tzinfo=UTC)
FIRST: pdf.Row = (
    "02/22/2024", "07:30 (ET)", "BOS@NYK", "Boston Celtics", "Doe, Jo", "Out", "Injury/Illness - Left Knee; Sprain",
)  # fmt: skip
DAY = date(2024, 2, 22)


def _report(*rows: pdf.Row) -> Parsed[Injury]:
    return parse_report(pdf.document([pdf.page(rows)]))


def _injury(name: str, team: str, status: Status, reason: str | None) -> Injury:
    return Injury(name, team, status, None, None, reason, game_date=DAY)


def test_a_report_says_who_is_listed_and_for_which_teams_it_speaks() -> None:
    """What is written once holds for the rows below; names are turned; the title is Eastern time."""
    parsed = _report(
        FIRST,
        ("Duke Jr., David", "Questionable", "G League - Two-Way"),
        ("New York Knicks", "", "", "NOT YET SUBMITTED"),
        ("10:00 (ET)", "DEN@LAC", "Denver Nuggets", "Payton II, Gary", "Probable", "Rest"),
        ("LA Clippers", "Nene", "Doubtful", ""),
        ("02/23/2024", "07:00 (ET)", "DEN@SAS", "Denver Nuggets", "", "", "NOT YET SUBMITTED"),
        ("San Antonio Spurs", "", "", "NOT YET SUBMITTED"),
    )
    assert parsed == Parsed(
        (
            _injury("Jo Doe", "BOS", "Out", "Injury/Illness - Left Knee; Sprain"),
            _injury("David Duke Jr.", "BOS", "Questionable", "G League - Two-Way"),
            _injury("Gary Payton II", "DEN", "Probable", "Rest"),
            _injury("Nene", "LAC", "Doubtful", None),
        ),
        refused=(),
        seen=7,
        stamp=REPORTED,
        covers=frozenset({(DAY, "BOS"), (DAY, "DEN"), (DAY, "LAC")}),
    )


def test_a_team_without_anybody_to_list_is_covered() -> None:
    """Whether it is written without a player, or not at all beside its opponent."""
    for rows in ([FIRST], [FIRST, ("New York Knicks", "", "", "")]):
        parsed = _report(*rows)
        assert [injury.player_name for injury in parsed.records] == ["Jo Doe"]
        assert parsed.covers == frozenset({(DAY, "BOS"), (DAY, "NYK")})


@pytest.mark.parametrize("ruled", "NYK")
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_reason_of_several_lines_stays_with_its_player(lines: int, *, ruled: bool) -> None:
    """With the lines between the rows, and without."""
    reasons = [tuple(f"{letter}{number}" for number in range(lines)) for letter in "abc"]
    rows = [(*FIRST[:6], reasons[0]), ("Poe, Ed", "Out", reasons[1]), ("Roe, Al", "Out", reasons[2])]
    texts = pdf.page(rows)
    tops = [458 - row * (22 + 12 * (lines - 1)) + 14 for row in range(4)]
    parsed = parse_report(pdf.document([texts], [tops] if ruled else [], packed=True))
    assert [injury.reason for injury in parsed.records] == [" ".join(reason) for reason in reasons]


def test_a_reason_under_the_top_of_its_row_is_told_by_the_lines_between() -> None:
    """Where text begins at the top of a row, its third line is nearer to the next row than to its own."""
    texts = [*pdf.page([FIRST]), (667.9, 446, "b"), (667.9, 434, "c"), *pdf.page([("Poe, Ed", "Out", "d")])[8:]]
    texts = [*texts[:-3], *((x, y - 36, text) for x, y, text in texts[-3:])]
    parsed = parse_report(pdf.document([texts], [[470, 430, 410]]))
    assert [injury.reason for injury in parsed.records] == ["Injury/Illness - Left Knee; Sprain b c", "d"]


def test_pages_continue_each_other() -> None:
    """The header is on the first only; what is written once holds over the page; so does a reason that goes on."""
    first = pdf.page([(*FIRST[:6], ("Right Ankle;",))], foot="Page 1 of 2")
    second = pdf.page([("Poe, Ed", "Out", "Rest")], header=None, foot="Page 2 of 2")
    parsed = parse_report(pdf.document([first, [*second, (667.9, 480, "Sprain")]], [[], [470]]))
    assert [(injury.player_name, injury.reason) for injury in parsed.records] == [
        ("Jo Doe", "Right Ankle; Sprain"), ("Ed Poe", "Rest"),
    ]  # fmt: skip


def test_a_word_that_is_parted_at_its_hyphen_is_one() -> None:
    """But a dash between words keeps its spaces."""
    [injury] = _report((*FIRST[:6], ("G League - Two-", "Way -", "Here"))).records
    assert injury.reason == "G League - Two-Way - Here"


def test_a_report_without_spaces_is_read() -> None:
    """Some are written so: teams, header, suffixes and who has not submitted are told all the same."""
    rows = (
        ("02/22/2024", "07:30(ET)", "BOS@NYK", "BostonCeltics", "DukeJr.,David", "Out", "Rest"),
        ("NewYorkKnicks", "", "", "NOTYETSUBMITTED"),
    )
    header = tuple(name.replace(" ", "") for name in pdf.HEADER)
    texts = pdf.page(rows, header=header)
    texts[0] = (290, 530, "InjuryReport:02/22/2405:30PM")
    parsed = parse_report(pdf.document([texts]))
    assert (parsed.records, parsed.covers) == (
        (_injury("David Duke Jr.", "BOS", "Out", "Rest"),),
        frozenset({(DAY, "BOS")}),
    )


@pytest.mark.parametrize(
    ("row", "refusal", "covers"),
    [
        (
            ("Poe, Ed", "Unsure", "Rest"),
            Refusal("Poe, Ed", f"status 'Unsure' is none of {', '.join(STATUSES)}, nor known to mean one"),
            "NYK",
        ),
        (("", "Out", "Rest"), Refusal("Boston Celtics", "has no name"), "NYK"),
        (
            ("Miami Heat", "Poe, Ed", "Out", "Rest"),
            Refusal("Poe, Ed", "team 'Miami Heat' does not play BOS@NYK"),
            "",
        ),
        (
            ("REA@MIL", "Real Madrid", "Poe, Ed", "Out", "Rest"),
            Refusal("Poe, Ed", "REA@MIL is no game of the NBA's"),
            "BOS NYK",
        ),
        (
            ("BOS at NYK", "Boston Celtics", "Poe, Ed", "Out", "Rest"),
            Refusal("Poe, Ed", "game '02/22/2024' 'BOS at NYK' is no date and matchup"),
            "",
        ),
        (
            ("02/30/2024", "07:30 (ET)", "BOS@NYK", "Boston Celtics", "Poe, Ed", "Out", "Rest"),
            Refusal("Poe, Ed", "game date '02/30/2024' is no date"),
            "",
        ),
    ],
)
def test_a_row_that_cannot_be_read_costs_no_other_and_its_team_is_not_covered(
    row: pdf.Row, refusal: Refusal, covers: str
) -> None:
    """Whoever it is about may be hurt: of a row of nowhere, he may be anybody's."""
    parsed = _report(FIRST, row)
    assert parsed.refused == (refusal,)
    assert parsed.covers == frozenset((DAY, team) for team in covers.split())
    assert [injury.player_name for injury in parsed.records] == ["Jo Doe"]


def test_a_day_without_games_is_an_empty_report() -> None:
    """The header and nothing under it."""
    assert _report() == Parsed((), (), 0, REPORTED, frozenset())


def _text(*lines: str) -> list[pdf.Text]:
    return [(72, 500 - 20 * number, line) for number, line in enumerate(lines)]


GOOD = pdf.document([pdf.page([FIRST])], packed=True)
OTHER_COLUMNS = pdf.page([FIRST], header=(*pdf.HEADER[:5], "Previous Status", "Reason"))


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", "malformed", "not a PDF"),
        (b'{"injuries": []}', "malformed", "not a PDF"),
        (b" <html>Forbidden</html>", "html", "HTML instead of a PDF"),
        (GOOD[: len(GOOD) // 2], "truncated", "bytes of a PDF without its end"),
        (GOOD + b" " * 4_000_000, "malformed", "bytes: a report has at most 4000000"),
        (b"%PDF-1.4\nnothing\n%%EOF", "malformed", "a damaged PDF: Failed to load document"),
        (pdf.document([pdf.page([FIRST])], trailer="/Encrypt << /V 1 >> "), "malformed", "the PDF is encrypted"),
        (pdf.document([[]] * 1000), "malformed", "1000 pages: a report has at most 40"),
        (
            pdf.document([[(72, 8 * line, "il" * 150) for line in range(74)]]),
            "malformed",
            "characters: a report's has 20000",
        ),
        (pdf.document([[]], [range(6000)]), "malformed", "shapes: a report's has 5000"),
        (pdf.document([_text("x" * 17_000_000)], packed=True), "malformed", "has more than 16000000 bytes"),
        (pdf.document([_text("Gamebook")]), "malformed", "no line says Injury Report with its date and time"),
        (pdf.document([_text("Injury Report: 13/22/24 05:30 PM")]), "malformed", "its time is injuryreport:13/22/24"),
        (pdf.document([_text(f"Injury Report: {pdf.STAMP}")]), "malformed", "no table of injuries: no line says Game"),
        (pdf.document([OTHER_COLUMNS]), "malformed", "another table: no column Current Status"),
        (
            pdf.document([pdf.page([FIRST], header=(*pdf.HEADER[:6], "Injury"))]),
            "malformed",
            "another table: no column Reason",
        ),
        (
            pdf.document([[*pdf.page([FIRST]), (760, 480, "Physician")]]),
            "malformed",
            "another table: a column physician",
        ),
        (
            pdf.document([pdf.page([FIRST], foot="Page 1 of 3"), pdf.page([], header=None, foot="Page 2 of 3")]),
            "truncated",
            "2 pages, numbered 1 of 3, 2 of 3",
        ),
        (
            pdf.document([pdf.page([FIRST], foot="Page 1 of 2"), []]),
            "truncated",
            "2 pages, numbered 1 of 2",
        ),
    ],
)
def test_what_is_no_injury_report_is_a_fault(body: bytes, kind: str, message: str) -> None:
    """Another file, half of one, another layout, encrypted, far too large: it is asked for again, with the reason."""
    with pytest.raises(Fault) as raised:
        parse_report(body)
    assert raised.value.kind == kind
    assert message in str(raised.value)


def test_no_row_is_lost_by_a_byte_that_changed() -> None:
    """A damaged report is refused whole, or read whole."""
    good, damaged = parse_report(GOOD), 0
    for place in range(0, len(GOOD), 7):
        try:
            parsed = parse_report(GOOD[:place] + bytes([GOOD[place] ^ 0x15]) + GOOD[place + 1 :])
        except Fault:
            damaged += 1
        else:
            assert parsed == good
    assert damaged > 20


NOON = datetime(2024, 2, 22, 17, 40, tzinfo=UTC)


def _names(now: datetime) -> list[str]:
    requests = newest(Need(season="", days=(), teams=(), now=now))
    assert all(request.path == f"/referee/injury/Injury-Report_{request.unit}.pdf" for request in requests)
    return [request.unit for request in requests]


def test_the_newest_report_is_asked_for_first() -> None:
    """The hour's says how things stood half past, in Eastern time; none that is yet to come; a day back."""
    assert _names(NOON)[:2] == ["2024-02-22_12PM", "2024-02-22_11AM"]
    assert _names(NOON - timedelta(minutes=11))[0] == "2024-02-22_11AM"
    assert (len(_names(NOON)), _names(NOON)[-1]) == (24, "2024-02-21_01PM")
    assert _names(datetime(2024, 7, 1, 4, 30, tzinfo=UTC))[:2] == ["2024-07-01_12AM", "2024-06-30_11PM"]


def test_since_the_end_of_2025_there_is_a_report_every_quarter_of_an_hour() -> None:
    """Of the last two hours all are asked for, of the rest of the day the full hours'; on its first day both names."""
    names = _names(datetime(2026, 1, 5, 22, 7, tzinfo=UTC))
    assert names[:3] == ["2026-01-05_05_00PM", "2026-01-05_04_45PM", "2026-01-05_04_30PM"]
    assert names[7:10] == ["2026-01-05_03_15PM", "2026-01-05_03_00PM", "2026-01-05_02_00PM"]
    assert len(names) == 30
    assert _names(datetime(2025, 12, 22, 22, 31, tzinfo=UTC))[:2] == ["2025-12-22_05_30PM", "2025-12-22_05PM"]
