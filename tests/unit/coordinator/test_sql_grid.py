"""The statements in sql/grid up to contexts: units by slate, expected and verified."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest

from services.coordinator.recount import counted
from services.coordinator.sql import sql
from shared.ports import Row
from tests.unit.coordinator.sql_rows import (
    TEAM_STEPS,
    ago,
    context,
    defended,
    fetched,
    lined,
    market_context,
    played,
    summary,
    team_context,
    team_summary,
    unknown,
)
from tests.unit.coordinator.sql_slates import (
    BESIDE,
    FIRST,
    LAST,
    MIDDLE,
    OF_THE_WEEK,
    PARAMS,
    QUIET,
    SLATES,
    WEEK,
    counts,
    on,
    units,
)
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, box, game, roster, row, tip


@pytest.mark.parametrize("step", counted())
async def test_an_empty_warehouse_has_no_slate(step: str) -> None:
    """No row, rather than a row of nothing."""
    assert await counts(step) == []


WEEKLY = ("player_game_summary", *TEAM_STEPS, "grade", "grade_history", "system_daily_performance")
"""The steps whose units are of the week before a slate."""


@pytest.mark.parametrize("step", WEEKLY)
async def test_a_slate_after_a_week_without_units_expects_none(step: str) -> None:
    """It is in the grid, with nothing to miss."""
    assert await counts(step, raw__games=SLATES) == QUIET


async def test_the_schedules_units_are_games() -> None:
    """Those that are played, by date."""
    assert await counts("schedule", raw__games=SLATES) == units((FIRST, 1, 1), (LAST, 2, 2))


async def test_box_scores_units_are_games_of_the_week_before() -> None:
    """There with two teams' rows; postponed games are none, nor are rows dated before the week."""
    games = [
        game("1", ago(7)),
        game("2", ago(9)),
        game("3", ago(10)),
        game("4", ago(3)),
        game("5", ago(3), postponed=True),
        game("6", ago(4)),
        game("7", ago(5)),
        game("10", ago(6)),
        game("96", MIDDLE),
    ]
    boxes = [
        *played("1", ago(7)),
        *played("2", ago(9)),
        *played("3", ago(10)),
        *played("4", ago(3))[:2],
        *played("5", ago(3)),
        *played("6", ago(4)),
        box("6", 300, ago(4), "UTA"),
        *played("7", ago(10)),
        *played("8", ago(4)),
        *played("10", ago(6)),
        *played("94", FIRST),
        *played("95", TOMORROW),
        *played("96", MIDDLE),
    ]
    found = await counts("box_scores", raw__games=[*SLATES, *games], raw__player_box_scores=boxes)
    # first: 1, 2, 4, 6, 7, 10 and 95, there 1, 2 and 10; between: 94 for 2; last: 96 too
    assert found == units((FIRST, 7, 3), (MIDDLE, 7, 3), (LAST, 8, 4))


async def test_a_slate_after_a_week_without_games_expects_no_box_scores() -> None:
    """It has no row."""
    assert await counts("box_scores", raw__games=SLATES[:3]) == []


APART = [1000 * number for number in (4, 13, 0, 7, 2, 10, 1, 12, 5, 9, 3, 11, 6, 8)]
"""Days before the last slate, in no order, and so far apart that the engine does not happen to sort them."""
IN_ORDER = [ago(days) for days in sorted(APART, reverse=True)]


@pytest.mark.parametrize(
    "step", ["schedule", "injuries", "lines", "rosters", "upcoming_team_game_context", "box_scores", *WEEKLY]
)
async def test_slates_are_in_order(step: str) -> None:
    """However their games lie in the warehouse."""
    games = [game(str(days), ago(days)) for days in APART] + [game("x", ago(14_000))]
    if step == "box_scores":  # whose units are the games before
        games += [game(f"{days} before", ago(days + 3)) for days in APART]
    found = await answers(sql(f"grid/{step}"), {**PARAMS, "first": IN_ORDER[0]}, raw__games=games)
    assert [one["game_date"] for one in found] == IN_ORDER


DATES = [ago(days) for days in (*APART, 14_000)]
FORM = [row("features.player_daily_cache", game_date=day, mode="overnight", player_id=101) for day in DATES]
CONTEXTS = [context(101, game_date=day) for day in DATES]
SUMMARIES = [summary(f"{day}", 101, day - timedelta(days=20)) for day in DATES]


