"""Laws of the predictive distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.domain.distribution import Counts, Floats, negative_binomial
from shared.tables import QUANTILES

means = st.floats(0.02, 45.0)
spreads = st.floats(0.5, 5.0)
"""Variance to mean."""
moments = st.lists(st.tuples(means, spreads), min_size=1, max_size=6)


def counts(rows: list[tuple[float, float]]) -> Counts:
    """Distributions of the given means and variance-to-mean ratios."""
    mean = np.array([row[0] for row in rows])
    return negative_binomial(mean, mean * np.array([row[1] for row in rows]))


def everywhere(found: Counts, line: float | None) -> Floats:
    """The same line for every row."""
    return np.full(len(found.mean), np.nan if line is None else line)


def under(found: Counts, line: Floats) -> Floats:
    """P(count < line), summed from the probabilities."""
    support = np.arange(found.pmf.shape[1])
    below: Floats = np.where(support[None, :] < line[:, None], found.pmf, 0.0)
    total: Floats = below.sum(axis=1)
    return total


@given(moments)
def test_probabilities_are_probabilities(rows: list[tuple[float, float]]) -> None:
    """No probability is negative, and they add up to one."""
    found = counts(rows)
    assert (found.pmf >= 0).all()
    assert found.pmf.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-9)
    assert (found.cdf <= 1).all()
    assert (np.diff(found.cdf, axis=1) >= 0).all()


@given(st.lists(st.tuples(st.floats(1.0, 45.0), st.floats(1.02, 3.0)), min_size=1, max_size=6))
def test_the_moments_asked_for_are_the_moments_of_the_distribution(rows: list[tuple[float, float]]) -> None:
    """Mean and variance are recovered from the probabilities."""
    found = counts(rows)
    support = np.arange(found.pmf.shape[1])
    mean = found.pmf @ support
    variance = found.pmf @ support**2 - mean**2
    assert mean == pytest.approx(found.mean, rel=1e-3)
    assert variance == pytest.approx(np.array([m * max(r, 1.02) for m, r in rows]), rel=0.02)


@given(moments)
def test_quantiles_are_in_order_and_not_negative(rows: list[tuple[float, float]]) -> None:
    """A higher level never has a lower quantile."""
    quantiles = counts(rows).quantiles()
    assert quantiles.shape == (len(rows), len(QUANTILES))
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()
    assert np.isfinite(quantiles).all()


@given(st.tuples(st.floats(5.0, 45.0), st.floats(1.05, 3.0)))
def test_quantiles_are_those_of_the_distribution(row: tuple[float, float]) -> None:
    """Half a count around a quantile, the distribution function passes its level."""
    found = counts([row])
    for level, quantile in zip(QUANTILES, found.quantiles()[0], strict=True):
        below, above = max(int(np.floor(quantile)) - 1, 0), int(np.ceil(quantile))
        assert found.cdf[0, below] - found.pmf[0, below] <= level <= found.cdf[0, above]


@given(st.floats(1.0, 40.0), spreads, st.floats(0.1, 5.0))
def test_a_higher_mean_raises_every_quantile(mean: float, spread: float, more: float) -> None:
    """More minutes, more points: at every level."""
    low, high = counts([(mean, spread)]), counts([(mean + more, spread)])
    assert (high.quantiles() >= low.quantiles() - 1e-9).all()


@given(moments, st.integers(0, 80))
def test_over_push_and_under_are_everything(rows: list[tuple[float, float]], halves: int) -> None:
    """The three add up to one, for whole and for half lines."""
    found = counts(rows)
    line = everywhere(found, min(halves / 2, found.pmf.shape[1] - 2))
    total = found.over(line) + found.push(line) + under(found, line)
    assert total == pytest.approx(np.ones(len(rows)), abs=1e-9)


@given(moments, st.floats(0.0, 60.0), st.floats(0.0, 10.0))
def test_over_falls_with_the_line(rows: list[tuple[float, float]], line: float, more: float) -> None:
    """A higher line is never easier to beat."""
    found = counts(rows)
    assert (found.over(everywhere(found, line + more)) <= found.over(everywhere(found, line))).all()


def test_a_half_line_cannot_push() -> None:
    """Counts are whole."""
    found = counts([(20.0, 2.0)])
    assert found.push(everywhere(found, 19.5))[0] == 0.0
    assert found.push(everywhere(found, 20.0))[0] == pytest.approx(found.pmf[0, 20])


@given(moments)
def test_f13_f14_no_line_no_probability(rows: list[tuple[float, float]]) -> None:
    """A line that is not there is not guessed: null in, null out."""
    found = counts(rows)
    assert np.isnan(found.over(everywhere(found, None))).all()
    assert np.isnan(found.push(everywhere(found, None))).all()


@given(moments)
def test_f31_zero_is_a_line(rows: list[tuple[float, float]]) -> None:
    """P(over 0) is the chance of any at all; a line of 0.5 asks the same, without a push."""
    found = counts(rows)
    zero, half = everywhere(found, 0.0), everywhere(found, 0.5)
    assert found.over(zero) == pytest.approx(1 - found.pmf[:, 0])
    assert (found.over(half) == found.over(zero)).all()
    assert (found.push(zero) == found.pmf[:, 0]).all()
    assert (found.push(half) == 0.0).all()


def test_lines_outside_the_support_are_certain() -> None:
    """Below nothing: surely over. Far beyond everything: surely not."""
    found = counts([(20.0, 2.0)])
    assert found.over(everywhere(found, -0.5))[0] == 1.0
    assert found.push(everywhere(found, -1.0))[0] == 0.0
    assert found.over(everywhere(found, 500.5))[0] == pytest.approx(0.0, abs=1e-9)


def test_a_variance_below_the_means_is_raised() -> None:
    """The negative binomial ends at the Poisson: less spread than that is not modelled."""
    assert counts([(10.0, 0.5)]).pmf == pytest.approx(counts([(10.0, 1.02)]).pmf)


def test_no_rows_no_distributions() -> None:
    """An empty batch is empty, not an error."""
    assert counts([]).quantiles().shape == (0, len(QUANTILES))
