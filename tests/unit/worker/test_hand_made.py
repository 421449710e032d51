"""The hand-made systems: form, and each adjustment of a matchup by sign and size."""

import numpy as np
import pytest

from services.worker.domain.distribution import Floats
from services.worker.domain.systems import moving_average, zone_matchup
from services.worker.domain.systems.base import Inputs, System
from shared.errors import Permanent
from shared.registries.markets import MARKETS

FORM = dict.fromkeys(MARKETS, 9.0) | {"points": 15.0, "rebounds": 6.0, "assists": 3.0, "threes": 1.5, "pra": 24.0}
"""Form alone: 15 points, 6 rebounds, 3 assists, 1.5 threes, 24 in sum, 9 of anything else."""
PLAIN = {
    **{f"{market}_per_minute": form / 30.0 for market, form in FORM.items()},
    "minutes_ewma": 30.0, "zone_mismatch": 0.0, "pace_factor": 1.0, "fatigue": 0.0,
    "opponent_points_factor": 1.0, "opponent_rebounds_factor": 1.0, "opponent_assists_factor": 1.0,
    "opponent_threes_factor": 1.0,
}  # fmt: skip
NOWHERE = float("nan")


def features(**changes: float) -> dict[str, Floats]:
    """One player's features."""
    return {name: np.array([value]) for name, value in (PLAIN | changes).items()}


def expected(**changes: float) -> dict[str, float]:
    """Market -> the matchup's mean."""
    return {market: float(zone_matchup.mean(features(**changes), market)[0]) for market in MARKETS}


def of_defence(allowed: str, factor: float) -> dict[str, float]:
    """What moves with one number of the opponent's defence: the markets that name it."""
    return {market.name: factor for market in MARKETS.values() if market.allowed == allowed}


def test_form_is_rate_times_minutes() -> None:
    """0.5 points a minute in 30 minutes are 15; each market has its own rate."""
    found = {market: float(moving_average.mean(features(), market)[0]) for market in MARKETS}
    assert found == pytest.approx(FORM)


def test_form_is_never_nothing() -> None:
    """Who never did it is expected to do it a fiftieth of a time; who does it less often too."""
    for rate in (0.0, 0.0005):
        assert moving_average.mean(features(points_per_minute=rate), "points")[0] == pytest.approx(0.02)
        assert zone_matchup.mean(features(points_per_minute=rate), "points")[0] == pytest.approx(0.02)
    assert zone_matchup.mean(features(points_per_minute=0.0, fatigue=1.0), "points")[0] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("market", "rate", "centre", "scale"),
    [
        # 18 points: 18.5^0.9 = 13.81830; 8.2717 + 1.215 (13.81830 - 0.53589) = 24.40983; -0.0421 scales
        ("points", 0.6, 13.61030, 4.94063),
        # 1.5 points: 2^0.9 = 1.86607; 8.2717 / 2 + 1.215 x 1.33018 = 5.75202
        ("points", 0.05, 1.76510, 2.39834),
        # 18 rebounds: 18.5^0.65 = 6.66287; 0.5825 + 0.1395 x 6.02558 = 1.42307; -0.0596 scales
        ("rebounds", 0.6, 6.59178, 1.19293),
        # 18 assists: 18.5^0.6 = 5.75842; 0.6226 + 0.0470 x 5.09867 = 0.86224; -0.0627 scales
        ("assists", 0.6, 5.70019, 0.92857),
        # 18 threes: 18.5^0.5 = 4.30116; -0.6527 + 0.8015 x 3.59406 = 2.22794; -0.0710 scales
        ("threes", 0.6, 4.19519, 1.49263),
        # 18 in sum: 18.5^0.95 = 15.98870; 22.7833 + 1.148 x 15.47106 = 40.54409; -0.0344 scales
        ("pra", 0.6, 15.76966, 6.36742),
        # 18 points and rebounds: 18.5^0.9 = 13.81830; 13.6534 + 0.9005 x 13.28241 = 25.61421; -0.0374 scales
        ("pr", 0.6, 13.62901, 5.06105),
        # 18 points and assists: 18.5^0.9 = 13.81830; 10.6410 + 0.9796 x 13.28241 = 23.65245; -0.0366 scales
        ("pa", 0.6, 13.64030, 4.86338),
        # 18 rebounds and assists: 18.5^0.75 = 8.92029; 1.5509 + 0.1976 x 8.32568 = 3.19605; -0.0474 scales
        ("ra", 0.6, 8.83555, 1.78775),
        # 18 steals: 18.5^0.5 = 4.30116; -0.7819 + 0.9133 x 3.59406 = 2.50055; -0.1607 scales
        ("steals", 0.6, 4.04705, 1.58131),
        # 18 blocks: 18.5^0.4 = 3.21269; -0.3708 + 0.6383 x 2.45483 = 1.19612; -0.2435 scales
        ("blocks", 0.6, 2.94638, 1.09367),
    ],
)
def test_form_is_as_wide_as_it_was_fitted(market: str, rate: float, centre: float, scale: float) -> None:
    """The spread of each market, fitted on three seasons: variance, scale and shift by hand."""
    found = moving_average.predict(features(**{f"{market}_per_minute": rate}), market)
    assert (found.centre[0], found.scale[0]) == (pytest.approx(centre, abs=2e-5), pytest.approx(scale, abs=2e-5))


