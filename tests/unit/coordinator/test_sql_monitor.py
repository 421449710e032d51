"""The monitoring statements: what an operator reads of runs, sources, predictions and features."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.coordinator.api.operations import MONITOR
from services.coordinator.sql import sql
from services.coordinator.steps.feature_health import Limit, health_query
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ago, fetched
from tests.unit.shared.answers import MODES, TOMORROW, answers
from tests.unit.shared.rows import SLATE, game, prediction, row, tip

FIRST, LAST = ago(2), SLATE
PARAMS: Params = {"first": FIRST, "last": LAST, "mode": "overnight"}
BESIDE: list[dict[str, Any]] = [{"game_date": ago(3)}, {"game_date": TOMORROW}, *({"mode": mode} for mode in MODES)]
"""What is not asked for: a date on either side of the range, a mode that sorts on either side."""
ASKED = tip(SLATE, 6)


async def monitored(name: str, **tables: Sequence[Row]) -> list[Row]:
    """The statement's answer."""
    return await answers(sql(f"monitor/{name}"), PARAMS, **tables)


@pytest.mark.parametrize("name", MONITOR)
async def test_an_empty_warehouse_has_nothing_to_show(name: str) -> None:
    """No row."""
    assert await monitored(name) == []


def after(seconds: float) -> datetime:
    """So long after the run was asked for."""
    return ASKED + timedelta(seconds=seconds)


