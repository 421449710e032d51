"""Stored distributions: what a stored row says of any line, and the fair prices of it."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from services.coordinator.api.any_line import Answer, against, fair
from services.worker.domain.distribution import power_normal
from shared.errors import Permanent


@pytest.mark.parametrize(
    ("p", "price"),
    [(0.5, -100.0), (0.6, -150.0), (0.4, 150.0), (0.75, -300.0), (0.2, 400.0), (0.0, None), (1.0, None)],
)
def test_fair_prices_by_hand(p: float, price: float | None) -> None:
    """Even is -100; what is certain has no price."""
    assert fair(p) == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (9.5, Answer(0.5, 0.0, 0.5, -100.0, -100.0)),
        # of 0.3085375 and 0.5 decided, 0.3815995 go over: 100 x 0.5 / 0.3085375 = 162.055
        (10.0, Answer(0.3085375, 0.1914625, 0.5, 162.0548, -162.0548)),
        (9.0, Answer(0.5, 0.1914625, 0.3085375, -162.0548, 162.0548)),
        (12.5, Answer(0.0668072, 0.0, 0.9331928, 1396.844, -1396.844)),
        (-0.5, Answer(1.0, 0.0, 0.0, None, None)),
        (-1.0, Answer(1.0, 0.0, 0.0, None, None)),
        (400.0, Answer(0.0, 0.0, 1.0, None, None)),
        (400.5, Answer(0.0, 0.0, 1.0, None, None)),
    ],
)
def test_a_stored_row_against_a_line_by_hand(line: float, expected: Answer) -> None:
    """Centre 10, scale 2, power 1: the edge of 9 is the centre."""
    found = against(line, centre=10.0, scale=2.0, power=1.0)
    assert found.p_over == pytest.approx(expected.p_over, abs=1e-7)
    assert found.p_push == pytest.approx(expected.p_push, abs=1e-7)
    assert found.p_under == pytest.approx(expected.p_under, abs=1e-7)
    assert found.fair_over == (None if expected.fair_over is None else pytest.approx(expected.fair_over, abs=0.01))
    assert found.fair_under == (None if expected.fair_under is None else pytest.approx(expected.fair_under, abs=0.01))


def test_a_stored_row_against_zero() -> None:
    """Nothing lies below 0: centre 1 and scale 1 leave 1/2 at 0 and 1/2 over it, so that the over is certain."""
    assert against(0.0, centre=1.0, scale=1.0, power=1.0) == Answer(0.5, 0.5, 0.0, None, None)
    half = against(0.5, centre=1.0, scale=1.0, power=1.0)
    assert (half.p_over, half.p_push, half.p_under) == (0.5, 0.0, 0.5)


def test_a_certain_push_has_no_price() -> None:
    """Where nothing is decided, neither side is priced."""
    assert against(5.0, centre=5.5, scale=0.001, power=1.0) == Answer(0.0, 1.0, 0.0, None, None)


@pytest.mark.parametrize(("centre", "scale", "power"), [(13.8, 4.7, 0.9), (1.4, 0.6, 0.5), (3.1, 1.2, 0.65)])
@pytest.mark.parametrize("line", [0.0, 0.5, 2.0, 7.5, 19.0])
def test_a_stored_row_answers_as_scipys_normal(centre: float, scale: float, power: float, line: float) -> None:
    """And so does the worker: whichever process is asked, the same probabilities."""
    reference = norm(loc=centre, scale=scale)
    floor = math.floor(line)
    answer = against(line, centre=centre, scale=scale, power=power)
    below = 0.0 if floor == 0 else reference.cdf(floor**power)
    assert answer.p_over == pytest.approx(reference.sf((floor + 1) ** power))
    assert answer.p_push == pytest.approx(
        reference.cdf((floor + 1) ** power) - below if line == floor else 0.0, abs=1e-12
    )
    worker = power_normal(np.array([centre]), np.array([scale]), power)
    assert worker.over(np.array([line]))[0] == pytest.approx(answer.p_over)
    assert worker.push(np.array([line]))[0] == pytest.approx(answer.p_push)


@pytest.mark.parametrize(
    ("line", "centre", "scale", "power", "named"),
    [
        (math.nan, 10.0, 1.0, 0.7, "nan is no line"),
        (math.inf, 10.0, 1.0, 0.7, "inf is no line"),
        (9.5, 10.0, 0.0, 0.7, "scale 0.0"),
        (9.5, 10.0, -1.0, 0.7, "scale -1.0"),
        (9.5, 10.0, 1.0, 0.0, "power 0.0"),
        (9.5, math.nan, 1.0, 0.7, "centre nan"),
        (9.5, math.inf, 1.0, 0.7, "centre inf"),
        (9.5, 10.0, math.nan, 0.7, "scale nan"),
    ],
)
def test_nonsense_is_refused(line: float, centre: float, scale: float, power: float, named: str) -> None:
    """A line is a number, and a distribution has a width; whatever is wrong is named."""
    with pytest.raises(Permanent, match=named):
        against(line, centre=centre, scale=scale, power=power)
