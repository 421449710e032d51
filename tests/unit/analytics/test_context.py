"""`analytics.upcoming_player_game_context`: cutoffs, injury status, rest and consensus lines."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from services import analytics
from shared.basketball.slate import RETROSPECT, Mode, cutoff, eastern_instant
from shared.ports import Row, Warehouse
from tests.unit.analytics.conftest import Process
from tests.unit.analytics.prices import FAIR
from tests.unit.shared.rows import SLATE, game, injury, load, prop, roster, tip

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
    assert found["injury_status"] == "Questionable"


CONSENSUS: list[tuple[list[float], float]] = [
    ([20.5], 20.5),
    ([20.5, 22.5], 21.5),
    ([19.5, 30.5, 20.5], 20.5),
    ([21.5, 19.5, 30.5, 20.5], 21.0),
    ([0.5], 0.5),
    ([0.0, 0.0, 1.0], 0.0),
]


async def test_f31_the_consensus_is_the_median_over_books(warehouse: Warehouse, process: Process) -> None:
    """The middle line of an odd number of books, the mean of the middle two of an even one; zero is a line."""
    players = range(1, len(CONSENSUS) + 1)
    props = [
        prop(GAME, player, line, f"book{n}", before(10 + n))
        for player, (lines, _) in zip(players, CONSENSUS, strict=True)
        for n, line in enumerate(lines)
    ]
    rosters = [roster(player) for player in players]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=rosters, raw__prop_lines=props)
    rows = await process("upcoming_player_game_context")
    assert [(row["points_line"], row["points_line_books"]) for row in rows] == [
        (line, len(lines)) for lines, line in CONSENSUS
    ]
    assert {row["points_line_at"] for row in rows} == {before(10)}


async def test_of_lines_posted_at_once_the_most_balanced_counts(warehouse: Warehouse, process: Process) -> None:
    """The book's main line is the one it prices evenly; one without prices is a last resort."""
    found = await context(warehouse, process, raw__prop_lines=[
        prop(GAME, 1, 17.5, "a", before(1), over_price=None, under_price=None),
        prop(GAME, 1, 18.5, "a", before(1), over_price=-180.0, under_price=140.0),
        prop(GAME, 1, 20.5, "a", before(1), over_price=-115.0, under_price=-105.0),
    ])  # fmt: skip
    assert found["points_line"] == 20.5


async def test_f13_a_line_is_real_or_null(warehouse: Warehouse, process: Process) -> None:
    """Markets are kept apart, and nobody's line is made up."""
    found = await context(warehouse, process, raw__prop_lines=[prop(GAME, 1, 2.5, "a", before(1), market="threes")])
    assert (found["threes_line"], found["threes_line_books"]) == (2.5, 1)
    for market in ("points", "rebounds", "assists"):
        assert [found[f"{market}_{name}"] for name in ("line", "line_books", "line_at")] == [None, None, None]


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


async def test_the_market_price_is_the_mean_of_what_books_at_the_line_say(
    warehouse: Warehouse, process: Process
) -> None:
    """De-vigged two-sided prices at the consensus line only; the book of the least margin is the one quoted."""
    at = eastern_instant(SLATE)
    quotes: list[tuple[str, float, float | None, float | None]] = [
        ("even", 24.5, -110.0, -110.0),
        ("dear", 24.5, -150.0, 130.0),
        ("oneside", 24.5, 120.0, None),
        ("noprice", 24.5, 50.0, -110.0),
        ("prizepicks", 24.5, -119.0, -119.0),
        ("broken", 24.5, -900.0, -900.0),
        ("higher", 26.5, -300.0, 250.0),
    ]
    lines = [prop(GAME, 1, line, book, at, over_price=o, under_price=u) for book, line, o, u in quotes]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1)], raw__prop_lines=lines)
    [row] = await process("upcoming_player_game_context")
    fair = 0.6 / (0.6 + 100 / 230)
    assert row["points_p_market"] == pytest.approx((0.5 + fair) / 2, abs=1e-8)
    assert (row["points_book"], row["points_over_price"], row["points_under_price"]) == ("dear", -150.0, 130.0)
    assert (row["points_line"], row["points_line_books"]) == (24.5, 7)
    assert {row[f"rebounds_{name}"] for name in ("line", "p_market", "book", "over_price")} == {None}


async def test_two_prices_are_a_probability(warehouse: Warehouse, process: Process) -> None:
    """Each price counts from its bound on, and both together only while they are two sides of one market."""
    at, players = eastern_instant(SLATE), range(len(FAIR))
    lines = [
        prop(GAME, player, 20.5, book, at, over_price=over, under_price=under)
        for player, (book, over, under, _) in zip(players, FAIR, strict=True)
    ]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(n) for n in players], raw__prop_lines=lines)
    found = {row["player_id"]: row["points_p_market"] for row in await process("upcoming_player_game_context")}
    assert [found[player] for player in players] == [
        None if fair is None else pytest.approx(fair, abs=1e-8) for *_, fair in FAIR
    ]


async def test_f14_a_line_between_books_has_no_price(warehouse: Warehouse, process: Process) -> None:
    """A consensus that nobody posts keeps its books and time, and has neither a book nor a market probability."""
    at = eastern_instant(SLATE)
    lines = [prop(GAME, 1, line, book, at) for book, line in (("one", 20.5), ("two", 21.5))]
    await load(warehouse, raw__games=[game(GAME)], raw__rosters=[roster(1)], raw__prop_lines=lines)
    [row] = await process("upcoming_player_game_context")
    assert (row["points_line"], row["points_line_books"], row["points_line_at"]) == (21.0, 2, at)
    assert (row["points_p_market"], row["points_book"]) == (None, None)


@pytest.mark.parametrize("path", sorted(SQL.glob("*.sql")), ids=lambda path: path.stem)
def test_no_statement_tells_modes_apart_by_overnight_alone(path: Path) -> None:
    """There are five: whoever computes a cutoff names them all, as `shared.basketball.slate.cutoff` does."""
    text = path.read_text()
    assert "@mode = 'overnight'" not in text
    if "INTERVAL 20 MINUTE" in text:
        assert all(f"'{mode.value}'" in text for mode in Mode if mode is not Mode.SAME_DAY)
