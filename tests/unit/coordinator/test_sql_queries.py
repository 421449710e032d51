"""The coordinator's other statements: what it predicts from, publishes, shows and adds up."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.coordinator.sql import sql
from services.coordinator.verify import parameters
from shared.markets import MARKETS
from shared.ports import Params, Row
from shared.slate import eastern_instant
from shared.tables import TABLES
from tests.unit.coordinator.test_sql_verify import ago, batches, graded
from tests.unit.coordinator.test_verify import run
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, box, game, prediction, roster, row, tip

ON_SLATE: dict[str, Any] = {"game_date": SLATE, "mode": "overnight"}
RANGE: Params = {"first": ago(2), "last": SLATE, "mode": "overnight"}
BESIDE = (ago(3), TOMORROW)
"""The dates beside that range."""


def full(table: str, seed: int, **values: object) -> Row:
    """A row whose columns all differ, from each other and from those of another seed."""
    found: Row = {}
    for number, column in enumerate(TABLES[table].columns):
        count = 1000 * seed + number
        found[column.name] = {
            "STRING": f"s{count}",
            "INT64": count,
            "FLOAT64": count + 0.5,
            "BOOL": bool(number % 2),
            "DATE": SLATE,
            "TIMESTAMP": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=count),
        }[column.type]
    return found | values


def model(system: str, digest: str, day: date, created: int = 0, **values: Any) -> Row:  # noqa: ANN401 - columns
    """A champion of the overnight mode; `created` in seconds after midnight."""
    known = {"system": system, "digest": digest, "game_date": day, "mode": "overnight", "status": "champion"}
    return row("predictions.models", created_at=eastern_instant(ago(9)) + timedelta(seconds=created)) | known | values


async def test_a_systems_newest_champion_predicts() -> None:
    """As of the slate's own date still; of two of one date the later made, of two made at once the first by name."""
    models = [
        model("similarity", "s1", SLATE),
        model("similarity", "s2", TOMORROW),
        model("ensemble", "e2", ago(3), 5),
        model("ensemble", "e1", ago(3), 5),
        model("ensemble", "e3", ago(3), 5),
        model("boosted", "b1", ago(5), 9),
        model("boosted", "b2", ago(2), 1),
        model("boosted", "b3", ago(2), 2),
        model("boosted", "b4", ago(2), 1),
        *(model(system, "x", SLATE) for system in ("d", "z", "a", "c", "y", "b")),
        *(model("boosted", f"b{mode}", ago(1), mode=mode) for mode in MODES),
        *(model("boosted", status, ago(1), status=status) for status in ("challenger", "refused", "shadow")),
    ]
    params: Params = {"game_date": SLATE, "mode": "overnight"}
    found = await answers(sql("champions"), params, predictions__models=models)
    assert [tuple(one) for one in found] == [("system", "digest")] * 9
    assert [tuple(one.values()) for one in found] == [
        ("a", "x"), ("b", "x"), ("boosted", "b3"), ("c", "x"), ("d", "x"), ("ensemble", "e1"), ("similarity", "s1"),
        ("y", "x"), ("z", "x"),
    ]  # fmt: skip


async def test_models_are_shown_newest_first() -> None:
    """By date, system, the later made, name; of one mode, with every column."""
    models = [
        model("a", "5", ago(2), 8),
        model("b", "7", ago(1), 8),
        model("a", "4", ago(1), 8),
        model("a", "3", ago(1), 8, status="refused"),
        model("a", "9", ago(1), 9),
        model("b", "1", ago(1), 9),
        *(model("a", mode, ago(1), mode=mode) for mode in MODES),
    ]
    found = await answers(sql("models"), {"mode": "overnight"}, predictions__models=models)
    assert [one["digest"] for one in found] == ["9", "3", "4", "1", "7", "5"]
    assert found[0] == models[4]


