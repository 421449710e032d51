"""What the pages ask of the API, and what they make of its answers: suggestions, pages of picks, files."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any

import pyarrow.parquet as pq
import pytest

from services.coordinator.api.inside import Inside
from services.coordinator.api.once import Once
from services.coordinator.api.queries import PlayersQuery, PublishedQuery, RowsQuery
from services.coordinator.api.queries import RecordQuery as RecordAsked
from services.coordinator.api.route import Asked, Query, Route
from services.coordinator.page import player, record, record_rows, tonight
from services.coordinator.page.failures import Unknown
from services.coordinator.page.page import VISITOR, Download, Page, Visit
from services.coordinator.page.record_rows import COLUMNS
from services.coordinator.sql import sql
from shared.ports import Ports
from shared.registries.keys import Role
from shared.runtime.answers import Refusal
from tests.unit.coordinator import documents
from tests.unit.coordinator.test_page_people import page

NOW = datetime(2024, 3, 5, tzinfo=UTC)
ROW: dict[str, object] = {
    "text": "a, b", "number": 1.5, "count": 203999, "flag": False, "date": date(2024, 3, 3),
}  # fmt: skip


def row(number: int) -> dict[str, object]:
    """A graded prediction; of every other one most is unknown."""
    known = {name: ROW[kind] if number % 2 == 0 else None for name, kind in COLUMNS.items()}
    return known | {
        "game_date": date(2024, 3, 3),
        "player_id": number,
        "market": "points",
        "recommendation": "over",
        "line": 2.5,
    }


class Answers:
    """Routes that answer made-up documents, and what they were asked."""

    def __init__(self, ports: Ports, rows: int = 0) -> None:
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        self.rows = [row(number) for number in range(rows)]
        self.record: Any = documents.record(system="ensemble")
        routes = [
            Route("GET", "/v1/tonight", Role.VIEWER, self._tonight, Any, PublishedQuery),
            Route("GET", "/v1/players", Role.VIEWER, self._players, Any, PlayersQuery),
            Route("GET", "/v1/players/{player_id}", Role.VIEWER, self._player, Any, PublishedQuery),
            Route("GET", "/v1/record", Role.VIEWER, self._record, Any, RecordAsked),
            Route("GET", "/v1/record/rows", Role.VIEWER, self._part, Any, RowsQuery),
        ]
        self.reader = Inside(routes, Once(ports))

    def visit(self, page: Page | Download, query: Mapping[str, object] | None = None, **path: str) -> Visit:
        """Somebody's."""
        made: Query = page.query.model_validate(query or {})
        return Visit(VISITOR, made, path, self.reader, NOW)

    def _note(self, what: str, asked: Asked) -> None:
        self.asked.append((what, asked.query.model_dump(exclude_unset=True, mode="json")))

    async def _tonight(self, asked: Asked) -> object:
        self._note("tonight", asked)
        if asked.query.game_date == date(2020, 1, 1):
            raise Refusal(HTTPStatus.NOT_FOUND, "no slate of 2020-01-01", "nearest: 2024-03-04")
        return documents.tonight()

    async def _players(self, asked: Asked) -> object:
        self._note("players", asked)
        if asked.query.game_date == date(2020, 1, 1):
            raise Refusal(HTTPStatus.NOT_FOUND, "no slate of 2020-01-01")
        return [{"player_id": 203999, "player_name": "Nikola Jokić", "team": "DEN"}]

    async def _player(self, asked: Asked) -> object:
        self._note("player", asked)
        if asked.path["player_id"] != "203999":
            raise Refusal(HTTPStatus.NOT_FOUND, f"no player {asked.path['player_id']} in the slate")
        return documents.shown()

    async def _record(self, asked: Asked) -> object:
        self._note("record", asked)
        return self.record

    async def _part(self, asked: Asked) -> object:
        self._note("rows", asked)
        query: RowsQuery = asked.query
        end = min(query.offset + query.limit, len(self.rows))
        return {
            "total": len(self.rows),
            "next_offset": end if end < len(self.rows) else None,
            "rows": self.rows[query.offset : end],
        }