def step(name: str, phase: int, start: float | None, end: float | None, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A step of the slate's second run, from and to seconds after it was asked for."""
    known = {"game_date": LAST, "mode": "overnight", "run_id": "run.2", "generation": 2, "attempt": 1}
    work = {"source": "schedule:overnight", "status": "done", "work_seconds": 1.5, "run_started_at": ASKED}
    times = {"started_at": None if start is None else after(start), "ended_at": None if end is None else after(end)}
    return row("ops.step_runs") | known | work | times | {"step": name, "phase": phase} | values


STEPS = [
    step("publish", 5, 600.25, 700.75, source="b"),
    step("predict", 5, 500.25, 590.5, source="a", status="failed", work_seconds=2.25, reason="late"),
    step("grade", 5, None, None, status="blocked", attempt=0, work_seconds=100.0),
    step("rosters", 1, 5.0, 8.0, status="failed", attempt=1, reason="first try"),
    step("rosters", 1, 30.0, 45.5, attempt=2, work_seconds=10.0),
    step("lines", 1, 30.0, 40.0, status="degraded", work_seconds=0.125),
    step("export", 6, 800.0, 801.0, run_id="run.1", generation=1),
    step("rosters", 1, 1.0, 2.0, attempt=3, run_id="run.1", generation=1),
    step("predict", 5, 8.0, 9.0, game_date=FIRST, run_id="first.1", generation=1),
    step("schedule", 1, 7.0, 9.0, game_date=FIRST, run_id="first.1", generation=1),
    *(step("schedule", 1, 7.0, 9.0, **other, run_id=f"{n}", generation=3) for n, other in enumerate(BESIDE)),
]
"""A slate's second run with a step done twice, one blocked; its first, and the first of an earlier slate."""


async def test_a_phase_lasts_from_its_first_start_to_its_last_end() -> None:
    """Of the last generation and the last attempts that were started; seconds are whole."""
    assert await monitored("cascade_timing", ops__step_runs=STEPS) == [
        {
            "game_date": FIRST, "mode": "overnight", "phase": 1, "source": "schedule:overnight", "steps": 1, "done": 1,
            "started_at": after(7.0), "ended_at": after(9.0), "elapsed_seconds": 2, "work_seconds": 1.5,
            "seconds_since_asked": 9,
        },
        {
            "game_date": FIRST, "mode": "overnight", "phase": 5, "source": "schedule:overnight", "steps": 1, "done": 1,
            "started_at": after(8.0), "ended_at": after(9.0), "elapsed_seconds": 1, "work_seconds": 1.5,
            "seconds_since_asked": 9,
        },
        {  # rosters' second attempt from 30 to 45.5 s, and lines
            "game_date": LAST, "mode": "overnight", "phase": 1, "source": "schedule:overnight", "steps": 2, "done": 1,
            "started_at": after(30.0), "ended_at": after(45.5), "elapsed_seconds": 15, "work_seconds": 10.125,
            "seconds_since_asked": 45,
        },
        {  # 500.25 to 700.75 s
            "game_date": LAST, "mode": "overnight", "phase": 5, "source": "a", "steps": 2, "done": 1,
            "started_at": after(500.25), "ended_at": after(700.75), "elapsed_seconds": 200, "work_seconds": 3.75,
            "seconds_since_asked": 700,
        },
    ]  # fmt: skip


async def test_a_later_run_does_not_replace_one_asked_for_at_another_time() -> None:
    """A phase counts from when its earliest step's run was asked for."""
    rows = [step("rosters", 1, 10.0, 20.0), step("lines", 1, 15.0, 30.0, run_started_at=after(5))]
    [found] = await monitored("cascade_timing", ops__step_runs=rows)
    assert (found["elapsed_seconds"], found["seconds_since_asked"]) == (20, 30)


def decision(name: str, word: str, number: int, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A decision of the slate's second run."""
    known = {"game_date": LAST, "mode": "overnight", "run_id": "run.2", "generation": 2, "attempt": 1}
    return row("ops.decisions") | known | {"step": name, "decision": word, "number": number} | values


async def test_delays_are_shown_by_slate_the_slowest_first() -> None:
    """With the tries and waits of that run and step; of two as slow the earlier phase, then the name."""
    decisions = [
        decision("rosters", "retry", 0),
        decision("rosters", "retry", 1),
        decision("rosters", "retry", 2),
        decision("rosters", "wait", 3),
        decision("rosters", "proceed", 4),
        decision("schedule", "retry", 0, game_date=FIRST, run_id="first.1"),
        decision("publish", "wait", 5),
        decision("publish", "wait", 6),
        decision("lines", "retry", 7, run_id="run.1"),
        decision("lines", "retry", 7, run_id="run.3"),
        *(decision("lines", "retry", 20 + n, **other) for n, other in enumerate(BESIDE)),
    ]
    more = [step("injuries", 1, 500.25, 501.0), step("box_scores", 2, 500.0, 501.0), step("late", 1, 30.75, 31.0)]
    found = await monitored("phase_delays", ops__step_runs=[*STEPS, *more], ops__decisions=decisions)
    columns = (
        "game_date", "mode", "phase", "step", "status", "attempt", "retries", "waits", "delay_seconds", "work_seconds",
        "reason",
    )  # fmt: skip
    assert [tuple(one) for one in found] == [columns] * 9
    assert [tuple(one.values()) for one in found] == [
        (FIRST, "overnight", 5, "predict", "done", 1, 0, 0, 8, 1.5, None),
        (FIRST, "overnight", 1, "schedule", "done", 1, 1, 0, 7, 1.5, None),
        (LAST, "overnight", 5, "publish", "done", 1, 0, 2, 600, 1.5, None),
        (LAST, "overnight", 1, "injuries", "done", 1, 0, 0, 500, 1.5, None),
        (LAST, "overnight", 2, "box_scores", "done", 1, 0, 0, 500, 1.5, None),
        (LAST, "overnight", 5, "predict", "failed", 1, 0, 0, 500, 2.25, "late"),
        (LAST, "overnight", 1, "late", "done", 1, 0, 0, 30, 1.5, None),
        (LAST, "overnight", 1, "lines", "degraded", 1, 0, 0, 30, 0.125, None),
        (LAST, "overnight", 1, "rosters", "done", 2, 3, 1, 30, 10.0, None),
    ]


def published(game_id: str, player: int, generation: int = 1, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A prediction of the last slate."""
    return prediction(game_id, player, LAST, generation, system="b") | values


def served(player: int, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A player who was served on the last slate."""
    return row("features.ml_feature_store", game_date=LAST, mode="overnight") | {"player_id": player} | values


async def test_coverage_is_the_share_of_served_players_who_were_predicted() -> None:
    """By slate, system and market, by each game's and system's latest run."""
    found = await monitored(
        "coverage",
        features__ml_feature_store=[
            *(served(player) for player in (101, 102, 103, 104)),
            *(served(player, game_date=FIRST) for player in (101, 102)),
            served(101, game_date=ago(1)),
            *(served(player, **other) for player in (101, 105) for other in BESIDE),
        ],
        predictions__player_prop_predictions=[
            published("1", 101, line=20.5),
            published("1", 101, 2, line=None),
            published("1", 102, 2, line=21.5),
            published("1", 102, 2, line=2.5, market="threes"),
            published("1", 103),
            published("1", 103, system="a", line=22.5),
            published("1", 103, system="a", market="threes"),
            published("2", 104, line=21.5),
            prediction("4", 101, FIRST, system="c", line=1.5),
            published("3", 104, line=None),
            *(published("9", 109, 3, **other, run_id=f"{n}") for n, other in enumerate(BESIDE)),
        ],
    )
    columns = ("game_date", "system", "market", "served", "predicted", "with_line", "coverage")
    assert [tuple(one) for one in found] == [columns] * 6
    assert [tuple(one.values()) for one in found] == [
        (FIRST, "c", "points", 2, 1, 1, 0.5),
        (ago(1), None, None, 1, 0, 0, 0.0),
        (LAST, "a", "points", 4, 1, 1, 0.25),
        (LAST, "a", "threes", 4, 1, 0, 0.25),
        (LAST, "b", "points", 4, 3, 2, 0.75),  # 101 and 102 by the second run, 104 in two games
        (LAST, "b", "threes", 4, 1, 1, 0.25),
    ]


async def test_a_source_is_as_fresh_as_its_newest_accepted_answer() -> None:
    """Slates with games after it went by without; of a source that never answered all did.

    It fails since the first date for which it was asked in vain within a day: `stats` was asked two days late.
    """
    early, late = tip(FIRST), tip(LAST)

    def answer(source: str, outcome: str, at: datetime, **values: Any) -> Row:  # noqa: ANN401 - columns
        known = {"source": source, "fetched_at": at, "unit": f"{source} {outcome} {at}"}
        return fetched("lines", "", outcome, game_date=FIRST) | known | values

    found = await monitored(
        "freshness",
        raw__games=[
            game("1", LAST),
            game("2", LAST),
            game("3", ago(1), postponed=True),
            game("4", FIRST),
            game("5", ago(3)),
            game("6", TOMORROW),
        ],
        raw__fetches=[
            answer("odds", "loaded", early),
            answer("odds", "failed", late, game_date=LAST, reason="503"),
            answer("odds", "failed", late, game_date=ago(1), reason="timed out"),
            answer("odds", "loaded", late, game_date=ago(3)),
            answer("odds", "loaded", late, game_date=TOMORROW),
            answer("espn", "empty", late, game_date=LAST, reason="unread"),
            answer("espn", "loaded", early, reason="unread"),
            answer("bref", "quarantined", early, game_date=ago(1), reason="no minutes"),
            answer("stats", "failed", late, reason="403"),
            answer("old", "loaded", early, game_date=ago(3)),
        ],
    )
    columns = ("source", "fresh_at", "fresh_for", "failed", "reason", "failing_since", "slates")
    assert [tuple(one) for one in found] == [columns] * 4
    assert [tuple(one.values()) for one in found] == [
        ("bref", early, ago(1), 0, None, None, 1),
        ("espn", late, LAST, 0, None, None, 0),
        ("odds", early, FIRST, 2, "timed out", ago(1), 1),
        ("stats", None, None, 1, "403", None, 2),
    ]


async def test_a_slate_is_predicted_when_all_its_games_are() -> None:
    """By 07:30 Eastern, by the first step that published something; a slate without games expects nothing."""
    half_past = tip(FIRST, 7, 30)

    def run(at: datetime, number: int, **values: Any) -> Row:  # noqa: ANN401 - columns
        known = {"ended_at": at, "verified": 9, "game_date": FIRST, "run_id": f"run.{number}"}
        return step("publish", 5, 0, 0) | known | values

    found = await monitored(
        "predictions_present",
        raw__games=[
            game("1", LAST),
            game("2", LAST),
            game("3", ago(1), postponed=True),
            game("4", FIRST),
            *(game(f"9{n}", day) for n, day in enumerate((ago(3), TOMORROW))),
        ],
        predictions__player_prop_predictions=[
            published("1", 101),
            published("1", 102),
            published("1", 101, 2),
            *(prediction("4", player, FIRST) for player in (101, 102)),
            *(published("2", 101, 3, mode=mode, run_id=mode) for mode in MODES),
            *(prediction("9", 101, day) for day in (ago(3), TOMORROW)),
        ],
        ops__step_runs=[
            run(half_past, 1, status="degraded"),
            run(half_past + timedelta(hours=2), 2),
            run(half_past - timedelta(hours=1), 3, step="export"),
            run(half_past - timedelta(hours=1), 4, step="zz"),
            run(half_past - timedelta(hours=1), 5, status="failed"),
            run(half_past - timedelta(hours=1), 6, verified=0),
            *(run(half_past - timedelta(hours=1), 7 + n, mode=mode) for n, mode in enumerate(MODES)),
            run(tip(LAST, 7, 30) + timedelta(microseconds=1), 10, game_date=LAST, verified=1),
        ],
    )
    assert found == [
        {
            "game_date": FIRST, "mode": "overnight", "games": 1, "first_tip": tip(FIRST), "predicted_games": 1,
            "predictions": 2, "published_at": half_past, "present": True, "in_time": True,
        },
        {
            "game_date": LAST, "mode": "overnight", "games": 2, "first_tip": tip(LAST), "predicted_games": 1,
            "predictions": 3, "published_at": tip(LAST, 7, 30) + timedelta(microseconds=1),
            "present": False, "in_time": False,
        },
    ]  # fmt: skip


async def test_a_postponed_games_predictions_do_not_stand_for_a_game_without_any() -> None:
    """Nor do those of a game that was moved to another date; and they make no slate look incomplete."""
    predictions = [published(game_id, 101) for game_id in ("1", "2", "3", "6")]
    gone = [game("2", LAST, postponed=True), game("3", ago(1)), game("5", ago(1)), game("6", TOMORROW)]
    found = await monitored(
        "predictions_present",
        raw__games=[game("1", LAST), *gone],
        predictions__player_prop_predictions=predictions,
    )
    names = ("game_date", "games", "predicted_games", "predictions", "present")
    assert [tuple(one[name] for name in names) for one in found] == [(ago(1), 2, 0, 0, False), (LAST, 1, 1, 1, True)]
    found = await monitored(
        "predictions_present",
        raw__games=[game("1", LAST), game("4", LAST), *gone[:1]],
        predictions__player_prop_predictions=predictions,
    )
    assert [tuple(one[name] for name in names) for one in found] == [(LAST, 2, 1, 1, False)]


async def test_slates_are_in_order_and_each_has_its_own_publication() -> None:
    """However their games lie in the warehouse; published is also what has no predictions left."""
    order = [1000 * number for number in (4, 13, 0, 7, 2, 10, 1, 12, 5, 9, 3, 11, 6, 8)]
    at = {days: tip(ago(days), 7) for days in order}
    found = await answers(
        sql("monitor/predictions_present"),
        {**PARAMS, "first": ago(13_000)},
        raw__games=[game(str(days), ago(days)) for days in order],
        ops__step_runs=[
            step("publish", 5, 0, 0, game_date=ago(days), ended_at=at[days], verified=1, run_id=f"{days}")
            for days in order
        ],
    )
    assert [(one["game_date"], one["published_at"], one["in_time"]) for one in found] == [
        (ago(days), at[days], True) for days in sorted(order, reverse=True)
    ]


async def test_a_slate_that_was_never_published_is_late() -> None:
    """Nothing is there, at no time."""
    assert await monitored("predictions_present", raw__games=[game("1", LAST)]) == [
        {
            "game_date": LAST, "mode": "overnight", "games": 1, "first_tip": tip(LAST), "predicted_games": 0,
            "predictions": 0, "published_at": None, "present": False, "in_time": False,
        }
    ]  # fmt: skip


async def test_features_are_compared_with_the_four_weeks_before() -> None:
    """Of this mode: nulls, bounds, mean and spread of the slate, and of the 28 days before it."""
    text = health_query({"minutes_ewma": Limit(0.0), "days_rest": Limit(0.5)})
    params: Params = {"game_date": SLATE, "mode": "overnight"}

    def player(number: int, minutes: float, rest: int | None, **values: Any) -> Row:  # noqa: ANN401 - columns
        return served(number, minutes_ewma=minutes, days_rest=rest, **values)

    found = await answers(
        text,
        params,
        features__ml_feature_store=[
            player(101, 10.0, 2),
            player(102, 30.0, None),
            player(103, 20.0, 5),
            player(101, 1.0, None, game_date=ago(1)),
            player(101, 5.0, None, game_date=ago(28)),
            player(101, 99.0, 9, game_date=ago(29)),
            player(101, 99.0, 9, game_date=TOMORROW),
            *(player(101, 99.0, 9, mode=mode) for mode in MODES),
        ],
    )
    by_period = {one["period"]: one for one in found}
    assert len(found) == len(by_period) == 2
    assert by_period[1] == {
        "period": 1,
        "players": 3,
        "minutes_ewma__nulls": 0,
        "minutes_ewma__low": 10.0,
        "minutes_ewma__high": 30.0,
        "minutes_ewma__mean": 20.0,
        "minutes_ewma__spread": 10.0,  # sqrt((100 + 0 + 100) / 2)
        "days_rest__nulls": 1,
        "days_rest__low": 2,
        "days_rest__high": 5,
        "days_rest__mean": 3.5,
        "days_rest__spread": pytest.approx(2.1213203435596424),  # sqrt((2.25 + 2.25) / 1)
    }
    assert by_period[0] == {
        "period": 0,
        "players": 2,
        "minutes_ewma__nulls": 0,
        "minutes_ewma__low": 1.0,
        "minutes_ewma__high": 5.0,
        "minutes_ewma__mean": 3.0,
        "minutes_ewma__spread": pytest.approx(2.8284271247461903),  # sqrt((4 + 4) / 1)
        "days_rest__nulls": 2,
        "days_rest__low": None,
        "days_rest__high": None,
        "days_rest__mean": None,
        "days_rest__spread": None,
    }
