"""The statements that show predictions and slates."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.coordinator.sql import sql
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ON_SLATE, ago, full, graded
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, box, game, prediction, row, tip

CONTEXT = "analytics.upcoming_player_game_context"
PUBLISHED = "predictions.player_prop_predictions"
RANGE: Params = {"first": ago(2), "last": SLATE, "mode": "overnight"}
BESIDE = (ago(3), TOMORROW)
"""The dates beside that range."""


def predicted(game_id: str, player: int, seed: int = 1, generation: int = 1, **values: object) -> Row:
    """A published prediction of the slate."""
    key = {"game_id": game_id, "player_id": player, "market": "points", "system": "b", "mean": 10.0}
    return full(PUBLISHED, seed, **ON_SLATE) | key | {"run_id": f"run.{generation}", "generation": generation} | values


SHOWN: Params = {
    "game_date": SLATE, "mode": "overnight", "market": "", "games": "", "system": "", "best_first": "first second",
}  # fmt: skip


async def shown(predictions: Sequence[Row], **tables: Sequence[Row]) -> list[Row]:
    """What a slate's predictions are shown as."""
    return await answers(sql("predictions"), SHOWN, predictions__player_prop_predictions=predictions, **tables)


async def test_a_prediction_is_shown_with_its_game_context_and_grade() -> None:
    """By game, player, market, system, date and mode."""
    mine = predicted("2", 101)
    known = full(CONTEXT, 3, **ON_SLATE, player_id=101, is_home=True, player_name="By context")
    grade = graded("2", 101, SLATE, voided=False, actual=31.0)
    [found] = await shown(
        [mine],
        raw__games=[game("2", tip_utc=tip(SLATE, 21)), game("1", home="LAL"), game("3", away="UTA")],
        analytics__upcoming_player_game_context=[
            known,
            *near(
                known | {"player_name": "z", "is_home": False},
                game_date=(ago(1), TOMORROW), mode=MODES, player_id=(90, 199),
            ),
        ],
        analytics__player_game_summary=[
            row("analytics.player_game_summary", player_id=101, game_date=ago(1), player_name="By summary")
        ],
        predictions__prediction_grades=[
            grade,
            *near(
                grade | {"actual": 1.0, "voided": True},
                game_id=("1", "3"), player_id=(90, 199), market=("assists", "threes"), system=("aa", "c"), mode=MODES,
            ),
        ],
    )  # fmt: skip
    assert found == mine | {
        "player_name": "By context",
        "team_abbr": known["team_abbr"],
        "opponent_team_abbr": known["opponent_team_abbr"],
        "is_home": True,
        "home_team": "BOS",
        "away_team": "GSW",
        "tip_utc": tip(SLATE, 21),
        "injury_status": known["injury_status"],
        "voided": False,
        "actual": 31.0,
    }


async def test_each_part_of_a_prediction_is_shown_without_the_others() -> None:
    """A context without earlier games, of a game moved since; a grade without a context."""
    known = full(CONTEXT, 3, **ON_SLATE, player_id=101, player_name="By context")
    found = await shown(
        [predicted("2", 101), predicted("2", 102)],
        raw__games=[game("2", TOMORROW)],
        analytics__upcoming_player_game_context=[known],
        predictions__prediction_grades=[graded("2", player, SLATE, actual=player + 0.5) for player in (101, 102)],
    )
    assert [(one["player_name"], one["actual"]) for one in found] == [("By context", 101.5), (None, 102.5)]


async def test_a_prediction_of_a_game_that_the_schedule_has_not_is_not_shown() -> None:
    """And one without context or grade is, with nothing in their places."""
    [found] = await shown([predicted("2", 101), predicted("3", 101)], raw__games=[game("2")])
    names = ("player_name", "team_abbr", "opponent_team_abbr", "is_home", "injury_status", "voided", "actual")
    assert {name: found[name] for name in ("game_id", *names)} == {"game_id": "2", **dict.fromkeys(names)}


