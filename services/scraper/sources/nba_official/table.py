"""The table of an injury report: rows put together from words by their places on the pages."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.scraper.domain.wire import Fault
from services.scraper.sources.nba_official.pdf import Page, Word
from shared.basketball.identity import TEAMS

COLUMNS = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
_OTHERS = ("Category", "Previous Status")
"""Columns that reports of earlier seasons had besides."""
_CARRIED = ("Game Date", "Game Time", "Matchup", "Team")
"""Written once, for the rows that follow too."""
_LEFT = 6.0
"""Points that a cell may begin before its column's title."""
_LINE = 3.0
"""Points that words of one line may differ in height."""
UNSUBMITTED = "notyetsubmitted"

Row = dict[str, str]
_Columns = list[tuple[float, str]]
"""Where each column begins, from the left."""
_Cells = list[tuple[str, Word]]


def closed_up(text: str) -> str:
    """Without spaces and case: some reports are written without spaces."""
    return "".join(text.split()).casefold()


TEAM_OF = {closed_up(team.full_name): team.tricode for team in TEAMS.values()} | {"laclippers": "LAC"}
"""Tricode by name."""


def lines(words: Iterable[Word]) -> list[list[Word]]:
    """Words by line, from above, each from the left."""
    found: list[list[Word]] = []
    for word in sorted(words, key=lambda word: -word.y):
        if found and found[-1][0].y - word.y < _LINE:
            found[-1].append(word)
        else:
            found.append([word])
    return [sorted(line, key=lambda word: word.x) for line in found]


def rows(pages: Sequence[Page]) -> list[Row]:
    """Every row, by column; what is written once for several rows is in each of them.

    Raises:
        Fault: there is no such table.
    """
    columns: _Columns = []
    found: list[Row] = []
    for page in pages:
        written = lines(page.words)
        header = next((number for number, line in enumerate(written) if _is_header(line)), None)
        if header is not None:
            columns = _columns(written[header])
            written = written[header + 1 :]
        if columns:
            cells = [(_column(columns, word), word) for line in written if not _is_margin(line) for word in line]
            _add(found, cells, page.edges)
    if not columns:
        raise Fault("malformed", f"no table of injuries: no line says {', '.join(COLUMNS)}")
    _carry_down(found)
    return found


def _carry_down(found: list[Row]) -> None:
    carried: Row = {}
    for row in found:
        for number, name in enumerate(_CARRIED):
            if row[name] and row[name] != carried.get(name):
                # Another date has times of its own, another matchup teams of its own.
                carried = {outer: carried[outer] for outer in _CARRIED[:number] if outer in carried}
                carried[name] = row[name]
        row.update(carried)


def _is_header(line: Sequence[Word]) -> bool:
    return closed_up(" ".join(word.text for word in line)).startswith("gamedategametime")


def _is_margin(line: Sequence[Word]) -> bool:
    """The report's title, or the number of the page."""
    text = closed_up(" ".join(word.text for word in line))
    return text.startswith("injuryreport:") or (text.startswith("page") and text[4:5].isdigit())


def _columns(header: Sequence[Word]) -> _Columns:
    """Raises `Fault` for a header that lacks a column, or has one that is not known."""
    found: _Columns = []
    names = {closed_up(name): name for name in (*COLUMNS, *_OTHERS)}
    start, text = 0.0, ""
    for word in header:
        start = start if text else word.x
        text += closed_up(word.text)
        while (name := next((names[known] for known in names if text.startswith(known)), None)) is not None:
            found.append((start, name))
            text = text.removeprefix(closed_up(name))
            start = word.x
    missing = [name for name in COLUMNS if name not in {name for _, name in found}]
    if text or missing:
        raise Fault("malformed", f"another table: {f'no column {missing[0]}' if missing else f'a column {text}'}")
    return found


def _column(columns: _Columns, word: Word) -> str:
    return columns[max(0, bisect([start - _LEFT for start, _ in columns], word.x) - 1)][1]


def _add(found: list[Row], cells: _Cells, edges: Sequence[float]) -> None:
    """Add the rows of a page. What is above its first row, and parted from it by a line, belongs to the row before."""
    anchors = _anchors(cells)
    made: list[defaultdict[str, list[Word]]] = [defaultdict(list) for _ in anchors]
    bands = [bisect(edges, anchor) for anchor in anchors]
    above: list[Word] = []
    for column, word in cells:
        band = bisect(edges, word.y)
        near = [number for number, other in enumerate(bands) if other == band]
        if not near and anchors and band > max(bands) and column == "Reason" and found:
            above.append(word)
        elif anchors:
            nearest = min(near or range(len(anchors)), key=lambda number: abs(anchors[number] - word.y))
            made[nearest][column].append(word)
    if above:
        found[-1]["Reason"] = f"{found[-1]['Reason']} {_text(above)}".strip()
    found += [{column: _text(row[column]) for column in COLUMNS} for row in made]


def _anchors(cells: _Cells) -> list[float]:
    """The height of each row, from above: of its status, of NOT YET SUBMITTED, or of a team without either."""
    of = {column: [word for name, word in cells if name == column] for column in COLUMNS}
    found = [line[0].y for line in lines(of["Current Status"])]
    found += [line[0].y for line in lines(of["Reason"]) if closed_up(_text(line)).startswith("notyet")]
    for line in lines(of["Team"]):
        alone = all(abs(line[0].y - anchor) > _LINE for anchor in found)
        if alone and closed_up(_text(line)) in TEAM_OF:
            found.append(line[0].y)
    return sorted(found, reverse=True)


def _text(words: Iterable[Word]) -> str:
    """Lines from above, joined by spaces, but where one ends in the middle of a word with its hyphen."""
    joined = ""
    for line in lines(words):
        glued = joined.endswith("-") and not joined.endswith(" -")
        joined += ("" if glued or not joined else " ") + " ".join(word.text for word in line)
    return joined
