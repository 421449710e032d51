"""How wide a forecast is: from a level to a scale, and what calibration shifts and widens."""

import numpy as np
import pytest
from scipy.stats import norm

from services.worker.domain.spread import Spread, basis, spreads_of
from services.worker.domain.training.spread import calibrate, fit_level, fit_spread
from shared.registries.markets import MARKETS


def test_powers_are_those_of_the_decision_record() -> None:
    """docs/adr/0015-power-normal-counts.md: constants of the markets, stored with every prediction."""
    decided = {
        "points": 0.9,
        "rebounds": 0.65,
        "assists": 0.6,
        "threes": 0.5,
        "pra": 0.95,
        "pr": 0.9,
        "pa": 0.9,
        "ra": 0.75,
        "steals": 0.5,
        "blocks": 0.4,
    }
    assert {name: MARKETS[name].power for name in decided} == decided


def test_the_basis_by_hand() -> None:
    """A third of the count up to 3, and the middle's power less that of 0: sqrt 2 - sqrt 1/2 at 1.5."""
    found = basis(np.array([0.0, 1.5, 3.0, 6.0]), 0.5)
    assert found[:, 0] == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert found[:, 1] == pytest.approx([0.0, 0.7071068, 1.1637219, 1.8424029])  # sqrt 3.5 and sqrt 6.5 less sqrt 0.5


def test_a_scale_by_hand() -> None:
    """Variance a x fade + b x level, power 1: 1 + 0.5 x 6 = 4; 0.5 + 0.5 x 1.5 = 1.25; at least 0.02."""
    spread = Spread(1.0, 0.0, 1.0, 0.5)
    assert spread.scale(np.array([6.0, 1.5])) == pytest.approx([2.0, 1.1180340])
    assert Spread(1.0, 0.0, 0.0, 0.0).scale(np.array([6.0])) == pytest.approx([0.1414214])
    assert Spread(1.0, 0.0, -9.0, 0.5).scale(np.array([6.0])) == pytest.approx([0.1414214])


def test_a_forecast_is_centred_at_its_middle_and_shifted_by_scales() -> None:
    """10 at power 1: 10.5, and half a scale of 2 more. A negative shift goes down."""
    up = Spread(1.0, 0.5, 4.0, 0.0).around(np.array([10.0]))
    assert (up.centre[0], up.scale[0], up.power) == (pytest.approx(11.5), pytest.approx(2.0), 1.0)
    assert Spread(1.0, -0.25, 4.0, 0.0).around(np.array([10.0])).centre[0] == pytest.approx(10.0)
    root = Spread(0.5, 0.0, 4.0, 0.0).around(np.array([15.75]))
    assert root.centre[0] == pytest.approx(4.0311289)  # sqrt 16.25


def test_the_least_forecast_is_a_fiftieth_of_a_count() -> None:
    """What is expected to be nothing lies at 0.02, also for its width: 36 x 0.02 / 3 = 0.24."""
    found = Spread(1.0, 0.0, 36.0, 0.0).around(np.array([0.0, -5.0, 0.02, 0.03]))
    assert found.centre == pytest.approx([0.52, 0.52, 0.52, 0.53])
    assert found.scale == pytest.approx([0.4898979, 0.4898979, 0.4898979, 0.6])


def test_a_spread_is_kept_as_four_numbers() -> None:
    """Power, shift, a, b; read back by market, other arrays left alone."""
    spread = Spread(0.9, -0.04, 8.0, 1.2)
    assert list(spread.as_array()) == [0.9, -0.04, 8.0, 1.2]
    arrays = {"spread.points": spread.as_array(), "surplus.points": np.zeros(3)}
    assert spreads_of(arrays) == {"points": spread}


def test_the_level_of_a_variance_by_hand() -> None:
    """Squared errors 1, 2, 6 at levels 1, 2, 3: covariance (N - 1) 2.5 over variance (N) 2/3 is 3.75; 3 - 3.75 x 2."""
    assert fit_level(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0])) == pytest.approx((-4.5, 3.75))


