"""`predictions.prediction_grades`: what a prediction was worth, by hand."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from shared.ports import Row, Warehouse
from shared.slate import eastern_instant
from shared.tables import QUANTILES
from tests.unit.analytics.conftest import Process
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


def pinball(actual: float) -> float:
    """Mean quantile loss (Koenker & Bassett 1978) of quantiles that lie at 100 q."""
    losses = [q * (actual - 100 * q) if actual >= 100 * q else (1 - q) * (100 * q - actual) for q in QUANTILES]
    return sum(losses) / len(losses)


@pytest.mark.parametrize(
    ("actual", "line", "p_over", "graded_as"),
    [
        (27, 24.5, 0.6, {"line_result": "over", "brier": 0.16, "inside_80": True}),
        (20, 24.5, 0.6, {"line_result": "under", "brier": 0.36, "inside_80": True}),
        (24, 24.0, 0.6, {"line_result": "push", "brier": None, "inside_80": True}),
        (5, None, None, {"line_result": None, "brier": None, "inside_80": False}),
        (0, 0.5, 0.9, {"line_result": "under", "brier": 0.81, "inside_80": False}),
        (1, 0.0, 0.9, {"line_result": "over", "brier": 0.01, "inside_80": False}),
        (90, 89.5, 0.0, {"line_result": "over", "brier": 1.0, "inside_80": True}),
        (91, 91.5, 1.0, {"line_result": "under", "brier": 1.0, "inside_80": False}),
    ],
)
async def test_f31_a_grade_by_hand(
    warehouse: Warehouse, process: Process, actual: int, line: float | None, p_over: float | None, graded_as: Row
) -> None:
    """Over, under, push or no line; errors against the median; losses by their definitions; zero is a value."""
    made = prediction(GAME, 1, YESTERDAY, line=line, p_over=p_over, p_push=None if line is None else 0.0)
    [grade] = await graded(warehouse, process, [made], both_teams(points=actual))
    assert (grade["voided"], grade["actual"], grade["error"]) == (False, actual, actual - 50)
    assert grade["line"] == line
    assert {name: grade[name] for name in graded_as} == {
        name: pytest.approx(value) if name == "brier" else value for name, value in graded_as.items()
    }
    assert grade["pinball"] == pytest.approx(pinball(actual))
    assert grade["baseline_error"] is None


async def test_every_market_is_graded_by_its_own_statistic(warehouse: Warehouse, process: Process) -> None:
    """Points by points, threes by threes, and points, rebounds and assists together by their sum."""
    markets = ("assists", "points", "pra", "rebounds", "threes")
    earlier = YESTERDAY - timedelta(days=3)
    await load(warehouse, raw__player_box_scores=[
        box("0022300700", 1, earlier, assists=1, points=10, rebounds=3, threes=0)
    ])  # fmt: skip
    made = [prediction(GAME, 1, YESTERDAY, market=market) for market in markets]
    grades = await graded(warehouse, process, made, both_teams(assists=4, points=20, rebounds=5, threes=2))
    assert [(grade["market"], grade["actual"], grade["baseline_error"]) for grade in grades] == [
        ("assists", 4.0, 3.0), ("points", 20.0, 10.0), ("pra", 29.0, 15.0), ("rebounds", 5.0, 2.0),
        ("threes", 2.0, 2.0),
    ]  # fmt: skip


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


async def test_who_did_not_play_is_void(warehouse: Warehouse, process: Process) -> None:
    """Neither right nor wrong: everything but the line is null."""
    made = prediction(GAME, 2, YESTERDAY, line=10.5, p_over=0.5, p_push=0.0)
    [grade] = await graded(warehouse, process, [made], both_teams())
    assert grade["voided"]
    names = ("actual", "error", "baseline_error", "inside_80", "pinball", "line_result", "brier")
    assert {grade[name] for name in names} == {None}
    assert grade["line"] == 10.5


def quoted(**values: object) -> Row:
    """A prediction with an edge on the over of 24.5."""
    known: Row = {"line": 24.5, "p_over": 0.6, "p_push": 0.0, "p_market": 0.5, "edge": 0.1, "recommendation": "over"}
    return prediction(GAME, 1, YESTERDAY, **known | values)


@pytest.mark.parametrize(
    ("points", "values", "result"),
    [
        (30, {}, "won"),
        (20, {}, "lost"),
        (24, {"line": 24.0}, "push"),
        (20, {"recommendation": "under"}, "won"),
        (30, {"recommendation": "pass"}, None),
        (30, {"recommendation": "no_line", "line": None, "p_over": None, "p_market": None, "edge": None}, None),
    ],
)
async def test_a_pick_is_won_lost_or_returned(
    warehouse: Warehouse, process: Process, points: int, values: Row, result: str | None
) -> None:
    """Only what was recommended is a pick; a push returns the stake."""
    [grade] = await graded(warehouse, process, [quoted(**values)], both_teams(points=points))
    assert grade["pick_result"] == result


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


async def test_where_the_line_stood_the_price_tells(warehouse: Warehouse, process: Process) -> None:
    """A closing price that has become dearer on the side taken is value, too."""
    late = tip(YESTERDAY) - timedelta(minutes=10)
    dear = prop(GAME, 1, 24.5, "one", late, game_date=YESTERDAY, over_price=-150.0, under_price=130.0)
    await load(warehouse, raw__prop_lines=[dear])
    [grade] = await graded(warehouse, process, [quoted()], both_teams())
    assert grade["clv"] == 0.0
    assert grade["clv_price"] == pytest.approx(0.6 / (0.6 + 100 / 230) - 0.5, abs=1e-8)


async def test_quantile_places_and_crps_by_hand(warehouse: Warehouse, process: Process) -> None:
    """Four quantiles lie below 40 and one equals it; the CRPS is twice the integral of the loss over levels."""
    [grade] = await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY)], both_teams(points=40))
    assert (grade["quantiles_below"], grade["quantiles_equal"], grade["inside_90"]) == (4, 1, True)
    levels = [0.0, *QUANTILES, 1.0]
    losses = [0.0, *(max(q * (40 - 100 * q), (q - 1) * (40 - 100 * q)) for q in QUANTILES), 0.0]
    pairs = list(zip(levels, losses, strict=True))
    trapezes = [(b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(pairs)]
    assert grade["crps"] == pytest.approx(2 * sum(trapezes))


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
    """A game of which only one team is there is not collected: the other team's players may well have played."""
    made = [prediction(GAME, 1, YESTERDAY), prediction(GAME, 9, YESTERDAY)]
    grades = await graded(warehouse, process, made, [box(GAME, 1, YESTERDAY)])
    assert [grade["player_id"] for grade in grades if grade["voided"]] == []


