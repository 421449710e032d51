"""The statements about models, costs, features, staging and refusals."""

from datetime import date, timedelta
from typing import Any

from services.coordinator.sql import sql
from shared.basketball.slate import eastern_instant
from shared.ports import Params, Row
from tests.unit.coordinator.sql_rows import ON_SLATE, ago, batches, full
from tests.unit.shared.answers import MODES, TOMORROW, answers, near
from tests.unit.shared.rows import SLATE, prediction, roster, row, tip

RANGE: Params = {"first": ago(2), "last": SLATE, "mode": "overnight"}
BESIDE = (ago(3), TOMORROW)
"""The dates beside that range."""


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

    def other(day: date, mode: str | None, service: str, purpose: str, step: str | None, amount: int) -> Row:
        known = {"game_date": day, "mode": mode, "service": service, "purpose": purpose, "step": step}
        counts = {"jobs": amount, "bytes_processed": 10 * amount, "bytes_billed": 100 * amount, "slot_ms": 7 * amount}
        return row("ops.query_costs") | known | counts | {"usd": 0.5 * amount, "row_count": 3 * amount}

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
        ops__query_costs=[
            other(SLATE, "overnight", "analytics", "step_requested", "grade", 1) | {"number": 1},
            other(SLATE, "overnight", "coordinator", "step_reported", "grade", 1) | {"number": 2},
            other(SLATE, "overnight", "coordinator", "step_reported", "grade", 2) | {"number": 3},
            other(SLATE, None, "coordinator", "watch", None, 1) | {"number": 4},
            *(other(day, None, "coordinator", "watch", None, 50) | {"number": n} for n, day in enumerate(BESIDE, 5)),
        ],
    )
    columns = (
        "game_date", "mode", "service", "purpose", "step", "attempts", "jobs", "bytes_processed", "bytes_billed",
        "slot_ms", "usd", "seconds", "row_count",
    )  # fmt: skip
    assert [tuple(one) for one in found] == [columns] * 7
    asked = ("analytics", "step_requested")
    assert [tuple(one.values()) for one in found] == [
        (ago(2), "overnight", *asked, "grade", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
        (ago(2), "same_day", *asked, "grade", 1, 4, 40, 400, 28, 2.0, 1.0, 12),
        (SLATE, None, "coordinator", "watch", None, None, 1, 10, 100, 7, 0.5, None, 3),
        (SLATE, "overnight", *asked, "grade", 3, 11, 110, 1100, 77, 5.5, 2.5, 33),
        (SLATE, "overnight", *asked, "predict", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
        (SLATE, "overnight", "coordinator", "step_reported", "grade", None, 3, 30, 300, 21, 1.5, None, 9),
        (SLATE, "same_day", *asked, "grade", 1, 1, 10, 100, 7, 0.5, 0.25, 3),
    ]


QUOTED = ("player_id", "market", "line", "line_books", "line_at", "p_market", "book", "over_price", "under_price")
CONTEXT, STORE = "analytics.upcoming_player_game_context", "features.ml_feature_store"
MARKET = "analytics.player_market_context"


def features(game_id: str, player: int, seed: int, **values: object) -> Row:
    """A player's features, of a game an hour after the first."""
    return full(STORE, seed, **ON_SLATE, game_id=game_id, player_id=player, tip_utc=tip(SLATE, 20)) | values


def context(player: int, seed: int, **values: object) -> Row:
    """His context."""
    return full(CONTEXT, seed, **ON_SLATE, player_id=player) | values


async def test_a_slates_features_are_loaded_with_the_teams_of_its_contexts() -> None:
    """Of games that have not tipped off, game by game."""
    mine, his = features("1", 101, 1), context(101, 2)
    later = features("2", 90, 3, tip_utc=tip(SLATE) + timedelta(microseconds=1))
    other = context(90, 4)
    unasked = near(mine | {"player_id": 105}, game_date=(ago(1), TOMORROW), mode=MODES)
    tipped = [features("1", 106, 5, tip_utc=tip(SLATE)), features("1", 107, 5, tip_utc=tip(SLATE, 18))]
    params: Params = {"game_date": SLATE, "mode": "overnight", "not_tipped_after": tip(SLATE), "games": ""}
    found = await answers(
        sql("load_features"),
        params,
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
            *near(his | {"team_abbr": "XYZ"}, game_date=(ago(1), TOMORROW), mode=MODES),
            context(102, 7),
            context(103, 8),
            other,
            *(context(player, 9) for player in (105, 106, 107, 109)),
            *near(context(105, 9), game_date=(ago(1), TOMORROW), mode=MODES),
        ],
    )
    assert [(one["game_id"], one["player_id"]) for one in found] == [("1", 101), ("1", 102), ("1", 103), ("2", 90)]

    def loaded(served: Row, known: Row) -> Row:
        return served | {name: known[name] for name in ("team_abbr", "opponent_team_abbr")}

    assert found[0] == loaded(mine, his)
    assert found[3] == loaded(later, other)


async def test_the_features_of_some_games_are_loaded_alone() -> None:
    """Of a pass; one of whose games has none."""
    tables = {
        "features__ml_feature_store": [features(f"002230000{n}", 100 + n, n) for n in range(1, 5)],
        "analytics__upcoming_player_game_context": [context(100 + n, n) for n in range(1, 5)],
    }
    params: Params = {"game_date": SLATE, "mode": "overnight", "not_tipped_after": tip(SLATE, 0)}
    asked = {"0022300002 0022300004": [102, 104], "0022300003": [103], "0022300009": [], "": [101, 102, 103, 104]}
    for games, players in asked.items():
        found = await answers(sql("load_features"), {**params, "games": games}, **tables)
        assert [one["player_id"] for one in found] == players


async def test_a_slates_quotes_are_loaded_by_player_and_market() -> None:
    """Of that date and mode; a player without a line has none."""
    quotes = [
        full(MARKET, seed, **ON_SLATE, player_id=player, market=market)
        for seed, (player, market) in enumerate([(102, "points"), (101, "threes"), (101, "assists")], 1)
    ]
    others = near(quotes[0] | {"player_id": 100}, game_date=(ago(1), TOMORROW), mode=MODES)
    params: Params = {"game_date": SLATE, "mode": "overnight"}
    found = await answers(sql("load_quotes"), params, analytics__player_market_context=[*quotes, *others])
    assert found == [{name: quote[name] for name in QUOTED} for quote in reversed(quotes)]


STAGING = "predictions.staging"
RUN: Params = {"game_date": SLATE, "mode": "overnight", "run_id": "run.2", "why": ""}


def staged(seed: int, **values: object) -> Row:
    """A staged prediction of the run."""
    key = {"game_id": "2", "player_id": 102, "market": "points", "system": "b", "run_id": "run.2", "batch": 5}
    return full(STAGING, seed, **ON_SLATE) | key | {"attempt": 2, "predicted_at": tip(SLATE, 8)} | values


async def test_what_is_published_is_a_runs_newest_staging_of_each_game() -> None:
    """Of two made at once the first batch's; with the name as the roster of that date has it."""
    ten, eleven = tip(SLATE, 10), tip(SLATE, 11)
    newest = staged(3, batch=9, predicted_at=ten)
    first = staged(5, batch=2, player_id=104, game_id="4")
    others = near(staged(6, predicted_at=ten), player_id=(90, 199), market=("assists", "threes"), system=("aa", "c"))
    others += near(staged(6), game_id=("1", "3"))
    others = [one | {"batch": 20 + n} for n, one in enumerate(others)]
    elsewhere = staged(7, player_id=105, predicted_at=eleven)
    found = await answers(
        sql("publish"),
        RUN,
        predictions__staging=[
            staged(8, batch=1),
            newest,
            staged(9, batch=3, predicted_at=tip(SLATE, 9)),
            staged(2, batch=4, player_id=106, predicted_at=tip(SLATE, 9)),  # not in the game's newest staging
            staged(1, batch=9, player_id=107, predicted_at=eleven, attempt=1),  # of an older attempt
            staged(4, batch=3, player_id=104, game_id="4"),
            first,
            *others,
            *batches(near(elsewhere, game_date=(ago(1), TOMORROW), run_id=("run.1", "run.3"))),
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
    expected = [one | {"player_lookup": lookups.get(one["player_id"]), "reason": None} for one in expected]
    assert by_batch == [{name: one[name] for name in one if name != "attempt"} for one in expected]


async def test_what_is_published_because_of_a_change_says_so() -> None:
    """In every row."""
    params = {**RUN, "why": "Bos Elm Out 17:42"}
    rows = [staged(1), staged(2, player_id=103)]
    found = await answers(sql("publish"), params, predictions__staging=rows)
    assert [one["reason"] for one in found] == ["Bos Elm Out 17:42"] * 2


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
    params: Params = {"game_date": SLATE, "mode": "overnight", "step": "", "source": ""}
    assert await answers(sql("quarantine"), params, raw__quarantine=[*others, *rows]) == rows[::-1]
    of_lines = {**params, "step": "lines"}
    assert await answers(sql("quarantine"), of_lines, raw__quarantine=[*others, *rows]) == rows[:1]
    of_espn = [rows[0] | {"source": "espn"}, *rows[1:]]
    found = await answers(sql("quarantine"), {**params, "source": "espn"}, raw__quarantine=[*others, *of_espn])
    assert found == of_espn[:1]


async def test_the_latest_line_of_each_bookmaker_market_and_side_of_a_slates_games_is_shown() -> None:
    """With the game's teams, where the schedule knows it."""

    def line(hours: int, **values: object) -> Row:
        known = {"game_id": "2", "game_date": SLATE, "bookmaker": "b", "market": "spreads", "side": "BOS"}
        return (
            full("raw.game_lines", 1, **known, available_at=eastern_instant(SLATE) - timedelta(hours=hours), point=-1.5)
            | values
        )

    rows = [
        line(5, price=-110.0),
        line(2, price=-120.0),
        line(3, side="NYK", point=1.5),
        line(3, bookmaker="a"),
        line(3, market="h2h", point=None),
        line(3, game_id="1"),
        line(1, game_date=ago(1)),
    ]
    games = [row("raw.games", game_id="2", game_date=SLATE, home_team="NYK", away_team="BOS")]
    found = await answers(sql("game_lines"), {"game_date": SLATE}, raw__game_lines=rows, raw__games=games)
    assert [(one["game_id"], one["market"], one["bookmaker"], one["side"], one["point"]) for one in found] == [
        ("1", "spreads", "b", "BOS", -1.5), ("2", "h2h", "b", "BOS", None), ("2", "spreads", "a", "BOS", -1.5),
        ("2", "spreads", "b", "BOS", -1.5), ("2", "spreads", "b", "NYK", 1.5),
    ]  # fmt: skip
    assert [one["price"] for one in found if (one["bookmaker"], one["market"], one["side"], one["game_id"]) == (
        "b", "spreads", "BOS", "2",
    )] == [-120.0]  # fmt: skip
    assert [(one["home_team"], one["away_team"]) for one in found[:2]] == [(None, None), ("NYK", "BOS")]
