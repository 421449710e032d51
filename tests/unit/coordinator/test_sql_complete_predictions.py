"""Statements in sql/complete of predictions and grades. A row on the wrong side of each condition."""

import json
from datetime import date, timedelta

import pytest

from services.coordinator.runs.run import NOTHING
from services.coordinator.sql import sql
from tests.unit.coordinator.sql_rows import (
    AROUND,
    DAYS,
    KEY,
    ON_SLATE,
    OWED,
    ago,
    batches,
    daily,
    elsewhere,
    graded,
    history,
    predicted,
    quarantined,
    seen,
    served,
    staged,
    verified,
)
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, YESTERDAY, game, row, tip


async def test_published_predictions_are_those_staged() -> None:
    """Each by game, player, market and system, of this run and date; what was staged twice is one."""
    mine = staged(102, "points", "b")
    other = staged(104, "points", "b")
    published = row("predictions.player_prop_predictions", **ON_SLATE) | KEY | {"run_id": "run.2"}
    elsewhere = published | {"player_id": 104}
    runs = ("run.1", "run.3")
    found = await verified(
        "publish",
        predictions__staging=[
            mine,
            mine | {"batch": 1},
            other,
            *batches(near(staged(105, "points", "b"), game_date=DAYS, run_id=runs)),
        ],
        predictions__player_prop_predictions=[published, *near(elsewhere, run_id=runs, **AROUND)],
    )
    assert found == seen(2, 1)
    for one in near(elsewhere, game_date=DAYS):
        found = await verified("publish", predictions__staging=[other], predictions__player_prop_predictions=[one])
        assert found == seen(1, 0)


@pytest.mark.parametrize("part", ["game_id", "player_id", "market", "system"])
async def test_predictions_that_differ_in_one_part_of_their_key_are_two(part: str) -> None:
    """What is staged for one is not staged for the other."""
    mine = staged(102, "points", "b")
    found = await verified("publish", predictions__staging=[mine, *batches(near(mine, **{part: AROUND[part]}))])
    assert found == seen(3, 0)


async def test_grades_are_there_for_predictions_of_the_last_week() -> None:
    """Back to the seventh day, made before tip-off, of games played on their date, in this mode."""
    games = [
        game("2", ago(1)),
        game("3", ago(7)),
        game("4", ago(8)),
        game("5", SLATE),
        game("6", ago(2), postponed=True),
        game("7", ago(3)),
        game("8", TOMORROW),
        game("1", ago(4), away="UTA"),
    ]
    found = await verified(
        "grade",
        raw__games=games,
        predictions__player_prop_predictions=[
            predicted("2", 101),
            predicted("2", 102),
            predicted("2", 103, predicted_at=tip(YESTERDAY)),  # at tip-off: too late
            predicted("2", 104, predicted_at=tip(YESTERDAY) + timedelta(seconds=1)),
            predicted("3", 101, ago(7)),
            predicted("4", 101, ago(8)),
            predicted("5", 101, SLATE),
            predicted("6", 101, ago(2)),
            predicted("7", 101, ago(2), predicted_at=tip(ago(3), 18)),  # the game was moved a day back
            predicted("8", 101, ago(2)),  # and one to tomorrow
            predicted("9", 101, ago(2)),  # no game of the schedule
            *(predicted("2", 105, mode=mode, run_id=mode) for mode in MODES),
            predicted("1", 101, ago(4)),
        ],
        predictions__prediction_grades=[
            graded("2", 101),
            graded("3", 101),
            *near(graded("2", 102), mode=MODES, **AROUND),
        ],
    )
    # expected 2 (101, 102), 3 and 1; there 2 (101) and 3
    assert found == seen(4, 2, "GSW@BOS on 2024-03-03: no box score")


async def test_grades_are_expected_of_the_latest_run_of_a_game_and_system() -> None:
    """A player whom it did not predict is not expected; another system's latest run, or game's, is its own."""
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY), game("3", YESTERDAY)],
        predictions__player_prop_predictions=[
            predicted("2", 101, generation=1),
            predicted("2", 102, generation=1),
            predicted("2", 101, generation=2),
            predicted("2", 103, generation=2),
            predicted("2", 103, generation=2, market="threes"),
            predicted("2", 104, generation=3, predicted_at=tip(YESTERDAY)),  # made too late: the second counts
            predicted("2", 101, generation=1, system="a"),
            predicted("2", 101, generation=2, system="c"),
            predicted("2", 105, generation=2, run_id="2024-03-02.overnight.2"),  # the last by name counts
            predicted("2", 106, generation=1, run_id=f"{YESTERDAY}.overnight.2"),
            predicted("2", 107, generation=2, predicted_at=tip(YESTERDAY, 17)),
            predicted("2", 108, generation=2, mode="manual", run_id=f"{YESTERDAY}.overnight.2"),
            predicted("2", 109, ago(2), 2, predicted_at=tip(YESTERDAY, 18), run_id=f"{YESTERDAY}.overnight.2"),
            predicted("3", 101, generation=1),
            predicted("3", 102, generation=2),
        ],
    )
    # of game 2 by system b: 101, 103 and 103's threes; by systems a and c: 101; of game 3: 102
    assert found == seen(6, 0, "GSW@BOS on 2024-03-03: no box score")