@pytest.mark.parametrize(
    ("step", "tables"),
    [
        ("player_composite_factors", {"features__player_daily_cache": FORM}),
        ("ml_feature_store", {"features__player_daily_cache": FORM}),
        (
            "publish",
            {
                "features__ml_feature_store": [
                    row("features.ml_feature_store", game_date=day, mode="overnight") for day in DATES
                ]
            },
        ),
        (
            "upcoming_player_game_context",
            {
                "raw__games": [game(str(day), day) for day in DATES],
                "raw__rosters": [roster(1, day=day) for day in DATES],
            },
        ),
        *(
            (step, {"analytics__upcoming_player_game_context": CONTEXTS, "analytics__player_game_summary": SUMMARIES})
            for step in ("player_daily_cache", "player_shot_zone_analysis")
        ),
        (
            "team_defense_zone_analysis",
            {
                "analytics__upcoming_team_game_context": [team_context("BOS", game_date=day) for day in DATES],
                "analytics__team_defense_game_summary": [defended("BOS", day - timedelta(days=20)) for day in DATES],
            },
        ),
    ],
)
async def test_slates_with_units_are_in_order(step: str, tables: dict[str, list[Row]]) -> None:
    """However their rows lie in the warehouse; what is missing everywhere is expected everywhere."""
    found = await answers(sql(f"grid/{step}"), {**PARAMS, "first": IN_ORDER[0]}, **tables)
    assert found == units(*((day, 1, 0) for day in IN_ORDER))


async def test_rosters_units_are_teams() -> None:
    """There with five players of that date and team; a team that plays twice is one."""
    games = [*SLATES, game("96", LAST, home="GSW", away="DAL")]
    rosters = [
        *(roster(100 + n, "BOS", LAST) for n in range(5)),
        *(roster(200 + n, "GSW", LAST) for n in range(4)),
        *(roster(300 + n, "LAL", LAST) for n in range(6)),
        *(roster(500 + n, team, LAST) for n, team in enumerate(["ATL"] * 5 + ["ZZZ"] * 5)),
        *(roster(200 + n, "GSW", FIRST) for n in range(5)),
        *(roster(100 + n, "BOS", day) for day in (ago(3), FIRST, MIDDLE, TOMORROW) for n in range(5)),
    ]
    found = await counts("rosters", raw__games=games, raw__rosters=rosters)
    # last: BOS, GSW, LAL, UTA and DAL, there BOS and LAL; first: BOS and GSW
    assert found == units((FIRST, 2, 2), (LAST, 5, 2))


async def test_the_injury_feed_is_one_unit_of_every_slate() -> None:
    """There with an answer of this date, mode and step, however many."""
    answer = fetched("injuries", "feed", "loaded", game_date=FIRST)
    found = await counts(
        "injuries",
        raw__games=[*SLATES, game("96", ago(2))],
        raw__fetches=[
            *near(answer, game_date=(ago(3), MIDDLE, TOMORROW), mode=MODES, step=("box_scores", "lines")),
            answer | {"outcome": "failed"},
            fetched("injuries", "feed", "loaded", game_date=LAST),
            fetched("injuries", "more", "empty", game_date=LAST),
        ],
    )
    assert found == units((FIRST, 1, 0), (LAST, 1, 1))
    found = await counts(
        "injuries",
        raw__games=SLATES,
        raw__fetches=[
            fetched("injuries", "feed", "empty", game_date=LAST),
            fetched("injuries", "feed", "loaded", game_date=FIRST),
        ],
    )
    assert found == units((FIRST, 1, 1), (LAST, 1, 1))


async def test_lines_units_are_games_whose_odds_were_answered() -> None:
    """By game, date, mode and step; empty is an answer, a failure is none."""
    games = [*SLATES, *(game(f"8{n}", LAST) for n in range(4))]
    others = near(
        fetched("lines", "80", "loaded", game_date=LAST),
        game_date=(FIRST, MIDDLE, TOMORROW), mode=MODES, step=("injuries", "rosters"), unit=("79", "99"),
    )  # fmt: skip
    found = await counts(
        "lines",
        raw__games=games,
        raw__fetches=[
            *others,
            fetched("lines", "91", "loaded", game_date=LAST),
            fetched("lines", "81", "empty", game_date=LAST),
            fetched("lines", "82", "empty", game_date=LAST),
            fetched("lines", "83", "failed", game_date=LAST),
            fetched("lines", "92", "quarantined", game_date=LAST),
            fetched("lines", "94", "loaded", game_date=FIRST),
            *(fetched("lines", each["game_id"], "loaded", game_date=each["game_date"]) for each in SLATES[3:6:2]),
            fetched("lines", "90", "loaded", game_date=TOMORROW),
        ],
    )
    assert found == units((FIRST, 1, 1), (LAST, 6, 3))


async def test_summaries_units_are_box_scores_of_the_week_before() -> None:
    """Each by its game and player."""
    boxes = [box(str(2 + n), 100 * day.day, day) for day, count in WEEK.items() for n in range(count)]
    collected = [one for one in boxes if one["game_date"] != ago(3)]
    summaries = [summary(one["game_id"], one["player_id"], one["game_date"]) for one in collected]
    [missing] = [summary("2", one["player_id"]) for one in boxes if one["game_date"] == ago(3)]
    found = await counts(
        "player_game_summary",
        raw__games=SLATES,
        raw__player_box_scores=boxes,
        analytics__player_game_summary=[*summaries, *near(missing, game_id=("1", "3"), player_id=(1, 9_999))],
    )
    assert found == OF_THE_WEEK