@pytest.mark.parametrize(
    ("player", "day", "shown_as"),
    [(101, ago(1), "By summary"), (101, ago(400), "By summary"), (101, ago(401), None), (101, SLATE, None),
     (101, TOMORROW, None), (90, ago(1), None), (199, ago(1), None)],
)  # fmt: skip
async def test_without_a_context_the_name_is_that_of_earlier_games(
    player: int, day: date, shown_as: str | None
) -> None:
    """Of the last 400 days; of two names the last in the alphabet."""

    def played(game_id: str, name: str) -> Row:
        known = {"game_id": game_id, "player_id": player, "game_date": day, "player_name": name}
        return full("analytics.player_game_summary", 5) | known

    rows = [played("1", "By another"), played("2", "By summary"), played("3", "By")]
    [found] = await shown([predicted("2", 101)], raw__games=[game("2")], analytics__player_game_summary=rows)
    assert found["player_name"] == shown_as


async def test_the_latest_run_that_predicted_a_game_counts_by_system() -> None:
    """With all its players, also where an earlier run had more; another date's or mode's is not asked for."""
    found = await shown(
        [
            predicted("2", 101, generation=1),
            predicted("2", 102, generation=1),
            predicted("2", 101, generation=2, market="threes"),
            predicted("2", 103, generation=2),
            predicted("2", 104, generation=1, system="a"),
            predicted("3", 105, generation=1),
            *(predicted("2", 106, generation=9, mode=mode, run_id=mode) for mode in MODES),
            *(predicted("2", 106, generation=9, game_date=day, run_id=f"{day}") for day in (ago(1), TOMORROW)),
        ],
        raw__games=[game("2"), game("3")],
    )
    assert {(one["game_id"], one["player_id"], one["market"], one["system"]) for one in found} == {
        ("2", 101, "threes", "b"), ("2", 103, "points", "b"), ("2", 104, "points", "a"), ("3", 105, "points", "b"),
    }  # fmt: skip
    assert len(found) == 4


async def test_predictions_are_in_the_order_of_tip_off_game_market_and_mean() -> None:
    """The highest mean first; of two as high, the lower player id."""
    rows = [
        predicted("1", 101),
        predicted("3", 105),
        predicted("2", 105, market="threes", mean=30.0),
        predicted("2", 104, mean=10.0),
        predicted("2", 103, mean=12.0),
        predicted("2", 106, mean=12.0),
        predicted("2", 102, mean=12.0),
    ]
    games = [game("1", tip_utc=tip(SLATE, 22)), game("2"), game("3")]
    found = await shown(rows, raw__games=games)
    assert [one["player_id"] for one in found] == [102, 103, 106, 104, 105, 105, 101]
    assert [one["game_id"] for one in found] == ["2"] * 5 + ["3", "1"]


async def test_one_market_can_be_asked_for() -> None:
    """The others are left out."""
    rows = [predicted("2", 101, market=market) for market in ("assists", "points", "threes")]
    found = await answers(
        sql("predictions"),
        {**SHOWN, "market": "points"},
        raw__games=[game("2")],
        predictions__player_prop_predictions=rows,
    )
    assert [one["market"] for one in found] == ["points"]


SYSTEMS = ("first", "other", "second")


async def test_one_system_can_be_asked_for() -> None:
    """The others are left out."""
    rows = [predicted("2", 101, system=system) for system in SYSTEMS]
    tables = {"raw__games": [game("2")], "predictions__player_prop_predictions": rows}
    found = {
        system: [one["system"] for one in await answers(sql("predictions"), {**SHOWN, "system": system}, **tables)]
        for system in ("", *SYSTEMS)
    }
    assert found == {"": [*SYSTEMS], **{system: [system] for system in SYSTEMS}}


async def test_the_best_system_is_that_of_its_market() -> None:
    """The first of those given that has any, in its latest run; a market with none of them has nothing."""
    rows = [
        *(predicted("2", 101, market="points", system=system) for system in SYSTEMS),
        *(predicted("2", 101, market="assists", system=system) for system in ("other", "second")),
        predicted("2", 101, market="threes", system="other"),
        predicted("2", 101, market="points", system="first", generation=2, mean=12.0),
    ]
    found = await answers(
        sql("predictions"),
        {**SHOWN, "system": "best"},
        raw__games=[game("2")],
        predictions__player_prop_predictions=rows,
    )
    assert [(one["market"], one["system"], one["mean"]) for one in found] == [
        ("assists", "second", 10.0), ("points", "first", 12.0),
    ]  # fmt: skip