async def test_ungraded_predictions_of_a_refused_game_are_quarantined() -> None:
    """Under the first reason by name; one that is graded is not, and another night's refusal is none."""
    refusal = quarantined("2", "minutes")
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY), game("4", YESTERDAY, home="ATL")],
        predictions__player_prop_predictions=[
            *(predicted("2", player) for player in (101, 102, 103)),
            predicted("4", 101),
        ],
        predictions__prediction_grades=[graded("2", 101), graded("2", 103), graded("4", 101)],
        raw__quarantine=[
            refusal,
            refusal | {"unit": "bulk", "reason": "fouls"},
            *near(refusal | {"reason": "a"}, game_date=DAYS, mode=MODES, step=("aa", "rosters"), record=("1", "3")),
        ],
    )
    assert found == seen(4, 3, "GSW@BOS on 2024-03-03: fouls", refused=1)
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY)],
        predictions__player_prop_predictions=[predicted("2", 101)],
        raw__quarantine=near(refusal, game_date=DAYS, mode=MODES, step=("aa", "rosters"), record=("1", "3")),
    )
    assert found == seen(1, 0, "GSW@BOS on 2024-03-03: no box score")


async def test_grades_of_all_leave_nothing_to_say() -> None:
    """No game is named."""
    found = await verified(
        "grade",
        raw__games=[game("2", YESTERDAY)],
        predictions__player_prop_predictions=[predicted("2", 101)],
        predictions__prediction_grades=[graded("2", 101)],
    )
    assert found == seen(1, 1)


async def test_a_live_run_owes_no_grade_of_a_game_that_was_not_over() -> None:
    """The evening's look at tomorrow runs beside tonight's games."""
    owes = {**OWED, "over_before": tip(YESTERDAY, 21).isoformat()}
    found = await verified(
        "grade",
        owes,
        raw__games=[game("2", YESTERDAY, tip_utc=tip(YESTERDAY, 21)), game("3", YESTERDAY, tip_utc=tip(YESTERDAY, 20))],
        predictions__player_prop_predictions=[predicted("2", 101), predicted("3", 101)],
    )
    assert found == seen(1, 0, "GSW@BOS on 2024-03-03: no box score")


