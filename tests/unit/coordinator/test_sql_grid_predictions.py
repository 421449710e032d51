"""The statements in sql/grid from form to grades: units by slate, expected and verified."""

from datetime import date, timedelta
from functools import partial

import pytest

from tests.unit.coordinator.sql_rows import (
    AROUND,
    CUTOFF,
    ago,
    context,
    daily,
    defended,
    elsewhere,
    featured,
    graded,
    history,
    predicted,
    served,
    summary,
    team_context,
    zones,
)
from tests.unit.coordinator.sql_slates import (
    BESIDE,
    FIRST,
    LAST,
    MIDDLE,
    SLATES,
    WEEK,
    counts,
    on,
    units,
)
from tests.unit.shared.answers import MODES, TOMORROW, near
from tests.unit.shared.rows import SLATE, game, tip


@pytest.mark.parametrize("step", ["player_daily_cache", "player_shot_zone_analysis"])
async def test_forms_units_are_players_with_games_known_at_the_cutoff(step: str) -> None:
    """Of the 400 days before their own slate."""
    form = partial(featured, step)

    late = CUTOFF + timedelta(microseconds=1)
    beside = elsewhere(BESIDE)
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
    beside = elsewhere(BESIDE)
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
            *(defended(abbr) for abbr in ("LAL", "ATL", "ZZZ")),
        ],
        features__team_defense_zone_analysis=[
            zones("BOS"),
            zones("BOS", game_date=FIRST),
            *near(zones("CHI"), game_date=(MIDDLE, *BESIDE), mode=MODES, team_abbr=("ATL", "ZZZ")),
            *(zones(abbr) for abbr in ("GSW", "DAL", "DEN", "HOU", "IND")),
            *(zones("LAL", **other) for other in beside),
        ],
    )
    assert found == units((FIRST, 3, 1), (LAST, 2, 1))


@pytest.mark.parametrize("step", ["player_composite_factors", "ml_feature_store"])
async def test_features_units_are_players_with_form(step: str) -> None:
    """Of that date and mode, each player his own."""
    form, made = partial(featured, "player_daily_cache"), partial(featured, step)
    beside = elsewhere(BESIDE)
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
    beside = elsewhere(BESIDE)
    found = await counts(
        "publish",
        features__ml_feature_store=[
            served(101, game_id="2"),
            served(102, game_id="2"),
            served(103, game_id="4"),
            served(104, game_id="4"),
            served(106, game_id="6"),
            served(101, game_id="2", game_date=FIRST),
            *(served(105, game_id="7", **other) for other in beside),
        ],
        predictions__player_prop_predictions=[
            predicted("2", 101, LAST),
            predicted("2", 102, LAST),
            predicted("2", 101, FIRST),
            predicted("3", 103, LAST),
            predicted("5", 103, LAST),
            *(predicted("4", 103, day) for day in (MIDDLE, *BESIDE)),
            *(predicted("4", 103, LAST, mode=mode, run_id=mode) for mode in MODES),
            *(predicted("7", 105, LAST, **other, run_id=str(n)) for n, other in enumerate(beside)),
        ],
    )
    assert found == units((FIRST, 1, 1), (LAST, 3, 1))


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
    lines = [history("2", one["player_id"], one["game_date"]) for one in grades if one["game_date"] != ago(3)]
    [missing] = [history("2", one["player_id"], ago(3)) for one in grades if one["game_date"] == ago(3)]
    others = {**AROUND, "player_id": (-1, 9_999)}
    more = [graded("2", player, ago(4)) for player in (1, 2, 3, 4, 5, 6, 8)]
    found = await counts(
        "grade_history",
        raw__games=SLATES,
        predictions__prediction_grades=[*grades, *more, *(graded("2", 7, ago(4), mode=mode) for mode in MODES)],
        predictions__prediction_grades_history=[
            *lines,
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
    found = await counts(
        "system_daily_performance",
        raw__games=SLATES,
        predictions__prediction_grades=[graded("2", 101, ago(3))],
        predictions__system_daily_performance=[daily(day)],
    )
    assert found == units((FIRST, 1, 0), (LAST, 1, 0))
