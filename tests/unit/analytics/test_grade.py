"""`predictions.prediction_grades`: what a prediction was worth, by hand."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.analytics.processors import PROCESSORS
from shared.basketball.slate import Mode, eastern_instant
from shared.contract import StepRequested
from shared.embedded.warehouse import DuckDBWarehouse
from shared.ports import Row, Warehouse
from shared.tables import TABLES
from tests.unit.analytics.conftest import Process
from tests.unit.analytics.prices import FAIR
from tests.unit.shared.rows import SLATE, YESTERDAY, box, game, load, prediction, prop, tip

GAME = "0022300800"


def both_teams(day: date = YESTERDAY, **values: object) -> list[Row]:
    """Box scores of the game: player 1 of the home team, player 9 of the away team."""
    return [box(GAME, 1, day) | values, box(GAME, 9, day, "GSW")]


async def graded(warehouse: Warehouse, process: Process, predictions: list[Row], boxes: list[Row]) -> list[Row]:
    """Grades of yesterday's predictions."""
    await load(
        warehouse,
        raw__games=[game(GAME, YESTERDAY)],
        raw__player_box_scores=boxes,
        predictions__player_prop_predictions=predictions,
    )
    return await process("player_game_summary", "grade")


HAND = (
    # Player, outcome, line, P(over); how the line went, (P(over) - over)^2, and whether 10 <= outcome <= 90.
    (1, 27, 24.5, 0.6, "over", 0.16, True),
    (2, 20, 24.5, 0.6, "under", 0.36, True),
    (3, 24, 24.0, 0.6, "push", None, True),
    (4, 5, None, None, None, None, False),
    (5, 0, 0.5, 0.9, "under", 0.81, False),
    (6, 1, 0.0, 0.9, "over", 0.01, False),
    (7, 90, 89.5, 0.0, "over", 1.0, True),
    (8, 91, 91.5, 1.0, "under", 1.0, False),
)
"""Of a prediction whose every q-quantile is 100 q, and whose mean is 50."""


async def test_f31_grades_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Over, under, push or no line; errors against the median; zero is a value."""
    made = [
        prediction(GAME, player, YESTERDAY, line=line, p_over=p_over, p_push=None if line is None else 0.0)
        for player, _, line, p_over, *_ in HAND
    ]
    boxes = [box(GAME, player, YESTERDAY, points=points) for player, points, *_ in HAND]
    grades = await graded(warehouse, process, made, [*boxes, box(GAME, 9, YESTERDAY, "GSW")])
    for grade, (player, points, line, p_over, result, brier, inside) in zip(grades, HAND, strict=True):
        assert (grade["player_id"], grade["voided"], grade["actual"]) == (player, False, points)
        assert (grade["error"], grade["mean_error"], grade["baseline_error"]) == (points - 50, points - 50, None)
        assert (grade["line"], grade["p_over"], grade["line_result"], grade["inside_80"]) == (
            line,
            p_over,
            result,
            inside,
        )
        assert grade["brier"] == (None if brier is None else pytest.approx(brier))


async def test_losses_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Of an outcome of 27 where every q-quantile is 100 q; the CRPS is twice the integral of the loss over levels."""
    [grade] = await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY)], both_teams(points=27))
    # q (27 - 100 q) below: 1.1, 1.7, 1.4; (1 - q) (100 q - 27) above: 2.1, 7.8, 11.5, 13.2, 12.9, 10.6, 6.3, 3.4.
    assert grade["pinball"] == pytest.approx(72 / 11)
    # Twice the trapezes: weights 0.1 and 0.15 at both ends, 0.2 between.
    assert grade["crps"] == pytest.approx(0.1 * (1.1 + 3.4) + 0.15 * (1.7 + 6.3) + 0.2 * 59.5)
    assert (grade["quantiles_below"], grade["quantiles_equal"], grade["inside_90"]) == (3, 0, True)


async def test_baselines_are_what_anybody_could_have_said(warehouse: Warehouse, process: Process) -> None:
    """Season mean, weighted mean, rate times weighted minutes by hand; only games of the season that were known."""
    old = [(20, 30.0, 12), (10, 20.0, 9), (30, 40.0, 3)]
    games = [game(f"002230070{n}", YESTERDAY - timedelta(days=ago)) for n, (_, _, ago) in enumerate(old)]
    boxes = [
        box(f"002230070{n}", 1, YESTERDAY - timedelta(days=ago), points=points, minutes=minutes)
        for n, (points, minutes, ago) in enumerate(old)
    ]
    unknown = box("0022300710", 1, YESTERDAY - timedelta(days=1), points=60, available_at=tip(YESTERDAY))
    last_season = box("0022200710", 1, YESTERDAY - timedelta(days=300), points=60)
    await load(warehouse, raw__games=games)
    [grade] = await graded(
        warehouse, process, [prediction(GAME, 1, YESTERDAY)], [*both_teams(), *boxes, unknown, last_season]
    )
    assert (grade["games_before"], grade["minutes_before"], grade["season_mean"]) == (3, 30.0, 20.0)
    assert grade["ewma"] == pytest.approx((30 + 0.9 * 10 + 0.81 * 20) / (1 + 0.9 + 0.81), abs=1e-8)
    minutes = (40 + 0.8 * 20 + 0.64 * 30) / (1 + 0.8 + 0.64)
    assert grade["rate_minutes"] == pytest.approx(60 / 90 * minutes, abs=1e-7)


