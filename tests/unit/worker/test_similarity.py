"""`similarity`: situations as points, the nearest of them, and what they had beyond form."""

from typing import Any

import numpy as np
import pytest

from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.distribution import Floats
from services.worker.domain.spread import Spread
from services.worker.domain.systems import similarity
from services.worker.domain.systems.base import Inputs
from services.worker.domain.systems.similarity import Model
from shared.registries.markets import MARKETS

NAMES = ("minutes_ewma",)


def references(at: list[float], surplus: list[float] | None = None, player: list[int] | None = None) -> Model:
    """Situations of one feature, which is standardised by itself: the place is the value."""
    m = len(at)
    return Model(
        NAMES,
        np.array([0.0]),
        np.array([1.0]),
        np.array(at, dtype=np.float32)[:, None],
        np.array(player if player is not None else [100 + n for n in range(m)]),
        np.datetime64("2024-01-01") + np.arange(m),
        {market: np.array(surplus if surplus is not None else [0.0] * m) for market in MARKETS},
        {market: Spread(1.0, 0.0, 4.0, 0.0) for market in MARKETS},
    )


def features(minutes: list[float]) -> dict[str, Floats]:
    """Two points a minute, and of all else as well."""
    rates = {f"{market}_per_minute": np.full(len(minutes), 2.0) for market in MARKETS}
    return {**rates, "minutes_ewma": np.array(minutes)}


def distances(model: Model, at: list[float], player: list[int] | None = None) -> list[list[float]]:
    """From situations at these places to the references."""
    players = np.array(player if player is not None else [1] * len(at))
    _, found = similarity.nearest(model, np.array(at, dtype=np.float32)[:, None], players)
    rows: list[list[float]] = found.tolist()
    return rows


def test_situations_are_standardised() -> None:
    """(value - centre) / scale per feature: (30 - 20) / 5 and (1 - 0.5) / 0.25; null is the centre; at most 4 away."""
    model = references([0.0])
    two = Model(
        ("a", "b"), np.array([20.0, 0.5]), np.array([5.0, 0.25]), model.points, model.player_id, model.day, {}, {}
    )
    known = {"a": np.array([30.0, np.nan, 90.0, -90.0]), "b": np.array([1.0, 0.75, np.nan, 0.0])}
    found = similarity.standardised(known, two.features, two.centre, two.scale)
    assert found.tolist() == [[2.0, 2.0], [0.0, 1.0], [4.0, 0.0], [-4.0, -2.0]]
    assert found.dtype == np.float32


def test_distances_are_squares_added_up_over_features() -> None:
    """(1, 2) to (4, 6): 9 + 16; to (1, 0): 0 + 4."""
    one = references([0.0, 0.0])
    points = np.array([[4.0, 6.0], [1.0, 0.0]], dtype=np.float32)
    model = Model(("a", "b"), one.centre, one.scale, points, one.player_id, one.day, {}, {})
    _, found = similarity.nearest(model, np.array([[1.0, 2.0], [4.0, 6.0]], dtype=np.float32), np.array([1, 2]))
    assert found.tolist() == [[25.0, 4.0], [0.0, 45.0]]


def test_own_situations_are_half_as_far() -> None:
    """The squared distance of a player to his own is halved; each row looks at its own player."""
    model = references([2.0, 4.0], player=[7, 8])
    assert distances(model, [0.0, 0.0, 0.0], [7, 8, 9]) == [[2.0, 16.0], [4.0, 8.0], [4.0, 16.0]]


def test_every_row_has_its_own_distances() -> None:
    """Seventy rows, more than are added up at once: row n lies at n, the reference at 1."""
    found = distances(references([1.0, 0.0]), [float(n) for n in range(70)])
    assert found == [[float((n - 1) ** 2), float(n**2)] for n in range(70)]


def test_the_nearest_120_are_taken_in_the_order_of_the_references() -> None:
    """Of 123 at 123, 122, ... 1 the farthest three are left out."""
    model = references([float(n) for n in range(123, 0, -1)])
    chosen, _ = similarity.nearest(model, np.zeros((1, 1), dtype=np.float32), np.array([1]))
    assert chosen.tolist() == [list(range(3, 123))]


def test_few_references_are_all_taken() -> None:
    """Three of three."""
    chosen, _ = similarity.nearest(references([5.0, 1.0, 3.0]), np.zeros((2, 1), dtype=np.float32), np.array([1, 2]))
    assert chosen.tolist() == [[0, 1, 2], [0, 1, 2]]


def means(model: Model, minutes: list[float], player: list[int] | None = None) -> list[float]:
    """Expected points."""
    players = np.array(player if player is not None else [1] * len(minutes))
    found, _, _ = similarity.means(Inputs(features(minutes), players), model)
    rows: list[float] = found["points"].tolist()
    return rows


def test_what_neighbours_had_beyond_form_is_added_and_shrunk() -> None:
    """120 neighbours with 4.8 each, and 360 that had nothing: 576 / 480 = 1.2; the farthest two do not count."""
    at = [float(n) for n in range(5, 127)]
    surplus = [4.8] * 120 + [9000.0, 9000.0]
    assert means(references(at, surplus), [1.0]) == pytest.approx([2.0 + 1.2])


