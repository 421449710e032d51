"""Training: honest, reproducible, refused when it is too good, and its artifacts open only where they were made."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.worker.domain import artifact as artifacts
from services.worker.domain import systems
from services.worker.domain.artifact import Artifact, pack, unpack
from services.worker.domain.systems import system
from services.worker.domain.systems.base import Inputs
from services.worker.domain.training import score
from services.worker.domain.training.contest import contest
from services.worker.domain.training.drift import ALARM, drifted, psi
from services.worker.domain.training.frame import split
from services.worker.domain.training.run import Training, train
from services.worker.models import open_model
from shared.errors import Permanent
from shared.markets import MARKETS
from shared.systems import LEARNED, SYSTEMS
from tests.unit.worker.league import PLAYERS, day_after, frame

SLATES = 60


@pytest.fixture(scope="module")
def training() -> Training:
    return train(frame(SLATES), mode="overnight", as_of=day_after(SLATES))


def changed(data: bytes, name: str, **manifest: Any) -> tuple[bytes, str]:  # noqa: ANN401 - any field of a manifest
    """An artifact with something else in its manifest, under its new digest."""
    made = unpack(data, system=name, digest=artifacts.digest_of(data))
    other = pack(Artifact(replace(made.manifest, **manifest), made.arrays, made.trees))
    return other, artifacts.digest_of(other)


def test_every_learned_system_learns(training: Training) -> None:
    """Enough slates, enough lines: nothing is skipped, nothing is refused."""
    assert (tuple(training.trained), training.skipped) == (LEARNED, {})
    assert [one.leak for one in training.trained.values()] == [None] * len(LEARNED)
    assert training.trained["boosted"].manifest.metrics["newest"].keys() == MARKETS.keys()


def test_training_again_gives_the_same_bytes(training: Training) -> None:
    """Same frame, same seed, same digest: to the bit."""
    again = train(frame(SLATES), mode="overnight", as_of=day_after(SLATES))
    assert {n: one.digest for n, one in again.trained.items()} == {n: one.digest for n, one in training.trained.items()}


def test_trees_find_what_form_does_not_know(training: Training) -> None:
    """On slates nobody had seen, `boosted` beats form, and what it says moved a row adds up."""
    newest = training.split.newest
    ours = score.record(training.trained["boosted"].forecasts, newest)
    form = score.record(system("moving_average").predict(Inputs(newest.features, newest.player_id)), newest)
    assert all(ours[market].crps < form[market].crps for market in MARKETS)
    forecast = training.trained["boosted"].forecasts["points"]
    assert forecast.drivers is not None
    assert {name for told in forecast.drivers() for name, _ in told[:2]} >= {"rate_x_minutes", "is_home"}


def test_the_ensemble_lies_within_its_members(training: Training) -> None:
    """It is never worse than the worst of them, on slates that its weights had not seen."""
    newest = training.split.newest
    ours = score.record(training.trained["ensemble"].forecasts, newest)
    form = score.record(system("moving_average").predict(Inputs(newest.features, newest.player_id)), newest)
    assert all(ours[market].crps < form[market].crps for market in MARKETS)


def test_spreads_hold_what_they_promise(training: Training) -> None:
    """The 80 % intervals hold about 80 % of the outcomes."""
    for name in ("boosted", "ensemble"):
        found = score.record(training.trained[name].forecasts, training.split.newest)
        assert 0.76 < found["points"].coverage_80 < 0.86


def models_of(training: Training) -> Mapping[str, Any]:
    """Every artifact, opened as a worker opens it."""
    return {name: open_model(one.data, name, one.digest) for name, one in training.trained.items()}


def test_an_artifact_opens_where_it_was_made(training: Training) -> None:
    """Digest, libraries, contract and golden predictions hold; there is no pickle in it and it is small."""
    assert models_of(training).keys() == set(LEARNED)
    assert all(b"pickle" not in one.data and len(one.data) < 5_000_000 for one in training.trained.values())


@pytest.mark.parametrize("name", LEARNED)
def test_f27_one_changed_byte_is_refused(training: Training, name: str) -> None:
    """Wherever it is."""
    data = bytearray(training.trained[name].data)
    data[len(data) // 2] ^= 1
    with pytest.raises(Permanent, match="its bytes were changed"):
        open_model(bytes(data), name, training.trained[name].digest)


def test_f27_another_library_is_refused(training: Training) -> None:
    """The message names library and versions."""
    one = training.trained["boosted"]
    data, digest = changed(one.data, "boosted", libraries=one.manifest.libraries | {"lightgbm": "3.3.2"})
    with pytest.raises(Permanent, match=r"trained with lightgbm 3\.3\.2, here is"):
        open_model(data, "boosted", digest)


def test_a_renamed_feature_is_refused_by_name(training: Training) -> None:
    """The model would read something else, or nothing."""
    one = training.trained["boosted"]
    data, digest = changed(one.data, "boosted", features=("minutes_of_old", *one.manifest.features[1:]))
    with pytest.raises(Permanent, match="'minutes_of_old', which is not served"):
        open_model(data, "boosted", digest)


def test_another_feature_contract_is_refused(training: Training) -> None:
    """Same names with other meanings are not the same features."""
    data, digest = changed(training.trained["boosted"].data, "boosted", contract_version="0")
    with pytest.raises(Permanent, match="feature contract 0"):
        open_model(data, "boosted", digest)


def test_an_artifact_of_another_system_is_refused(training: Training) -> None:
    """What was filed under a wrong name."""
    one = training.trained["similarity"]
    with pytest.raises(Permanent, match="wanted format 1 of boosted"):
        open_model(one.data, "boosted", one.digest)


@pytest.mark.parametrize("name", LEARNED)
def test_f27_golden_predictions_that_do_not_reproduce_are_refused(training: Training, name: str) -> None:
    """An engine that computes otherwise is found out at load, whatever its version says."""
    one = training.trained[name]
    made = unpack(one.data, system=name, digest=one.digest)
    arrays = dict(made.arrays) | {"golden.said.points": made.arrays["golden.said.points"] * (1.0 + 1e-6)}
    data = pack(Artifact(made.manifest, arrays, made.trees))
    with pytest.raises(Permanent, match="golden predictions of points do not reproduce"):
        open_model(data, name, artifacts.digest_of(data))


@pytest.mark.parametrize("regular", [True, False])
def test_f29_this_games_minutes_among_the_features_are_found_out(*, regular: bool) -> None:
    """An error far below what is believable refuses the model instead of crowning it, in playoffs too."""
    known = frame(120, leak="games_total")
    known = replace(known, regular=np.full(len(known), regular))
    leaky = train(known, mode="overnight", as_of=day_after(120)).trained["boosted"]
    assert leaky.leak is not None
    assert "look for leakage" in leaky.leak
    verdict = contest(leaky, frame(120), None, None)
    assert verdict.status == "refused"


def test_a_worse_model_stays_a_challenger(training: Training) -> None:
    """The champion holds unless the new one is as good on slates that neither had seen."""
    champion = open_model(training.trained["boosted"].data, "boosted", training.trained["boosted"].digest)
    newest = frame(90, seed=2).take(np.arange(60 * PLAYERS, 90 * PLAYERS))
    form = system("moving_average").predict(Inputs(newest.features, newest.player_id))
    new = replace(training.trained["boosted"], forecasts=form)
    verdict = contest(new, newest, champion, day_after(60))
    assert (verdict.status, verdict.champion_score is not None) == ("challenger", True)
    assert verdict.reason is not None
    assert "more than 1% worse" in verdict.reason
    same = replace(new, forecasts=system("boosted").predict(Inputs(newest.features, newest.player_id, champion)))
    assert contest(same, newest, champion, day_after(60)).status == "champion"
    assert contest(new, newest, champion, day_after(90) - timedelta(days=3)).status == "champion"


def test_the_newest_slates_are_put_aside(training: Training) -> None:
    """Nothing of a slate is on both sides, and never more than a quarter is put aside."""
    parts = split(frame(20), 40)
    assert parts.earlier.day.max() < parts.newest.day.min()
    assert len(np.unique(parts.newest.day)) == 5
    assert len(parts.earlier) + len(parts.newest) == len(frame(20))
    assert training.split.newest.day.max() == frame(SLATES).day.max()


def test_drift_is_named() -> None:
    """A feature that moved by a standard deviation is far above custom's alarm; one that stood still is at zero."""
    rng = np.random.default_rng(3)
    still, moved = rng.normal(size=5000), rng.normal(size=5000)
    found = drifted({"still": still, "moved": moved}, {"still": still, "moved": moved + 1.0})
    assert list(found) == ["moved", "still"]
    assert found["moved"] > ALARM > found["still"] == 0.0
    assert psi(still, np.full(5000, np.nan)) > ALARM


