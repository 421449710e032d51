"""`boosted` on models of constants and single splits, worked out on paper."""

import numpy as np
import pytest

from services.worker.domain import trees
from services.worker.domain.artifact import Artifact, Manifest
from services.worker.domain.distribution import Floats
from services.worker.domain.systems import boosted
from services.worker.domain.systems.base import Inputs
from services.worker.domain.systems.boosted import MarketModel
from shared.registries.markets import MARKETS
from tests.unit.worker.forest import boosted_parts, constant, model, stump

RATES = dict.fromkeys(MARKETS, 0.3) | {"points": 0.5, "rebounds": 0.2, "assists": 0.1, "threes": 0.05, "pra": 0.8}


def features(n: int = 1) -> dict[str, Floats]:
    """What a model of constants reads."""
    rates = {f"{market}_per_minute": np.full(n, rate) for market, rate in RATES.items()}
    return {**rates, "minutes_ewma": np.full(n, 25.0), "is_home": np.ones(n)}


def a_market(
    *centres: str,
    spread: str | None = None,
    power: float = 1.0,
    level: tuple[float, float] = (4.0, 0.0),
    floor: float = 0.5,
    shift: float = 0.0,
    width: float = 1.0,
    columns: tuple[str, ...] = ("a", "b"),
) -> MarketModel:
    """A market's model: zero where nothing is given."""
    fits = tuple(trees.load(text) for text in centres) or (trees.load(model(len(columns), constant(0.0))),)
    wide = trees.load(spread if spread is not None else model(len(columns) + 1, constant(0.0)))
    return MarketModel(columns, fits, wide, power, level, floor, shift, width)


def test_a_matrix_has_its_columns_in_the_order_of_the_names() -> None:
    """Rows are players."""
    known = {"b": np.array([3.0, 4.0]), "a": np.array([1.0, 2.0]), "c": np.array([0.0, 0.0])}
    assert boosted.matrix(known, ("a", "b")).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert boosted.matrix(known, ("b", "a")).tolist() == [[3.0, 1.0], [4.0, 2.0]]


@pytest.mark.parametrize(("predicted", "minutes"), [(30.0, 30.0), (-2.0, 0.0), (52.9, 52.9), (60.0, 53.0)])
def test_expected_minutes_are_those_of_a_game(predicted: float, minutes: float) -> None:
    """Between none and a game of one overtime."""
    x = np.zeros((1, 1))
    assert boosted.expected_minutes(trees.load(model(1, constant(predicted))), x) == pytest.approx([minutes])


@pytest.mark.parametrize(("log_odds", "p"), [(0.0, 0.5), (1.0986123, 0.75), (-1.0986123, 0.25), (2.1972246, 0.9)])
def test_a_probability_from_log_odds(log_odds: float, p: float) -> None:
    """Odds of 1, 3, 1/3 and 9 to one."""
    x = np.zeros((1, 1))
    assert boosted.probability(trees.load(model(1, constant(log_odds))), x) == pytest.approx([p])


def test_form_is_rate_times_expected_minutes_at_the_middle_of_the_count() -> None:
    """0.5 x 30.5 = 15.25, with a half 15.75, to the power; 0.02 at least."""
    known = {"points_per_minute": np.array([0.5, 0.0]), "expected_minutes": np.array([30.5, 20.0])}
    assert boosted.form(known, "points", 1.0) == pytest.approx([15.75, 0.52])
    assert boosted.form(known, "points", 0.5) == pytest.approx([3.9686270, 0.7211103])  # square roots


def test_fits_of_several_seeds_count_by_their_mean() -> None:
    """1 and 4 are 2.5; a single one is itself."""
    one, four = (trees.load(model(1, constant(value))) for value in (1.0, 4.0))
    x = np.zeros((2, 1))
    assert boosted.bagged((one, four), x).tolist() == [2.5, 2.5]
    assert boosted.bagged((four,), x).tolist() == [4.0, 4.0]


def centre_and_scale(made: MarketModel, start: float) -> tuple[float, float]:
    """Of one row whose features are 1 and 2."""
    centre, scale = boosted.centre_and_scale(made, np.array([[1.0, 2.0]]), np.array([start]))
    return float(centre[0]), float(scale[0])


def test_the_centre_is_form_and_what_the_trees_add() -> None:
    """10 and the mean of 2 and 3; a variance of 4."""
    made = a_market(model(2, constant(2.0)), model(2, constant(3.0)))
    assert centre_and_scale(made, 10.0) == pytest.approx((12.5, 2.0))


