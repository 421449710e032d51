"""Learns `boosted`: attendance, minutes, then per market a centre, a spread and their calibration.

Everything that is learned from forecasts - the markets from expected minutes, the spread from the centre's errors, the
calibration from both - is learned from forecasts out of fold, the folds being stretches of time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.worker.domain import trees
from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats, to_power
from services.worker.domain.spread import POWERS
from services.worker.domain.systems import boosted as system
from services.worker.domain.training.columns import of_market, shared_columns
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import Fit, Learned, fit_all, inputs_of, parameters
from services.worker.domain.training.spread import calibrate, fit_level
from shared.markets import MARKETS

_COMMON = parameters(
    objective="regression", learning_rate=0.06, num_leaves=31, min_data_in_leaf=150, feature_fraction=0.35,
    bagging_fraction=0.7, bagging_freq=1, lambda_l2=20.0, max_bin=63,
)  # fmt: skip
_SPREAD = _COMMON | {"num_leaves": 7, "min_data_in_leaf": 400, "feature_fraction": 0.5}
ROUNDS = {"play": 100, "minutes": 140, "centre": 140, "spread": 60}
FOLDS = 3

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted to one frame."""

    texts: dict[str, str]
    arrays: dict[str, Array]


def learn(frame: Frame, split: Split) -> Learned:
    """Fit on the earlier slates and forecast the newest, to be judged by; then fit on all of them."""
    honest, kept = _fit(split.earlier), _fit(frame)
    forecasts = system.predict(inputs_of(split.newest, _model(honest)))
    features = tuple(dict.fromkeys(name for columns in map(of_market, MARKETS) for name in columns))
    read = tuple(name for name in dict.fromkeys((*shared_columns(), *features)) if name != system.EXPECTED_MINUTES)
    return Learned(kept.arrays, kept.texts, read, forecasts, int(frame.played.sum()))


def _fit(frame: Frame) -> Fitted:
    columns = shared_columns()
    x, played = system.matrix(frame.features, columns), frame.played
    attendance = Fit(x, played.astype(float), None, _COMMON | {"objective": "binary"}, ROUNDS["play"])
    some, x = frame.take(played), x[played]
    held = folds(some)
    wanted = {"play": attendance, "minutes": _minutes(x, some.minutes)}
    wanted |= {f"fold{n}": _minutes(x[~mask], some.minutes[~mask]) for n, mask in enumerate(held)}
    texts = fit_all(wanted)
    minutes = np.empty(len(some))
    for n, mask in enumerate(held):
        minutes[mask] = system.expected_minutes(trees.load(texts.pop(f"fold{n}")), x[mask])
    arrays: dict[str, Array] = {"columns.minutes": np.array(columns)}
    features = {**some.features, system.EXPECTED_MINUTES: minutes}
    for market in MARKETS:
        own = system.matrix(features, of_market(market))
        start = system.form(features, market, minutes, POWERS[market])
        one = _market(own, start, some.outcomes[market], POWERS[market], held)
        texts |= {f"{market}.{name}": text for name, text in one.texts.items()}
        arrays |= {f"market.{market}": one.arrays["numbers"], f"columns.{market}": np.array(of_market(market))}
    return Fitted(texts, arrays)


def folds(frame: Frame) -> list[Mask]:
    """Masks of consecutive stretches of slates of about equal length."""
    days = np.unique(frame.day)
    fold = np.searchsorted(days, frame.day) * FOLDS // len(days)
    return [fold == n for n in range(FOLDS)]


def _minutes(x: Floats, target: Floats) -> Fit:
    return Fit(x, target, None, _COMMON, ROUNDS["minutes"])


def _market(x: Floats, start: Floats, outcome: Floats, power: float, held: list[Mask]) -> Fitted:
    """One market: the centre's trees, the spread's trees on its errors out of fold, and the calibration of both."""
    target = to_power(outcome, power) - start
    wanted = {"centre": Fit(x, target, None, _COMMON, ROUNDS["centre"])}
    wanted |= {f"fold{n}": Fit(x[~m], target[~m], None, _COMMON, ROUNDS["centre"]) for n, m in enumerate(held)}
    texts = fit_all(wanted)
    centre = np.empty(len(x))
    for n, mask in enumerate(held):
        centre[mask] = start[mask] + trees.load(texts.pop(f"fold{n}")).predict(x[mask])
    squared = (to_power(outcome, power) - centre) ** 2
    level = fit_level(start, squared)
    floor = 0.05 * float(squared.mean())
    by_level = np.maximum(level[0] + level[1] * start, floor)
    wide = np.column_stack([x, centre])
    texts |= fit_all({"spread": Fit(wide, squared / by_level - 1.0, None, _SPREAD, ROUNDS["spread"])})
    factor = np.clip(1.0 + trees.load(texts["spread"]).predict(wide), *system.WIDTHS)
    shift, width = calibrate(outcome, centre, np.sqrt(by_level * factor), power)
    return Fitted(texts, {"numbers": np.array([power, *level, floor, shift, width])})


def _model(fitted: Fitted) -> system.Model:
    return system.of(fitted.texts, fitted.arrays)
