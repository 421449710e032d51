"""Drift of features: the population stability index by hand."""

import numpy as np
import pytest

from services.worker.domain.training.drift import drifted, psi

TEN = np.arange(1.0, 11.0)
"""One value in every tenth."""


def test_what_stands_still_does_not_drift() -> None:
    """The same shares in every tenth, however many rows."""
    assert psi(TEN, TEN) == 0.0
    assert psi(TEN, np.concatenate([TEN, TEN, TEN])) == pytest.approx(0.0)


def test_everything_in_one_tenth_by_hand() -> None:
    """Nine tenths of 0.1 are empty, a thousandth at least: 9 x 0.099 ln 100; the last has all: 0.9 ln 10."""
    assert psi(TEN, np.full(4, 10.0)) == pytest.approx(9 * 0.099 * 4.6051702 + 0.9 * 2.3025851)
    assert psi(TEN, np.full(4, 1.0)) == pytest.approx(9 * 0.099 * 4.6051702 + 0.9 * 2.3025851)


def test_a_moved_share_by_hand() -> None:
    """From the first tenth to the last: 0.1 to 0.001 and 0.1 to 0.2: 0.099 ln 100 + 0.1 ln 2."""
    after = np.where(TEN == 1.0, 10.0, TEN)
    assert psi(TEN, after) == pytest.approx(0.099 * 4.6051702 + 0.1 * 0.6931472)


def test_nulls_are_a_share_of_their_own() -> None:
    """Five of ten become null: each of those tenths 0.1 to 0.001, nulls 0.001 to 0.5."""
    after = np.where(TEN <= 5.0, np.nan, TEN)
    assert psi(TEN, after) == pytest.approx(5 * 0.099 * 4.6051702 + 0.499 * np.log(500.0))


def test_a_feature_that_was_always_null() -> None:
    """It has no tenths: 1 to 0.001 of nulls, 0.001 to 1 of values; and none if it stays null."""
    nothing = np.full(10, np.nan)
    assert psi(nothing, TEN) == pytest.approx(2 * 0.999 * np.log(1000.0))
    assert psi(nothing, nothing) == 0.0


def test_a_constant_has_two_sides() -> None:
    """All before are 5: below 5 there was none, and from 5 on all. Now half are 4: 0.001 to 0.5 and 1 to 0.5."""
    found = psi(np.full(8, 5.0), np.array([4.0, 5.0]))
    assert found == pytest.approx(0.499 * np.log(500.0) + 0.5 * np.log(2.0))


def test_no_rows_have_no_shares() -> None:
    """Every share is the least: 10 x 0.099 ln 100 of the tenths, and nothing of the nulls."""
    assert psi(TEN, np.array([])) == pytest.approx(10 * 0.099 * 4.6051702)


def test_what_moved_most_is_named() -> None:
    """Five at most, the farthest first, of equals in the order of the alphabet; to three decimals."""
    top, moved = np.full(4, 10.0), np.where(TEN == 1.0, 10.0, TEN)
    before = dict.fromkeys(("still", "d", "c", "b", "a", "far"), TEN)
    after = {"still": TEN, "far": top, **dict.fromkeys(("d", "c", "b", "a"), moved)}
    expected = [("far", 6.176), ("a", 0.525), ("b", 0.525), ("c", 0.525), ("d", 0.525)]
    assert list(drifted(before, after).items()) == expected
    assert list(drifted(before, after, most=2).items()) == expected[:2]
