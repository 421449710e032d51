"""Batches: whole games, everybody once."""

from datetime import UTC, datetime
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.steps.batches import by_player, cut, task
from shared.contract import LineQuote, PredictionTask
from shared.ports import Row
from shared.registries.features import FEATURES


def tasks(sizes: list[int]) -> list[PredictionTask]:
    """Games with so many players each, in order."""
    return [
        PredictionTask(game_id=f"{game:010d}", player_id=100 * game + n, team="BOS", opponent="NYK", predicted_at="",
                       features={})
        for game, size in enumerate(sizes)
        for n in range(size)
    ]  # fmt: skip


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(1, 60))
def test_f24_a_game_is_never_split_and_nobody_is_lost(sizes: list[int], size: int) -> None:
    """The batches hold everybody once and in order, and no game is in two of them."""
    asked = tasks(sizes)
    batches = cut(asked, size)
    assert [task for batch in batches for task in batch] == asked
    where = [{task.game_id for task in batch} for batch in batches]
    assert sum(map(len, where)) == len(sizes)


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(1, 60))
def test_a_batch_is_larger_than_asked_only_for_one_game(sizes: list[int], size: int) -> None:
    """And two neighbours never fit into one."""
    batches = cut(tasks(sizes), size)
    for batch in batches:
        games = [len(list(group)) for _, group in groupby(batch, key=lambda task: task.game_id)]
        assert len(batch) <= size or len(games) == 1


@pytest.mark.parametrize(
    ("sizes", "size", "batches"),
    [
        ([], 4, []),
        ([2, 2], 4, [4]),
        ([2, 3], 4, [2, 3]),
        ([5, 1, 1], 4, [5, 2]),
        ([1, 5, 1], 4, [1, 5, 1]),
        ([1, 1, 1], 1, [1, 1, 1]),
        ([1, 2, 1, 3], 3, [3, 1, 3]),
    ],
)
def test_batches_by_hand(sizes: list[int], size: int, batches: list[int]) -> None:
    """The next game joins while it fits, exactly full included; the order stays."""
    found = cut(tasks(sizes), size)
    assert [len(batch) for batch in found] == batches
    assert [each for batch in found for each in batch] == tasks(sizes)


def test_a_served_row_becomes_a_task_value_for_value() -> None:
    """Features as numbers, null apart from zero; his quotes by market as they are."""
    features: Row = {name: number for number, name in enumerate(FEATURES)}
    features |= {"points_line": None, "rebounds_line": 0}
    lines = {"assists": LineQuote(line=0.0, books=3, at="2024-03-04T11:05:00+00:00")}
    known = {"game_id": "0022300900", "player_id": 7, "team_abbr": "BOS", "opponent_team_abbr": "GSW"}
    found = task({**features, **known, "not a feature": 1.0}, lines, datetime(2024, 3, 4, 12, tzinfo=UTC))
    values: dict[str, float | None] = {name: float(number) for number, name in enumerate(FEATURES)}
    assert found == PredictionTask(
        game_id="0022300900", player_id=7, team="BOS", opponent="GSW", predicted_at="2024-03-04T12:00:00+00:00",
        features=values | {"points_line": None, "rebounds_line": 0.0}, lines=lines,
    )  # fmt: skip
    assert all(isinstance(value, float) for value in found.features.values() if value is not None)


def test_quotes_are_by_player_and_market() -> None:
    """Value for value, a line of 0 and prices that nobody quotes included."""
    at = datetime(2024, 3, 4, 11, 5, tzinfo=UTC)
    nothing = dict.fromkeys(("book", "over_price", "under_price", "p_market"))
    priced = {"book": "fanduel", "over_price": -110.0, "under_price": 105.0, "p_market": 0.52}
    rows: list[Row] = [
        {"player_id": 7, "market": "assists", "line": 0.0, "line_books": 3, "line_at": at, **priced},
        {"player_id": 7, "market": "points", "line": 20.5, "line_books": 1, "line_at": at, **nothing},
        {"player_id": 8, "market": "points", "line": 9.5, "line_books": 2, "line_at": at, **nothing},
    ]
    known = "2024-03-04T11:05:00+00:00"
    assert by_player(rows) == {
        7: {
            "assists": LineQuote(
                line=0.0, books=3, at=known, book="fanduel", over_price=-110.0, under_price=105.0, p_market=0.52
            ),
            "points": LineQuote(line=20.5, books=1, at=known),
        },
        8: {"points": LineQuote(line=9.5, books=2, at=known)},
    }
