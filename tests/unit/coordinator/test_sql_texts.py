"""Statements that Python writes: the archive's account, and the oldest game without its rows."""

from datetime import date

import pytest

from services.analytics.processors import PROCESSORS, oldest_missing
from services.coordinator.grid.unloaded import _ACCOUNTED
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ago
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, box, row

FIRST, SINCE = ago(2), ago(30)
ON = {"game_date": FIRST, "mode": "overnight"}


async def test_payloads_are_accounted_for_by_their_key() -> None:
    """Loaded or refused, of the range's dates and the mode; a unit without one accounts for none."""
    mine = row("raw.fetches", **ON, unit="1", archive_key="a")
    rows = [
        mine,
        mine | {"unit": "2"},
        mine | {"unit": "3", "archive_key": None},
        mine | {"game_date": SLATE, "archive_key": "b"},
        *near(mine | {"archive_key": "z"}, game_date=(ago(3), TOMORROW), mode=MODES),
    ]
    params: Params = {"first": FIRST, "last": SLATE, "modes": ["overnight"]}
    found = await answers(_ACCOUNTED, params, raw__fetches=rows)
    assert sorted(one["archive_key"] for one in found) == ["a", "b"]
    refused = [
        row("raw.quarantine", **ON, unit=unit, archive_key=key) for unit, key in (("1", "a"), ("4", "c"), ("5", None))
    ]
    others = near(refused[0] | {"archive_key": "z"}, game_date=(ago(3), TOMORROW), mode=MODES)
    found = await answers(_ACCOUNTED, params, raw__fetches=rows, raw__quarantine=[*refused, *others])
    assert sorted(one["archive_key"] for one in found) == ["a", "b", "c"]


OF_THE_PAST = sorted(
    processor.table
    for processor in PROCESSORS.values()
    if processor.header.of_the_past and not processor.header.per_mode
)


def missing(table: str, boxes: list[Row], made: list[Row]) -> Row:
    """The tables of a question."""
    return {"raw__player_box_scores": boxes, table.replace(".", "__"): made}


@pytest.mark.parametrize("table", OF_THE_PAST)
async def test_the_oldest_game_without_rows_is_looked_for_in_the_window(table: str) -> None:
    """From its first date to the slate's eve; a game whose rows are there is not missing."""
    params: Params = {"since": SINCE, "game_date": SLATE}

    async def oldest(days: dict[str, date], made: dict[str, date]) -> date | None:
        boxes = [box(id_, 101, day) for id_, day in days.items()]
        rows = [row(table, game_id=id_, game_date=day) | _player(table, 101) for id_, day in made.items()]
        [found] = await answers(oldest_missing(table), params, **missing(table, boxes, rows))
        day: date | None = found["since"]
        return day

    assert await oldest({}, {}) is None
    assert await oldest({"1": SINCE}, {}) == SINCE
    assert await oldest({"1": ago(31), "2": SLATE, "3": TOMORROW}, {}) is None
    assert await oldest({"1": ago(3), "2": ago(1), "3": ago(2)}, {"1": ago(3)}) == ago(2)
    assert await oldest({"1": SINCE, "2": ago(1)}, {"1": SINCE, "2": ago(1)}) is None
    # Rows that are dated outside of the window, or of another game, are not this game's.
    assert await oldest({"2": ago(5)}, {"2": ago(31)}) == ago(5)
    assert await oldest({"2": ago(5)}, {"2": SLATE}) == ago(5)
    assert await oldest({"2": ago(5)}, {"1": ago(5), "3": ago(5)}) == ago(5)


def _player(table: str, player: int) -> Row:
    """The player of a row, where the table has one."""
    return {"player_id": player} if table == "analytics.player_game_summary" else {}


async def test_a_players_game_is_missing_though_his_team_mates_is_there() -> None:
    """Rows are looked for by game and player."""
    table = "analytics.player_game_summary"
    boxes = [box("1", 101, ago(4)), box("1", 102, ago(4))]
    params: Params = {"since": SINCE, "game_date": SLATE}
    for other in (101, 103):
        made = [row(table, game_id="1", game_date=ago(4), player_id=other)]
        [found] = await answers(oldest_missing(table), params, **missing(table, boxes, made))
        assert found == {"since": ago(4)}
    both = [row(table, game_id="1", game_date=ago(4), player_id=player) for player in (101, 102)]
    [found] = await answers(oldest_missing(table), params, **missing(table, boxes, both))
    assert found == {"since": None}
