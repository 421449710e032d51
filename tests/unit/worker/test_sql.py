"""The worker's statements: what it learns from, and what it has learned already."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.worker.sql import sql
from shared.basketball.slate import eastern_instant
from shared.ports import Params, Row
from shared.registries.markets import STATISTICS
from shared.tables import TABLES
from tests.unit.shared.answers import MODES, TOMORROW, answers
from tests.unit.shared.rows import SLATE, YESTERDAY, row, tip

FIRST = SLATE - timedelta(days=3)
BEFORE = FIRST - timedelta(days=1)
WINDOW: Params = {"first_date": FIRST, "as_of": SLATE, "mode": "overnight"}


async def asked(name: str, params: Params, **tables: Sequence[Row]) -> list[Row]:
    """The statement's answer."""
    return await answers(sql(name), params, **tables)


def served(player: int, day: date, **values: Any) -> Row:  # noqa: ANN401 - columns
    """Features as they were served overnight; every column another number."""
    found: Row = {}
    for number, column in enumerate(TABLES["features.ml_feature_store"].columns):
        found[column.name] = {"INT64": number, "FLOAT64": number + 0.5, "STRING": f"s{number}"}.get(column.type)
    known = {"game_date": day, "mode": "overnight", "player_id": player, "tip_utc": tip(day), "cutoff_at": tip(day, 7)}
    return found | known | values


STORE = [
    served(3, YESTERDAY),
    served(2, YESTERDAY),
    served(1, FIRST),
    served(4, FIRST),
    served(9, BEFORE),
    served(9, SLATE),
    served(9, TOMORROW),
    *(served(9, FIRST, mode=mode) for mode in MODES),
    *(served(9, FIRST + timedelta(days=1), mode=mode) for mode in MODES),
]


async def test_features_to_learn_from_are_those_served_before_a_date() -> None:
    """In the window and mode, slate by slate and player by player; without what no prediction may know."""
    found = await asked("training_features", WINDOW, features__ml_feature_store=STORE)
    assert [(one["game_date"], one["player_id"]) for one in found] == [
        (FIRST, 1), (FIRST, 4), (YESTERDAY, 2), (YESTERDAY, 3),
    ]  # fmt: skip
    left_out = ("mode", "cutoff_at", "tip_utc")
    assert found[0] == {name: value for name, value in STORE[2].items() if name not in left_out}


async def test_served_slates_are_counted_by_date() -> None:
    """With the first and the last of the window."""
    found = await asked("served_slates", WINDOW, features__ml_feature_store=STORE)
    assert found == [{"slates": 2, "first_date": FIRST, "last_date": YESTERDAY}]


async def test_without_a_served_slate_there_is_no_first_and_no_last() -> None:
    """None of none."""
    found = await asked("served_slates", WINDOW, features__ml_feature_store=STORE[4:])
    assert found == [{"slates": 0, "first_date": None, "last_date": None}]


async def test_outcomes_to_learn_from_are_those_known_in_the_morning() -> None:
    """At 07:00 Eastern still; game by game and player by player, each statistic its own column."""
    known_at = tip(SLATE, 7)

    counts = {name: 3 + number for number, name in enumerate(STATISTICS)}

    def played(game_id: str, player: int, day: date = YESTERDAY, **values: Any) -> Row:  # noqa: ANN401 - columns
        stats = {"minutes": 31.5} | counts
        key = {"game_id": game_id, "player_id": player, "game_date": day, "available_at": known_at}
        return row("analytics.player_game_summary") | key | stats | values

    found = await asked(
        "training_outcomes",
        {"first_date": FIRST, "as_of": SLATE, "known_at": known_at},
        analytics__player_game_summary=[
            played("2", 1),
            played("1", 5),
            played("1", 2),
            played("3", 1, FIRST, available_at=known_at - timedelta(days=9)),
            played("4", 1, available_at=known_at + timedelta(microseconds=1)),
            played("5", 1, BEFORE),
            played("6", 1, SLATE),
            played("7", 1, TOMORROW),
        ],
    )
    assert [(one["game_id"], one["player_id"]) for one in found] == [("1", 2), ("1", 5), ("2", 1), ("3", 1)]
    assert found[0] == {"game_id": "1", "player_id": 2, "minutes": 31.5} | counts


async def test_models_trained_before_a_slate_are_in_the_order_of_their_making() -> None:
    """By system, date, instant and name, the slate's own date included; the last champion is the newest."""

    def model(system: str, digest: str, day: date, hour: int = 7, **values: Any) -> Row:  # noqa: ANN401 - columns
        key = {"system": system, "digest": digest, "game_date": day, "mode": "overnight"}
        return row("predictions.models", created_at=datetime(2024, 3, 9, hour, tzinfo=UTC)) | key | values

    models = [
        model("b", "6", FIRST),
        model("a", "5", SLATE),
        model("a", "1", YESTERDAY, 9),
        model("a", "3", YESTERDAY, 8, status="champion"),
        model("a", "2", YESTERDAY, 8, status="refused"),
        model("a", "7", FIRST, 10),
        model("a", "8", TOMORROW),
        *(model("a", mode, YESTERDAY, mode=mode) for mode in MODES),
    ]
    found = await asked("newest_models", {"as_of": SLATE, "mode": "overnight"}, predictions__models=models)
    assert [one["digest"] for one in found] == ["7", "2", "3", "1", "5", "6"]
    assert found[2] == models[3]


def test_the_morning_of_these_tests_is_the_cutoff_of_overnight() -> None:
    """Seven hours after the slate's midnight."""
    assert tip(SLATE, 7) == eastern_instant(SLATE) + timedelta(hours=7)