@pytest.mark.parametrize("step", TEAM_STEPS)
async def test_team_summaries_units_are_teams_of_games_with_both_teams_rows(step: str) -> None:
    """Of the week before, each by its date, game and team."""

    def team(one: Row) -> Row:
        return team_summary(step, one["game_id"], one["team"], one["game_date"])

    boxes = [one for day, count in WEEK.items() for n in range(count) for one in played(f"{day.day + 10}-{n}", day)]
    alone = [
        *(box(id_, 300, ago(3), "LAL", opponent="BOS") for id_ in ("1", "8")),
        box("98", 300, ago(3), "LAL", opponent="BOS"),
        box("98", 301, ago(3), "LAL", opponent="UTA"),
        *played("7", ago(9))[:2],
        *({**one, "game_date": ago(10)} for one in played("7", ago(9))[2:]),
        *played("6", ago(10))[:2],
    ]
    made = {(one["game_id"], one["team"]): team(one) for one in boxes if one["game_date"] != ago(3)}
    missing = next(team(one) for one in boxes if one["game_date"] == ago(3) and one["team"] == "BOS")
    found = await counts(
        step,
        raw__games=SLATES,
        raw__player_box_scores=[*boxes, *alone],
        **{
            f"analytics__{step}": [
                *made.values(),
                *near(missing, game_id=("1", "99"), team_abbr=("ATL", "GSW")),
                missing | {"game_date": ago(4)},
            ]
        },
    )
    # Twice the week's units, and GSW of the game whose BOS is missing is there.
    assert found == units((FIRST, 10, 9), (LAST, 8, 7))
    later = missing | {"game_date": ago(2)}
    found = await counts(
        step, raw__games=SLATES, raw__player_box_scores=boxes, **{f"analytics__{step}": [*made.values(), later]}
    )
    assert found == units((FIRST, 10, 8), (LAST, 8, 6))


async def test_player_contexts_units_are_rostered_players_of_teams_that_play() -> None:
    """Home and away, each by his own context of that date and mode."""
    rosters = [
        roster(101, "BOS", LAST),
        roster(102, "GSW", LAST),
        roster(103, "UTA", LAST),
        roster(104, "MIA", LAST),
        roster(105, "ATL", LAST),
        roster(101, "GSW", FIRST),
        roster(106, "LAL", FIRST),
        roster(107, "BOS", MIDDLE),
        *(roster(108, "BOS", day) for day in BESIDE),
    ]
    missing = context(102, **on(LAST))
    found = await counts(
        "upcoming_player_game_context",
        raw__games=SLATES,
        raw__rosters=rosters,
        analytics__upcoming_player_game_context=[
            *(context(one["player_id"], **on(one["game_date"])) for one in rosters if one["player_id"] != 102),
            *near(missing, game_date=(FIRST, MIDDLE, *BESIDE), mode=MODES, player_id=(90, 199)),
        ],
    )
    assert found == units((FIRST, 1, 1), (LAST, 3, 2))


async def test_market_contexts_units_are_players_and_markets_with_a_line() -> None:
    """Known at the cutoff, and fetched when the mode's own odds were; each by its own row of that date and mode."""
    tables: defaultdict[str, list[Row]] = defaultdict(list)
    for day in (FIRST, LAST, *BESIDE):
        his: dict[str, Any] = {"game_id": f"{day}", "game_date": day}
        asked = fetched("lines", f"{day}", "loaded", fetched_at=tip(SLATE, 6), game_date=day)
        tables["analytics__upcoming_player_game_context"].append(context(101, game_id=f"{day}", **on(day)))
        tables["raw__fetches"] += [asked, *near(asked | {"unit": "0"}, mode=MODES, step=("injuries", "rosters"))]
        tables["raw__prop_lines"] += [lined(101, bookmaker=book, **his) for book in ("a", "b")]
        tables["raw__prop_lines"] += unknown(lined(101, "threes", **his))
    tables["raw__prop_lines"].append(lined(101, "assists", game_id=f"{LAST}", game_date=LAST))
    there = [market_context(101, **on(day)) for day in (FIRST, *BESIDE)]
    there += near(market_context(101, **on(LAST)), game_date=(MIDDLE,), mode=MODES, player_id=(90,), market=("x",))
    there.append(market_context(101, "assists", **on(LAST)))
    found = await counts("player_market_context", analytics__player_market_context=there, **tables)
    assert found == units((FIRST, 1, 1), (LAST, 2, 1))


async def test_team_contexts_units_are_teams_that_play() -> None:
    """Each once, by its own context of that date and mode."""
    found = await counts(
        "upcoming_team_game_context",
        raw__games=[*SLATES, game("96", LAST, home="GSW", away="DAL")],
        analytics__upcoming_team_game_context=[
            *(team_context(abbr, **on(LAST)) for abbr in ("BOS", "LAL", "DAL", "UTA")),
            *near(
                team_context("GSW", **on(LAST)),
                game_date=(MIDDLE, *BESIDE), mode=MODES, team_abbr=("ATL", "ZZZ"),
            ),
            team_context("GSW", **on(FIRST)),
            *(team_context("BOS", **on(day)) for day in BESIDE),
        ],
    )  # fmt: skip
    assert found == units((FIRST, 2, 1), (LAST, 5, 4))
