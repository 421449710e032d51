"""Which dates a processor makes: the slate, or the games before it as far back as any is missing."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.analytics.processors import HISTORY_DAYS, PROCESSORS
from shared.contract import StepRequested
from shared.errors import Transient
from shared.ports import Job, Params, Row, Warehouse
from shared.slate import Mode
from tests.unit.shared.rows import SLATE, box, load

SUMMARY = PROCESSORS["player_game_summary"]
REQUEST = StepRequested(run_id="r.overnight.1", game_date=SLATE, mode=Mode.OVERNIGHT, step=SUMMARY.step, attempt=1)


class Windows:
    """Another warehouse; keeps the first date of every transform."""

    def __init__(self, warehouse: Any, *, broken: bool = False) -> None:  # noqa: ANN401 - any adapter
        self._warehouse = warehouse
        self._broken = broken
        self.first: list[date] = []

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        if self._broken:
            raise Transient("no answer")
        rows: list[Row] = await self._warehouse.query(sql, params, job)
        return rows

    async def transform(self, *arguments: Any, params: Params, **more: Any) -> int:  # noqa: ANN401 - as the port
        first = params["first_date"]
        assert isinstance(first, date)
        self.first.append(first)
        written: int = await self._warehouse.transform(*arguments, params=params, **more)
        return written

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the other methods of the port
        return getattr(self._warehouse, name)


def ago(days: int) -> date:
    return SLATE - timedelta(days=days)


async def summarise(warehouse: Warehouse) -> list[date]:
    """The first dates of the transforms that a night's summary took."""
    windows: Any = Windows(warehouse)
    await SUMMARY.run(REQUEST, windows, regrade_days=7)
    first: list[date] = windows.first
    return first


async def test_a_quiet_night_makes_the_last_days_once(warehouse: Warehouse) -> None:
    """Also the very first night with nothing older than the window."""
    await load(warehouse, raw__player_box_scores=[box("0022300800", 1, ago(1)), box("0022300700", 1, ago(7))])
    assert await summarise(warehouse) == [ago(7)]
    assert await summarise(warehouse) == [ago(7)]


async def test_f09_a_game_that_came_late_is_summarised(warehouse: Warehouse) -> None:
    """However long ago it was played, as far as any feature looks back: the window widens to it, once."""
    await load(warehouse, raw__player_box_scores=[box("0022300800", 1, ago(1))])
    await summarise(warehouse)
    await load(warehouse, raw__player_box_scores=[box("0022200100", 1, ago(HISTORY_DAYS))])
    assert await summarise(warehouse) == [ago(7), ago(HISTORY_DAYS)]
    assert await summarise(warehouse) == [ago(7)]
    rows = await warehouse.query("SELECT game_id FROM analytics.player_game_summary ORDER BY game_id")
    assert [row["game_id"] for row in rows] == ["0022200100", "0022300800"]


async def test_what_no_feature_looks_at_is_left_alone(warehouse: Warehouse) -> None:
    """A night costs the same however long the history is."""
    await load(warehouse, raw__player_box_scores=[box("0022100100", 1, ago(HISTORY_DAYS + 1))])
    assert await summarise(warehouse) == [ago(7)]
    assert await warehouse.query("SELECT * FROM analytics.player_game_summary") == []


async def test_a_search_that_fails_fails_the_step(warehouse: Warehouse) -> None:
    """As the failure it is: it is not taken for `nothing is missing`."""
    silent: Any = Windows(warehouse, broken=True)
    with pytest.raises(Transient, match="no answer"):
        await SUMMARY.run(REQUEST, silent, regrade_days=7)
