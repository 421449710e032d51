"""Champion and challenger: both sides of every bound, on forecasts that are certain of a count."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from services.worker.domain.artifact import Manifest
from services.worker.domain.systems.base import Forecast, Forecasts, Inputs, System
from services.worker.domain.training import contest as module
from services.worker.domain.training.contest import Verdict, contest
from services.worker.domain.training.frame import Frame
from services.worker.domain.training.run import Trained
from shared.registries.markets import MARKETS
from tests.unit.worker.certain import certain

SLATES = 10
FIRST = date(2024, 3, 1)
Champion = Callable[[Forecasts], list[Inputs]]
"""Sets the champion's forecasts; returns what it is asked with."""


def newest(outcome: float = 1000.0) -> Frame:
    """Ten slates of one game each; all quantiles lie below the outcome, so that CRPS is the distance less 0.24."""
    days = (np.datetime64(FIRST) + np.arange(SLATES)).astype("datetime64[D]")
    outcomes = {market: np.full(SLATES, outcome) for market in MARKETS}
    return Frame({}, days, np.arange(SLATES), outcomes, np.ones(SLATES), np.ones(SLATES, dtype=np.bool_))


def forecasts_of(*value: float, markets: tuple[str, ...] = ("points",)) -> dict[str, Forecast]:
    """Of every slate its count, or the same of all."""
    return dict.fromkeys(markets, Forecast(certain(*(value if len(value) > 1 else value * SLATES))))


def trained(forecasts: Forecasts, leak: str | None = None) -> Trained:
    """A new model with these forecasts."""
    manifest = Manifest("boosted", "overnight", "2024-03-11", "", "", 1, 1, "", (), {})
    return Trained("boosted", b"", "", manifest, forecasts, leak)


@pytest.fixture
def champion(monkeypatch: pytest.MonkeyPatch) -> Champion:
    """Let the champion say something; what it was asked with is returned."""

    def says(forecasts: Forecasts) -> list[Inputs]:
        asked: list[Inputs] = []

        def predict(inputs: Inputs) -> Forecasts:
            asked.append(inputs)
            return forecasts

        monkeypatch.setattr(module, "system", lambda name: {"boosted": System(predict)}[name])
        return asked

    return says


def test_a_leak_is_refused_before_anything_is_compared() -> None:
    """With its reason; also where there is no champion."""
    assert contest(trained(forecasts_of(50.0), "look for leakage"), newest(), None, None) == Verdict(
        "refused", "look for leakage"
    )
    assert contest(trained(forecasts_of(50.0), "look for leakage"), newest(), "model", FIRST).status == "refused"


def test_without_a_champion_the_new_model_is_one() -> None:
    """None that can be loaded, or none whose date is known."""
    assert contest(trained(forecasts_of(50.0)), newest(), None, FIRST) == Verdict("champion", None, None, None)
    assert contest(trained(forecasts_of(50.0)), newest(), "model", None) == Verdict("champion", None)


@pytest.mark.parametrize(
    ("ours", "status"),
    [(101.0, "champion"), (100.0, "champion"), (92.0, "champion"), (91.0, "challenger"), (50.0, "challenger")],
)
def test_a_new_model_may_be_one_percent_worse(champion: Champion, ours: float, status: str) -> None:
    """The champion's 899.76 and a hundredth are 908.7576: 907.76 takes over, 908.76 does not."""
    asked = champion(forecasts_of(100.0))
    verdict = contest(trained(forecasts_of(ours)), newest(), "the champion's model", FIRST)
    assert verdict.status == status
    assert (verdict.score, verdict.champion_score) == pytest.approx(((999.76 - ours) / 1000.0, 0.89976))
    assert [inputs.model for inputs in asked] == ["the champion's model"]


def test_scores_have_five_decimals(champion: Champion) -> None:
    """(899.76 - 100) / 900 = 0.888622... and (899.76 - 50) / 900 = 0.944177..."""
    champion(forecasts_of(100.0))
    verdict = contest(trained(forecasts_of(100.0)), newest(900.0), "model", FIRST)
    assert (verdict.score, verdict.champion_score) == (0.88862, 0.88862)
    worse = contest(trained(forecasts_of(50.0)), newest(900.0), "model", FIRST)
    assert (worse.score, worse.champion_score) == (0.94418, 0.88862)


def test_a_challenger_is_told_why(champion: Champion) -> None:
    """Both scores, since when, and the margin."""
    champion(forecasts_of(100.0))
    assert contest(trained(forecasts_of(50.0)), newest(), "model", FIRST).reason == (
        "scores 0.9498 on the slates since 2024-03-01, the champion 0.8998: more than 1% worse"
    )
    assert contest(trained(forecasts_of(100.0)), newest(), "model", FIRST).reason is None


@pytest.mark.parametrize(("since", "status"), [(date(2024, 3, 4), "challenger"), (date(2024, 3, 5), "champion")])
def test_fewer_than_seven_new_slates_decide_nothing(champion: Champion, since: date, status: str) -> None:
    """From 4 March on there are seven, from 5 March on six."""
    champion(forecasts_of(100.0))
    assert contest(trained(forecasts_of(50.0)), newest(), "model", since).status == status


def test_only_slates_that_the_champion_had_not_seen_count(champion: Champion) -> None:
    """Before 3 March the new model was far better, from then on worse."""
    champion(forecasts_of(100.0))
    ours = trained(forecasts_of(140.0, 140.0, *([50.0] * 8)))
    verdict = contest(ours, newest(), "model", date(2024, 3, 3))
    assert verdict.status == "challenger"
    assert verdict.score == pytest.approx(0.94976)
    assert contest(ours, newest(), "model", date(2024, 3, 1)).status == "challenger"
    theirs = forecasts_of(0.0, 0.0, *([100.0] * 8))
    champion(theirs)
    assert contest(trained(forecasts_of(91.0)), newest(), "model", date(2024, 3, 1)).status == "champion"
    assert contest(trained(forecasts_of(91.0)), newest(), "model", date(2024, 3, 3)).status == "challenger"


def test_only_markets_that_both_predict_are_compared(champion: Champion) -> None:
    """The champion has no rebounds, the new model no assists: points decide."""
    champion(forecasts_of(100.0) | forecasts_of(0.0, markets=("assists",)))
    new = trained(forecasts_of(100.0) | forecasts_of(0.0, markets=("rebounds",)))
    verdict = contest(new, newest(), "model", FIRST)
    assert verdict.status == "champion"
    assert (verdict.score, verdict.champion_score) == pytest.approx((0.89976, 0.89976))