async def test_a_baseline_knows_what_its_own_prediction_did(warehouse: Warehouse, process: Process) -> None:
    """A game published between two systems' predictions is one of the later one's baseline alone."""
    at = eastern_instant(YESTERDAY) + timedelta(hours=9)
    first, between = YESTERDAY - timedelta(days=4), YESTERDAY - timedelta(days=2)
    boxes = [box("0022300701", 1, first, points=10), box("0022300702", 1, between, points=30, available_at=at)]
    late = prediction(GAME, 1, YESTERDAY, system="late", predicted_at=at)
    grades = await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY), late], [*both_teams(), *boxes])
    found = {grade["system"]: (grade["games_before"], grade["season_mean"]) for grade in grades}
    assert found == {"moving_average": (1, 10.0), "late": (2, 20.0)}


async def test_a_prediction_older_than_trials_was_not_on_trial() -> None:
    """In an upgraded warehouse `shadow` is null in what was predicted before: graded as any other system's."""
    name = "predictions.player_prop_predictions"
    columns = tuple(replace(each, nullable=each.nullable or each.name == "shadow") for each in TABLES[name].columns)
    warehouse = DuckDBWarehouse(None, {**TABLES, name: replace(TABLES[name], columns=columns)})
    try:
        await load(
            warehouse,
            raw__games=[game(GAME, YESTERDAY)],
            raw__player_box_scores=both_teams(),
            predictions__player_prop_predictions=[prediction(GAME, 1, YESTERDAY) | {"shadow": None}],
        )
        for step in ("player_game_summary", "grade"):
            request = StepRequested(
                run_id=f"{SLATE}.overnight.1", game_date=SLATE, mode=Mode.OVERNIGHT, step=step, attempt=1
            )
            await PROCESSORS[step].run(request, warehouse, regrade_days=7)
        [grade] = await warehouse.query("SELECT shadow, games_before FROM predictions.prediction_grades")
    finally:
        await warehouse.close()
    assert grade == {"shadow": False, "games_before": 0}


def quoted(**values: object) -> Row:
    """A prediction with an edge on the over of 24.5."""
    known: Row = {"line": 24.5, "p_over": 0.6, "p_push": 0.0, "p_market": 0.5, "edge": 0.1, "recommendation": "over"}
    return prediction(GAME, 1, YESTERDAY, **known | values)


async def test_closing_line_value_by_hand(warehouse: Warehouse, process: Process) -> None:
    """The median of each book's last main line before tip-off; what moves towards the side taken counts as gained."""
    at = tip(YESTERDAY)
    early, late = at - timedelta(hours=3), at - timedelta(minutes=10)
    lines = [
        prop(GAME, 1, 24.5, "one", early, game_date=YESTERDAY),
        prop(GAME, 1, 25.5, "one", late, game_date=YESTERDAY),
        prop(GAME, 1, 26.5, "two", late, game_date=YESTERDAY),
        prop(GAME, 1, 25.5, "three", late, game_date=YESTERDAY, over_price=-150.0, under_price=130.0),
        prop(GAME, 1, 40.5, "three", at, game_date=YESTERDAY),
        prop(GAME, 1, 40.5, "four", late, game_date=YESTERDAY, is_main=False),
    ]
    await load(warehouse, raw__prop_lines=lines)
    under = quoted(system="another", edge=-0.1, recommendation="under")
    grades = await graded(warehouse, process, [quoted(), under], both_teams())
    assert {grade["closing_line"] for grade in grades} == {25.5}
    fair = 0.6 / (0.6 + 100 / 230)
    assert grades[0]["closing_p_market"] == pytest.approx((0.5 + fair) / 2, abs=1e-8)
    assert {grade["system"]: (grade["side"], grade["clv"], grade["clv_price"]) for grade in grades} == {
        "moving_average": ("over", 1.0, None),
        "another": ("under", -1.0, None),
    }


async def test_two_closing_prices_are_a_probability(warehouse: Warehouse, process: Process) -> None:
    """Each price counts from its bound on, and both together only while they are two sides of one market."""
    at, players = tip(YESTERDAY) - timedelta(minutes=10), range(1, len(FAIR) + 1)
    lines = [
        prop(GAME, player, 25.5, book, at, game_date=YESTERDAY, over_price=over, under_price=under)
        for player, (book, over, under, _) in zip(players, FAIR, strict=True)
    ]
    await load(warehouse, raw__prop_lines=lines)
    predictions = [quoted() | {"player_id": player} for player in players]
    grades = await graded(warehouse, process, predictions, both_teams())
    found = {grade["player_id"]: grade["closing_p_market"] for grade in grades}
    assert [found[player] for player in players] == [
        None if fair is None else pytest.approx(fair, abs=1e-8) for *_, fair in FAIR
    ]


