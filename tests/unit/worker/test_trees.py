"""Trees: predictions and what moved them, on two and three trees worked out on paper."""

import sys

import numpy as np
import pytest

from services.worker.domain import trees
from shared.errors import Permanent
from tests.unit.worker.forest import constant, deep, model, stump

THREE = model(2, deep(), constant(2.0), stump(1, 5.0, 0.0, 3.0, root=1.0))
ROWS = np.array([[2.0, 10.0], [1.0, 0.0], [1.5, 6.0], [2.0, 0.0], [2.0, 0.1]])


def test_predictions_are_sums_of_leaves() -> None:
    """16 + 2 + 3, 7 + 2 + 0, 7 + 2 + 3 (1.5 is at most 1.5), 12 + 2 + 0 and 16 + 2 + 0."""
    assert list(trees.load(THREE).predict(ROWS)) == [21.0, 9.0, 12.0, 14.0, 18.0]


def test_what_moved_a_row_is_read_off_its_paths() -> None:
    """A split moves the expectation from the parent's value to the child's, on account of its feature.

    Of the first row: 10 to 14 by feature 0, 14 to 16 by feature 1, and in the last tree 1 to 3 by feature 1 again.
    """
    found = trees.load(THREE).contributions(ROWS)
    assert found.tolist() == [[4.0, 4.0], [-3.0, -1.0], [-3.0, 2.0], [4.0, -3.0], [4.0, 1.0]]


def test_moves_and_expectation_add_up_to_the_prediction() -> None:
    """The roots' values are 10, 2 and 1; a tree of one leaf moves nothing."""
    loaded = trees.load(THREE)
    assert loaded.offset == 13.0
    assert list(loaded.offset + loaded.contributions(ROWS).sum(axis=1)) == list(loaded.predict(ROWS))


def test_leaves_are_numbered_through() -> None:
    """Three leaves, one and two: the trees begin at 0, 3 and 4."""
    loaded = trees.load(THREE)
    assert loaded.starts.tolist() == [0, 3, 4]
    assert loaded.moves.shape == (6, 2)
    assert loaded.leaves(ROWS[:2]).tolist() == [[2, 3, 5], [0, 3, 4]]


def test_one_tree_of_one_leaf() -> None:
    """It predicts its value, and nothing moves it."""
    loaded = trees.load(model(2, constant(2.5)))
    assert (loaded.offset, loaded.predict(ROWS[:1]).tolist(), loaded.contributions(ROWS[:1]).tolist()) == (
        2.5, [2.5], [[0.0, 0.0]],
    )  # fmt: skip


@pytest.mark.parametrize(("nulls", "expected"), [("left", -1.0), ("right", 1.0), ("zero", 1.0)])
def test_nulls_go_where_they_were_learned_to_go(nulls: str, expected: float) -> None:
    """To the left, to the right, or as 0, here above a threshold of -5."""
    loaded = trees.load(model(1, stump(0, -5.0, -1.0, 1.0, root=0.25, nulls=nulls)))
    unknown = np.array([[np.nan]])
    assert loaded.predict(unknown).tolist() == [expected]
    assert loaded.contributions(unknown).tolist() == [[expected - 0.25]]


def test_predictions_are_raw() -> None:
    """A model of yes and no speaks in log-odds, not in probabilities."""
    assert trees.load(model(1, constant(2.0), objective="binary sigmoid:1")).predict(np.zeros((1, 1))).tolist() == [2.0]


LEARN = {
    "objective": "regression", "learning_rate": 1.0, "min_data_in_leaf": 1, "num_leaves": 2, "verbose": -1,
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "lambda_l2": 0.0,
}  # fmt: skip


def test_a_fit_finds_a_step() -> None:
    """Targets of 1 and 5 on both sides of 0 are learned by one split at full rate, and read back from text."""
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    text = trees.fit(x, np.where(x[:, 0] > 0, 5.0, 1.0), parameters=LEARN, rounds=1)
    assert trees.load(text).predict(np.array([[-0.5], [0.5]])) == pytest.approx([1.0, 5.0], abs=1e-6)


def test_a_fit_has_as_many_trees_as_rounds() -> None:
    """At half the rate three rounds leave an eighth: 3 +- 2 x 7/8."""
    x = np.linspace(-1.0, 1.0, 40)[:, None]
    target = np.where(x[:, 0] > 0, 5.0, 1.0)
    loaded = trees.load(trees.fit(x, target, parameters=LEARN | {"learning_rate": 0.5}, rounds=3))
    assert len(loaded.starts) == 3
    assert loaded.predict(np.array([[-0.5], [0.5]])) == pytest.approx([1.25, 4.75], abs=1e-6)


def test_a_machine_without_lightgbm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The learned systems are absent for want of a library, by name."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(Permanent, match="LightGBM cannot be loaded") as refused:
        trees.load(THREE)
    assert "libgomp1" in str(refused.value)