async def test_the_history_is_there_as_the_grades_stand() -> None:
    """Grades of the last week in this mode, each with its run and whether it is void, in the last revision."""
    outside = [ago(8), SLATE, TOMORROW]
    found = await verified(
        "grade_history",
        predictions__prediction_grades=[
            graded("2", 101),
            graded("2", 102),
            graded("2", 103, ago(7)),
            graded("2", 104),
            graded("2", 105),
            graded("2", 106, voided=True),
            graded("2", 107),
            graded("2", 108),
            graded("2", 109),
            graded("2", 111),
            *(graded(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(graded("2", 110, mode=mode) for mode in MODES),
        ],
        predictions__prediction_grades_history=[
            history("2", 101, voided=True),
            history("2", 101, revision=2),
            history("2", 111, voided=True),
            history("2", 111, revision=2),
            *near(history("2", 102), mode=MODES, **AROUND),
            history("2", 103, ago(7)),
            history("2", 104, run_id="run.1"),
            history("2", 105, run_id="run.3"),
            history("2", 106),
            history("2", 107, voided=True),
            history("2", 108),
            history("2", 108, revision=2, run_id="run.3"),
            history("2", 109, ago(8)),
            *(history(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(history("2", 110, mode=mode) for mode in MODES),
        ],
    )
    # there: 101 and 111 in their second revisions, and 103
    assert found == seen(10, 3)


@pytest.mark.parametrize("day", [SLATE, ago(8)])
async def test_a_history_dated_outside_of_the_week_is_not_read(day: date) -> None:
    """Neither the slate's own nor an older one stands for last week's grades."""
    found = await verified(
        "grade_history",
        predictions__prediction_grades=[graded("2", 101)],
        predictions__prediction_grades_history=[history("2", 101, day)],
    )
    assert found == seen(1, 0)


async def test_histories_of_several_grades_have_a_last_revision_each() -> None:
    """By game, player, market and system."""
    first = history("2", 102)
    others = near(first, **AROUND)
    grades = [{**graded("2", 102), **{name: one[name] for name in KEY}} for one in (first, *others)]
    found = await verified(
        "grade_history",
        predictions__prediction_grades=grades,
        predictions__prediction_grades_history=[
            first, *(one | {"revision": 2 + n} for n, one in enumerate(others))
        ],
    )  # fmt: skip
    assert found == seen(9, 9)


async def test_daily_sums_are_there_when_they_count_as_many() -> None:
    """Slates, markets and systems with grades in the last week and mode; a sum over more or fewer is none."""
    outside = [ago(8), SLATE, TOMORROW]
    mine = daily(ago(1), 2)
    found = await verified(
        "system_daily_performance",
        predictions__prediction_grades=[
            graded("2", 101, ago(1)),
            graded("2", 102, ago(1)),
            graded("3", 101, ago(7)),
            graded("2", 101, ago(1), market="pra"),
            graded("2", 101, ago(1), system="c"),
            graded("2", 101, ago(1), market="rebounds"),
            graded("4", 101, ago(3)),
            *(graded(f"9{n}", 101, day) for n, day in enumerate(outside)),
            *(graded("2", 110, mode=mode) for mode in MODES),
        ],
        predictions__system_daily_performance=[
            mine,
            daily(ago(7), 1),
            daily(ago(1), 1, market="rebounds"),
            daily(ago(1), 2, market="pra"),
            daily(ago(1), 0, system="c"),
            *near(
                daily(ago(3), 1),
                game_date=(ago(4), ago(2)), mode=MODES, market=("assists", "threes"), system=("a", "d"),
            ),
            *(daily(day, 1) for day in outside),
        ],
    )  # fmt: skip
    # expected: points of b on three dates, pra and rebounds of b, points of c; there: points of b on two, and rebounds
    assert found == seen(6, 3)


async def test_predictions_are_expected_of_served_players_whose_game_has_not_tipped_off() -> None:
    """Two systems' worth each; at tip-off he is expected no more."""
    others = elsewhere(DAYS)
    found = await verified(
        "predict",
        features__ml_feature_store=[
            served(101, tip(SLATE) + timedelta(microseconds=1)),
            served(102),
            served(103, tip(SLATE)),
            served(104, tip(SLATE, 18)),
            *(served(105, **other) for other in others),
        ],
    )
    assert found == seen(4, 0, "nothing is staged")


async def test_predictions_of_a_pass_are_expected_of_its_games() -> None:
    """What is served of the slate's other games is owed by other runs."""
    games = [served(100 + n, game_id=f"002230000{n}") for n in range(1, 5)]
    owed = {**OWED, "games": "0022300002 0022300004"}
    assert await verified("predict", owed, features__ml_feature_store=games) == seen(4, 0, "nothing is staged")
    none = {**OWED, "games": "0022300009"}
    assert await verified("predict", none, features__ml_feature_store=games) in (seen(0, 0), NOTHING)


async def test_staged_predictions_count_by_player_market_and_system() -> None:
    """Of this date, run and the systems asked, of players who are expected, each once."""
    mine = staged(101, "points", "a")
    found = await verified(
        "predict",
        features__ml_feature_store=[served(101), served(102), served(103, tip(SLATE))],
        predictions__staging=[
            mine,
            mine | {"batch": 1},
            mine | {"batch": 2, "line": 20.5},
            staged(101, "points", "b"),
            staged(102, "points", "b"),
            staged(102, "threes", "b"),
            *batches(near(staged(102, "points", "a"), game_date=DAYS, run_id=("run.1", "run.3"), game_id=("1", "3"))),
            staged(102, "points", "absent"),
            staged(103, "points", "a"),
            staged(90, "points", "a"),
            staged(199, "points", "a"),
        ],
    )
    # 2 players x 2, and one line; there: points of a; points twice and threes of b
    assert found == seen(5, 4, "rows by system: a 1, b 3")


@pytest.mark.parametrize("step", ["predict", "publish"])
@pytest.mark.parametrize(("attempt", "hour"), [(1, 10), (2, 9), (2, 8)], ids=["later", "again", "again, clock back"])
async def test_of_a_game_that_was_staged_twice_the_newest_staging_counts(step: str, attempt: int, hour: int) -> None:
    """Whole: what only an older one has does not; of a game staged once, and of another run, nothing changes."""
    nine, newer = {"predicted_at": tip(SLATE, 9), "attempt": 1}, {"predicted_at": tip(SLATE, hour), "attempt": attempt}
    found = await verified(
        step,
        features__ml_feature_store=[served(101), served(102), served(103, game_id="3")],
        predictions__staging=[
            staged(101, "points", "a", **nine),
            staged(102, "points", "a", **nine),
            staged(101, "points", "a", **newer),
            staged(103, "points", "a", game_id="3", **nine),
            staged(101, "points", "a", predicted_at=tip(SLATE, 11), attempt=3, run_id="run.1"),
        ],
    )
    assert found == (seen(6, 2, "rows by system: a 2") if step == "predict" else seen(2, 0))


async def test_a_line_is_expected_in_the_markets_of_which_most_systems_speak() -> None:
    """Of points a, b and line speak, of threes and assists two do: only the lines on points are expected."""
    lined = [
        *(staged(player, "points", system, line=20.5) for player in (101, 102) for system in ("a", "b")),
        staged(101, "points", "line", line=20.5),
        *(
            staged(player, market, system, line=2.5)
            for market in ("assists", "threes")
            for player in (101, 102, 103, 104)
            for system in ("a", "b")
        ),
        staged(105, "threes", "line"),  # no line: nothing is expected
        staged(103, "points", "a"),
    ]
    served_to = [served(player) for player in (101, 102, 103, 104, 105)]
    found = await verified("predict", features__ml_feature_store=served_to, predictions__staging=lined)
    # 5 players x 2, and 101's and 102's points; there: 5 lined points, 16 assists and threes, 2 without a line
    assert found == seen(12, 23)


async def test_which_markets_have_lines_is_of_each_slate() -> None:
    """Most systems speak of points on one, of threes on the other: there the line on points is not expected."""
    other = {"game_date": YESTERDAY}
    rows = await answers(
        sql("complete/predict"),
        {"first": YESTERDAY, "last": SLATE, "mode": "overnight",
         "slates": [json.dumps({"game_date": str(day), "season": "2023-24", **OWED}) for day in (YESTERDAY, SLATE)]},
        features__ml_feature_store=[served(101), served(101, game_date=YESTERDAY)],
        predictions__staging=[
            *(staged(101, "points", system, line=20.5) for system in ("a", "b")),
            *(staged(101, "threes", system, line=2.5, batch=9, **other) for system in ("a", "b")),
            staged(101, "points", "a", line=20.5, batch=9, **other),
        ],
    )  # fmt: skip
    found = {row["game_date"]: (row["expected"], row["verified"]) for row in rows}
    assert found == {SLATE: (3, 2), YESTERDAY: (3, 3)}


async def test_predictions_that_are_just_enough_leave_nothing_to_say() -> None:
    """As many as are expected."""
    rows = [staged(101, "points", "a"), staged(101, "threes", "a")]
    assert await verified("predict", features__ml_feature_store=[served(101)], predictions__staging=rows) == seen(2, 2)
    found = await verified("predict", features__ml_feature_store=[served(101)], predictions__staging=rows[:1])
    assert found == seen(2, 1, "rows by system: a 1")


async def test_lines_multiply_by_the_systems_about_lines_and_players_by_the_others() -> None:
    """3 players x 5 and 2 lines x 2."""
    found = await verified(
        "predict",
        {**OWED, "per_player": 5, "per_line": 2},
        features__ml_feature_store=[served(player) for player in (101, 102, 103)],
        predictions__staging=[staged(player, "points", "a", line=20.5) for player in (101, 102)],
    )
    assert found == seen(19, 2, "rows by system: a 2")


async def test_without_a_run_games_with_served_features_are_to_be_published() -> None:
    """There with predictions of that date, game and mode, of whatever run; what is staged is nobody's."""
    others = elsewhere(DAYS)
    found = await verified(
        "publish",
        {},
        features__ml_feature_store=[
            served(101, game_id="2"),
            served(102, game_id="2"),
            served(103, game_id="4"),
            served(106, game_id="6"),
            *(served(105, game_id="7", **other) for other in others),
        ],
        predictions__staging=[staged(102, "points", "b")],
        predictions__player_prop_predictions=[
            predicted("2", 101, SLATE),
            predicted("2", 102, SLATE, generation=2),
            predicted("3", 103, SLATE),
            predicted("5", 103, SLATE),
            *(predicted("4", 103, day) for day in DAYS),
            *(predicted("4", 103, SLATE, mode=mode, run_id=mode) for mode in MODES),
        ],
    )
    assert found == seen(3, 1)


async def test_without_a_run_nothing_is_to_be_predicted() -> None:
    """Whoever is served."""
    assert await verified("predict", {}, features__ml_feature_store=[served(101)]) == seen(0, 0)


async def test_with_a_run_served_features_are_nothing_to_publish() -> None:
    """Only what it has staged is."""
    assert await verified("publish", features__ml_feature_store=[served(101)]) == seen(0, 0)
