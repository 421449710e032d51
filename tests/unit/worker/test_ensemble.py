"""`ensemble`: the pool of its members by hand, and the market's share of it."""

import numpy as np
import pytest

from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.distribution import Distributions
from services.worker.domain.systems import ensemble
from services.worker.domain.systems.base import Drivers, Forecast, Forecasts, Inputs
from shared.errors import Permanent
from shared.registries.markets import MARKETS

MODEL = ensemble.Model({"points": np.array([0.5, 0.3, 0.2])})


def drivers() -> Drivers:
    return [[("form", 1.0)]] * 3


def members(**more: Forecasts) -> dict[str, Forecasts]:
    """Forecasts of three players' points."""

    def forecast(*centre: float) -> Forecast:
        return Forecast(Distributions(np.array(centre), np.full(3, 9.0), 0.9))

    boosted = Forecast(
        Distributions(np.array([20.0, 10.0, 30.0]), np.array([4.0, 3.0, 5.0]), 0.9),
        minutes=np.array([30.0, 20.0, 40.0]), p_play=np.array([0.9, 0.8, 0.7]), drivers=drivers,
    )  # fmt: skip
    return {
        "zone_matchup": {"points": forecast(12.0, 6.0, 26.0)},
        "moving_average": {"points": forecast(16.0, 8.0, 28.0)},
        "boosted": {"points": boosted},
        **more,
    }


def pooled(**more: Forecasts) -> Forecast:
    """The pool of points."""
    found = ensemble.predict(Inputs({}, np.array([1, 2, 3]), MODEL, members(**more)))
    assert list(found) == ["points"]
    return found["points"]


def test_centres_are_weighted_member_by_member() -> None:
    """0.5 x 20 + 0.3 x 16 + 0.2 x 12 = 17.2; 0.5 x 10 + 0.3 x 8 + 0.2 x 6 = 8.6; 15 + 8.4 + 5.2 = 28.6."""
    assert pooled().distributions.centre == pytest.approx([17.2, 8.6, 28.6])


def test_all_else_is_what_boosted_says() -> None:
    """Width, power, minutes, probability to play and what moved the forecast."""
    found = pooled()
    assert found.minutes is not None
    assert found.p_play is not None
    assert (found.distributions.scale.tolist(), found.distributions.power) == ([4.0, 3.0, 5.0], 0.9)
    assert (found.minutes.tolist(), found.p_play.tolist()) == ([30.0, 20.0, 40.0], [0.9, 0.8, 0.7])
    assert (found.rows, found.drivers) == (None, drivers)


def test_where_there_is_a_line_the_market_has_85_percent() -> None:
    """Of the rows 2 and 0: 0.85 x 20 + 0.15 x 28.6 = 21.29; 0.85 x 22 + 0.15 x 17.2 = 21.28; row 1 stays."""
    lined = Forecast(Distributions(np.array([20.0, 22.0]), np.ones(2), 0.9), rows=np.array([2, 0]))
    found = pooled(market_residual={"points": lined})
    assert found.distributions.centre == pytest.approx([21.28, 8.6, 21.29])
    assert found.distributions.scale.tolist() == [4.0, 3.0, 5.0]


def test_a_market_without_lines_is_its_members() -> None:
    """The market speaks of assists, not of points; or of no row."""
    lined = Forecast(Distributions(np.array([20.0, 22.0]), np.ones(2), 0.9), rows=np.array([2, 0]))
    nothing = Forecast(Distributions(np.array([]), np.array([]), 0.9), rows=np.array([], dtype=np.int64))
    assert pooled(market_residual={"assists": lined}).distributions.centre == pytest.approx([17.2, 8.6, 28.6])
    assert pooled(market_residual={"points": nothing}).distributions.centre == pytest.approx([17.2, 8.6, 28.6])


def test_members_keep_their_forecasts() -> None:
    """What is pooled is not written into."""
    before = members()
    ensemble.predict(Inputs({}, np.array([1, 2, 3]), MODEL, before))
    assert before["boosted"]["points"].distributions.centre.tolist() == [20.0, 10.0, 30.0]
    assert before["moving_average"]["points"].distributions.centre.tolist() == [16.0, 8.0, 28.0]


def test_without_members_there_is_nothing() -> None:
    """It reads them, and says so."""
    with pytest.raises(Permanent, match="reads its members' forecasts"):
        ensemble.predict(Inputs({}, np.array([1]), MODEL))


def test_weights_are_read_by_market() -> None:
    """A weight per member and market, in the order of the registry."""
    manifest = Manifest("ensemble", "overnight", "2024-03-04", "", "", 1, 1, "", (), {})
    weights = {market: [1.0 - n / 16, n / 16, 0.0] for n, market in enumerate(MARKETS)}
    arrays = {f"weights.{market}": np.array(three) for market, three in weights.items()}
    made = ensemble.load(Artifact(manifest, arrays, {}))
    assert {market: found.tolist() for market, found in made.weights.items()} == weights
    assert ensemble.MEMBERS == ("boosted", "moving_average", "zone_matchup")
