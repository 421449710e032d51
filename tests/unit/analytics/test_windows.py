"""Which dates a processor makes: the slate, or the games before it as far back as any is missing."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.analytics.processors import HISTORY_DAYS, PROCESSORS
from shared.basketball.slate import RETROSPECT, Mode
from shared.contract import StepRequested
from shared.errors import Permanent, Transient
from shared.ports import Job, Params, Row, Warehouse
from tests.unit.shared.rows import SLATE, box, load

SUMMARY = PROCESSORS["player_game_summary"]
REQUEST = StepRequested(run_id="r.overnight.1", game_date=SLATE, mode=Mode.OVERNIGHT, step=SUMMARY.step, attempt=1)
NOW = datetime(2024, 3, 4, 3, tzinfo=UTC)


class Windows:
    """Another warehouse; keeps what every transform was given."""

    def __init__(self, warehouse: Any, *, broken: bool = False) -> None:  # noqa: ANN401 - any adapter
        self._warehouse = warehouse
        self._broken = broken
        self.given: list[Params] = []
        self.jobs: list[Job | None] = []

    @property
    def first(self) -> list[date]:
        """The first dates."""
        return [params["first_date"] for params in self.given if isinstance(params["first_date"], date)]

    async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:
        self.jobs.append(job)
        if self._broken:
            raise Transient("no answer")
        rows: list[Row] = await self._warehouse.query(sql, params, job)
        return rows

    async def transform(
        self,
        *arguments: Any,  # noqa: ANN401 - as the port
        scope: str,
        params: Params,
        job: Job | None,
    ) -> int:
        self.given.append(params)
        self.jobs.append(job)
        written: int = await self._warehouse.transform(*arguments, scope=scope, params=params, job=job)
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


async def test_the_window_ends_the_day_before_the_slate(warehouse: Warehouse) -> None:
    """It begins `regrade_days` before; the slate's own box scores are the future."""
    windows: Any = Windows(warehouse)
    await load(warehouse, raw__player_box_scores=[box("0022300801", 1, SLATE), box("0022300800", 1, ago(1))])
    assert await SUMMARY.run(REQUEST, windows, regrade_days=3) == 1
    [given] = windows.given
    assert (given["first_date"], given["last_date"], given["mode"]) == (ago(3), ago(1), "overnight")


async def test_f09_a_game_just_outside_the_window_is_looked_for(warehouse: Warehouse) -> None:
    """One day older than the window: made by a second statement, whose rows are those that count."""
    await load(warehouse, raw__player_box_scores=[box("0022300800", 1, ago(1)), box("0022300700", 1, ago(8))])
    windows: Any = Windows(warehouse)
    assert await SUMMARY.run(REQUEST, windows, regrade_days=7) == 2
    assert [(given["first_date"], given["last_date"]) for given in windows.given] == [
        (ago(7), ago(1)),
        (ago(8), ago(1)),
    ]


async def test_f09_a_player_missing_from_an_old_game_is_looked_for(warehouse: Warehouse) -> None:
    """His team-mates' rows of that game do not hide that his is missing."""
    await load(warehouse, raw__player_box_scores=[box("0022300100", 1, ago(90))])
    assert await summarise(warehouse) == [ago(7), ago(90)]
    await load(warehouse, raw__player_box_scores=[box("0022300100", 2, ago(90))])
    assert await summarise(warehouse) == [ago(7), ago(90)]
    assert await summarise(warehouse) == [ago(7)]


async def test_f09_a_teams_game_is_made_once(warehouse: Warehouse) -> None:
    """Of teams a row of the game is enough: its box scores of many players are one game."""
    offense = PROCESSORS["team_offense_game_summary"]
    sides = [box("0022300100", n, ago(90), *teams) for n, teams in enumerate((("BOS",), ("GSW",)))]
    await load(warehouse, raw__player_box_scores=[
        sides[0] | {"opponent": "GSW"}, sides[1] | {"opponent": "BOS"}, sides[0] | {"opponent": "GSW", "player_id": 9},
    ])  # fmt: skip
    for expected in ([ago(7), ago(90)], [ago(7)]):
        windows: Any = Windows(warehouse)
        await offense.run(REQUEST, windows, regrade_days=7)
        assert windows.first == expected


async def test_what_is_made_for_a_slate_is_made_of_it_alone(warehouse: Warehouse) -> None:
    """Neither the days before it nor what is missing of them."""
    windows: Any = Windows(warehouse)
    await PROCESSORS["upcoming_team_game_context"].run(REQUEST, windows, regrade_days=7)
    [given] = windows.given
    assert (given["first_date"], given["last_date"]) == (SLATE, SLATE)
    assert len(windows.jobs) == 1


async def test_grades_are_made_again_for_the_window_and_nothing_is_looked_for(warehouse: Warehouse) -> None:
    """A slate that was not predicted has no grades to miss."""
    windows: Any = Windows(warehouse)
    await load(warehouse, raw__player_box_scores=[box("0022300100", 1, ago(90))])
    await PROCESSORS["grade"].run(REQUEST, windows, regrade_days=7)
    [given] = windows.given
    assert (given["first_date"], given["last_date"]) == (ago(7), ago(1))
    assert len(windows.jobs) == 1


@pytest.mark.parametrize(
    ("retrospective", "asked_at"), [(False, datetime(2024, 3, 4, 3, tzinfo=UTC)), (True, RETROSPECT)]
)
async def test_only_a_live_run_is_limited_by_its_own_instant(
    warehouse: Warehouse, *, retrospective: bool, asked_at: datetime
) -> None:
    """A retrospective one may know what its mode's cutoff lets it, whenever it is asked for."""
    windows: Any = Windows(warehouse)
    request = REQUEST.model_copy(update={"retrospective": retrospective, "mode": Mode.MANUAL})
    await PROCESSORS["upcoming_team_game_context"].run(request, windows, regrade_days=7, now=NOW)
    [given] = windows.given
    assert (given["asked_at"], given["mode"]) == (asked_at, "manual")


async def test_every_statement_runs_on_the_steps_account(warehouse: Warehouse) -> None:
    """The search and both transforms: what they cost is the step's."""
    await load(warehouse, raw__player_box_scores=[box("0022300100", 1, ago(90))])
    windows: Any = Windows(warehouse)
    job = Job({"step": SUMMARY.step}, timeout=60.0, maximum_bytes=10**9)
    await SUMMARY.run(REQUEST, windows, regrade_days=7, job=job)
    assert windows.jobs == [job, job, job]


async def test_a_statement_that_fails_ends_the_search(warehouse: Warehouse) -> None:
    """The failure is the step's, and nothing goes on unseen."""

    class Refusing(Windows):
        searching: asyncio.Task[Any] | None = None

        async def query(self, sql: str, params: Params | None = None, job: Job | None = None) -> list[Row]:  # noqa: ARG002 - as the port
            self.searching = asyncio.current_task()
            await asyncio.Event().wait()
            raise AssertionError("the search went on after it was cancelled")

        async def transform(self, *arguments: Any, **more: Any) -> int:  # noqa: ANN401, ARG002 - as the port
            await asyncio.sleep(0)
            raise Permanent("no such column")

    refusing: Any = Refusing(warehouse)
    with pytest.raises(Permanent, match="no such column"):
        await SUMMARY.run(REQUEST, refusing, regrade_days=7)
    assert refusing.searching is not None
    assert refusing.searching.cancelled()
