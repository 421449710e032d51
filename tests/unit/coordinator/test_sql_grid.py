"""The statements in sql/grid: units by slate, expected and verified. Two slates, and a row beyond each bound."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from services.coordinator.recount import counted
from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.test_sql_verify import (
    AROUND,
    CUTOFF,
    TEAM_STEPS,
    ago,
    context,
    defended,
    fetched,
    graded,
    history,
    played,
    predicted,
    summary,
    team_context,
)
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, box, game, roster, row, tip

FIRST, MIDDLE, LAST = ago(2), ago(1), SLATE
PARAMS: Params = {"first": FIRST, "last": LAST, "mode": "overnight"}
BESIDE = (ago(3), TOMORROW)
"""The dates beside the range."""
SLATES = [
    game("90", TOMORROW),
    game("91", LAST),
    game("92", LAST, home="LAL", away="UTA"),
    game("93", MIDDLE, postponed=True),
    game("94", FIRST),
    game("95", ago(3)),
]
"""BOS plays GSW on the first date and on the last; on the date between nobody does."""
WEEK = {ago(10): 5, ago(9): 1, ago(8): 2, ago(7): 1, ago(3): 1, ago(2): 1, ago(1): 1, SLATE: 5, TOMORROW: 5}
"""Date -> units. In the week before the first slate (the 9th to the 3rd day ago) 5, in that before the last (the 7th to
the 1st) 4; that of the 3rd day ago is always the one that is missing."""


async def counts(step: str, **tables: Sequence[Row]) -> list[Row]:
    """What the step's statement says of a warehouse with these rows."""
    return await answers(sql(f"grid/{step}"), PARAMS, **tables)


def units(*slates: tuple[date, int, int]) -> list[Row]:
    """What it should say: (slate, expected, verified)."""
    return [{"game_date": day, "expected": expected, "verified": there} for day, expected, there in slates]


OF_THE_WEEK = units((FIRST, 5, 4), (LAST, 4, 3))
QUIET = units((FIRST, 0, 0), (LAST, 0, 0))


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
        *(roster(500 + n, team, LAST) for n, team in enumerate(["ATL"] * 5 + ["XXX"] * 5)),
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
    there = [summary(one["game_id"], one["player_id"], one["game_date"]) for one in boxes if one["game_date"] != ago(3)]
    [missing] = [summary("2", one["player_id"]) for one in boxes if one["game_date"] == ago(3)]
    found = await counts(
        "player_game_summary",
        raw__games=SLATES,
        raw__player_box_scores=boxes,
        analytics__player_game_summary=[*there, *near(missing, game_id=("1", "3"), player_id=(1, 9_999))],
    )
    assert found == OF_THE_WEEK


@pytest.mark.parametrize("step", TEAM_STEPS)
async def test_team_summaries_units_are_teams_of_games_with_both_teams_rows(step: str) -> None:
    """Of the week before, each by its date, game and team."""

    def team(one: Row, **values: Any) -> Row:  # noqa: ANN401 - columns
        known = {name: one[name] for name in ("game_id", "game_date")}
        return row(f"analytics.{step}", **known) | {"team_abbr": one["team"]} | values

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


def on(day: date) -> dict[str, Any]:
    """Of that date, overnight."""
    return {"game_date": day, "mode": "overnight"}


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


async def test_team_contexts_units_are_teams_that_play() -> None:
    """Each once, by its own context of that date and mode."""
    found = await counts(
        "upcoming_team_game_context",
        raw__games=[*SLATES, game("96", LAST, home="GSW", away="DAL")],
        analytics__upcoming_team_game_context=[
            *(team_context(abbr, **on(LAST)) for abbr in ("BOS", "LAL", "DAL", "UTA")),
            *near(
                team_context("GSW", **on(LAST)),
                game_date=(MIDDLE, *BESIDE), mode=MODES, team_abbr=("ATL", "XXX"),
            ),
            team_context("GSW", **on(FIRST)),
            *(team_context("BOS", **on(day)) for day in BESIDE),
        ],
    )  # fmt: skip
    assert found == units((FIRST, 2, 1), (LAST, 5, 4))


