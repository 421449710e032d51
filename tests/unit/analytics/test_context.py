"""`analytics.upcoming_player_game_context`: cutoffs, injury status and rest."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from services import analytics
from shared.basketball.slate import RETROSPECT, Mode, cutoff, eastern_instant
from shared.ports import Row, Warehouse
from shared.registries.expansion import expanded
from tests.unit.analytics.conftest import Process
from tests.unit.shared.rows import SLATE, game, injury, load, roster, tip

SQL = Path(analytics.__file__).parent / "sql"
GAME = "0022300900"
CUTOFF = datetime(2024, 3, 4, 12, tzinfo=UTC)
"""07:00 ET, overnight's."""


def before(minutes: int) -> datetime:
    """So many minutes before the overnight cutoff."""
    return CUTOFF - timedelta(minutes=minutes)


async def context(warehouse: Warehouse, process: Process, **tables: list[Row]) -> Row:
    """The one context row of a slate with one game and player 1 of its home team."""
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1)], **tables)
    [found] = await process("upcoming_player_game_context")
    return found


ASKED = [RETROSPECT, CUTOFF - timedelta(hours=9), CUTOFF, CUTOFF + timedelta(hours=9)]
DAYS = [date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11), date(2023, 11, 4), date(2023, 11, 5), date(2023, 11, 6)]
"""Around both changes of the clock."""


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_live_runs_own_instant_limits_what_is_asked_for_early(
    warehouse: Warehouse, process: Process, mode: Mode
) -> None:
    """SQL and `shared.basketball.slate` agree: tomorrow and manual know nothing later than when they were asked."""
    known = ASKED[1]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1, available_at=known)])
    for asked_at in ASKED:
        [found] = await process("upcoming_player_game_context", mode=mode, asked_at=asked_at)
        [team, _] = await process("upcoming_team_game_context", mode=mode, asked_at=asked_at)
        assert found["cutoff_at"] == team["cutoff_at"] == cutoff(mode, SLATE, tip(SLATE, 19), asked_at)


@pytest.mark.parametrize("mode", list(Mode))
async def test_f25_cutoffs_are_eastern_across_daylight_saving(
    warehouse: Warehouse, process: Process, mode: Mode
) -> None:
    """SQL and `slate.py` agree: overnight 07:00 ET of the date, same day 20 minutes before the game's tip."""
    for number, day in enumerate(DAYS):
        early = game(f"002230090{number}", day, tip_utc=tip(day, 13))
        late = game(f"002230091{number}", day, "LAL", "UTA", tip_utc=tip(day, 22, 30))
        await load(warehouse, raw__games=[early, late], raw__rosters=[roster(1, day=day), roster(2, "LAL", day=day)])
        rows = [
            row for row in await process("upcoming_player_game_context", day=day, mode=mode) if row["game_date"] == day
        ]
        expected = [cutoff(mode, day, tip(day, 13)), cutoff(mode, day, tip(day, 22, 30))]
        assert [row["cutoff_at"] for row in rows] == expected
        if mode is Mode.OVERNIGHT:
            assert rows[0]["cutoff_at"] == eastern_instant(day, time(7))


async def test_the_status_is_the_latest_before_the_cutoff(warehouse: Warehouse, process: Process) -> None:
    """An update at the cutoff counts, one after it does not exist yet, one of another slate is another's."""
    found = await context(warehouse, process, raw__injuries=[
        injury(1, "Doubtful", before(600)),
        injury(1, "Questionable", CUTOFF),
        injury(1, "Out", CUTOFF + timedelta(seconds=1)),
        injury(1, "Day-To-Day", before(1), SLATE - timedelta(days=1)),
    ])  # fmt: skip
    assert (found["injury_status"], found["injury_status_days"]) == ("Questionable", 0)


@pytest.mark.parametrize(("status", "days"), [("Available", None), ("Probable", 2), ("Out", 2)])
async def test_who_left_the_list_has_no_report_to_age(
    warehouse: Warehouse, process: Process, status: str, days: int | None
) -> None:
    """He is shown as Available, and the report's age is that of nobody on the list."""
    found = await context(warehouse, process, raw__injuries=[
        injury(1, "Out", before(9_000)), injury(1, status, before(3_000)),
    ])  # fmt: skip
    assert (found["injury_status"], found["injury_status_days"]) == (status, days)


@pytest.mark.parametrize(
    ("earlier", "rest"),
    [
        ([SLATE - timedelta(days=1)], 1),
        ([SLATE - timedelta(days=9), SLATE - timedelta(days=3)], 3),
        ([date(2023, 6, 12)], None),
        ([], None),
    ],
)
async def test_f38_rest_is_counted_from_the_teams_last_game_of_the_season(
    warehouse: Warehouse, process: Process, earlier: list[date], rest: int | None
) -> None:
    """Back-to-back is 1; the first game of a season has none; postponed games are not played."""
    games = [game(f"00223001{n:02d}", day, "MIA", "BOS") for n, day in enumerate(earlier)]
    games.append(game("0022300199", SLATE - timedelta(days=1), "BOS", "NYK", postponed=True))
    await load(warehouse, raw__games=games)
    assert (await context(warehouse, process))["days_rest"] == rest


async def test_modes_do_not_replace_each_others_rows(warehouse: Warehouse, process: Process) -> None:
    """One row per player and mode, and doing it again leaves the same rows."""
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1)])
    await process("upcoming_player_game_context", mode=Mode.SAME_DAY)
    rows = await process("upcoming_player_game_context")
    assert [row["mode"] for row in rows] == ["overnight", "same_day"]
    assert await process("upcoming_player_game_context") == rows


@pytest.mark.parametrize("path", sorted(SQL.glob("*.sql")), ids=lambda path: path.stem)
def test_no_statement_tells_modes_apart_by_overnight_alone(path: Path) -> None:
    """There are five: whoever computes a cutoff names them all, as `shared.basketball.slate.cutoff` does."""
    text = expanded(path.read_text(), path.name)
    assert "@mode = 'overnight'" not in text
    if "INTERVAL 20 MINUTE" in text:
        assert all(f"'{mode.value}'" in text for mode in Mode if mode is not Mode.SAME_DAY)