async def test_slates_are_counted_from_schedule_to_grades() -> None:
    """Games that are played, those with both teams' box scores, predictions of the latest runs, grades."""

    def made(game_id: str, player: int, day: date, generation: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
        return prediction(game_id, player, day, generation, system="b") | values

    def grade(player: int, day: date = SLATE, **values: Any) -> Row:  # noqa: ANN401 - columns
        return graded("1", player, day, **values)

    found = await answers(
        sql("slates"),
        RANGE,
        raw__games=[
            *(game(str(n)) for n in (1, 2, 3, 4, 45)),
            game("5", postponed=True),
            game("6", ago(1), postponed=True),
            game("7", ago(2)),
            game("8", ago(1)),
            *(game(f"9{n}", day) for n, day in enumerate(BESIDE)),
        ],
        raw__player_box_scores=[
            *(box("45", n, SLATE, team) for n, team in ((101, "BOS"), (102, "GSW"))),
            box("1", 101, SLATE), box("1", 102, SLATE), box("1", 103, SLATE, "GSW"),
            box("2", 101, SLATE), box("2", 102, SLATE),
            box("3", 101, SLATE), box("3", 102, SLATE, "GSW"), box("3", 103, SLATE, "UTA"),
            box("4", 101, SLATE), box("4", 102, SLATE, "GSW"), box("4", 103, SLATE, "GSW"),
            box("5", 101, SLATE), box("5", 102, SLATE, "GSW"),
        ],
        predictions__player_prop_predictions=[
            made("1", 101, SLATE),
            made("1", 102, SLATE),
            made("1", 109, SLATE),
            made("1", 110, SLATE),
            made("1", 101, SLATE, 2),
            made("1", 102, SLATE, 2),
            made("1", 102, SLATE, 2, market="threes"),
            made("1", 103, SLATE, 1, system="a"),
            made("2", 104, SLATE, 1),
            made("7", 101, ago(2)),
            made("7", 102, ago(2)),
            *(made("2", 105, SLATE, 3, mode=mode, run_id=mode) for mode in MODES),
            *(made("9", 101, day, 3) for day in BESIDE),
        ],
        predictions__prediction_grades=[
            grade(101), grade(102), grade(103), grade(104, voided=True), grade(105, voided=True),
            graded("8", 101, ago(1), voided=True), graded("7", 101, ago(2)),
            *(grade(106, mode=mode) for mode in MODES),
            *(graded(f"9{n}", 101, day) for n, day in enumerate(BESIDE)),
        ],
    )  # fmt: skip
    columns = ("game_date", "games_expected", "games_collected", "predictions", "graded", "voided")
    assert [tuple(one) for one in found] == [columns] * 3
    # 1: 101 and 102 (points, threes) by b's second run, 103 by a's first; 2: 104
    assert [tuple(one.values()) for one in found] == [
        (ago(2), 1, 0, 2, 1, 0),
        (ago(1), 1, 0, 0, 0, 1),
        (SLATE, 5, 3, 5, 3, 2),
    ]


async def test_slates_without_anything_yet_are_shown_in_order() -> None:
    """With nothing collected, predicted or graded."""
    order = [1000 * number for number in (4, 13, 0, 7, 2, 10, 1, 12, 5, 9, 3, 11, 6, 8)]
    games = [game(str(days), ago(days)) for days in order]
    found = await answers(sql("slates"), {**RANGE, "first": ago(13_000)}, raw__games=games)
    assert [tuple(one.values()) for one in found] == [
        (ago(days), 1, 0, 0, 0, 0) for days in sorted(order, reverse=True)
    ]


async def test_the_predictions_of_some_games_are_those_of_no_others() -> None:
    """By their ids, between blanks."""
    found = await answers(
        sql("predictions"),
        {**SHOWN, "games": "1 3"},
        predictions__player_prop_predictions=[predicted(each, 101) for each in ("1", "2", "3")],
        raw__games=[game(each) for each in ("1", "2", "3")],
    )
    assert [one["game_id"] for one in found] == ["1", "3"]
