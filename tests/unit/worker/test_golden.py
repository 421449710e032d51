"""Golden predictions: recorded with a model, and what does not come out the same again is refused."""

from typing import Any

import numpy as np
import pytest

from services.worker.domain import golden
from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.systems import ensemble, market_residual
from services.worker.domain.systems.base import Forecast, Forecasts, Inputs
from shared.errors import Permanent

MODEL = ensemble.Model({"points": np.array([0.5, 0.3, 0.2])})
RESIDUAL = market_residual.Model({"points": np.array([0.5, 0.0, 0.0])})
PLAYERS = np.array([7, 8, 9])


def forecast(*centre: float, **more: Any) -> dict[str, Forecast]:  # noqa: ANN401 - parts of a forecast
    """Of points, at power 1: a scale of 2, so that a count lies half below its centre on average."""
    return {"points": Forecast(Distributions(np.array(centre), np.full(len(centre), 2.0), 1.0), **more)}


def members() -> dict[str, Forecasts]:
    """Three players' members; the market speaks of the last two."""
    known: dict[str, Any] = {"minutes": np.array([30.0, 20.0, 40.0]), "p_play": np.array([0.9, 0.8, 0.7])}
    return {
        "boosted": forecast(20.0, 30.0, 40.0, **known),
        "moving_average": forecast(30.0, 30.0, 30.0),
        "zone_matchup": forecast(40.0, 40.0, 40.0),
        "market_residual": forecast(20.0, 60.0, rows=np.array([1, 2])),
    }


def recorded() -> dict[str, Any]:
    """What the ensemble's artifact keeps."""
    features = {"points_line": np.array([np.nan, 1.0, 2.0]), "fatigue": np.array([0.1, 0.2, 0.3])}
    return golden.record("ensemble", MODEL, Inputs(features, PLAYERS, None, members()))


def artifact(system: str, arrays: dict[str, Any]) -> Artifact:
    """An artifact as it was unpacked."""
    return Artifact(Manifest(system, "overnight", "2024-03-04", "", "", 3, 1, "", (), {}), arrays, {})


def test_the_record_by_hand() -> None:
    """Features by name, players, members with their rows, and what the model says: mean, centre, scale, power, ...

    Row 0: 0.5 x 20 + 0.3 x 30 + 0.2 x 40 = 27. Row 1: 0.85 x 20 + 0.15 x 32 = 21.8. Row 2: 0.85 x 60 + 0.15 x 37.
    """
    found = recorded()
    assert set(found) == {
        "golden.names", "golden.features", "golden.player_id", "golden.said.points",
        *(f"golden.member.{name}.points" for name in members()), "golden.rows.market_residual.points",
    }  # fmt: skip
    assert found["golden.names"].tolist() == ["fatigue", "points_line"]
    assert found["golden.features"][0].tolist() == [0.1, 0.2, 0.3]
    assert found["golden.player_id"].tolist() == [7, 8, 9]
    assert found["golden.rows.market_residual.points"].tolist() == [1, 2]
    centre = np.array([27.0, 21.8, 56.55])
    predictions: Floats = found["golden.said.points"]
    assert predictions[0] == pytest.approx(centre - 0.5, abs=1e-5)
    assert predictions[1] == pytest.approx(centre)
    assert predictions[2:4].tolist() == [[2.0] * 3, [1.0] * 3]
    assert predictions[4:].tolist() == [[30.0, 20.0, 40.0], [0.9, 0.8, 0.7]]
    assert np.isnan(found["golden.member.moving_average.points"][4:]).all()
    assert found["golden.member.market_residual.points"][1].tolist() == [20.0, 60.0]


def test_what_comes_out_the_same_is_accepted() -> None:
    """With members made again from their numbers; also a relative difference of 1e-11."""
    arrays = recorded()
    golden.verify(artifact("ensemble", arrays), MODEL)
    close = arrays["golden.said.points"] * (1.0 + 1e-11)
    golden.verify(artifact("ensemble", arrays | {"golden.said.points": close}), MODEL)


@pytest.mark.parametrize("number", range(6))
def test_f27_a_number_that_comes_out_otherwise_is_refused(number: int) -> None:
    """Each of the six by itself, off by a hundred-millionth of a count and more."""
    arrays = recorded()
    predictions = arrays["golden.said.points"].copy()
    predictions[number, 2] += 1e-6
    with pytest.raises(Permanent, match="golden predictions of points do not reproduce") as refused:
        golden.verify(artifact("ensemble", arrays | {"golden.said.points": predictions}), MODEL)
    assert "artifact ensemble as of 2024-03-04" in str(refused.value)
    assert "off by 1e-06" in str(refused.value)