@pytest.mark.parametrize(
    ("change", "factors"),
    [
        ({"zone_mismatch": 0.2}, {"points": 1.1}),  # weaker where he scores: half of 20 %
        ({"zone_mismatch": -0.1}, {"points": 0.95}),
        ({"zone_mismatch": NOWHERE}, {}),
        ({"opponent_rebounds_factor": 1.2}, of_defence("opponent_rebounds_factor", 1.1)),
        ({"opponent_rebounds_factor": 0.8}, of_defence("opponent_rebounds_factor", 0.9)),
        ({"opponent_rebounds_factor": NOWHERE}, {}),
        ({"opponent_assists_factor": 1.3}, of_defence("opponent_assists_factor", 1.15)),
        ({"opponent_threes_factor": 1.1}, of_defence("opponent_threes_factor", 1.05)),
        ({"opponent_points_factor": 1.4}, of_defence("opponent_points_factor", 1.2)),  # points have their zones
        ({"pace_factor": 1.1}, dict.fromkeys(FORM, 1.05)),  # faster: half of 10 %
        ({"pace_factor": 0.9}, dict.fromkeys(FORM, 0.95)),
        ({"pace_factor": NOWHERE}, {}),
        ({"fatigue": 1.0}, dict.fromkeys(FORM, 0.98)),  # full fatigue takes 2 %
        ({"fatigue": 0.5}, dict.fromkeys(FORM, 0.99)),
    ],
)
def test_each_adjustment_alone(change: dict[str, float], factors: dict[str, float]) -> None:
    """A weaker defence and a faster game raise, tired legs lower; half of it is believed, and only in its market."""
    assert expected(**change) == pytest.approx(
        {market: form * factors.get(market, 1.0) for market, form in FORM.items()}
    )


def test_whose_defence_a_market_meets() -> None:
    """Points meet zones, a statistic itself; sums, and what nobody counts as allowed, the points that are."""
    named = {
        "points": "zone_mismatch", "rebounds": "opponent_rebounds_factor", "assists": "opponent_assists_factor",
        "threes": "opponent_threes_factor", "pra": "opponent_points_factor",
        "pr": "opponent_points_factor",
        "pa": "opponent_points_factor",
        "ra": "opponent_rebounds_factor",
        "steals": "opponent_points_factor",
        "blocks": "opponent_points_factor",
    }  # fmt: skip
    assert {name: MARKETS[name].allowed for name in named} == named


def test_adjustments_multiply() -> None:
    """15 x 1.1 x 1.05 x 0.98 points: weaker zones, pace and fatigue."""
    assert expected(zone_mismatch=0.2, pace_factor=1.1, fatigue=1.0)["points"] == pytest.approx(16.9785)


def test_a_matchup_is_as_wide_as_form_of_its_own_mean() -> None:
    """15 x 1.2 = 18 points: the numbers of 18 by form."""
    found = zone_matchup.predict(features(zone_mismatch=0.4), "points")
    assert (found.centre[0], found.scale[0]) == (pytest.approx(13.61030, abs=2e-5), pytest.approx(4.94063, abs=2e-5))


@pytest.mark.parametrize("system", [moving_average.SYSTEM, zone_matchup.SYSTEM])
def test_each_row_and_each_market_is_its_own(system: System) -> None:
    """Two players, the second with twice the minutes: the centre of each market goes with its player."""
    two = {name: np.array([value, value]) for name, value in PLAIN.items()} | {"minutes_ewma": np.array([30.0, 60.0])}
    forecasts = system.predict(Inputs(two, np.array([1, 2])))
    assert list(forecasts) == list(MARKETS)
    for market, forecast in forecasts.items():
        spread = moving_average.SPREADS[market]
        alone = spread.around(np.array([FORM[market], 2 * FORM[market]]))
        assert forecast.distributions.centre == pytest.approx(alone.centre)
        assert (forecast.rows, forecast.minutes, forecast.p_play, forecast.drivers) == (None, None, None, None)


def test_what_a_hand_made_system_cannot_do_without() -> None:
    """The rate of every market and recent minutes; fatigue for a matchup. Opponent and pace may be unknown."""
    rates = {f"{market}_per_minute" for market in MARKETS}
    assert set(moving_average.SYSTEM.needs) == rates | {"minutes_ewma"}
    assert set(zone_matchup.SYSTEM.needs) == rates | {"minutes_ewma", "fatigue"}
    assert (moving_average.SYSTEM.load, zone_matchup.SYSTEM.load) == (None, None)


def test_a_system_that_needs_what_is_no_feature_is_refused() -> None:
    """As soon as its module is imported."""
    with pytest.raises(Permanent, match="there is no feature 'minutes'"):
        System(lambda _: {}, needs=("minutes",))