@pytest.mark.parametrize(
    ("level", "squared", "expected"),
    [([1.0, 2.0, 3.0], [6.0, 2.0, 1.0], (3.0, 0.0)), ([2.0, 2.0], [1.0, 3.0], (2.0, 0.0)), ([2.0], [5.0], (5.0, 0.0))],
)
def test_a_variance_never_falls_with_its_level(
    level: list[float], squared: list[float], expected: tuple[float, float]
) -> None:
    """A slope below 0, of one level or of one row is none: the mean stands."""
    assert fit_level(np.array(level), np.array(squared)) == pytest.approx(expected)


def test_two_rows_have_a_slope() -> None:
    """Levels 1 and 3, squares 0 and 4: covariance 4 over variance 1, and 2 - 4 x 2."""
    assert fit_level(np.array([1.0, 3.0]), np.array([0.0, 4.0])) == pytest.approx((-6.0, 4.0))


def test_the_shift_is_half_of_the_median_error_in_scales() -> None:
    """Outcomes 10, 12, 30 at power 1 lie at 10.5, 12.5, 30.5; centre 8.5, scale 2: (1, 2, 11), half of 2."""
    shift, _ = calibrate(np.array([10.0, 12.0, 30.0]), np.full(3, 8.5), np.full(3, 2.0), 1.0)
    assert shift == pytest.approx(1.0)
    down, _ = calibrate(np.array([10.0, 12.0, 30.0]), np.full(3, 14.5), np.full(3, 2.0), 1.0)
    assert down == pytest.approx(-0.5)


def test_the_shift_is_measured_by_each_rows_own_scale() -> None:
    """Errors of 1, 4 and 9 in scales of 2, 1 and 3: 0.5, 4, 3; half of 3."""
    shift, _ = calibrate(np.array([10.0, 13.0, 18.0]), np.full(3, 9.5), np.array([2.0, 1.0, 3.0]), 1.0)
    assert shift == pytest.approx(1.5)


def test_high_counts_are_widened_until_the_band_holds_four_fifths() -> None:
    """Ten outcomes 50 +- 2, 6, 10, 14, 18 around their centre: eight within +- 14 once 14 / (10 w) is 1.28.

    The middle of a count's step is about the normal's value at the count's middle, so that 14 lies on the border of
    10 % where 14 / (10 w) = 1.2816: w = 1.0924.
    """
    away = np.array([2.0, 6.0, 10.0, 14.0, 18.0])
    outcome = np.concatenate([50.0 + away, 50.0 - away])
    shift, width = calibrate(outcome, np.full(10, 50.5), np.full(10, 10.0), 1.0)
    assert shift == pytest.approx(0.0)
    # Above 0.8 is too wide: 0.8 itself is not, so that the width grows to where the outermost two come in, at 18.
    assert width == pytest.approx(18.0 / 12.816, abs=0.002)


def test_widths_stay_between_a_half_and_two() -> None:
    """All outcomes far outside: 2. All of them at the centre: 1/2."""
    far = np.array([10.0, 90.0, 10.0, 90.0])
    assert calibrate(far, np.full(4, 50.5), np.full(4, 1.0), 1.0)[1] == pytest.approx(2.0)
    assert calibrate(np.full(4, 50.0), np.full(4, 50.5), np.full(4, 10.0), 1.0)[1] == pytest.approx(0.5)
    assert calibrate(np.array([10.0, 90.0]), np.full(2, 15.0), np.full(2, 1.0), 0.7)[1] == pytest.approx(2.0)
    assert calibrate(np.array([50.0, 50.0]), np.full(2, 15.57), np.full(2, 3.0), 0.7)[1] == pytest.approx(0.5)


def test_low_counts_are_widened_until_their_middles_have_the_familys_variance() -> None:
    """Two outcomes as far below as above: variance 1/12 where the middles are 1/2 +- 0.288675, 0.80146 scales away.

    At power 0.8 the middles of 40 and 60 are 19.31808 and 26.63203: 3.65698 to both sides of 22.97506.
    """
    outcome = np.array([40.0, 60.0])
    shift, width = calibrate(outcome, np.full(2, 22.97506), np.full(2, 3.65698 / 0.80146 / 1.2), 0.8)
    assert shift == pytest.approx(0.0, abs=1e-4)
    assert width == pytest.approx(1.2, abs=0.003)


