"""Reading a PDF: the words of each page with their places, and the lines between its rows."""

import re
import threading
import zlib
from base64 import a85decode
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from services.scraper.domain.wire import Fault

MAX_BYTES = 4_000_000
MAX_PAGES = 40
MAX_CHARS = 20_000
"""Of a page. A report has 70 kB, up to 12 pages and 2,000 characters on each."""
MAX_STREAM = 16_000_000
"""Bytes of a stream when unpacked: a font, a page."""
MAX_SHAPES = 5_000
"""Lines and fills of a page; a report's has 100."""
_STREAM = re.compile(rb"(/ASCII85Decode\s*)?/FlateDecode[^>]{0,300}>>\s*stream\r?\n(.*?)endstream", re.DOTALL)
_PDFIUM = threading.Lock()
"""PDFium may be used by one thread at a time, and payloads are parsed in several."""
_HYPHENS = (0x2, 0xFFFE)
"""What PDFium makes of a hyphen at the end of a line."""
_SAME_LINE = 2.0
"""Points that two characters of a line may differ in height."""


@dataclass(frozen=True, slots=True)
class Word:
    """Letters without a space between them; points, y upwards."""

    text: str
    x: float
    """Its left end."""
    y: float
    """The middle of its line."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is written on a page."""

    words: tuple[Word, ...]
    """In the document's order."""
    edges: tuple[float, ...]
    """Heights of horizontal lines and edges, from below."""


def pages(body: bytes) -> tuple[Page, ...]:
    """The pages of a PDF.

    Raises:
        Fault: not a PDF, cut off, encrypted, damaged, or larger than a report can be.
    """
    if b"%PDF-" not in body[:1024]:
        html = body.lstrip()[:1] == b"<"
        raise Fault("html" if html else "malformed", "HTML instead of a PDF" if html else "not a PDF")
    if len(body) > MAX_BYTES:
        raise Fault("malformed", f"{len(body)} bytes: a report has at most {MAX_BYTES}")
    if b"%%EOF" not in body[-1024:]:
        raise Fault("truncated", f"{len(body)} bytes of a PDF without its end")
    if b"/Encrypt" in body:
        raise Fault("malformed", "the PDF is encrypted")
    _check_streams(body)
    with _PDFIUM:
        return _pages(body)


def _check_streams(body: bytes) -> None:
    """PDFium shows what it can of a damaged stream, so that rows would be missing, and unpacks whatever its size."""
    for match in _STREAM.finditer(body):
        packed = zlib.decompressobj()
        try:
            packed.decompress(a85decode(match[2].partition(b"~>")[0]) if match[1] else match[2], MAX_STREAM)
        except (zlib.error, ValueError):
            raise Fault("malformed", f"a damaged PDF: the stream at byte {match.start()} cannot be unpacked") from None
        if packed.unconsumed_tail:
            raise Fault("malformed", f"the stream at byte {match.start()} has more than {MAX_STREAM} bytes")
        if not packed.eof:
            raise Fault("malformed", f"a damaged PDF: the stream at byte {match.start()} ends early")


def _pages(body: bytes) -> tuple[Page, ...]:
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        raise Fault("malformed", f"a damaged PDF: {error}") from None
    # Closed here, under the lock, and not whenever the garbage collector comes by.
    try:
        if len(document) > MAX_PAGES:
            raise Fault("malformed", f"{len(document)} pages: a report has at most {MAX_PAGES}")
        return tuple(_page(document, number) for number in range(len(document)))
    except pypdfium2.PdfiumError as error:
        raise Fault("malformed", f"a damaged PDF: {error}") from None
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int) -> Page:
    page = document[number]
    try:
        text = page.get_textpage()
        try:
            count = text.count_chars()
            if count > MAX_CHARS:
                raise Fault("malformed", f"page {number + 1} has {count} characters: a report's has {MAX_CHARS}")
            words = tuple(_words(text, count))
        finally:
            text.close()
        shapes = raw.FPDFPage_CountObjects(page)
        if shapes > MAX_SHAPES:
            raise Fault("malformed", f"page {number + 1} has {shapes} shapes: a report's has {MAX_SHAPES}")
        return Page(words, tuple(sorted(set(_edges(page)))))
    finally:
        page.close()


def _words(text: pypdfium2.PdfTextPage, count: int) -> Iterator[Word]:
    letters: list[str] = []
    start = middle = end = 0.0
    for index in range(count):
        letter = _letter(raw.FPDFText_GetUnicode(text, index))
        left, bottom, right, top = text.get_charbox(index, loose=True)
        height, size = (bottom + top) / 2, top - bottom
        # Also where no space is written: a leap within the line, or another line.
        apart = abs(height - middle) > _SAME_LINE or not end - size / 2 < left < end + size / 2
        if letters and (not letter or apart):
            yield Word("".join(letters), start, middle)
            letters = []
        if letter:
            if not letters:
                start, middle = left, height
            letters.append(letter)
            end = right
    if letters:
        yield Word("".join(letters), start, middle)


def _letter(code: int) -> str:
    """The character; none for spaces, controls, and what is no character on its own."""
    if code in _HYPHENS:
        return "-"
    letter = chr(code) if code <= 0x10FFFF else ""  # noqa: PLR2004 - the last code point
    return letter if letter.isprintable() and not letter.isspace() else ""


def _edges(page: pypdfium2.PdfPage) -> Iterator[float]:
    for shape in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=1):
        _, bottom, _, top = shape.get_bounds()
        yield bottom
        yield top