def test_the_variance_goes_with_form_and_has_a_floor() -> None:
    """1 + 0.8 x 10 = 9; 1 - 0.2 x 10 is below the floor of 0.25."""
    assert centre_and_scale(a_market(level=(1.0, 0.8)), 10.0)[1] == pytest.approx(3.0)
    assert centre_and_scale(a_market(level=(1.0, -0.2), floor=0.25), 10.0)[1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("predicted", "scale"),
    [(0.0, 2.0), (1.25, 3.0), (-0.4375, 1.5), (-0.75, 1.0954451), (-3.0, 1.0954451), (2.5, 3.4641016)],
)
def test_the_trees_widen_the_variance_by_a_factor(predicted: float, scale: float) -> None:
    """4 x (1 + what they say), the factor between 0.3 and 3: square roots of 4, 9, 2.25, 1.2, 1.2 and 12."""
    assert centre_and_scale(a_market(spread=model(3, constant(predicted))), 10.0)[1] == pytest.approx(scale)


def test_the_spread_reads_the_centre_as_its_last_column() -> None:
    """Above a centre of 11 the variance is 4 x 2.25: the centre is 10 + 2, form is 10."""
    spread = model(3, stump(2, 11.0, 0.0, 1.25, root=0.5))
    assert centre_and_scale(a_market(model(2, constant(2.0)), spread=spread), 10.0)[1] == pytest.approx(3.0)
    assert centre_and_scale(a_market(model(2, constant(0.5)), spread=spread), 10.0)[1] == pytest.approx(2.0)


def test_calibration_shifts_by_scales_and_widens() -> None:
    """The shift is counted in the scale before its width: 10 + 0.5 x 2, and 2 x 1.5."""
    assert centre_and_scale(a_market(shift=0.5, width=1.5), 10.0) == pytest.approx((11.0, 3.0))
    assert centre_and_scale(a_market(shift=-0.25), 10.0)[0] == pytest.approx(9.5)


def test_an_artifact_of_constants_by_hand() -> None:
    """30 minutes, 3/4 to play; 0.5 x 30 points + 1/2 + the mean of 1 and 2 = 17; variance 4, shift 0.1, width 2."""
    made = boosted.of(*boosted_parts((1.0, 2.0), (1.0, 4.0, 0.0, 0.5, 0.1, 2.0)))
    forecasts = boosted.predict(Inputs(features(), np.array([1]), made))
    assert list(forecasts) == list(MARKETS)
    for market, rate in RATES.items():
        forecast = forecasts[market]
        assert forecast.distributions.centre == pytest.approx([30.0 * rate + 0.5 + 1.5 + 0.2])
        assert forecast.distributions.scale == pytest.approx([4.0])
        assert forecast.distributions.power == 1.0
        assert forecast.minutes == pytest.approx([30.0])
        assert forecast.p_play == pytest.approx([0.75])
        assert forecast.rows is None


def test_a_scale_has_a_least() -> None:
    """A variance of next to nothing is raised to a scale of 0.02."""
    made = boosted.of(*boosted_parts(numbers=(1.0, 0.0, 0.0, 1e-9, 0.0, 1.0)))
    assert boosted.predict(Inputs(features(), np.array([1]), made))["points"].distributions.scale == pytest.approx(
        [0.02]
    )


def test_an_artifact_is_read_number_by_number() -> None:
    """Power, a, b, floor, shift, width; columns; two centres and a spread of each market; minutes and attendance."""
    texts, arrays = boosted_parts((1.0, 2.0), (0.9, 4.0, 0.3, 0.5, 0.1, 2.0))
    for place, market in enumerate(MARKETS):
        texts[f"{market}.centre0"] = model(2, constant(10.0 * place))
        texts[f"{market}.spread"] = model(3, constant(0.1 * place))
    manifest = Manifest("boosted", "overnight", "2024-03-04", "", "", 1, 1, "", (), {})
    made = boosted.load(Artifact(manifest, arrays, texts))
    assert made.features == ("minutes_ewma",)
    assert made.minutes.offset == 30.0
    assert made.play.offset == pytest.approx(1.0986123)
    for place, (market, one) in enumerate(made.markets.items()):
        assert market == list(MARKETS)[place]
        assert (one.power, one.level, one.floor, one.shift, one.width) == (0.9, (4.0, 0.3), 0.5, 0.1, 2.0)
        assert one.columns == ("is_home", "expected_minutes")
        assert [each.offset for each in one.centre] == [10.0 * place, 2.0]
        assert one.spread.offset == pytest.approx(0.1 * place)


