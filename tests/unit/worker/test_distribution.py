"""Distributions of counts: against scipy's normal, against hand-computed numbers, and their laws."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from services.worker.domain.distribution import Distributions, Floats, power_normal, to_power
from shared.tables import QUANTILES

means = st.floats(0.02, 45.0)
moments = st.lists(st.tuples(means, st.floats(0.1, 2.0)), min_size=1, max_size=6)
POWER = 0.7


def one(centre: float, scale: float, power: float = 1.0) -> Distributions:
    """A single distribution."""
    return Distributions(np.array([centre]), np.array([scale]), power)


def around(rows: list[tuple[float, float]], power: float = POWER) -> Distributions:
    """Distributions around the given expectations, with the given scales."""
    mean, scale = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    return power_normal(to_power(mean, power), scale, power)


def over(found: Distributions, line: float) -> float:
    """P(count > line) of the first row."""
    return float(found.over(np.full(len(found), line))[0])


def push(found: Distributions, line: float) -> float:
    """P(count = line) of the first row."""
    return float(found.push(np.full(len(found), line))[0])


def small_steps() -> Distributions:
    """P(0) = 0.4, P(1) = 0.4, P(2) = 0.1537: (1 - c) / s = -0.2533471 and (sqrt 2 - c) / s = 0.8416212."""
    scale = (2**0.5 - 1.0) / (0.8416212 + 0.2533471)
    return one(1.0 + 0.2533471 * scale, scale, 0.5)


def large_steps(first: float = 0.4, second: float = 0.8) -> Distributions:
    """P(0) and P(at most 1) as given, power 1: a market of high counts."""
    low, high = norm.ppf(first), norm.ppf(second)
    scale = 1.0 / (high - low)
    return one(1.0 - low * scale, scale, 1.0)


@pytest.mark.parametrize(
    ("centre", "scale", "power"),
    [(13.8, 4.7, 0.9), (3.1, 1.2, 0.65), (2.2, 0.9, 0.6), (1.4, 0.6, 0.5), (30.0, 7.5, 0.95), (-1.0, 0.5, 0.5)],
)
def test_probabilities_are_those_of_scipys_normal(centre: float, scale: float, power: float) -> None:
    """P(Y <= k) is the normal distribution function of the k-th upper edge to the power."""
    found = one(centre, scale, power)
    for k in (0, 1, 2, 7, 20, 60):
        reference = norm(loc=centre, scale=scale)
        assert found.cdf[0, k] == pytest.approx(reference.cdf((k + 1) ** power), abs=1e-12)
        assert over(found, k + 0.5) == pytest.approx(reference.sf((k + 1) ** power), abs=1e-12)
        assert over(found, float(k)) == pytest.approx(reference.sf((k + 1) ** power), abs=1e-12)
        below = reference.cdf(k**power) if k else 0.0
        assert push(found, float(k)) == pytest.approx(reference.cdf((k + 1) ** power) - below, abs=1e-12)


def test_the_first_probabilities_by_hand() -> None:
    """Centre 1 and scale 1: Phi(0), Phi(1), Phi(2), and their differences."""
    found = one(1.0, 1.0)
    assert found.cdf[0, :3] == pytest.approx([0.5, 0.8413447, 0.9772499], abs=1e-7)
    assert found.pmf[0, :3] == pytest.approx([0.5, 0.3413447, 0.1359051], abs=1e-7)


def test_each_row_has_its_own_centre_and_scale() -> None:
    """Two rows, two distributions: Phi((1 - 1) / 2) and Phi((1 - 3) / 4)."""
    found = Distributions(np.array([1.0, 3.0]), np.array([2.0, 4.0]), 1.0)
    assert found.cdf[:, 0] == pytest.approx([0.5, 0.3085375], abs=1e-7)
    assert len(found) == 2


def test_the_mean_lies_half_a_count_below_a_symmetric_centre() -> None:
    """Edges are upper edges: a count around an edge of 10 is 9.5 on average; a scale of 2 never reaches 0."""
    assert one(10.0, 2.0).mean[0] == pytest.approx(9.5, abs=1e-5)


def test_the_mean_by_hand() -> None:
    """The mean is the sum of P(Y > k): centre 1, scale 1 gives 0.5 + 0.1586553 + 0.0227501 + 0.0013499 + 0.0000317."""
    assert one(1.0, 1.0).mean[0] == pytest.approx(0.6827873, abs=1e-6)


def test_means_of_many_rows_are_each_rows_own() -> None:
    """Also beyond the rows that are worked on at once: 5,000 centres, 5,000 means half a count below."""
    centre = np.linspace(20.0, 120.0, 5000)
    assert Distributions(centre, np.full(5000, 2.0), 1.0).mean == pytest.approx(centre - 0.5, abs=1e-6)


def test_the_largest_count_is_150() -> None:
    """150 takes all that lies beyond it: half of a distribution with its centre at the edge of 149."""
    found = one(150.0, 10.0)
    assert found.cdf.shape == (1, 151)
    assert found.cdf[0, 149:] == pytest.approx([0.5, 1.0])
    assert found.pmf[0, 150] == pytest.approx(0.5)
    assert [over(found, 149.0), over(found, 150.0)] == pytest.approx([0.5, 0.0])


@pytest.mark.parametrize(
    ("line", "p_over", "p_push"),
    [
        (9.5, 0.5, 0.0),  # the edge of 9 is 10: Phi(0)
        (9.0, 0.5, 0.1914625),  # Phi(0) - Phi(-1/2)
        (10.0, 0.3085375, 0.1914625),  # 1 - Phi(1/2); Phi(1/2) - Phi(0)
        (12.5, 0.0668072, 0.0),  # 1 - Phi(3/2)
        (0.0, 0.9999966, 0.0000034),  # 1 - Phi(-4.5)
        (0.5, 0.9999966, 0.0),
        (-0.5, 1.0, 0.0),
        (-1.0, 1.0, 0.0),
        (99.5, 0.0, 0.0),
        (100.0, 0.0, 0.0),
        (500.0, 0.0, 0.0),
        (500.5, 0.0, 0.0),
    ],
)
def test_lines_by_hand(line: float, p_over: float, p_push: float) -> None:
    """A count around 9.5 against lines within and far beyond its tails; half lines cannot push."""
    found = one(10.0, 2.0)
    assert over(found, line) == pytest.approx(p_over, abs=1e-7)
    assert push(found, line) == pytest.approx(p_push, abs=1e-7)


def test_each_row_has_its_own_line() -> None:
    """Lines go with their rows; a row without one has no probability."""
    found = Distributions(np.array([10.0, 10.0, 20.0]), np.array([2.0, 2.0, 2.0]), 1.0)
    lines = np.array([10.0, np.nan, 19.5])
    assert found.over(lines) == pytest.approx([0.3085375, np.nan, 0.5], abs=1e-7, nan_ok=True)
    assert found.push(lines) == pytest.approx([0.1914625, np.nan, 0.0], abs=1e-7, nan_ok=True)


@pytest.mark.parametrize(
    ("level", "quantile"),
    [
        (0.01, -0.5),
        (0.05, -0.5),  # an eighth of P(0): half-way from -1 to 0
        (0.075, -0.25),
        (0.101, 0.0),  # a quarter of P(0) is 0.1: the plateau of 0 reaches from 0.1 to 0.3
        (0.2, 0.0),
        (0.299, 0.0),
        (0.4, 0.5),  # half-way from 0.3 to 0.5
        (0.45, 0.75),
        (0.501, 1.0),  # the plateau of 1: 0.5 to 0.7
        (0.6, 1.0),
        (0.699, 1.0),
        (0.7692125, 1.5),  # half-way from 0.7 to 0.8 + 0.1537 / 4 = 0.838425
        (0.84, 2.0),
        (0.915, 2.0),  # up to 0.8 + 3/4 x 0.1537 = 0.915275
    ],
)
def test_quantiles_of_low_counts_by_hand(level: float, quantile: float) -> None:
    """Levels within a quarter of a step of its middle are that count; levels between are interpolated."""
    assert small_steps().quantiles((level,))[0, 0] == pytest.approx(quantile, abs=1e-3)


@pytest.mark.parametrize(
    ("level", "quantile"),
    [
        (0.05, 0.0),  # tails never lie below 0
        (0.1, 0.0),
        (0.3, 0.0),  # no tail: the plateau of 0 ends at 0.3
        (0.4, 0.5),
        (0.6, 1.0),
        (0.85, 2.0),  # 0.35 from the median is no tail: the plateau of 2 is 0.8 + 0.17360 x (1/4, 3/4)
        (0.851, 1.8752),  # a tail: (0.851 - 0.6) / (0.8868 - 0.6) of the way from the middle of 1 to that of 2
        (0.9, 2.1328),  # the middles of 2 and 3 are 0.8868 and 0.98619: 2 + 0.0132 / 0.09939
        (0.95, 2.6359),
    ],
)
def test_quantiles_of_high_counts_by_hand(level: float, quantile: float) -> None:
    """The tails of high counts are interpolated between the middles of steps; nearer levels keep plateaus."""
    assert large_steps().quantiles((level,))[0, 0] == pytest.approx(quantile, abs=1e-3)


@pytest.mark.parametrize(("power", "high"), [(0.5, False), (0.8, False), (0.81, True), (0.9, True)])
def test_markets_of_high_counts_are_those_with_a_power_above_08(power: float, *, high: bool) -> None:
    """Of P(0) = 0.79 and P(1) = 0.2 the level 0.9 is 1 on a plateau; interpolated it is more."""
    low, upper = norm.ppf(0.79), norm.ppf(0.99)
    scale = (2**power - 1.0) / (upper - low)
    found = one(1.0 - low * scale, scale, power)
    assert (found.quantiles((0.9,))[0, 0] > 1.0) == high


def test_an_interpolated_tail_never_lies_below_a_plateau() -> None:
    """P(0) = 0.79, P(1) = 0.2: level 0.85 is on the plateau of 1, 0.86 interpolated would be less: it is raised."""
    assert large_steps(0.79, 0.99).quantiles((0.85, 0.86))[0] == pytest.approx([1.0, 1.0])


def test_quantiles_at_the_end_of_the_support() -> None:
    """Where all lies at 150: below a quarter from 149 on (0.1 / 0.25 of the way), above it 150."""
    found = one(20.0, 0.1, 0.5)  # sqrt(150) is 12.2
    assert found.quantiles((0.1, 0.5, 0.9))[0] == pytest.approx([149.4, 150.0, 150.0])


def test_quantiles_are_published_at_eleven_levels() -> None:
    """From 5 % to 95 %, in their order: here a normal count of wide steps, its middle at the centre less a half."""
    levels = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    found = one(100.0, 20.0).quantiles()[0]
    assert found == pytest.approx(99.5 + 20.0 * norm.ppf(levels), abs=0.3)  # a plateau is half a count wide


def test_quantiles_go_with_their_rows() -> None:
    """The median of a count around the edge k + 1/2 is k."""
    found = Distributions(np.array([3.5, 90.5, 20.5]), np.array([1.0, 2.0, 3.0]), 1.0)
    assert found.quantiles((0.5,))[:, 0] == pytest.approx([3.0, 90.0, 20.0])


def test_some_distributions_keep_their_numbers() -> None:
    """By index or by mask."""
    found = Distributions(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), 0.7)
    for rows in (np.array([2, 0]), np.array([True, False, True])):
        taken = found.take(rows)
        assert sorted(taken.centre) == [1.0, 3.0]
        assert sorted(taken.scale) == [4.0, 6.0]
        assert taken.power == 0.7
    assert list(found.take(np.array([2, 0])).centre) == [3.0, 1.0]


def test_a_scale_below_the_least_is_raised() -> None:
    """A distribution never becomes a point: 0.02 at least, in the space of the power."""
    found = power_normal(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.019, 0.021]), 0.6)
    assert list(found.scale) == [0.02, 0.02, 0.021]
    assert (list(found.centre), found.power) == ([1.0, 2.0, 3.0], 0.6)


def test_the_space_of_the_power_by_hand() -> None:
    """A count is taken at its middle: (k + 1/2) to the power; what is below 0 counts as 0."""
    assert to_power(np.array([20.0, 0.0, -3.0]), 1.0) == pytest.approx([20.5, 0.5, 0.5])
    assert to_power(np.array([3.5, 0.0]), 0.5) == pytest.approx([2.0, 0.7071068])


@given(moments, st.randoms())
def test_a_row_does_not_depend_on_the_others(rows: list[tuple[float, float]], dice: Any) -> None:  # noqa: ANN401 - hypothesis'
    """Alone or among others, the same to the bit."""
    found = around(rows)
    row = dice.randrange(len(rows))
    alone = around([rows[row]])
    assert (alone.pmf[0] == found.pmf[row]).all()
    assert alone.mean[0] == found.mean[row]
    assert (found.take(np.array([row])).quantiles() == alone.quantiles()).all()


@given(moments, st.sampled_from([0.5, 0.65, 0.9]))
def test_quantiles_are_in_order_and_never_below_minus_a_half(rows: list[tuple[float, float]], power: float) -> None:
    """A higher level never has a lower quantile; below every count is -1/2 and nothing less."""
    quantiles = around(rows, power).quantiles()
    assert quantiles.shape == (len(rows), 11)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= -0.5).all()
    assert np.isfinite(quantiles).all()


@given(st.floats(0.2, 6.0), st.floats(0.2, 0.8), st.floats(0.01, 0.99))
def test_a_level_gets_the_nearest_share_that_counts_can_realise(mean: float, scale: float, level: float) -> None:
    """Of the outcomes at or below a quantile, half of those at it: never further from the level than a quarter step."""
    found = around([(mean, scale)], 0.5)
    quantile = found.quantiles((level,))[0, 0]
    cdf, pmf = found.cdf[0], found.pmf[0]
    below = int(np.ceil(quantile)) - 1  # the highest count below the quantile
    share = 0.0 if below < 0 else cdf[below]
    step = pmf[max(int(np.floor(quantile)), 0)]
    if quantile == np.floor(quantile) and quantile >= 0:
        share += 0.5 * step
    assert abs(share - level) <= 0.25 * max(step, pmf[max(below, 0)], pmf[below + 1]) + 1e-9


@given(st.floats(1.0, 40.0), st.floats(0.1, 2.0), st.floats(0.1, 5.0))
def test_a_higher_mean_raises_every_quantile(mean: float, spread: float, more: float) -> None:
    """More minutes, more points: at every level."""
    low, high = around([(mean, spread)]), around([(mean + more, spread)])
    assert (high.quantiles() >= low.quantiles() - 1e-9).all()


@given(moments, st.integers(0, 80))
def test_over_push_and_under_are_everything(rows: list[tuple[float, float]], halves: int) -> None:
    """The three add up to one, for whole and for half lines."""
    found = around(rows)
    line: Floats = np.full(len(rows), halves / 2)
    under = np.where(np.arange(151)[None, :] < line[:, None], found.pmf, 0.0).sum(axis=1)
    assert found.over(line) + found.push(line) + under == pytest.approx(np.ones(len(rows)), abs=1e-9)


def test_no_rows_no_distributions() -> None:
    """An empty batch is empty, not an error."""
    assert around([]).quantiles().shape == (0, len(QUANTILES))
    assert around([]).mean.shape == (0,)
