"""The official injury report as a PDF, laid out as the real one: landscape A4, seven columns, blank where repeated."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fpdf import FPDF


class Line(NamedTuple):
    """A line of the report, in full."""

    date: str
    time: str
    matchup: str
    team: str
    player: str
    status: str
    reason: str


_HEADINGS = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
_LEFT = (19.1, 115.6, 196.0, 260.2, 421.0, 581.7, 662.1)
"""Left edges of the columns, in points."""
_RIGHT = 822.8
_BLUE, _GREY = (29, 66, 138), (245, 247, 247)
_PADDING, _SIZE, _LEADING = 5.3, 9.0, 14.4
_TOP, _BOTTOM, _ROW = 78.0, 516.0, 22.0
_HEADING_ROW = 21.3
_CAN_BE_BLANK = 4
"""The first four columns are left blank where they repeat the line above, on a new page too."""


def draw(instant: datetime, lines: Sequence[Line]) -> bytes:
    """The report of an Eastern instant."""
    from fpdf import FPDF  # noqa: PLC0415 - takes a while, and most replays ask for no report

    pdf = FPDF(orientation="landscape", unit="pt", format="A4")
    pdf.set_creation_date(instant)
    pdf.set_compression(False)  # distorted reports are made from the bytes
    pdf.set_auto_page_break(auto=False)
    pdf.set_font("Helvetica", size=_SIZE)
    pages = list(_pages(pdf, lines))
    above = Line(*[""] * len(_LEFT))
    for number, page in enumerate(pages, start=1):
        pdf.add_page()
        _frame(pdf, f"Injury Report: {instant:%m/%d/%y %I:%M %p}", f"Page {number} of {len(pages)}")
        top = _TOP
        if number == 1:
            top = _headings(pdf)
        for line, reason in page:
            _row(pdf, top, line, above, reason)
            top += _height(reason)
            above = line
    return bytes(pdf.output())


def _pages(pdf: "FPDF", lines: Sequence[Line]) -> Iterator[list[tuple[Line, list[str]]]]:
    """The lines of each page, each with its reason broken into what fits its column."""
    page: list[tuple[Line, list[str]]] = []
    top = _TOP + _HEADING_ROW + _ROW
    for line in lines:
        reason = _broken(pdf, line.reason, _RIGHT - _LEFT[-1] - 2 * _PADDING)
        if top + _height(reason) > _BOTTOM:
            yield page
            page, top = [], _TOP
        page.append((line, reason))
        top += _height(reason)
    yield page


def _broken(pdf: "FPDF", text: str, width: float) -> list[str]:
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and pdf.get_string_width(longer) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


def _height(reason: Sequence[str]) -> float:
    return _ROW + _LEADING * (len(reason) - 1)


def _frame(pdf: "FPDF", title: str, footer: str) -> None:
    """The band with the title, and the number of the page."""
    pdf.set_fill_color(*_BLUE)
    pdf.rect(0.0, 35.4, pdf.w, 40.0, style="F")
    pdf.set_font("Helvetica", "B", 22.0)
    pdf.set_text_color(255, 255, 255)
    pdf.text((pdf.w - pdf.get_string_width(title)) / 2, 62.0, title)
    pdf.set_text_color(0, 0, 0)
    pdf.set_font("Helvetica", size=_SIZE)
    pdf.text((pdf.w - pdf.get_string_width(footer)) / 2, 545.5, footer)


def _headings(pdf: "FPDF") -> float:
    """The columns' names, on the first page only; where the rows begin."""
    top = _TOP + _ROW
    pdf.set_fill_color(*_GREY)
    pdf.rect(_LEFT[0], top, _RIGHT - _LEFT[0], _HEADING_ROW, style="F")
    pdf.set_font("Helvetica", "B", 10.0)
    for left, heading in zip(_LEFT, _HEADINGS, strict=True):
        pdf.text(left + _PADDING - 1.0, top + 15.0, heading)
    pdf.set_font("Helvetica", size=_SIZE)
    return top + _HEADING_ROW


def _row(pdf: "FPDF", top: float, line: Line, above: Line, reason: Sequence[str]) -> None:
    """A line: a new date, time, matchup or team is written with all that follows it, under a rule across them."""
    height = _height(reason)
    changed = next((n for n in range(_CAN_BE_BLANK) if line[n] != above[n]), _CAN_BE_BLANK)
    pdf.set_draw_color(120, 120, 120)
    pdf.line(_LEFT[changed], top, _RIGHT, top)
    middle = top + height / 2 + 3.0
    for column in range(changed, len(_LEFT) - 1):
        if line[column]:
            pdf.text(_LEFT[column] + _PADDING, middle, line[column])
    first = middle - _LEADING * (len(reason) - 1) / 2
    for number, part in enumerate(reason):
        pdf.text(_LEFT[-1] + _PADDING, first + number * _LEADING, part)