def said(training: Training, rows: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Every system's forecasts of some rows of the newest slates."""
    models, some = models_of(training), training.split.newest.take(rows)
    out: dict[str, Any] = {}
    for name, entry in SYSTEMS.items():
        members = {member: out[member] for member in entry.reads if member in out}
        out[name] = system(name).predict(Inputs(some.features, some.player_id, models.get(name), members))
    return out


def test_a_row_of_any_system_does_not_depend_on_the_others(training: Training) -> None:
    """Alone or among sixty, each system says the same to the bit."""
    together = said(training, np.arange(60))
    for row in (0, 7, 59):
        alone = said(training, np.array([row]))
        for name, forecasts in together.items():
            for market, forecast in forecasts.items():
                rows = np.arange(60) if forecast.rows is None else forecast.rows
                here = np.flatnonzero(rows == row)
                assert (forecast.counts.centre[here] == alone[name][market].counts.centre).all()
                assert (forecast.counts.scale[here] == alone[name][market].counts.scale).all()


def test_only_rows_with_a_line_have_a_market_residual(training: Training) -> None:
    """And the ensemble is what its members are where there is none."""
    newest = training.split.newest
    forecast = training.trained["market_residual"].forecasts["points"]
    assert forecast.rows is not None
    assert set(forecast.rows) == set(np.flatnonzero(~np.isnan(newest.features["points_line"])))
    assert 0 < len(forecast.rows) < len(newest)


def test_comparable_games_are_of_earlier_slates(training: Training) -> None:
    """`similarity` names player and date, and no date that it could not know."""
    told = training.trained["similarity"].forecasts["points"].drivers
    assert told is not None
    first = training.split.newest.day.min()
    days = {np.datetime64(name.rsplit(" ", 1)[1]) for row in told() for name, _ in row}
    assert days
    assert max(days) < first


def test_what_moved_a_forecast_adds_up(training: Training) -> None:
    """The contributions of a row and the trees' expectation are the prediction."""
    model = models_of(training)["boosted"].markets["points"].centre[0]
    x = np.random.default_rng(4).normal(size=(20, model.booster.num_feature()))
    assert model.offset + model.contributions(x).sum(axis=1) == pytest.approx(model.predict(x), abs=1e-5)


def test_every_entry_has_its_module() -> None:
    """The registry and the folder of systems name the same; members come before those who read them."""
    folder = Path(systems.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "base"} == set(SYSTEMS)
    assert all((system(name).load is not None) == entry.learned for name, entry in SYSTEMS.items())
    names = list(SYSTEMS)
    assert all(names.index(read) < names.index(name) for name, entry in SYSTEMS.items() for read in entry.reads)
