"""One training: what each learner reads, what its artifact states, and how it is judged. Learners are made up here."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from services.worker.domain.artifact import digest_of, libraries, unpack
from services.worker.domain.distribution import Distributions, Floats
from services.worker.domain.systems import boosted as boosted_system
from services.worker.domain.systems import market_residual as market_system
from services.worker.domain.systems.base import Forecast, Forecasts
from services.worker.domain.training import boosted, market_residual, run, score
from services.worker.domain.training.frame import Frame, split
from services.worker.domain.training.learner import Learned, inputs_of
from services.worker.domain.training.run import Learners, Trained, Training, train
from services.worker.domain.training.similarity import NAMES
from services.worker.models import open_model
from shared.errors import Skip
from shared.registries.features import FEATURE_CONTRACT_VERSION
from shared.registries.markets import MARKETS
from tests.unit.worker.certain import certain
from tests.unit.worker.forest import boosted_parts

SLATES, PLAYERS = 8, 12
N = SLATES * PLAYERS
AS_OF = date(2024, 1, 9)


def frame() -> Frame:
    """Eight slates of twelve players; every other one has a line. Points are 10, rebounds 11, and so on."""
    place = np.arange(N)
    features: dict[str, Floats] = {"minutes_ewma": (15 + place % PLAYERS).astype(np.float64), "days_rest": np.ones(N)}
    features |= {"is_home": (place % 2).astype(float), "zone_mismatch": np.zeros(N)}
    features |= {"pace_factor": np.ones(N), "fatigue": np.zeros(N), "games_season": np.full(N, 20.0)}
    features |= {"minutes_season_mean": np.full(N, 20.0)}
    features |= {f"opponent_{what}_factor": np.ones(N) for what in ("points", "rebounds", "assists", "threes")}
    for market in MARKETS:
        features |= {f"{market}_per_minute": np.full(N, 0.5), f"{market}_line": np.where(place % 2, np.nan, 10.0)}
        features |= {f"{market}_line_p_over": np.full(N, np.nan), f"{market}_season_mean": np.full(N, np.nan)}
    outcomes = {market: np.full(N, 10.0 + n) for n, market in enumerate(MARKETS)}
    days = (np.datetime64("2024-01-01") + place // PLAYERS).astype("datetime64[D]")
    return Frame(features, days, place % PLAYERS, outcomes, np.full(N, 20.0), np.ones(N, dtype=np.bool_))


def everybody(n: int, centre: float, minutes: float | None = None) -> dict[str, Forecast]:
    """A forecast of n rows in every market: centres one after the other, from `centre` on."""
    distributions = Distributions(np.arange(centre, centre + n), np.full(n, 4.0), 1.0)
    known = None if minutes is None else np.full(n, minutes)
    return dict.fromkeys(MARKETS, Forecast(distributions, minutes=known, p_play=known))


def lined(newest: Frame, centre: float) -> dict[str, Forecast]:
    """Of the rows with a line."""
    rows = np.flatnonzero(~np.isnan(newest.features["points_line"]))
    distributions = Distributions(np.asarray(centre + rows, dtype=np.float64), np.full(len(rows), 4.0), 1.0)
    return dict.fromkeys(MARKETS, Forecast(distributions, rows=rows))


def learned(arrays: dict[str, Any], forecasts: Forecasts, features: tuple[str, ...] = (), rows: int = 5) -> Learned:
    """What a learner gives."""
    return Learned(arrays, {}, features, forecasts, rows)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """Learners that give made-up models; what each was called with."""
    seen: dict[str, tuple[Any, ...]] = {}

    def learner(name: str, give: Callable[..., Any]) -> None:
        def learn(*reads: Any) -> Any:  # noqa: ANN401 - whatever it is
            # The members as they were at the time, not what is added later.
            seen[name] = tuple(dict(read) if isinstance(read, dict) else read for read in reads)
            return give(*reads)

        monkeypatch.setattr(getattr(run, name), "learn", learn)

    texts, arrays = boosted_parts()
    m = 3
    reference = {
        "centre": np.zeros(len(NAMES)), "scale": np.ones(len(NAMES)), "player_id": np.arange(m), "day": np.arange(m),
        "points": np.zeros((m, len(NAMES)), dtype=np.float32),
        **{f"surplus.{market}": np.ones(m, dtype=np.float32) for market in MARKETS},
        **{f"spread.{market}": np.array([0.9, 0.0, 4.0, 1.0]) for market in MARKETS},
    }  # fmt: skip
    learner("similarity", lambda _, parts: learned(reference, everybody(len(parts.newest), 10.0), NAMES, m))
    learner(
        "boosted",
        lambda _, parts: (
            Learned(arrays, texts, ("minutes_ewma",), everybody(len(parts.newest), 20.0, 25.0), 90, {"x": 1}),
            {"points": "out of fold, all"},
            {"points": "out of fold, earlier"},
        ),
    )
    learner(
        "market_residual",
        lambda _, parts, *__: learned(
            {f"coefficients.{market}": np.array([0.1, 0.0, 0.0]) for market in MARKETS}, lined(parts.newest, 30.0)
        ),
    )
    learner(
        "ensemble",
        lambda _, parts, *__: learned(
            {f"weights.{market}": np.array([0.5, 0.25, 0.25]) for market in MARKETS}, everybody(len(parts.newest), 40.0)
        ),
    )
    return seen


def trained(**changes: Any) -> Training:  # noqa: ANN401 - arguments
    """A training of the made-up learners."""
    return train(frame(), mode="overnight", as_of=AS_OF, **changes)


def test_systems_are_learned_in_the_registrys_order(calls: dict[str, tuple[Any, ...]]) -> None:
    """Each is announced, and each has its own model."""
    announced: list[str] = []
    made = trained(progress=announced.append)
    assert announced == ["similarity", "boosted", "market_residual", "ensemble"]
    assert list(calls) == announced
    assert list(made.trained) == announced
    assert made.skipped == {}
    assert {name: one.system for name, one in made.trained.items()} == {name: name for name in announced}


def test_learners_read_the_earlier_slates_and_what_was_learned_before(calls: dict[str, tuple[Any, ...]]) -> None:
    """The newest quarter, two of eight slates, is put aside; out-of-fold forecasts and members come from before."""
    made = trained()
    assert len(made.split.newest) == 2 * PLAYERS
    for reads in calls.values():
        assert len(reads[0]) == N
        assert (len(reads[1].earlier), len(reads[1].newest)) == (6 * PLAYERS, 2 * PLAYERS)
    for name in ("market_residual", "ensemble"):
        assert calls[name][2:4] == ({"points": "out of fold, all"}, {"points": "out of fold, earlier"})
    assert set(calls["market_residual"][4]) == {"moving_average", "zone_matchup", "similarity", "boosted"}
    assert set(calls["ensemble"][4]) == {"moving_average", "zone_matchup", "similarity", "boosted", "market_residual"}
    assert calls["ensemble"][4]["boosted"]["points"].distributions.centre[0] == 20.0
    assert len(calls["ensemble"][4]["moving_average"]["points"].distributions) == 2 * PLAYERS


def test_at_most_forty_slates_are_put_aside(calls: dict[str, tuple[Any, ...]]) -> None:
    """Of 168, whose quarter would be 42."""
    days = (np.datetime64("2024-01-01") + np.arange(168)).astype("datetime64[D]")
    rows = np.arange(168) % N
    one = frame().take(rows)
    long = Frame(one.features, days, one.player_id, one.outcomes, one.minutes, one.regular)
    assert len(train(long, mode="overnight", as_of=AS_OF).split.newest) == 40
    assert calls


def test_a_manifest_states_where_a_model_comes_from(calls: dict[str, tuple[Any, ...]]) -> None:
    """System, mode, slates, rows, seed, contract, features, libraries, and its record on the newest slates."""
    one = trained().trained["boosted"]
    made = one.manifest
    assert (made.system, made.mode, made.as_of) == ("boosted", "overnight", "2024-01-09")
    assert (made.training_first, made.training_last) == ("2024-01-01", "2024-01-08")
    assert (made.rows, made.seed, made.contract_version) == (90, 20201222, FEATURE_CONTRACT_VERSION)
    assert (made.features, made.libraries) == (("minutes_ewma",), libraries())
    assert set(made.metrics) == {"newest", "drift", "x"}
    assert made.metrics["x"] == 1
    # Centres 20 to 43: means of 19.5 to 42.5, 31 on average, of outcomes of 10; the largest one is at the 24th row.
    assert made.metrics["newest"]["points"]["n"] == 24
    assert made.metrics["newest"]["points"]["bias"] == pytest.approx(10.0 - 31.0, abs=1e-3)
    assert made.metrics["drift"].keys() <= frame().features.keys()
    assert len(made.metrics["drift"]) == 5
    assert calls


def test_an_artifact_is_its_digest_and_opens(calls: dict[str, tuple[Any, ...]]) -> None:
    """Every made-up model is loaded as a worker loads it: its golden rows reproduce."""
    for name, one in trained().trained.items():
        assert digest_of(one.data) == one.digest
        found = unpack(one.data, system=name, digest=one.digest)
        assert found.manifest == one.manifest
        open_model(one.data, name, one.digest)
    assert calls


def test_golden_rows_are_the_last_sixteen_with_their_members(calls: dict[str, tuple[Any, ...]]) -> None:
    """Of the 24 newest rows 8 to 23; a member's forecasts of these, the market's numbered anew."""
    one = trained().trained["ensemble"]
    arrays = unpack(one.data, system="ensemble", digest=one.digest).arrays
    assert arrays["golden.player_id"].tolist() == [n % PLAYERS for n in range(8, 24)]
    assert {name.split(".")[2] for name in arrays if name.startswith("golden.member.")} == {
        "boosted", "moving_average", "zone_matchup", "market_residual",
    }  # fmt: skip
    assert arrays["golden.member.boosted.points"][1].tolist() == [20.0 + n for n in range(8, 24)]
    assert arrays["golden.rows.market_residual.points"].tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    assert arrays["golden.member.market_residual.points"][1].tolist() == [30.0 + n for n in range(8, 24, 2)]
    assert "weights.points" in arrays
    # 0.85 x 38 + 0.15 x (0.5 x 28 + form), the first row's share of the trees' 20 + 8.
    form = arrays["golden.member.moving_average.points"][1][0]
    assert arrays["golden.said.points"][1][0] == pytest.approx(0.85 * 38.0 + 0.15 * (14.0 + 0.5 * form))
    assert calls


def test_the_same_frame_gives_the_same_bytes(calls: dict[str, tuple[Any, ...]]) -> None:
    """Another date or mode does not."""
    digests = {name: one.digest for name, one in trained().trained.items()}
    assert {name: one.digest for name, one in trained().trained.items()} == digests
    other = train(frame(), mode="same_day", as_of=AS_OF).trained
    assert other.keys() == digests.keys()
    assert all(one.digest != digests[name] for name, one in other.items())
    assert calls


def test_what_cannot_learn_is_skipped_with_whoever_needs_it(
    calls: dict[str, tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`market_residual` without lines is skipped alone; without `boosted` it and the ensemble are."""

    def nothing(*_: object) -> Learned:
        raise Skip("no lines")

    monkeypatch.setattr(market_residual, "learn", nothing)
    made = trained()
    assert made.skipped == {"market_residual": "no lines"}
    assert list(made.trained) == ["similarity", "boosted", "ensemble"]
    assert set(calls["ensemble"][4]) == {"moving_average", "zone_matchup", "similarity", "boosted"}
    monkeypatch.setattr(boosted, "learn", nothing)
    made = trained()
    assert made.skipped == {
        "boosted": "no lines",
        "market_residual": "its member boosted learned nothing",
        "ensemble": "its member boosted learned nothing",
    }
    assert list(made.trained) == ["similarity"]