def test_the_tolerance_is_a_billionth() -> None:
    """Relative: 1e-8 of a centre is too much."""
    arrays = recorded()
    off = arrays["golden.said.points"] * (1.0 + 1e-8)
    with pytest.raises(Permanent, match="do not reproduce"):
        golden.verify(artifact("ensemble", arrays | {"golden.said.points": off}), MODEL)


def test_the_tolerance_of_small_numbers_is_a_billionth() -> None:
    """Absolute: a probability of 0.7 that is off by 5e-9 does not reproduce, one off by 1e-9 does."""
    arrays = recorded()
    predictions = arrays["golden.said.points"].copy()
    predictions[5, 2] += 1e-9
    golden.verify(artifact("ensemble", arrays | {"golden.said.points": predictions}), MODEL)
    predictions[5, 2] += 4e-9
    with pytest.raises(Permanent, match="do not reproduce"):
        golden.verify(artifact("ensemble", arrays | {"golden.said.points": predictions}), MODEL)


def test_f27_another_model_is_refused() -> None:
    """Other weights, other centres: off by what the largest is: 0.1 x (40 - 30) of row 2 x 0.15, or row 0 by 1."""
    other = ensemble.Model({"points": np.array([0.6, 0.2, 0.2])})
    with pytest.raises(Permanent, match=r"off by 1\)"):
        golden.verify(artifact("ensemble", recorded()), other)


def test_as_many_rows_as_were_recorded() -> None:
    """A model that predicts other rows is another one."""
    arrays = recorded()
    fewer = arrays | {"golden.said.points": arrays["golden.said.points"][:, :2]}
    with pytest.raises(Permanent, match="off by nan"):
        golden.verify(artifact("ensemble", fewer), MODEL)


def test_a_system_of_some_rows_is_recorded_with_them() -> None:
    """`market_residual` speaks of rows 1 and 2: 1.5 and 2.5 and half a scale of 2."""
    features = {
        "points_line": np.array([np.nan, 1.0, 2.0]), "points_line_p_over": np.full(3, np.nan),
        "points_season_mean": np.full(3, np.nan),
    }  # fmt: skip
    reads = {"boosted": members()["boosted"]}
    arrays = golden.record("market_residual", RESIDUAL, Inputs(features, PLAYERS, None, reads))
    assert arrays["golden.said.points"][1].tolist() == [2.5, 3.5]
    golden.verify(artifact("market_residual", arrays), RESIDUAL)


def test_a_member_that_had_nothing_to_say_is_kept_as_such() -> None:
    """No line on the golden rows: an empty forecast, and the pool is its members."""
    nothing = members() | {"market_residual": forecast(rows=np.array([], dtype=np.int64))}
    arrays = golden.record("ensemble", MODEL, Inputs({"fatigue": np.zeros(3)}, PLAYERS, None, nothing))
    assert arrays["golden.said.points"][1] == pytest.approx([27.0, 32.0, 37.0])
    golden.verify(artifact("ensemble", arrays), MODEL)


def test_some_rows_of_a_forecast() -> None:
    """The last two of three, with minutes and probability to play where there are any."""
    found = golden.some(members()["boosted"]["points"], np.array([1, 2]))
    assert found.minutes is not None
    assert found.p_play is not None
    assert (found.distributions.centre.tolist(), found.rows) == ([30.0, 40.0], None)
    assert (found.minutes.tolist(), found.p_play.tolist()) == ([20.0, 40.0], [0.8, 0.7])
    bare = golden.some(members()["moving_average"]["points"], np.array([1, 2]))
    assert (bare.minutes, bare.p_play) == (None, None)


def test_some_rows_of_a_forecast_of_some_rows() -> None:
    """It speaks of rows 1, 3 and 4; of rows 3, 4 and 5 these are numbers 0 and 1."""
    known = forecast(
        10.0, 20.0, 30.0, rows=np.array([1, 3, 4]), minutes=np.array([1.0, 2.0, 3.0]), p_play=np.array([0.1, 0.2, 0.3])
    )["points"]
    found = golden.some(known, np.array([3, 4, 5]))
    assert found.rows is not None
    assert found.minutes is not None
    assert found.p_play is not None
    assert (found.distributions.centre.tolist(), found.rows.tolist()) == ([20.0, 30.0], [0, 1])
    assert (found.minutes.tolist(), found.p_play.tolist()) == ([2.0, 3.0], [0.2, 0.3])
    later = golden.some(forecast(10.0, 20.0, rows=np.array([1, 6]))["points"], np.array([5, 6, 7]))
    assert later.rows is not None
    assert (later.rows.tolist(), later.distributions.centre.tolist()) == ([1], [20.0])
    assert (later.minutes, later.p_play) == (None, None)