def test_expected_minutes_are_a_column_of_the_markets() -> None:
    """A split at 29 expected minutes sees the forecast of 30, not the recent 25; each row has its own."""
    texts, arrays = boosted_parts()
    texts["minutes"] = model(1, stump(0, 25.0, 30.0, 20.0, root=25.0))
    texts["points.centre0"] = texts["points.centre1"] = model(2, stump(1, 29.0, -1.0, 1.0, root=0.0))
    inputs = Inputs(features(2) | {"minutes_ewma": np.array([25.0, 26.0])}, np.array([1, 2]), boosted.of(texts, arrays))
    forecast = boosted.predict(inputs)["points"]
    assert forecast.minutes == pytest.approx([30.0, 20.0])
    assert forecast.distributions.centre == pytest.approx([15.5 + 1.0, 10.5 - 1.0])


def test_what_moved_a_forecast_begins_with_form() -> None:
    """Form of 2 at power 1/2 is 4 - 1/2; contributions are told at the slope 2 z = 6 of a centre of 3.

    Feature `a` moves the two fits by 0.5 and 0.3, `b` only the second, by -1: (0.8, -1) / 2 x 6.
    """
    first = model(2, stump(0, 0.0, 0.0, 0.5, root=0.0))
    second = model(2, stump(0, 0.0, 0.0, 0.3, root=0.0), stump(1, 0.0, 0.0, -1.0, root=0.0))
    made = a_market(first, second, power=0.5)
    listed = boosted.drivers(made, np.array([[1.0, 1.0], [-1.0, 1.0]]), np.array([2.0, 3.0]), np.array([3.0, 1.0]))
    assert listed == [
        [("rate_x_minutes", 3.5), ("b", -3.0), ("a", 2.4)],
        [("rate_x_minutes", 8.5), ("b", -1.0), ("a", 0.0)],
    ]


def test_a_power_of_one_has_a_slope_of_one() -> None:
    """Contributions as they are, to three decimals; nothing below 0 is taken to a power."""
    made = a_market(model(2, stump(0, 0.0, 0.0, 0.12345, root=0.0)))
    assert boosted.drivers(made, np.array([[1.0, 1.0]]), np.array([10.12345]), np.array([10.0])) == [
        [("rate_x_minutes", 9.623), ("a", 0.123), ("b", 0.0)]
    ]
    root = a_market(model(2, stump(0, 0.0, 0.0, 1.0, root=0.0)), power=0.5)
    assert boosted.drivers(root, np.array([[1.0, 1.0]]), np.array([-2.0]), np.array([-3.0])) == [
        [("rate_x_minutes", -0.5), ("a", 0.0), ("b", 0.0)]
    ]


def test_the_four_strongest_are_told_in_their_order() -> None:
    """Of six contributions; the sign does not matter, and of equals the earlier column comes first."""
    moves = (1.0, -3.0, 0.5, 2.0, -2.0, 0.25)
    columns = ("a", "b", "c", "d", "e", "f")
    made = a_market(model(6, *(stump(n, 0.0, 0.0, move, root=0.0) for n, move in enumerate(moves))), columns=columns)
    assert boosted.drivers(made, np.ones((1, 6)), np.array([10.0]), np.array([10.0])) == [
        [("rate_x_minutes", 9.5), ("b", -3.0), ("d", 2.0), ("e", -2.0), ("a", 1.0)]
    ]


def test_of_many_equals_the_first_columns_are_told() -> None:
    """Forty features, every other one of which moved it by 2: the first four of these."""
    columns = tuple(f"f{n}" for n in range(40))
    made = a_market(model(40, *(stump(n, 0.0, 0.0, 1.0 + n % 2, root=0.0) for n in range(40))), columns=columns)
    [listed] = boosted.drivers(made, np.ones((1, 40)), np.array([10.0]), np.array([10.0]))
    assert [name for name, _ in listed] == ["rate_x_minutes", "f1", "f3", "f5", "f7"]


def test_a_forecasts_drivers_are_its_own() -> None:
    """Asked of the forecast, in the statistic's unit: 15 points by form, 1 more at home."""
    texts, arrays = boosted_parts()
    texts["points.centre0"] = texts["points.centre1"] = model(2, stump(0, 0.5, 0.0, 1.0, root=0.0))
    forecast = boosted.predict(Inputs(features(), np.array([1]), boosted.of(texts, arrays)))["points"]
    assert forecast.drivers is not None
    assert forecast.drivers() == [[("rate_x_minutes", 15.0), ("is_home", 1.0), ("expected_minutes", 0.0)]]


def test_what_boosted_cannot_do_without() -> None:
    """What form needs."""
    assert set(boosted.SYSTEM.needs) == {*(f"{market}_per_minute" for market in MARKETS), "minutes_ewma"}