@pytest.mark.parametrize("step", ["player_daily_cache", "player_shot_zone_analysis"])
async def test_forms_units_are_players_with_games_known_at_the_cutoff(step: str) -> None:
    """Of the 400 days before their own slate."""

    def form(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row(f"features.{step}", **on(LAST)) | {"player_id": player} | values

    late = CUTOFF + timedelta(microseconds=1)
    beside: list[dict[str, Any]] = [{"game_date": day} for day in BESIDE] + [{"mode": mode} for mode in MODES]
    found = await counts(
        step,
        analytics__upcoming_player_game_context=[
            *(context(100 + n, **on(LAST)) for n in range(1, 7)),
            context(101, **on(FIRST)),
            context(102, **on(FIRST)),
            context(103, **on(FIRST)),
            *(context(107, **(on(LAST) | other)) for other in beside),
        ],
        analytics__player_game_summary=[
            summary("1", 101, ago(3)),
            summary("2", 101, ago(4)),
            summary("3", 101, ago(402)),
            summary("1", 102, ago(400)),
            summary("2", 103, ago(402)),
            summary("2", 104, SLATE),
            summary("3", 104, TOMORROW),
            summary("1", 105, available_at=late),
            summary("1", 106, ago(401)),
            summary("1", 107),
            summary("2", 107, ago(5)),
            summary("1", 90, ago(5)),
            summary("1", 199, ago(5)),
        ],
        **{
            f"features__{step}": [
                form(101),
                form(101, game_date=FIRST),
                *near(form(102), game_date=(MIDDLE, *BESIDE), mode=MODES, player_id=(90, 199)),
                *(form(player) for player in (103, 104, 105)),
                *(form(107, **other) for other in beside),
            ]
        },
    )
    # last: 101, and 102 whose form is missing; first: 101, 102 (missing) and 103 (missing)
    assert found == units((FIRST, 3, 1), (LAST, 2, 1))


async def test_defences_units_are_teams_with_games_known_at_the_cutoff() -> None:
    """Of the 400 days before their own slate, with possessions."""

    def zones(abbr: str, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row("features.team_defense_zone_analysis", **on(LAST)) | {"team_abbr": abbr} | values

    beside: list[dict[str, Any]] = [{"game_date": day} for day in BESIDE] + [{"mode": mode} for mode in MODES]
    found = await counts(
        "team_defense_zone_analysis",
        analytics__upcoming_team_game_context=[
            *(team_context(abbr, **on(LAST)) for abbr in ("BOS", "CHI", "DAL", "DEN", "GSW", "HOU", "IND")),
            *(team_context(abbr, **on(FIRST)) for abbr in ("BOS", "CHI", "GSW")),
            *(team_context("LAL", **(on(LAST) | other)) for other in beside),
        ],
        analytics__team_defense_game_summary=[
            defended("BOS", ago(3)),
            defended("BOS", ago(4)),
            defended("CHI", ago(400)),
            defended("GSW", ago(402)),
            defended("DAL", SLATE),
            defended("DAL", TOMORROW),
            defended("DEN", available_at=CUTOFF + timedelta(microseconds=1)),
            defended("HOU", possessions_allowed=0.0),
            defended("IND", ago(401)),
            defended("LAL", ago(5)),
            *(defended(abbr) for abbr in ("LAL", "ATL", "XXX")),
        ],
        features__team_defense_zone_analysis=[
            zones("BOS"),
            zones("BOS", game_date=FIRST),
            *near(zones("CHI"), game_date=(MIDDLE, *BESIDE), mode=MODES, team_abbr=("ATL", "XXX")),
            *(zones(abbr) for abbr in ("GSW", "DAL", "DEN", "HOU", "IND")),
            *(zones("LAL", **other) for other in beside),
        ],
    )
    assert found == units((FIRST, 3, 1), (LAST, 2, 1))


@pytest.mark.parametrize("step", ["player_composite_factors", "ml_feature_store"])
async def test_features_units_are_players_with_form(step: str) -> None:
    """Of that date and mode, each player his own."""

    def form(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row("features.player_daily_cache", **on(LAST)) | {"player_id": player} | values

    def made(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row(f"features.{step}", **on(LAST)) | {"player_id": player} | values

    beside: list[dict[str, Any]] = [{"game_date": day} for day in BESIDE] + [{"mode": mode} for mode in MODES]
    found = await counts(
        step,
        features__player_daily_cache=[
            form(101), form(102), form(103), form(101, game_date=FIRST), *(form(104, **other) for other in beside),
        ],
        **{
            f"features__{step}": [
                made(101),
                *near(made(102), game_date=(FIRST, MIDDLE, *BESIDE), mode=MODES, player_id=(90, 199)),
                made(101, game_date=FIRST),
                *(made(104, **other) for other in beside),
            ]
        },
    )  # fmt: skip
    assert found == units((FIRST, 1, 1), (LAST, 3, 1))


async def test_publications_units_are_games_with_served_features() -> None:
    """There with predictions of that date, game and mode, however many."""

    def served(game_id: str, player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        return row("features.ml_feature_store", **on(LAST)) | {"game_id": game_id, "player_id": player} | values

    def published(game_id: str, player: int, day: date = LAST, **values: Any) -> Row:  # noqa: ANN401 - columns
        return prediction_of(game_id, player, day) | values

    beside: list[dict[str, Any]] = [{"game_date": day} for day in BESIDE] + [{"mode": mode} for mode in MODES]
    found = await counts(
        "publish",
        features__ml_feature_store=[
            served("2", 101),
            served("2", 102),
            served("4", 103),
            served("4", 104),
            served("6", 106),
            served("2", 101, game_date=FIRST),
            *(served("7", 105, **other) for other in beside),
        ],
        predictions__player_prop_predictions=[
            published("2", 101),
            published("2", 102),
            published("2", 101, FIRST),
            published("3", 103),
            published("5", 103),
            *(published("4", 103, day) for day in (MIDDLE, *BESIDE)),
            *(published("4", 103, mode=mode, run_id=mode) for mode in MODES),
            *(published("7", 105, **other, run_id=str(n)) for n, other in enumerate(beside)),
        ],
    )
    assert found == units((FIRST, 1, 1), (LAST, 3, 1))


def prediction_of(game_id: str, player: int, day: date) -> Row:
    """A prediction of system b, under the run of its date."""
    return predicted(game_id, player, day)


async def test_grades_units_are_predictions_of_the_week_before() -> None:
    """The latest run's before tip-off, of games played on their date, each by its own grade."""
    games = [
        game("2", ago(3)),
        game("3", ago(7)),
        game("4", ago(9)),
        game("5", ago(10)),
        game("6", ago(4), postponed=True),
        game("7", ago(4)),
        game("8", ago(5)),
        game("9", ago(8)),
        game("96", MIDDLE),
    ]
    at_tip = tip(ago(3))
    found = await counts(
        "grade",
        raw__games=[*SLATES, *games],
        predictions__player_prop_predictions=[
            predicted("2", 101, ago(3)),
            predicted("2", 102, ago(3)),
            predicted("2", 103, ago(3), predicted_at=at_tip),
            predicted("2", 104, ago(3), predicted_at=at_tip + timedelta(seconds=1)),
            *(predicted("2", 105, ago(3), mode=mode, run_id=mode) for mode in MODES),
            predicted("3", 101, ago(7)),
            predicted("4", 101, ago(9)),
            *(predicted("5", player, ago(10)) for player in (101, 102, 103, 104)),
            predicted("6", 101, ago(4)),
            predicted("7", 101, ago(5)),  # the game was moved by a day
            predicted("7", 102, ago(3), predicted_at=tip(ago(4), 18)),
            predicted("1", 101, ago(3)),  # no game of the schedule
            predicted("9", 101, ago(8)),
            predicted("96", 101, MIDDLE),
            predicted("94", 101, FIRST),
            predicted("91", 101, LAST),
            predicted("90", 101, TOMORROW),
            predicted("8", 101, ago(5), generation=1),
            predicted("8", 101, ago(5), generation=2),
            predicted("8", 101, ago(5), generation=2, market="pra"),
            predicted("8", 101, ago(5), generation=2, market="threes"),
            predicted("8", 102, ago(5), generation=1),
            predicted("8", 102, ago(5), generation=1, system="a"),
        ],
        predictions__prediction_grades=[
            graded("2", 101, ago(3)),
            *near(graded("2", 102, ago(3)), game_date=(ago(4), ago(2)), mode=MODES, **AROUND)[2:],
            graded("3", 101, ago(7)),
            graded("4", 101, ago(9)),
            graded("5", 101, ago(10)),
            graded("94", 101, FIRST),
            graded("91", 101, LAST),
            graded("9", 101, ago(8)),
            graded("96", 101, MIDDLE),
            graded("8", 101, ago(5)),
            graded("8", 101, ago(5), market="threes"),
            graded("8", 102, ago(5)),
        ],
    )
    # 2: 101 and 102 (missing); 8: 101's points, threes and pra (missing) by b, 102 (missing) by a; and 3: 7, there 4
    # first: 4 and 9 too; between: 9 and 94; last: 94 and 96
    assert found == units((FIRST, 9, 6), (MIDDLE, 9, 6), (LAST, 9, 6))


@pytest.mark.parametrize("day", [ago(4), ago(2)])
async def test_a_grade_of_another_date_is_another_predictions(day: date) -> None:
    """Before it or after it."""
    found = await counts(
        "grade",
        raw__games=[*SLATES, game("2", ago(3))],
        predictions__player_prop_predictions=[predicted("2", 101, ago(3))],
        predictions__prediction_grades=[graded("2", 101, day)],
    )
    assert found == units((FIRST, 1, 0), (LAST, 1, 0))


async def test_the_latest_run_is_each_games_and_systems_own() -> None:
    """Another mode's, system's or game's later run takes nothing away."""
    found = await counts(
        "grade",
        raw__games=[*SLATES, game("2", ago(3)), game("3", ago(3))],
        predictions__player_prop_predictions=[
            predicted("2", 101, ago(3), generation=1),
            predicted("2", 101, ago(3), generation=2, system="a"),
            predicted("3", 101, ago(3), generation=3),
        ],
    )
    assert found == units((FIRST, 3, 0), (LAST, 3, 0))


async def test_the_historys_units_are_grades_of_the_week_before() -> None:
    """Each in its last revision, with its run and whether it is void."""
    grades = [graded("2", 100 * day.day + n, day) for day, count in WEEK.items() for n in range(count)]
    there = [history("2", one["player_id"], one["game_date"]) for one in grades if one["game_date"] != ago(3)]
    [missing] = [history("2", one["player_id"], ago(3)) for one in grades if one["game_date"] == ago(3)]
    others = {**AROUND, "player_id": (-1, 9_999)}
    more = [graded("2", player, ago(4)) for player in (1, 2, 3, 4, 5, 6, 8)]
    found = await counts(
        "grade_history",
        raw__games=SLATES,
        predictions__prediction_grades=[*grades, *more, *(graded("2", 7, ago(4), mode=mode) for mode in MODES)],
        predictions__prediction_grades_history=[
            *there,
            *near(missing, mode=MODES, **others),
            history("2", 1, ago(4), run_id="run.1"),
            history("2", 2, ago(4), run_id="run.3"),
            history("2", 3, ago(4), voided=True),
            history("2", 4, ago(4)),
            history("2", 4, ago(4), revision=2, voided=True),
            history("2", 5, ago(4), voided=True),
            history("2", 5, ago(4), revision=2),
            history("2", 6, ago(10)),
            history("2", 8, ago(4), voided=True),
            history("2", 8, ago(4), revision=2),
            *(history("2", 7, ago(4), mode=mode) for mode in MODES),
        ],
    )
    # Beside the week's units seven, of which 5 and 8 are there as they stand.
    assert found == units((FIRST, 12, 6), (LAST, 11, 5))


async def test_a_history_dated_after_the_range_is_not_read() -> None:
    """Nor is a grade of a void player one of a player who played."""
    found = await counts(
        "grade_history",
        raw__games=SLATES,
        predictions__prediction_grades=[graded("2", 101, ago(3)), graded("2", 102, ago(3), voided=True)],
        predictions__prediction_grades_history=[history("2", 101, TOMORROW), history("2", 102, ago(3))],
    )
    assert found == units((FIRST, 2, 0), (LAST, 2, 0))


async def test_histories_of_several_grades_have_a_last_revision_each() -> None:
    """By game, player, market and system."""
    first = graded("2", 102, ago(3))
    grades = [first, *near(first, **AROUND)]
    lines = [
        history(one["game_id"], one["player_id"], ago(3), revision=1 + n, market=one["market"], system=one["system"])
        for n, one in enumerate(grades)
    ]
    found = await counts(
        "grade_history",
        raw__games=SLATES,
        predictions__prediction_grades=grades,
        predictions__prediction_grades_history=lines,
    )
    assert found == units((FIRST, 9, 9), (LAST, 9, 9))


async def test_daily_sums_units_are_dates_markets_and_systems_with_grades() -> None:
    """Of the week before and this mode; there where the sum counts as many."""

    def daily(day: date, count: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
        kind = {"market": "points", "system": "b"} | on(day)
        return row("predictions.system_daily_performance", predictions=count) | kind | values

    graded_units = [(day, name) for day, count in WEEK.items() for name in "bacde"[:count]]
    more = [
        graded("2", 101, ago(4), market="pra"),
        graded("2", 102, ago(4), market="pra"),
        graded("2", 101, ago(4), market="threes"),
        graded("2", 102, ago(4), market="threes"),
        graded("2", 101, ago(4), market="assists"),
        graded("2", 101, ago(4), market="rebounds"),
    ]
    found = await counts(
        "system_daily_performance",
        raw__games=SLATES,
        predictions__prediction_grades=[
            *(graded(f"{day.day}", 101, day, system=name) for day, name in graded_units),
            *more,
            *(graded("2", 110, ago(4), mode=mode) for mode in MODES),
        ],
        predictions__system_daily_performance=[
            *(daily(day, system=name) for day, name in graded_units if day != ago(3)),
            *near(daily(ago(3)), mode=MODES, market=("assists", "threes"), system=("aa", "c")),
            daily(ago(4), 2, market="pra"),
            daily(ago(4), 1, market="rebounds"),
            daily(ago(4), 1, market="threes"),
            daily(ago(4), 2, market="assists"),
            *(daily(ago(4), mode=mode) for mode in MODES),
        ],
    )
    # Beside the week's units four, of which pra and rebounds are there.
    assert found == units((FIRST, 9, 6), (LAST, 8, 5))


@pytest.mark.parametrize("day", [ago(4), ago(2)])
async def test_a_daily_sum_of_another_date_is_another_slates(day: date) -> None:
    """Before it or after it."""
    kind = {"market": "points", "system": "b"} | on(day)
    found = await counts(
        "system_daily_performance",
        raw__games=SLATES,
        predictions__prediction_grades=[graded("2", 101, ago(3))],
        predictions__system_daily_performance=[row("predictions.system_daily_performance", predictions=1) | kind],
    )
    assert found == units((FIRST, 1, 0), (LAST, 1, 0))