def test_a_hand_made_system_has_no_learner() -> None:
    """Nor an artifact."""
    known = frame()
    learners = Learners(known, split(known, 40), {})
    with pytest.raises(TypeError, match="system moving_average has no learner"):
        learners.learn("moving_average")


def test_f29_a_leak_is_found_in_the_newest_slates(
    calls: dict[str, tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forecast that hits every outcome of enough games is marked; the others are not."""
    monkeypatch.setattr(score, "MIN_ROWS", 24)
    texts, arrays = boosted_parts()
    perfect = Learned(arrays, texts, (), dict.fromkeys(MARKETS, Forecast(certain(*([10.0] * 24)))), 5)
    monkeypatch.setattr(boosted, "learn", lambda *_: (perfect, {}, {}))
    made: dict[str, Trained] = dict(trained().trained)
    assert made["boosted"].leak is not None
    assert made["boosted"].leak.startswith("points ")
    assert made["ensemble"].leak is None
    assert calls


def test_made_up_models_predict_as_stated() -> None:
    """The constants used here are models that the systems themselves read."""
    texts, arrays = boosted_parts()
    forecasts = boosted_system.predict(inputs_of(frame(), boosted_system.of(texts, arrays)))
    assert forecasts["points"].distributions.centre == pytest.approx([15.5] * N)
    model = market_system.Model({"points": np.array([0.1, 0.0, 0.0])})
    found = market_system.predict(inputs_of(frame(), model, {"boosted": forecasts}))["points"]
    assert found.distributions.centre == pytest.approx([10.5 + 0.1 * 2.0] * (N // 2))
