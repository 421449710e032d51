"""A whole training of a made-up league, with real fits: it learns, and honestly."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from services.worker.domain.systems import system
from services.worker.domain.systems.base import Inputs
from services.worker.domain.training import score
from services.worker.domain.training.contest import contest
from services.worker.domain.training.run import Training, train
from services.worker.models import open_model
from shared.registries.markets import MARKETS
from shared.registries.systems import LEARNED, SYSTEMS
from tests.unit.worker.league import PLAYERS, day_after, frame

SLATES = 60


@pytest.fixture(scope="module")
def training() -> Training:
    return train(frame(SLATES), mode="overnight", as_of=day_after(SLATES))


@pytest.fixture(scope="module")
def models(training: Training) -> Mapping[str, Any]:
    """Every artifact, opened as a worker opens it."""
    return {name: open_model(one.data, name, one.digest) for name, one in training.trained.items()}


def test_every_learned_system_learns_and_opens(training: Training, models: Mapping[str, Any]) -> None:
    """Enough slates, enough lines: nothing is skipped, nothing is refused; artifacts are small and hold no pickle."""
    assert (tuple(training.trained), training.skipped) == (LEARNED, {})
    assert [one.leak for one in training.trained.values()] == [None] * len(LEARNED)
    assert models.keys() == set(LEARNED)
    assert all(b"pickle" not in one.data and len(one.data) < 5_000_000 for one in training.trained.values())


def test_trees_and_ensemble_find_what_form_does_not_know(training: Training) -> None:
    """On slates nobody had seen they beat form, and being at home is what moved the forecasts."""
    newest = training.split.newest
    form = score.record(system("moving_average").predict(Inputs(newest.features, newest.player_id)), newest)
    for name in ("boosted", "ensemble"):
        ours = score.record(training.trained[name].forecasts, newest)
        assert all(ours[market].crps < form[market].crps for market in MARKETS)
        assert 0.75 < ours["points"].coverage_80 < 0.87
    drivers = training.trained["boosted"].forecasts["points"].drivers
    assert drivers is not None
    assert {name for moves in drivers() for name, _ in moves[:2]} >= {"rate_x_minutes", "is_home"}


def test_a_row_of_any_system_does_not_depend_on_the_others(training: Training, models: Mapping[str, Any]) -> None:
    """Alone, among sixty and among sixty in reverse each system says the same of a player, to the bit."""

    def forecasts_of(rows: np.ndarray[Any, Any]) -> dict[str, Any]:
        chosen, out = training.split.newest.take(rows), dict[str, Any]()
        for name, entry in SYSTEMS.items():
            members = {member: out[member] for member in entry.reads if member in out}
            out[name] = system(name).predict(Inputs(chosen.features, chosen.player_id, models.get(name), members))
        return out

    def of(forecast: Any, row: int, n: int) -> list[float]:  # noqa: ANN401 - a forecast
        rows = np.arange(n) if forecast.rows is None else forecast.rows
        here = np.flatnonzero(rows == row)
        return [*forecast.distributions.centre[here], *forecast.distributions.scale[here]]

    together, reverse = forecasts_of(np.arange(60)), forecasts_of(np.arange(60)[::-1])
    for row in (0, 7, 59):
        alone = forecasts_of(np.array([row]))
        for name, forecasts in together.items():
            for market, forecast in forecasts.items():
                expected = of(forecast, row, 60)
                assert of(alone[name][market], 0, 1) == expected
                assert of(reverse[name][market], 59 - row, 60) == expected


def test_comparable_games_are_of_earlier_slates(training: Training) -> None:
    """`similarity` names player and date, and no date that it could not know."""
    drivers = training.trained["similarity"].forecasts["points"].drivers
    assert drivers is not None
    days = {np.datetime64(name.rsplit(" ", 1)[1]) for row in drivers() for name, _ in row}
    assert days
    assert max(days) < training.split.newest.day.min()


def test_what_moved_a_forecast_adds_up(models: Mapping[str, Any]) -> None:
    """The contributions of a row and the trees' expectation are the prediction."""
    model = models["boosted"].markets["points"].centre[0]
    x = np.random.default_rng(4).normal(size=(20, model.booster.num_feature()))
    assert model.offset + model.contributions(x).sum(axis=1) == pytest.approx(model.predict(x), abs=1e-5)


def test_a_worse_model_stays_a_challenger(training: Training, models: Mapping[str, Any]) -> None:
    """Form against trees, on slates that neither had seen; the trees against themselves take over."""
    newest = frame(SLATES + 10, seed=2).take(np.arange(SLATES * PLAYERS, (SLATES + 10) * PLAYERS))
    form = system("moving_average").predict(Inputs(newest.features, newest.player_id))
    new = replace(training.trained["boosted"], forecasts=form)
    assert contest(new, newest, models["boosted"], day_after(SLATES)).status == "challenger"
    same = system("boosted").predict(Inputs(newest.features, newest.player_id, models["boosted"]))
    assert contest(replace(new, forecasts=same), newest, models["boosted"], day_after(SLATES)).status == "champion"


def test_f29_this_games_minutes_among_the_features_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error far below what is believable refuses the model instead of crowning it."""
    monkeypatch.setattr(score, "MIN_ROWS", 200)
    leaky = train(frame(32, leak="games_total"), mode="overnight", as_of=day_after(32)).trained["boosted"]
    assert leaky.leak is not None
    assert "look for leakage" in leaky.leak
    assert contest(leaky, frame(2), None, None).status == "refused"