@pytest.fixture(autouse=True)
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few rows are several parts."""
    monkeypatch.setattr(record_rows, "_PART", 10)


TONIGHT, PLAYER, RECORD, PICKS = tonight.PAGES[0], player.PAGES[0], record.PAGES[0], record_rows.PAGES[0]
CSV, PARQUET = record_rows.DOWNLOADS


async def test_a_page_asks_once_for_what_was_asked(ports: Ports) -> None:
    """One document, as of the instant, with the instant in UTC or with its offset."""
    answers = Answers(ports)
    await tonight.tonight(answers.visit(TONIGHT, {"as_of": "2024-03-04T15:00", "mode": "same_day"}))
    await player.player(answers.visit(PLAYER, {"market": "points", "line": "21.5"}, id="203999"))
    await record.record(answers.visit(RECORD, {"month": "2024-02", "by": "market"}))
    assert answers.asked == [
        ("tonight", {"as_of": "2024-03-04T15:00:00-05:00", "mode": "same_day"}),
        ("player", {}),
        ("record", {"first": "2024-02-01", "last": "2024-02-29", "by": "market"}),
    ]


@pytest.mark.parametrize("who", ["jokic", "999", "٣"], ids=["name", "id", "other-digits"])
async def test_a_player_who_is_not_there_brings_near_names(ports: Ports, who: str) -> None:
    """As links to the same slate."""
    with pytest.raises(Unknown) as caught:
        await player.player(Answers(ports).visit(PLAYER, {"game_date": "2024-03-04"}, id=who))
    assert caught.value.suggestions == (
        ("Nikola Jokić, DEN", "/players/203999?game_date=2024-03-04"),
        ("the whole slate", "/?game_date=2024-03-04"),
    )


async def test_a_player_of_no_slate_brings_no_names(ports: Ports) -> None:
    """What is not published has none."""
    with pytest.raises(Unknown) as caught:
        await player.player(Answers(ports).visit(PLAYER, {"game_date": "2020-01-01"}, id="jokic"))
    assert [words for words, _ in caught.value.suggestions] == ["the whole slate"]


async def test_a_slate_that_is_not_there_brings_others(ports: Ports) -> None:
    """The same date in the mode that was run, and the latest."""
    with pytest.raises(Unknown) as caught:
        await tonight.tonight(Answers(ports).visit(TONIGHT, {"game_date": "2020-01-01", "mode": "overnight"}))
    assert (caught.value.status, caught.value.remedy) == (HTTPStatus.NOT_FOUND, "nearest: 2024-03-04")
    assert [address for _, address in caught.value.suggestions] == ["/?game_date=2020-01-01", "/"]


async def test_picks_are_paged_over_a_definite_cut(ports: Ports) -> None:
    """The mode, system and window that the record has."""
    answers = Answers(ports, rows=250)
    shown: Any = await record_rows.picks(answers.visit(PICKS, {"market": "points", "offset": "200"}))
    assert (len(shown["part"]["rows"]), shown["part"]["next_offset"]) == (50, None)
    assert answers.asked[-1] == (
        "rows",
        {
            "first": "2024-02-01", "last": "2024-03-03", "mode": "same_day", "system": "ensemble", "market": "points",
            "picks": True, "limit": 100, "offset": 200,
        },
    )  # fmt: skip
    with pytest.raises(Unknown, match="no pick that old"):
        await record_rows.picks(answers.visit(PICKS, {"offset": "250"}))


@pytest.mark.parametrize("query", [{}, {"market": "points", "tier": "regular"}], ids=["all", "cut"])
async def test_the_page_of_picks_is_drawn(ports: Ports, query: dict[str, str]) -> None:
    """A pick with everything and one with nothing; what is older is a link."""
    answers = Answers(ports)
    answers.rows = [
        row(number) | {"market": "points", "recommendation": side, "line": 20.5, "pick_result": "won"}
        for number, side in [(0, "over"), (1, "under")] * 51
    ]
    read = page("picks.html", await record_rows.picks(answers.visit(PICKS, query)))
    assert "1 to 100 of 102" in read.words
    assert any("offset=100" in link for link in read.links)
    assert any(link.startswith("/players/0?mode=same_day&game_date=2024-03-03") for link in read.links)


async def test_rows_of_a_long_record_are_those_of_the_longest_window(ports: Ports) -> None:
    """The route takes no longer one."""
    answers = Answers(ports)
    answers.record = documents.record(first="2020-01-01", last="2024-03-03")
    await record_rows.picks(answers.visit(PICKS))
    assert answers.asked[-1][1]["first"] == "2023-01-29"


async def test_rows_are_of_today_only_and_of_something(ports: Ports) -> None:
    """The warehouse keeps no past grades, and an empty file helps nobody."""
    answers = Answers(ports)
    with pytest.raises(Unknown, match="graded today"):
        await record_rows.picks(answers.visit(PICKS, {"as_of": "2024-03-04T15:00"}))
    answers.record = documents.record(first=None, last=None)
    with pytest.raises(Unknown, match="nothing of that kind"):
        await CSV.handler(answers.visit(CSV))


async def test_a_csv_has_every_row_once(ports: Ports) -> None:
    """Over several parts, with one header; what is unknown is empty."""
    file = await CSV.handler(Answers(ports, rows=21).visit(CSV))
    read = list(csv.DictReader(io.StringIO(b"".join([part async for part in file.parts]).decode(), newline="")))
    assert file.name == "record-same_day-2024-02-01-2024-03-03.csv"
    assert [each["player_id"] for each in read] == [str(number) for number in range(21)]
    assert (read[0]["player_name"], read[1]["player_name"], read[0]["shadow"]) == ("a, b", "", "False")


async def test_a_parquet_file_has_every_row_once_with_its_types(ports: Ports) -> None:
    """Whatever of the first part is unknown."""
    file = await PARQUET.handler(Answers(ports, rows=21).visit(PARQUET))
    table = pq.read_table(io.BytesIO(b"".join([part async for part in file.parts])))
    assert table.column_names == [*COLUMNS]
    assert table["player_id"].to_pylist() == list(range(21))
    assert (table["shadow"][0].as_py(), table["shadow"][1].as_py(), str(table["price"].type)) == (False, None, "double")


def test_a_file_has_the_columns_of_the_statement() -> None:
    """In its order."""
    selected = sql("record_rows").rpartition("SELECT\n  paid.game_date")[2].partition("COUNT(*)")[0]
    names = re.findall(r"(?:\.|AS )(\w+),\n", f"paid.game_date{selected}")
    assert names == [*COLUMNS]