@pytest.mark.parametrize(("seconds", "counts"), [(-1, True), (0, False), (1, False)])
async def test_only_what_was_predicted_before_tip_off_is_graded(
    warehouse: Warehouse, process: Process, seconds: int, counts: bool  # noqa: FBT001 - a column of the table above
) -> None:  # fmt: skip
    """A prediction made at or after tip-off is none."""
    made = prediction(GAME, 1, YESTERDAY, predicted_at=tip(YESTERDAY) + timedelta(seconds=seconds))
    assert len(await graded(warehouse, process, [made], both_teams())) == counts


async def test_f37_a_second_generation_is_graded_once(warehouse: Warehouse, process: Process) -> None:
    """The latest run of a game counts, whole: one grade per (game, player, market, system)."""
    made = [prediction(GAME, player, YESTERDAY, generation) for generation, player in ((1, 1), (1, 9), (2, 1))]
    [grade] = await graded(warehouse, process, made, both_teams())
    assert (grade["player_id"], grade["run_id"]) == (1, f"{YESTERDAY}.overnight.2")


async def test_a_generation_made_after_tip_off_does_not_displace_the_one_before(
    warehouse: Warehouse, process: Process
) -> None:
    """What counts is the latest word before the game, not the latest word."""
    late = prediction(GAME, 1, YESTERDAY, 2, predicted_at=tip(YESTERDAY) + timedelta(hours=1))
    [grade] = await graded(warehouse, process, [prediction(GAME, 1, YESTERDAY), late], both_teams())
    assert grade["run_id"] == f"{YESTERDAY}.overnight.1"


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