async def test_history_keeps_what_a_grade_was(warehouse: Warehouse, process: Process) -> None:
    """Grading again adds nothing; a corrected statistic adds a revision, and the one before stays."""
    await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY)], both_teams(points=20))
    first = await process("grade_history")
    assert [row["revision"] for row in first] == [1]
    assert await process("grade", "grade_history") == first
    for points in (22, 20):
        scope, params = "game_date = @day", {"day": YESTERDAY}
        await warehouse.replace("raw.player_box_scores", both_teams(points=points), scope=scope, params=params)
        await process("player_game_summary", "grade", "grade_history")
    rows = await process("grade_history")
    assert [(row["revision"], row["actual"]) for row in rows] == [(1, 20.0), (2, 22.0), (3, 20.0)]


async def test_daily_performance_adds_the_grades_up(warehouse: Warehouse, process: Process) -> None:
    """Counts of void and graded, errors of those who played, picks won of those that were decided."""
    made = [quoted(), prediction(GAME, 9, YESTERDAY), prediction(GAME, 2, YESTERDAY)]
    await graded(warehouse, process, made, both_teams(points=30))
    [day] = await process("system_daily_performance")
    counts = ("predictions", "graded", "voided", "with_line", "picks", "picks_won")
    assert [day[name] for name in counts] == [3, 2, 1, 1, 1, 1]
    assert (day["mae"], day["bias"], day["coverage_80"]) == (25.0, -25.0, 1.0)
    assert (day["brier"], day["market_brier"]) == (pytest.approx(0.16), 0.25)


async def test_f18_a_game_without_a_box_score_is_not_graded_yet(warehouse: Warehouse, process: Process) -> None:
    """Nobody is void in a game that nobody has collected."""
    assert await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY)], []) == []


async def test_f01_half_a_box_score_voids_nobody(warehouse: Warehouse, process: Process) -> None:
    """A game with the box scores of one team is not collected: the other team's players may well have played."""
    made = [prediction(GAME, 1, YESTERDAY), prediction(GAME, 9, YESTERDAY)]
    assert await graded(warehouse, process, made, [box(GAME, 1, YESTERDAY)]) == []


async def test_f37_a_second_generation_is_graded_once(warehouse: Warehouse, process: Process) -> None:
    """The latest run of a game counts, whole: one grade per (game, player, market, system)."""
    made = [prediction(GAME, player, YESTERDAY, generation) for generation, player in ((1, 1), (1, 9), (2, 1))]
    [grade] = await graded(warehouse, process, made, both_teams())
    assert (grade["player_id"], grade["run_id"]) == (1, f"{YESTERDAY}.overnight.2")


async def test_f16_grading_again_leaves_the_same_rows(warehouse: Warehouse, process: Process) -> None:
    """Replaced, never added to: no duplicate however often it runs."""
    made = [prediction(GAME, player, YESTERDAY, line=10.5, p_over=0.4, p_push=0.0) for player in (1, 2, 9)]
    once = await graded(warehouse, process, made, both_teams())
    assert len(once) == 3
    for _ in range(3):
        assert await process("grade") == once


async def test_grades_older_than_the_window_stay(warehouse: Warehouse, process: Process) -> None:
    """Regrading looks back some days and leaves the rest alone."""
    once = await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY)], both_teams())
    assert await process("grade", day=SLATE + timedelta(days=30)) == once


async def test_f17_a_late_box_score_is_graded_within_the_window(warehouse: Warehouse, process: Process) -> None:
    """A game collected days later is graded then, its predictions matched by the one canonical id."""
    old = SLATE - timedelta(days=6)
    await load(
        warehouse,
        raw__games=[game(GAME, old)],
        predictions__player_prop_predictions=[prediction(GAME, 1, old)],
    )
    assert await process("player_game_summary", "grade") == []
    await load(warehouse, raw__player_box_scores=both_teams(old))
    assert [grade["game_date"] for grade in await process("player_game_summary", "grade")] == [old]


async def test_a_postponed_game_is_graded_once_when_it_is_played(warehouse: Warehouse, process: Process) -> None:
    """The game keeps its id and gets a new date: the predictions of the date it was not played on do not count."""
    played = YESTERDAY
    planned = SLATE - timedelta(days=4)
    await load(
        warehouse,
        raw__games=[game(GAME, played)],
        raw__player_box_scores=both_teams(played),
        predictions__player_prop_predictions=[
            prediction(GAME, 1, planned, predicted_at=eastern_instant(planned)),
            prediction(GAME, 1, played),
        ],
    )
    grades = await process("player_game_summary", "grade")
    assert [(grade["game_date"], grade["run_id"]) for grade in grades] == [(played, f"{played}.overnight.1")]