async def test_costs_are_added_up_by_slate_mode_and_step() -> None:
    """Every attempt of every run."""

    def cost(day: date, mode: str, step: str, attempt: int, amount: int) -> Row:
        known = {
            "game_date": day,
            "mode": mode,
            "step": step,
            "attempt": attempt,
            "run_id": f"{day}.{mode}.{attempt % 2}",
        }
        counts = {"jobs": amount, "bytes_processed": 10 * amount, "bytes_billed": 100 * amount, "slot_ms": 7 * amount}
        rest = {"usd": 0.5 * amount, "seconds": 0.25 * amount, "row_count": 3 * amount}
        return row("ops.step_costs") | known | counts | rest

    found = await answers(
        sql("costs"),
        {"first": ago(2), "last": SLATE},
        ops__step_costs=[
            cost(SLATE, "same_day", "grade", 1, 1),
            cost(SLATE, "overnight", "predict", 1, 1),
            cost(SLATE, "overnight", "grade", 1, 2),
            cost(SLATE, "overnight", "grade", 2, 3),
            cost(SLATE, "overnight", "grade", 3, 5),
            cost(ago(2), "same_day", "grade", 1, 4),
            cost(ago(2), "overnight", "grade", 1, 1),
            *(cost(day, "overnight", "grade", 1, 50) for day in BESIDE),
        ],
    )
    columns = (
        "game_date", "mode", "step", "attempts", "jobs", "bytes_processed", "bytes_billed", "slot_ms", "usd", "seconds",
        "row_count",
    )  # fmt: skip
    assert [tuple(one) for one in found] == [columns] * 5
    assert [tuple(one.values()) for one in found] == [
        (ago(2), "overnight", "grade", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
        (ago(2), "same_day", "grade", 1, 4, 40, 400, 28, 2.0, 1.0, 12),
        (SLATE, "overnight", "grade", 3, 10, 100, 1000, 70, 5.0, 2.5, 30),
        (SLATE, "overnight", "predict", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
        (SLATE, "same_day", "grade", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
    ]


QUOTED = ("line", "line_books", "line_at", "p_market", "book", "over_price", "under_price")
CONTEXT, STORE = "analytics.upcoming_player_game_context", "features.ml_feature_store"


def features(game_id: str, player: int, seed: int, **values: object) -> Row:
    """A player's features, of a game an hour after the first."""
    return full(STORE, seed, **ON_SLATE, game_id=game_id, player_id=player, tip_utc=tip(SLATE, 20)) | values


def context(player: int, seed: int, **values: object) -> Row:
    """His context."""
    return full(CONTEXT, seed, **ON_SLATE, player_id=player) | values


async def test_a_slates_features_are_loaded_with_the_quotes_of_its_contexts() -> None:
    """Of games that have not tipped off, game by game; every market's quote is its own."""
    mine, his = features("1", 101, 1), context(101, 2)
    later = features("2", 90, 3, tip_utc=tip(SLATE) + timedelta(microseconds=1))
    other = context(90, 4)
    unasked = near(mine | {"player_id": 105}, game_date=(ago(1), TOMORROW), mode=MODES)
    tipped = [features("1", 106, 5, tip_utc=tip(SLATE)), features("1", 107, 5, tip_utc=tip(SLATE, 18))]
    found = await answers(
        sql("load_features"),
        {"game_date": SLATE, "mode": "overnight", "not_tipped_after": tip(SLATE)},
        features__ml_feature_store=[
            later,
            features("1", 103, 6),
            mine,
            features("1", 102, 6),
            features("1", 108, 6),  # he has no context
            *unasked,
            *tipped,
        ],
        analytics__upcoming_player_game_context=[
            his,
            *near(his | {"points_line": 0.0}, game_date=(ago(1), TOMORROW), mode=MODES),
            context(102, 7),
            context(103, 8),
            other,
            *(context(player, 9) for player in (105, 106, 107, 109)),
            *near(context(105, 9), game_date=(ago(1), TOMORROW), mode=MODES),
        ],
    )
    assert [(one["game_id"], one["player_id"]) for one in found] == [("1", 101), ("1", 102), ("1", 103), ("2", 90)]

    def loaded(served: Row, known: Row) -> Row:
        quotes = {f"quoted_{m}_{what}": known[f"{m}_{what}"] for m in MARKETS for what in QUOTED}
        teams = {name: known[name] for name in ("team_abbr", "opponent_team_abbr")}
        return served | teams | quotes

    assert found[0] == loaded(mine, his)
    assert found[3] == loaded(later, other)


def test_a_live_run_predicts_no_game_that_has_tipped_off() -> None:
    """The parameters of a run's statements; a retrospective one's games have none of them tipped off."""
    now = tip(SLATE, 12)
    known = {
        "game_date": SLATE,
        "mode": "overnight",
        "run_id": "2024-03-04.overnight.1",
        "season": "2023-24",
        "systems": ("moving_average",),
        "per_player": 5,
        "per_line": 0,
        "not_tipped_after": now,
    }
    assert parameters(run(), now) == known
    assert parameters(run(retrospective=True), now)["not_tipped_after"] == datetime(1946, 1, 1, tzinfo=UTC)


STAGING, PUBLISHED = "predictions.staging", "predictions.player_prop_predictions"
RUN: Params = {"game_date": SLATE, "mode": "overnight", "run_id": "run.2"}


def staged(seed: int, **values: object) -> Row:
    """A staged prediction of the run."""
    key = {"game_id": "2", "player_id": 102, "market": "points", "system": "b", "run_id": "run.2", "batch": 5}
    return full(STAGING, seed, **ON_SLATE) | key | {"predicted_at": tip(SLATE, 8)} | values


async def test_what_is_published_is_a_runs_newest_staging_of_each_prediction() -> None:
    """Of two made at once the first batch's; with the name as the roster of that date has it."""
    newest = staged(3, batch=9, predicted_at=tip(SLATE, 10))
    first = staged(5, batch=2, player_id=104)
    others = near(staged(6), game_id=("1", "3"), player_id=(90, 199), market=("assists", "threes"), system=("aa", "c"))
    others = [one | {"batch": 20 + n} for n, one in enumerate(others)]
    found = await answers(
        sql("publish"),
        RUN,
        predictions__staging=[
            staged(8, batch=1),
            newest,
            staged(9, batch=3, predicted_at=tip(SLATE, 9)),
            staged(4, batch=3, player_id=104),
            first,
            *others,
            *batches(near(staged(7, player_id=105), game_date=(ago(1), TOMORROW), run_id=("run.1", "run.3"))),
        ],
        raw__rosters=[
            roster(102, player_lookup="him"),
            roster(90, player_lookup="p90"),
            *(roster(player, player_lookup="somebody") for player in (1, 300)),
            roster(102, day=ago(1), player_lookup="before"),
            roster(102, day=TOMORROW, player_lookup="after"),
            roster(104, day=ago(1), player_lookup="before"),
            roster(104, day=TOMORROW, player_lookup="after"),
        ],
    )
    lookups = {102: "him", 90: "p90"}
    by_batch = sorted(found, key=lambda one: int(one["batch"]))
    expected = [first, newest, *others]
    assert by_batch == [one | {"player_lookup": lookups.get(one["player_id"])} for one in expected]


async def test_a_runs_publication_is_counted() -> None:
    """Of its date and name."""
    mine = prediction("2", 101, SLATE, run_id="run.2")
    rows = [
        *(mine | {"player_id": player} for player in (101, 102, 106)),
        *near(mine | {"player_id": 103}, run_id=("run.1", "run.3")),
    ]
    days = [mine | {"game_date": day, "player_id": 104 + n} for n, day in enumerate((ago(1), TOMORROW))]
    found = await answers(sql("published"), RUN, predictions__player_prop_predictions=[*rows, *days])
    assert found == [{"published": 3}]


async def test_a_slates_refusals_are_shown_by_step_unit_and_record() -> None:
    """Of this mode, with every column."""

    def refused(step: str, unit: str, record: str, **values: object) -> Row:
        return full("raw.quarantine", 1, **ON_SLATE, step=step, unit=unit, record=record) | values

    rows = [
        refused("lines", "1", "1"),
        refused("box_scores", "2", "1"),
        refused("box_scores", "1", "3"),
        refused("box_scores", "1", "2"),
    ]
    others = near(refused("box_scores", "1", "1"), game_date=(ago(1), TOMORROW), mode=MODES)
    params: Params = {"game_date": SLATE, "mode": "overnight"}
    assert await answers(sql("quarantine"), params, raw__quarantine=[*others, *rows]) == rows[::-1]


def predicted(game_id: str, player: int, seed: int = 1, generation: int = 1, **values: object) -> Row:
    """A published prediction of the slate."""
    key = {"game_id": game_id, "player_id": player, "market": "points", "system": "b", "mean": 10.0}
    return full(PUBLISHED, seed, **ON_SLATE) | key | {"run_id": f"run.{generation}", "generation": generation} | values


SHOWN: Params = {"game_date": SLATE, "mode": "overnight", "market": ""}


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
