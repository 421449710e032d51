"""The report of a morning, from made-up documents."""

import re
from datetime import date
from functools import partial
from html.parser import HTMLParser
from typing import Any, cast

import pytest

from services.coordinator.api.answers import AlertShown
from services.coordinator.api.inside import Inside
from services.coordinator.api.once import Once
from services.coordinator.api.report import Graded, Report, ReportRoutes
from services.coordinator.api.route import Asked, Query, Route
from services.coordinator.documents.record_shapes import Record
from services.coordinator.documents.shapes import Missing, Tonight
from services.coordinator.page.assets import Assets
from services.coordinator.page.rendering import Renderer
from services.coordinator.page.report import made
from shared.registries.keys import Role
from shared.runtime.access import Caller
from tests.unit.coordinator import documents
from tests.unit.coordinator.memory import memory_ports

RENDERER = Renderer(Assets())
NONE: Record = documents.record(cells=[], picks=[])
ALL: Record = documents.record(cells=[documents.cell()])


def report(slate: Tonight | None = None, night: Record = ALL, alerts: list[AlertShown] | None = None) -> Report:
    """A report of 4 March 2024."""
    graded = Graded(last=date(2024, 3, 3), night=night, markets=night, so_far=ALL)
    return made(RENDERER, slate or documents.tonight(), graded, alerts or [])


def alert(number: int = 1, **values: Any) -> AlertShown:  # noqa: ANN401 - fields
    """An open alert."""
    made = AlertShown(
        name="source_stale", scope=f"espn {number}", severity="ticket", detail="nothing new for 30 h",
        raised_at=documents.AT, seen_at=documents.AT, resolved_at=None, times=3, meaning="a source gives nothing new",
    )  # fmt: skip
    return cast("AlertShown", {**made, **values})


def test_the_text_says_the_morning_in_few_lines() -> None:
    """The slate, last night with interval and N, the record so far, the best edge, what is missing."""
    assert report()["text"].splitlines() == [
        "Tipoff, Mon 4 Mar 2024 (same_day): 1 game, 1 edge, in time",
        "Last night: 119 of 214 picks won (56 %, 49 % to 62 %), +6.6 units at the real price",
        "So far: 119 of 214 picks won (56 %, 49 % to 62 %), +6.6 units at the real price",
        "+5.0 % Nikola Jokić (DEN) over 25.5 points -110 draftkings",
        "missing: lines: the odds API answers 503; 4 of 6 games have lines",
    ]


@pytest.mark.parametrize("count", [0, 3, 4, 40])
def test_the_text_stays_short_whatever_is_wrong(count: int) -> None:
    """At most 15 lines; what is left out is counted."""
    missing = [Missing(what=f"game {n}", why="no box score") for n in range(count)]
    slate = documents.tonight(edges=[documents.edge(player_id=n) for n in range(40)], missing=missing)
    lines = report(slate, alerts=[alert(n) for n in range(count)])["text"].splitlines()
    assert len(lines) <= 15
    shown = [line for line in lines if line.startswith("missing: game")]
    left = [int(n) for line in lines for n in re.findall(r"^missing: and (\d+) more", line)]
    assert len(shown) + sum(left) == count


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"published_at": None, "in_time": None}, "not published yet"),
        ({"published_at": None, "in_time": False}, "LATE, not published yet"),
        ({"in_time": False}, "LATE"),
        ({"edges": []}, "No edge tonight"),
    ],
    ids=["due later", "overdue", "late", "no edge"],
)
def test_a_bad_morning_is_said(values: dict[str, Any], words: str) -> None:
    """Neither silence nor an empty list."""
    assert words in report(documents.tonight(**values))["text"]


def test_a_night_without_grades_is_said() -> None:
    """As text and on the page."""
    nothing = report(night=NONE)
    assert "Last night: nothing graded" in nothing["text"]
    assert "Nothing of it is graded." in nothing["html"]


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href", "action", "srcset"}]


def test_the_page_needs_nothing_else() -> None:
    """No script, no address of anything to load or to go to: it reads the same in a mail, years later."""
    slate = documents.tonight(edges=[documents.edge(player_id=n) for n in range(40)])
    html = report(slate, alerts=[alert()])["html"]
    page = _Page(html)
    assert page.addresses == []
    assert {"script", "link", "img", "iframe", "form"} & set(page.tags) == set()
    assert "url(" not in html
    assert "@import" not in html
    assert page.tags.count("svg") == 15
    assert "And 25 more." in html


def test_what_others_wrote_is_escaped() -> None:
    """A name, a reason, an alert's detail: text, never markup."""
    bad = "<img src=x onerror=alert(1)>"
    slate = documents.tonight(edges=[documents.edge(player_name=bad)], missing=[Missing(what=bad, why=bad)])
    assert bad not in report(slate, alerts=[alert(detail=bad)])["html"]


async def test_the_route_reads_as_its_caller() -> None:
    """Through the typed API: the slate that is meant, and the grades of the night before it."""
    asked: list[tuple[str, dict[str, Any], Role]] = []

    class Anything(Query):
        game_date: date | None = None
        mode: str | None = None
        first: date | None = None
        last: date | None = None
        by: str = ""

    def reading(name: str, answer: object) -> Route:
        async def read(given: Asked) -> object:
            asked.append((name, given.query.model_dump(exclude_unset=True), given.caller.role))
            return answer

        return Route("GET", f"/v1/{name}", Role.VIEWER, read, object, Anything)

    ports = memory_ports()
    inner = Inside(
        [reading("tonight", documents.tonight()), reading("record", ALL), reading("alerts", [])], Once(ports)
    )
    outer = Inside(ReportRoutes(inner, partial(made, RENDERER)).routes(), Once(ports))
    answer = await outer.get("/v1/report", Caller("ann", Role.VIEWER), game_date="2024-03-04")
    assert answer["text"] == report()["text"]
    assert asked[0] == ("tonight", {"game_date": date(2024, 3, 4), "mode": None}, Role.VIEWER)
    records = [query for name, query, _ in asked if name == "record"]
    assert [query["last"] for query in records] == [date(2024, 3, 3)] * 3
    assert [query.get("first") for query in records] == [date(2024, 3, 3), date(2024, 3, 3), None]
