"""How good forecasts were, by hand, and both sides of what is too good to be true."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from services.worker.domain.distribution import Distributions
from services.worker.domain.systems.base import Forecast
from services.worker.domain.training import score
from services.worker.domain.training.frame import Frame
from services.worker.domain.training.score import Score
from shared.registries.markets import MARKETS
from tests.unit.worker.certain import certain


def frame(outcome: list[float], **columns: Any) -> Frame:  # noqa: ANN401 - columns of a frame
    """Rows with these points, and of the other markets twice as many; one slate a row from 1 March on."""
    n = len(outcome)
    points = np.array(outcome)
    known: dict[str, Any] = {
        "features": {},
        "day": (np.datetime64("2024-03-01") + np.arange(n)).astype("datetime64[D]"),
        "player_id": np.arange(n),
        "outcomes": {market: points * (1.0 if market == "points" else 2.0) for market in MARKETS},
        "minutes": np.where(np.isnan(points), np.nan, 30.0),
        "regular": np.ones(n, dtype=np.bool_),
    }
    return Frame(**(known | columns))


def test_the_quantile_loss_by_hand() -> None:
    """A level times what is above its quantile, the rest of it times what is below; the mean over eleven levels.

    All quantiles 3: above by 2 costs 2 x 0.5 on average, below by 2 as much. Quantiles 0 to 10 and an outcome of 5:
    0.05 x 5 + 0.1 x 4 + 0.2 x 3 + 0.3 x 2 + 0.4 x 1, and the same on the other side: 4.5 / 11.
    """
    found = score.pinball(np.array([[3.0] * 11, [3.0] * 11, list(range(11))]), np.array([5.0, 1.0, 5.0]))
    assert found == pytest.approx([1.0, 1.0, 4.5 / 11.0])
    low = score.pinball(np.array([[0.0] * 10 + [1.0]]), np.array([1.0]))
    assert low == pytest.approx([(5.5 - 0.95) / 11.0])


def test_a_record_by_hand() -> None:
    """Certain of 3, 5 and 9, when 3, 7 and 8 happened: errors 0, 2 and -1, and a third inside its band.

    CRPS: 2 x (0.05 x 0.8 + 0.1 x 0.6 + 0.2 x 0.2) x 2 / 11 = 0.0509, 2 - 0.24 and 1 - 0.24.
    """
    found = score.score(certain(3.0, 5.0, 9.0), np.array([3.0, 7.0, 8.0]))
    assert (found.n, found.mae, found.bias) == pytest.approx((3, 1.0, 1.0 / 3.0))
    assert (found.crps, found.coverage_80) == pytest.approx((0.8569697, 1.0 / 3.0))


def test_the_median_is_judged_and_the_mean_for_bias() -> None:
    """Half at 0, half at 9 and more: a median between, whatever the mean. Centre 1 and scale 1 at power 1."""
    distributions = Distributions(np.array([1.0]), np.array([1.0]), 1.0)
    found = score.score(distributions, np.array([2.0]))
    # P(0) = 0.5, P(1) = 0.3413447: the level 0.5 is 1/2 - 3/8 = 0.125 of 0.125 + 0.0853362 from 0 on.
    assert found.mae == pytest.approx(2.0 - 0.125 / (0.125 + 0.0853362), abs=1e-6)
    assert found.bias == pytest.approx(2.0 - 0.6827873, abs=1e-6)


@pytest.mark.parametrize(("outcome", "inside"), [(79.0, 1.0), (74.0, 1.0), (73.0, 0.0), (125.0, 1.0), (126.0, 0.0)])
def test_the_band_is_from_the_tenth_to_the_ninetieth_percentile(outcome: float, inside: float) -> None:
    """Centre 100, scale 20: 99.5 -+ 25.631 is 73.869 to 125.131."""
    assert (
        score.score(Distributions(np.array([100.0]), np.array([20.0]), 1.0), np.array([outcome])).coverage_80 == inside
    )


def test_a_record_has_the_rows_of_who_played() -> None:
    """Per market; who did not play is no error, and a market without any outcome is left out."""
    known = frame([3.0, np.nan, 8.0])
    known = replace(known, outcomes={**known.outcomes, "assists": np.full(3, np.nan)})
    forecasts = {market: Forecast(certain(3.0, 5.0, 9.0)) for market in ("points", "rebounds", "assists")}
    found = score.record(forecasts, known)
    assert list(found) == ["points", "rebounds"]
    assert (found["points"].n, found["points"].mae) == pytest.approx((2, 0.5))  # 0 and 1
    assert (found["rebounds"].n, found["rebounds"].mae) == pytest.approx((2, 5.0))  # 3 and 7


def test_a_record_from_a_slate_on() -> None:
    """That slate belongs to it: rows 1 and 2."""
    forecasts = {"points": Forecast(certain(0.0, 5.0, 9.0))}
    found = score.record(forecasts, frame([9.0, 6.0, 9.0]), np.datetime64("2024-03-02"))
    assert (found["points"].n, found["points"].mae) == pytest.approx((2, 0.5))
    assert score.record(forecasts, frame([9.0, 6.0, 9.0]), np.datetime64("2024-03-04")) == {}


def test_a_record_of_some_rows() -> None:
    """A forecast of rows 2 and 0 is held against their outcomes and slates."""
    forecasts = {"points": Forecast(certain(9.0, 5.0), rows=np.array([2, 0]))}
    known = frame([5.0, 70.0, 9.0])
    assert score.record(forecasts, known)["points"].mae == pytest.approx(0.0)
    assert score.record(forecasts, known, np.datetime64("2024-03-02"))["points"].n == 1
    assert score.rows_of(forecasts["points"], known).tolist() == [2, 0]
    assert score.rows_of(Forecast(certain(1.0, 2.0, 3.0)), known).tolist() == [0, 1, 2]


def test_a_summary_is_in_units_of_each_markets_mean() -> None:
    """CRPS 2 of a mean of 8 is 1/4, CRPS 2 of a mean of 16 is 1/8: 3/16 on average."""
    known = frame([6.0, np.nan, 10.0])
    one = Score(n=2, mae=9.0, crps=2.0, bias=9.0, coverage_80=9.0)
    assert score.summary({"points": one, "rebounds": one}, known) == pytest.approx(0.1875)


def test_a_record_is_stored_with_four_decimals() -> None:
    """Name by name."""
    stored = score.as_json({"points": Score(3, 1.23456, 0.12344, -0.00005, 0.80008)})
    assert stored == {"points": {"n": 3, "mae": 1.2346, "crps": 0.1234, "bias": -0.0001, "coverage_80": 0.8001}}


def suspicious(
    *,
    outcome: float = 10.0,
    forecast: float = 10.0,
    form: float = 10.0,
    line: float = np.nan,
    n: int = 1000,
    **more: float,
) -> tuple[dict[str, Forecast], Frame]:
    """Rows of a regular alike: all scored `outcome`; form, line and forecast are given."""
    features = {
        "points_per_minute": np.full(n, form / 20.0), "minutes_ewma": np.full(n, 20.0), "points_line": np.full(n, line),
        "games_season": np.full(n, more.get("games", 10.0)),
        "minutes_season_mean": np.full(n, more.get("minutes", 15.0)),
    }  # fmt: skip
    known = frame([outcome] * n, features=features)
    return {"points": Forecast(certain(*([forecast] * n)))}, known


def test_honest_forecasts_are_not_too_good() -> None:
    """As good as form and the line, or a quarter of a point better than form."""
    assert score.too_good(*suspicious(line=10.5, forecast=10.0, form=10.25, outcome=10.0, n=999)) is None
    assert score.too_good(*suspicious(form=10.25)) is None
    assert score.too_good(*suspicious(forecast=12.0)) is None


@pytest.mark.parametrize(
    ("changes", "caught"),
    [
        ({"form": 10.24}, False),
        ({"form": 10.26}, True),
        ({"form": 9.74}, True),
        ({"form": 10.26, "n": 999}, False),
        ({"form": 10.26, "games": 9.0}, False),  # no regular: too few games
        ({"form": 10.26, "minutes": 14.9}, False),  # too few minutes
        ({"form": 10.26, "minutes": np.nan}, False),
        ({"form": 11.2, "forecast": 11.0}, False),  # a gain of 0.2
        ({"form": 11.3, "forecast": 11.0}, True),
        ({"line": 10.11}, False),
        ({"line": 10.13}, True),
        ({"line": 9.87}, True),
        ({"line": 10.13, "games": 1.0}, True),  # of whoever has a line
        ({"line": 10.13, "n": 999}, False),
    ],
)
def test_f29_both_sides_of_too_good(changes: dict[str, float], *, caught: bool) -> None:
    """More than 0.25 points better than form on 1,000 regulars, or 0.12 than the line: the future leaked in."""
    assert (score.too_good(*suspicious(**changes)) is not None) == caught  # type: ignore[arg-type]  # `n` is whole


@pytest.mark.parametrize(("form", "caught"), [(10.49, False), (10.51, True)])
def test_playoffs_have_a_wider_bound(form: float, *, caught: bool) -> None:
    """Half a point: recent form does not know their minutes."""
    forecasts, known = suspicious(form=form)
    known = replace(known, regular=np.zeros(len(known), dtype=np.bool_))
    assert (score.too_good(forecasts, known) is not None) == caught


def test_a_leak_is_described() -> None:
    """By how much, against what, on how many games, and what would be believed."""
    assert score.too_good(*suspicious(form=10.5, n=1200)) == (
        "points 0.50 better than rate x minutes on 1200 games (at most 0.25 is believable): look for leakage"
    )
    assert score.too_good(*suspicious(line=11.0)) == (
        "points 1.00 better than the line on 1000 games (at most 0.12 is believable): look for leakage"
    )


def test_only_who_played_counts_towards_a_leak() -> None:
    """Of 1,500 rows 501 did not play: 999 are too few."""
    forecasts, known = suspicious(form=12.0, line=12.0, n=1500)
    outcome = np.where(np.arange(1500) < 501, np.nan, 10.0)
    known = replace(known, outcomes={**known.outcomes, "points": outcome})
    assert score.too_good(forecasts, known) is None


def test_a_forecast_of_some_rows_is_held_against_their_own() -> None:
    """The market's rows are the second thousand, whose form is exact; the first thousand's is two points off."""
    forecasts, known = suspicious(n=2000)
    form = np.where(np.arange(2000) < 1000, 12.0, 10.0) / 20.0
    known = replace(known, features={**known.features, "points_per_minute": form})
    second = Forecast(certain(*([10.0] * 1000)), rows=np.arange(1000, 2000))
    assert score.too_good({"points": second}, known) is None
    assert score.too_good({"points": replace(second, rows=np.arange(1000))}, known) is not None
    assert score.too_good(forecasts, known) is not None  # 1 point on average
