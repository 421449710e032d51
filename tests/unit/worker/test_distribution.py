"""Laws of the predictive distributions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.domain.distribution import BELOW_ALL, LEAST_SCALE, Counts, Floats, power_normal, to_power
from shared.tables import QUANTILES

means = st.floats(0.02, 45.0)
spreads = st.floats(0.1, 2.0)
"""Scale, in the space of the power."""
moments = st.lists(st.tuples(means, spreads), min_size=1, max_size=6)
POWER = 0.7


def counts(rows: list[tuple[float, float]], power: float = POWER) -> Counts:
    """Distributions around the given expectations, with the given scales."""
    mean, scale = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    return power_normal(to_power(mean, power), scale, power)


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


@given(st.floats(3.0, 45.0), st.floats(0.3, 0.8), st.sampled_from([0.5, 0.7, 1.0]))
def test_half_lies_below_the_centre(mean: float, scale: float, power: float) -> None:
    """The median is the count that the centre stands for, to within a count."""
    median = counts([(mean, scale)], power).quantiles((0.5,))[0, 0]
    assert median == pytest.approx(mean, abs=1.0)


@given(st.floats(8.0, 40.0))
def test_a_power_below_one_skews_to_the_right(mean: float) -> None:
    """The long tail of scoring is above: the mean lies over what the centre stands for."""
    assert counts([(mean, 1.2)], 0.5).mean[0] > mean


@given(moments, st.randoms())
def test_a_row_does_not_depend_on_the_others(rows: list[tuple[float, float]], dice: Any) -> None:  # noqa: ANN401 - hypothesis'
    """Alone or among others, the same to the bit."""
    found = counts(rows)
    one = dice.randrange(len(rows))
    alone = counts([rows[one]])
    assert (alone.pmf[0] == found.pmf[one]).all()
    assert alone.mean[0] == found.mean[one]
    assert (found.take(np.array([one])).quantiles() == alone.quantiles()).all()


powers = st.sampled_from([0.5, 0.65, 0.9])


@given(moments, powers)
def test_quantiles_are_in_order_and_at_most_half_below_zero(rows: list[tuple[float, float]], power: float) -> None:
    """A higher level never has a lower quantile; below every count is -1/2 and nothing less."""
    quantiles = counts(rows, power).quantiles()
    assert quantiles.shape == (len(rows), len(QUANTILES))
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= BELOW_ALL).all()
    assert np.isfinite(quantiles).all()


@given(st.floats(0.2, 6.0), st.floats(0.2, 0.8), st.floats(0.01, 0.99))
def test_a_level_gets_the_nearest_share_that_counts_can_realise(mean: float, scale: float, level: float) -> None:
    """Of the outcomes at or below a quantile, half of those at it: never further from the level than a quarter step."""
    found = counts([(mean, scale)], 0.5)
    quantile = found.quantiles((level,))[0, 0]
    cdf, pmf = found.cdf[0], found.pmf[0]
    below = int(np.ceil(quantile)) - 1  # the highest count below the quantile
    share = 0.0 if below < 0 else cdf[below]
    step = pmf[max(int(np.floor(quantile)), 0)]
    if quantile == np.floor(quantile) and quantile >= 0:
        share += 0.5 * step
    assert abs(share - level) <= 0.25 * max(step, pmf[max(below, 0)], pmf[below + 1]) + 1e-9


@given(st.tuples(st.floats(5.0, 45.0), st.floats(0.3, 1.5)))
def test_quantiles_are_those_of_the_distribution(row: tuple[float, float]) -> None:
    """Half a count around a quantile, the distribution function passes its level."""
    found = counts([row])
    for level, quantile in zip(QUANTILES, found.quantiles()[0], strict=True):
        below, above = max(int(np.floor(quantile)) - 1, 0), max(int(np.ceil(quantile)), 0)
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
    found = counts([(20.0, 1.0)])
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
    found = counts([(20.0, 1.0)])
    assert found.over(everywhere(found, -0.5))[0] == 1.0
    assert found.push(everywhere(found, -1.0))[0] == 0.0
    assert found.over(everywhere(found, 500.5))[0] == pytest.approx(0.0, abs=1e-9)


def test_a_scale_below_the_least_is_raised() -> None:
    """A distribution never becomes a point."""
    assert counts([(10.0, 0.0)]).pmf == pytest.approx(counts([(10.0, LEAST_SCALE)]).pmf)


def test_no_rows_no_distributions() -> None:
    """An empty batch is empty, not an error."""
    assert counts([]).quantiles().shape == (0, len(QUANTILES))
