"""`market_residual`: the market's centre, the correction to it, and how the correction is learned."""

from dataclasses import replace

import numpy as np
import pytest

from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.systems import market_residual
from services.worker.domain.systems.base import Forecast, Inputs
from shared.errors import Permanent

NONE = np.nan


def features(line: list[float], p_over: list[float], season: list[float]) -> dict[str, Floats]:
    """What is read of points."""
    return {
        "points_line": np.array(line), "points_line_p_over": np.array(p_over), "points_season_mean": np.array(season),
    }  # fmt: skip


def test_the_markets_centre_is_where_the_family_has_its_median() -> None:
    """A line of 20 at power 1 is 20.5; P(over) = Phi(1) = 0.8413447 puts the centre one scale of 4 above."""
    known = features([20.0, 20.0, 20.0, 20.0, NONE], [NONE, 0.5, 0.8413447, 0.1586553, 0.5], [NONE] * 5)
    found = market_residual.market_centre(known, "points", np.full(5, 4.0), 1.0)
    assert found == pytest.approx([20.5, 20.5, 24.5, 16.5, NONE], nan_ok=True, abs=1e-5)


def test_the_markets_centre_in_the_space_of_the_power() -> None:
    """The middle of a line of 15.75 is 16.25: its root, and each row's own scale."""
    known = features([15.75, 15.75], [0.8413447, 0.8413447], [NONE, NONE])
    found = market_residual.market_centre(known, "points", np.array([1.0, 2.0]), 0.5)
    assert found == pytest.approx([5.0311289, 6.0311289], abs=1e-5)


def test_a_price_is_never_surer_than_a_thousandth() -> None:
    """P(over) of 0 and 1 count as 0.001 and 0.999: 3.0902323 scales."""
    found = market_residual.market_centre(features([20.0, 20.0], [0.0, 1.0], [NONE] * 2), "points", np.ones(2), 1.0)
    assert found == pytest.approx([20.5 - 3.0902323, 20.5 + 3.0902323])


def test_the_design_counts_gaps_in_scales() -> None:
    """One; how far `boosted` and the season's mean lie from the market's 20.5, in scales of 4, up to one of them."""
    known = features([20.0] * 5, [NONE] * 5, [18.0, 22.0, 40.0, 1.0, NONE])
    found = market_residual.design(known, "points", np.array([22.5, 19.5, 40.5, 1.5, 20.5]), np.full(5, 4.0), 1.0)
    assert found.tolist() == [
        [1.0, 0.5, -0.5], [1.0, -0.25, 0.5], [1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [1.0, 0.0, 0.0],
    ]  # fmt: skip


def corrected(
    coefficients: list[float], *, line: float = 20.0, p_over: float = NONE, season: float = 18.0
) -> tuple[float, float]:
    """Centre and scale for a player whom `boosted` gives a centre of 22.5 and a scale of 4."""
    boosted = {"points": Forecast(Distributions(np.array([22.5]), np.array([4.0]), 1.0))}
    model = market_residual.Model({"points": np.array(coefficients)})
    known = features([line], [p_over], [season])
    forecast = market_residual.predict(Inputs(known, np.array([1]), model, {"boosted": boosted}))["points"]
    return float(forecast.distributions.centre[0]), float(forecast.distributions.scale[0])


def test_an_unpriced_line_believes_all_of_the_correction() -> None:
    """0.1 + 0.2 x 0.5 - 0.4 x 0.5 = 0: the market's 20.5; without the season's 0.2 scales more."""
    assert corrected([0.1, 0.2, 0.4]) == pytest.approx((20.5, 4.0))
    assert corrected([0.1, 0.2, 0.4], season=NONE)[0] == pytest.approx(20.5 + 4.0 * 0.2)
    assert corrected([0.1, 0.0, 0.0])[0] == pytest.approx(20.9)


def test_a_priced_line_believes_six_tenths() -> None:
    """A correction of 0.2 scales of 4, of which 0.6 is believed."""
    assert corrected([0.1, 0.2, 0.0], p_over=0.5)[0] == pytest.approx(20.5 + 0.48)
    # At Phi(1) the market is at 24.5: `boosted` is half a scale below it, 0.1 - 0.2 x 0.5 = 0.
    assert corrected([0.1, 0.2, 0.0], p_over=0.8413447)[0] == pytest.approx(24.5, abs=1e-4)


def test_only_rows_with_a_line_are_predicted() -> None:
    """Rows 0 and 2, with their own scales, minutes and probabilities to play."""
    distributions = Distributions(np.array([22.5, 30.0, 12.5]), np.array([4.0, 5.0, 2.0]), 1.0)
    boosted = {
        "points": Forecast(distributions, minutes=np.array([30.0, 31.0, 32.0]), p_play=np.array([0.7, 0.8, 0.9])),
        "assists": Forecast(distributions),
    }
    model = market_residual.Model({"points": np.array([0.5, 0.0, 0.0])})
    known = features([20.0, NONE, 10.0], [NONE] * 3, [NONE] * 3)
    found = market_residual.predict(Inputs(known, np.array([7, 8, 9]), model, {"boosted": boosted}))
    assert list(found) == ["points"]  # assists have no coefficients
    forecast = found["points"]
    assert forecast.rows is not None
    assert forecast.minutes is not None
    assert forecast.p_play is not None
    assert forecast.rows.tolist() == [0, 2]
    assert forecast.distributions.centre == pytest.approx([20.5 + 2.0, 10.5 + 1.0])
    assert forecast.distributions.scale.tolist() == [4.0, 2.0]
    assert (forecast.minutes.tolist(), forecast.p_play.tolist()) == ([30.0, 32.0], [0.7, 0.9])
    assert forecast.distributions.power == 1.0
    bare = {"points": replace(boosted["points"], minutes=None, p_play=None)}
    none = market_residual.predict(Inputs(known, np.array([7, 8, 9]), model, {"boosted": bare}))["points"]
    assert (none.minutes, none.p_play) == (None, None)


def test_without_the_forecasts_of_boosted_there_is_nothing() -> None:
    """It reads them, and says so."""
    with pytest.raises(Permanent, match="reads the forecasts of boosted"):
        market_residual.predict(Inputs({}, np.array([1]), market_residual.Model({})))


def test_coefficients_are_read_by_market() -> None:
    """Other arrays of the artifact are left alone."""
    manifest = Manifest("market_residual", "overnight", "2024-03-04", "", "", 1, 1, "", (), {})
    arrays = {"coefficients.points": np.array([1.0, 2.0, 3.0]), "golden.names": np.array(["x"])}
    made = market_residual.load(Artifact(manifest, arrays, {}))
    assert {market: found.tolist() for market, found in made.coefficients.items()} == {"points": [1.0, 2.0, 3.0]}
