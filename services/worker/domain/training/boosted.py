"""Learns `boosted`: attendance, minutes, then per market a centre, a spread and their calibration.

Everything that is learned from forecasts - the markets from expected minutes, the spread from the centre's errors, the
calibration from both - is learned from forecasts out of fold, the folds being stretches of time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.worker.domain import trees
from services.worker.domain.artifact import Array
from services.worker.domain.distribution import Floats, to_power
from services.worker.domain.spread import ROTATION_MINUTES
from services.worker.domain.systems import boosted as system
from services.worker.domain.systems.base import Features
from services.worker.domain.training.columns import of_market, shared_columns
from services.worker.domain.training.frame import Frame, Split
from services.worker.domain.training.learner import SEED, Fit, Learned, fit_all, inputs_of, parameters
from services.worker.domain.training.spread import calibrate, fit_level
from shared.registries.markets import MARKETS

_COMMON = parameters(
    objective="regression", learning_rate=0.15, num_leaves=16, min_data_in_leaf=150, feature_fraction=0.5,
    bagging_fraction=0.7, bagging_freq=1, lambda_l2=20.0, max_bin=63,
)  # fmt: skip
_CENTRE = _COMMON | {"objective": "regression_l1"}
"""The centre is a median: it is learned by absolute errors."""
_SPREAD = _COMMON | {"learning_rate": 0.06, "num_leaves": 7, "min_data_in_leaf": 400, "feature_fraction": 0.5}
ROUNDS = {"play": 30, "minutes": 30, "centre": 30, "spread": 40}
FOLDS = 2

OutOfFold = Mapping[str, tuple[Floats, Floats, float]]
"""Market -> (centre, scale, power) of every row by a model that had not seen it; NaN where he did not play."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is fitted to one frame."""

    texts: dict[str, str]
    arrays: dict[str, Array]
    out_of_fold: dict[str, tuple[Floats, Floats, float]]


@dataclass(frozen=True, slots=True)
class _One:
    """What is fitted to one market."""

    texts: dict[str, str]
    numbers: Floats
    centre: Floats
    scale: Floats
    """Out of fold, calibrated; of the rows that were learned from."""


def learn(frame: Frame, split: Split) -> tuple[Learned, OutOfFold, OutOfFold]:
    """Fit on the earlier slates and forecast the newest, to be judged by; then fit on all of them.

    Also gives what both fits say out of fold: of all rows, and of the earlier ones.
    """
    honest, kept = _fit(split.earlier), _fit(frame)
    forecasts = system.predict(inputs_of(split.newest, _model(honest)))
    features = tuple(dict.fromkeys(name for columns in map(of_market, MARKETS) for name in columns))
    read = tuple(name for name in dict.fromkeys((*shared_columns(), *features)) if name != system.EXPECTED_MINUTES)
    learned = Learned(kept.arrays, kept.texts, read, forecasts, int(frame.played.sum()))
    return learned, kept.out_of_fold, honest.out_of_fold


def _fit(frame: Frame) -> Fitted:
    columns = shared_columns()
    x, played = system.matrix(frame.features, columns), frame.played
    attendance = Fit(x, played.astype(float), _COMMON | {"objective": "binary"}, ROUNDS["play"])
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
    out_of_fold = {}
    for market in MARKETS:
        one = _market(features, some.outcomes[market], market, held)
        texts |= {f"{market}.{name}": text for name, text in one.texts.items()}
        arrays |= {f"market.{market}": one.numbers, f"columns.{market}": np.array(of_market(market))}
        both = np.full((2, len(frame)), np.nan)
        both[:, played] = one.centre, one.scale
        out_of_fold[market] = (both[0], both[1], MARKETS[market].power)
    return Fitted(texts, arrays, out_of_fold)


def folds(frame: Frame) -> list[Mask]:
    """Masks of consecutive stretches of slates of about equal length."""
    days = np.unique(frame.day)
    fold = np.searchsorted(days, frame.day) * FOLDS // len(days)
    return [fold == n for n in range(FOLDS)]


def _minutes(x: Floats, target: Floats) -> Fit:
    return Fit(x, target, _COMMON, ROUNDS["minutes"])


def _market(features: Features, outcome: Floats, market: str, held: list[Mask]) -> _One:
    """One market: the centre's trees, the spread's trees on its errors out of fold, and the calibration of both."""
    power, x = MARKETS[market].power, system.matrix(features, of_market(market))
    start = system.form(features, market, power)
    target = to_power(outcome, power) - start
    wanted = {f"centre{n}": _centre(x, target, n) for n in range(system.BAG)}
    wanted |= {
        f"fold{k}.{n}": _centre(x[~mask], target[~mask], n) for k, mask in enumerate(held) for n in range(system.BAG)
    }
    texts = fit_all(wanted)
    centre = start.copy()
    for k, mask in enumerate(held):
        fits = tuple(trees.load(texts.pop(f"fold{k}.{n}")) for n in range(system.BAG))
        centre[mask] += system.bagged(fits, x[mask])
    squared = (to_power(outcome, power) - centre) ** 2
    level, floor = fit_level(start, squared), 0.05 * float(squared.mean())
    by_level = np.maximum(level[0] + level[1] * start, floor)
    wide = np.column_stack([x, centre])
    texts |= fit_all({"spread": Fit(wide, squared / by_level - 1.0, _SPREAD, ROUNDS["spread"])})
    scale = np.sqrt(by_level * np.clip(1.0 + trees.load(texts["spread"]).predict(wide), *system.WIDTHS))
    use = features["minutes_ewma"] >= ROTATION_MINUTES
    shift, width = calibrate(outcome[use], centre[use], scale[use], power)
    numbers = np.array([power, *level, floor, shift, width])
    return _One(texts, numbers, centre + shift * scale, scale * width)


def _centre(x: Floats, target: Floats, seed: int) -> Fit:
    return Fit(x, target, _CENTRE | {"seed": SEED + seed}, ROUNDS["centre"])


def _model(fitted: Fitted) -> system.Model:
    return system.of(fitted.texts, fitted.arrays)