def test_calibrated_low_counts_have_the_familys_variance() -> None:
    """At the width that is found the middles of the outcomes' steps vary by (1 - mean squared step) / 12.

    Nothing lies below 0: its step begins at no probability. Power 1/2, centre 1.5, scale 0.7.
    """
    outcome = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 5.0, 9.0])
    shift, width = calibrate(outcome, np.full(7, 1.5), np.full(7, 0.7), 0.5)
    assert shift == pytest.approx(0.5 * (2.5**0.5 - 1.5) / 0.7)  # the median outcome is 2
    assert 0.6 < width < 1.9
    reference = norm(loc=1.5 + 0.7 * shift, scale=0.7 * width)
    upper = reference.cdf((outcome + 1.0) ** 0.5)
    lower = np.where(outcome == 0.0, 0.0, reference.cdf(outcome**0.5))
    middle, step = (upper + lower) / 2.0, upper - lower
    assert np.var(middle) == pytest.approx((1.0 - np.mean(step**2)) / 12.0, abs=1e-6)


@pytest.mark.parametrize(("power", "centre", "scale"), [(0.65, 2.6, 0.9), (0.5, 1.6, 0.5), (1.0, 20.0, 5.0)])
def test_calibrating_outcomes_of_the_family_itself_changes_nothing(power: float, centre: float, scale: float) -> None:
    """Outcomes at 4,000 even levels of the very distribution: no shift of more than lumps, a width of one."""
    levels = (np.arange(4000) + 0.5) / 4000
    normal = norm.ppf(levels, loc=centre, scale=scale)
    outcome = np.maximum(np.ceil(np.maximum(normal, 0.0) ** (1.0 / power)) - 1.0, 0.0)
    shift, width = calibrate(outcome, np.full(4000, centre), np.full(4000, scale), power)
    assert shift == pytest.approx(0.0, abs=0.12)
    assert width == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("power", [0.65, 1.0])
def test_a_scale_that_is_half_too_small_is_doubled_by_little_less(power: float) -> None:
    """Outcomes drawn with 1.5 times the scale that is stated give a width of about 1.5, with either criterion."""
    levels = (np.arange(4000) + 0.5) / 4000
    centre, scale = 30.0**power, 6.0 * power
    normal = norm.ppf(levels, loc=centre, scale=1.5 * scale)
    outcome = np.maximum(np.ceil(np.maximum(normal, 0.0) ** (1.0 / power)) - 1.0, 0.0)
    _, width = calibrate(outcome, np.full(4000, centre), np.full(4000, scale), power)
    assert width == pytest.approx(1.5, abs=0.03)


def test_a_spread_is_fitted_to_squared_errors_and_calibrated_on_the_rotation() -> None:
    """Errors of exactly one scale, variance 0.4 fade + 0.2 level, are found; then the rotation's rows calibrate it.

    Every forecast comes twice, one scale too low and one too high. The rotation are those too low: its median error is
    one scale, half of it the shift; all alike, its width is the least, 1/2. In scales of that width the shift is 1, and
    the variance is a quarter.
    """
    level = np.linspace(1.0, 12.0, 12)
    variance = 0.4 * np.minimum(level / 3.0, 1.0) + 0.2 * ((level + 0.5) ** 0.65 - 0.5**0.65)
    up, down = ((level + 0.5) ** 0.65 + sign * np.sqrt(variance) for sign in (1.0, -1.0))
    outcome = np.concatenate([up, down]) ** (1.0 / 0.65) - 0.5
    rotation = np.arange(24) < 12
    found = fit_spread(np.concatenate([level, level]), outcome, "rebounds", rotation)
    assert (found.power, found.shift) == pytest.approx((0.65, 1.0))
    assert (found.a, found.b) == pytest.approx((0.1, 0.05))


def test_forecasts_of_nothing_are_fitted_as_a_fiftieth() -> None:
    """Forecasts of 0 and of 0.02 are the same forecast."""
    mean, outcome = np.array([0.0, 0.0, 4.0, 6.0]), np.array([0.0, 1.0, 6.0, 5.0])
    raised = fit_spread(np.maximum(mean, 0.02), outcome, "assists", np.full(4, fill_value=True))
    assert fit_spread(mean, outcome, "assists", np.full(4, fill_value=True)) == raised
