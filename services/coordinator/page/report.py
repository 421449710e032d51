"""The report of a morning: last night's grades, tonight's best edges, what is missing or needs a hand.

One self-contained page of HTML, for a browser or a mail, and a few lines of text for a channel of messages.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.coordinator.api.answers import AlertShown
from services.coordinator.api.report import Graded, Report
from services.coordinator.documents.record_shapes import Record, RecordCell
from services.coordinator.documents.shapes import Edge, Tonight
from services.coordinator.page.rendering import Renderer, american, day, number, share
from services.coordinator.page.tonight import drawings
from services.coordinator.page.views import LABELS

EDGES: Final = 5
"""In the text; the page has `EDGES_SHOWN`."""
EDGES_SHOWN: Final = 15
HANDS: Final = 3
"""Missing things, and alerts, in the text."""


def made(renderer: Renderer, slate: Tonight, graded: Graded, alerts: Sequence[AlertShown]) -> Report:
    """The report of what was read."""
    lines = list(_lines(slate, graded, alerts))
    return Report(
        game_date=slate["game_date"],
        mode=slate["mode"],
        subject=lines[0],
        text="\n".join(lines) + "\n",
        html=renderer.render("standalone/report.html", _values(slate, graded, alerts, lines[0])),
    )


def _values(slate: Tonight, graded: Graded, alerts: Sequence[AlertShown], subject: str) -> Mapping[str, Any]:
    shown = slate["edges"][:EDGES_SHOWN]
    return {
        "subject": subject,
        "slate": slate,
        "edges": list(zip(shown, drawings(shown), strict=True)),
        "more": len(slate["edges"]) - len(shown),
        "last": graded["last"],
        "night": _only(graded["night"]),
        "markets": [cell for cell in graded["markets"]["cells"] if cell["n"]],
        "so_far": _only(graded["so_far"]),
        "alerts": alerts,
        "labels": LABELS,
    }


def _only(record: Record) -> RecordCell | None:
    """The one cell of a record that is not cut, where anything was graded."""
    return next((cell for cell in record["cells"] if cell["n"]), None)


def _lines(slate: Tonight, graded: Graded, alerts: Sequence[AlertShown]) -> Iterator[str]:
    games, edges = len(slate["games"]), len(slate["edges"])
    yield (
        f"Tipoff, {day(slate['game_date'])} ({slate['mode']}): {_many(games, 'game')}, {_many(edges, 'edge')}, "
        f"{_state(slate)}"
    )
    yield f"Last night: {_record(_only(graded['night']))}"
    yield f"So far: {_record(_only(graded['so_far']))}"
    for edge in slate["edges"][:EDGES]:
        yield f"+{share(edge['edge'], 1)} {_bet(edge)}"
    if not edges:
        yield "No edge tonight"
    yield from _few("missing", [f"{each['what']}: {each['why']}" for each in slate["missing"]])
    yield from _few(
        "needs a hand", [f"{each['severity']} {each['name']} {each['scope']}: {each['detail']}" for each in alerts]
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _state(slate: Tonight) -> str:
    """Whether it is there, and in time."""
    if slate["published_at"] is None:
        return "not published yet" if slate["in_time"] is None else "LATE, not published yet"
    return {None: "made looking back", False: "LATE", True: "in time"}[slate["in_time"]]


def _record(cell: RecordCell | None) -> str:
    """Picks that won with interval and N, and what they gave."""
    if cell is None:
        return "nothing graded"
    rate, units = cell["hit_rate"], cell["units"]
    if not cell["picks"]:
        return f"{number(cell['n'])} predictions graded, no picks"
    interval = "" if rate["low"] is None else f", {share(rate['low'])} to {share(rate['high'])}"
    gave = "" if not units["n"] else f", {cell['units_total']:+.1f} units at the real price"
    return f"{rate['hits']} of {number(cell['picks'])} picks won ({share(rate['value'])}{interval}){gave}"


def _bet(edge: Edge) -> str:
    price = "" if edge["price"] is None else f" {american(edge['price'])}"
    book = "" if edge["book"] is None else f" {edge['book']}"
    return (
        f"{edge['player_name']} ({edge['team']}) {edge['side']} {edge['line']:g} {LABELS[edge['market']]}{price}{book}"
    )


def _few(what: str, lines: Sequence[str]) -> Iterator[str]:
    """The first of them; that there are more is said."""
    shown = lines if len(lines) <= HANDS else lines[: HANDS - 1]
    for line in shown:
        yield f"{what}: {line}"
    if len(lines) > len(shown):
        yield f"{what}: and {len(lines) - len(shown)} more"