def test_few_neighbours_are_shrunk_by_as_much() -> None:
    """Two neighbours of three counts each: 6 / 362. A surplus below nothing lowers."""
    assert means(references([1.0, 2.0], [3.0, 3.0]), [10.0]) == pytest.approx([20.0 + 6.0 / 362.0])
    assert means(references([1.0, 2.0], [-3.0, 1.0]), [10.0]) == pytest.approx([20.0 - 2.0 / 362.0])


def test_own_situations_are_drawn_nearer() -> None:
    """At 126 its own, squared 15876, halved 7938, is nearer than 119 others at up to 124; not somebody else's."""
    at = [float(n) for n in range(5, 125)] + [126.0]
    surplus = [0.0] * 120 + [480.0]
    own = [100] * 120 + [7]
    assert means(references(at, surplus, own), [0.0, 0.0], [7, 8]) == pytest.approx([0.02 + 1.0, 0.02])


def test_each_market_has_its_own_surplus_and_spread() -> None:
    """Form of 20, 362 x n more from two neighbours; centre a half above, at its own scale."""
    model = references([1.0, 2.0])
    surplus = {market: np.full(2, 181.0 * n) for n, market in enumerate(MARKETS)}
    spreads = {market: Spread(1.0, 0.0, float((n + 1) ** 2), 0.0) for n, market in enumerate(MARKETS)}
    made = Model(NAMES, model.centre, model.scale, model.points, model.player_id, model.day, surplus, spreads)
    forecasts = similarity.predict(Inputs(features([10.0]), np.array([1]), made))
    assert list(forecasts) == list(MARKETS)
    for n, forecast in enumerate(forecasts.values()):
        assert forecast.distributions.centre == pytest.approx([20.5 + n])
        assert forecast.distributions.scale == pytest.approx([n + 1.0])
        assert (forecast.minutes, forecast.p_play, forecast.rows) == (None, None, None)


def test_comparable_games_are_the_five_nearest() -> None:
    """By distance, of equals the earlier; player, date and what he had beyond form, to two decimals."""
    model = references([3.0, -1.0, 2.0, 1.0, 9.0, 4.0], [0.123, 1.0, -2.0, 3.456, 9.0, 5.0])
    drivers: Any = similarity.predict(Inputs(features([0.0, 9.0]), np.array([1, 2]), model))["points"].drivers
    first, second = drivers()
    assert first == [
        ("101 on 2024-01-02", 1.0), ("103 on 2024-01-04", 3.46), ("102 on 2024-01-03", -2.0),
        ("100 on 2024-01-01", 0.12), ("105 on 2024-01-06", 5.0),
    ]  # fmt: skip
    # 9 minutes count as 4: distances 1, 25, 4, 9, 25, 0.
    assert [name for name, _ in second] == [
        "105 on 2024-01-06", "100 on 2024-01-01", "102 on 2024-01-03", "103 on 2024-01-04", "101 on 2024-01-02",
    ]  # fmt: skip


def test_of_many_games_alike_the_earliest_are_comparable() -> None:
    """A hundred references, every other one nearer: the first five of these."""
    drivers: Any = similarity.predict(Inputs(features([0.0]), np.array([1]), references([2.0, 1.0] * 50)))[
        "points"
    ].drivers
    assert [name.split(" ")[0] for name, _ in drivers()[0]] == ["101", "103", "105", "107", "109"]


def test_an_artifact_is_read_array_by_array() -> None:
    """Days are kept as numbers of days, surpluses in single precision."""
    arrays: dict[str, Any] = {
        "centre": np.array([20.0]), "scale": np.array([5.0]), "points": np.array([[1.0], [2.0]], dtype=np.float32),
        "player_id": np.array([7, 8]), "day": np.array([19723, 19724]),
        **{f"surplus.{market}": np.array([n, -n], dtype=np.float32) for n, market in enumerate(MARKETS)},
        **{f"spread.{market}": np.array([0.9, 0.1, 2.0, 3.0]) for market in MARKETS},
    }  # fmt: skip
    manifest = Manifest("similarity", "overnight", "2024-03-04", "", "", 2, 1, "", NAMES, {})
    made = similarity.load(Artifact(manifest, arrays, {}))
    assert (made.features, made.centre.tolist(), made.scale.tolist()) == (NAMES, [20.0], [5.0])
    assert (made.points.tolist(), made.player_id.tolist()) == ([[1.0], [2.0]], [7, 8])
    assert [str(day) for day in made.day] == ["2024-01-01", "2024-01-02"]
    assert {market: found.tolist() for market, found in made.surplus.items()} == {
        market: [n, -n] for n, market in enumerate(MARKETS)
    }
    assert made.surplus["points"].dtype == np.float64
    assert made.spreads == dict.fromkeys(MARKETS, Spread(0.9, 0.1, 2.0, 3.0))


def test_what_similarity_cannot_do_without() -> None:
    """What form needs."""
    assert set(similarity.SYSTEM.needs) == {*(f"{market}_per_minute" for market in MARKETS), "minutes_ewma"}
