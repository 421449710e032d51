"""Batches: whole games, everybody once."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from services.coordinator.batches import cut
from shared.contract import PredictionTask


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
