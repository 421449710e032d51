"""Small PDFs, made by hand: text at places, and lines."""

import zlib
from collections.abc import Iterable, Sequence

Text = tuple[float, float, str]
"""x, y (from below) and what is written there."""

HEADER = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
LEFT = (23.5, 119.9, 200.8, 264.4, 425.8, 586.1, 666.9)
"""Where the columns of a real report begin, in points."""
STAMP = "02/22/24 05:30 PM"


def document(
    pages: Sequence[Iterable[Text]], rules: Sequence[Iterable[float]] = (), *, packed: bool = False, trailer: str = ""
) -> bytes:
    """A PDF of these pages; `rules` are heights of lines across each page."""
    contents = []
    for number, page in enumerate(pages):
        drawn = [f"BT /F1 8 Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj ET" for x, y, text in page]
        drawn += [f"20 {y} 800 0.5 re f" for y in (rules[number] if number < len(rules) else ())]
        contents.append("\n".join(drawn).encode("cp1252"))
    first = 4
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        stream = zlib.compress(content) if packed else content
        how = "/Filter /FlateDecode " if packed else ""
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 595] /Contents {first + 2 * number + 1} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            f"<< {how}/Length {len(stream)} >>\nstream\n".encode() + stream + b"\nendstream",
        ]
    body, places = b"%PDF-1.4\n", []
    for number, made in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + made + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + head.encode() + end.encode()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


Row = Sequence[str | tuple[str, ...]]
"""A cell for each column from the right-hand end; a tuple is a cell of several lines, in the middle of its row."""


def page(
    rows: Iterable[Row], *, foot: str | None = None, header: Sequence[str] | None = HEADER, title: str = STAMP
) -> list[Text]:
    """A page as the NBA draws it, 22 points to the row and 12 to the line."""
    texts: list[Text] = [(290, 530, f"Injury Report: {title}")]
    if header is not None:
        texts += [(x, 480, name) for x, name in zip(LEFT, header, strict=True)]
    y = 458.0
    for row in rows:
        cells = [(cell,) if isinstance(cell, str) else cell for cell in row]
        height = 12 * (max(map(len, cells)) - 1)
        y -= height / 2
        for x, cell in zip(LEFT[-len(cells) :], cells, strict=True):
            texts += [(x + 1, y + 6 * (len(cell) - 1) - 12 * number, line) for number, line in enumerate(cell) if line]
        y -= 22 + height / 2
    if foot is not None:
        texts.append((399, 48, foot))
    return texts
