"""The nightly health check of the served features: nulls, constants, range and drift (failure 38: half were constants).

One query looks at the slate and at the four weeks before it. A feature that differs between players by nature is
constant only when something is broken; so is one that is null more often than its contract allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.coordinator.alerts import set_alert
from services.coordinator.runs.run import Run
from shared.basketball.slate import Mode
from shared.ports import Ports, Row, Warehouse
from shared.registries.features import FEATURES

STORE = "features.ml_feature_store"
ENOUGH = 100
"""Players a slate needs before a feature that never varies says anything: four games. Players of one team share some
features, and four teams have often played as many games in a week."""
USUAL = 600
"""Player rows of the last weeks before which they do not tell what is usual: a new install has few teams' yet."""
DRIFT = 4.0
"""Standard deviations of the last weeks' player rows by which a slate's mean may be off before it has drifted."""
_SHOWN = 5
"""Findings that an alert names."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a feature may be."""

    nulls: float
    """Largest share of a slate's players for whom it may be null."""
    low: float | None = None
    high: float | None = None
    coarse: bool = False
    """May be constant on a slate, but not for weeks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a feature, in one line."""

    feature: str
    problem: str


def limits() -> dict[str, Limit]:
    """Feature -> what it may be, from the feature contract."""
    return {
        feature.name: Limit(feature.nulls, feature.low, feature.high, coarse=feature.coarse)
        for feature in FEATURES.values()
    }


def health_query(features: Mapping[str, Limit]) -> str:
    """One row for the slate (`period` 1) and one for the four weeks before (0), five figures per feature.

    Lowest and highest tell a constant: counting distinct values of every feature takes seventy times as long.
    """
    figures = ",\n  ".join(
        f"COUNTIF({name} IS NULL) AS {name}__nulls, "
        f"MIN({name}) AS {name}__low, MAX({name}) AS {name}__high, "
        f"AVG(CAST({name} AS FLOAT64)) AS {name}__mean, STDDEV_SAMP(CAST({name} AS FLOAT64)) AS {name}__spread"
        for name in features
    )
    return f"""
SELECT period, COUNT(*) AS players,
  {figures}
FROM (
  SELECT *, IF(game_date = @game_date, 1, 0) AS period
  FROM {STORE}
  WHERE game_date BETWEEN DATE_SUB(@game_date, INTERVAL 28 DAY) AND @game_date AND mode = @mode
)
GROUP BY period
"""  # noqa: S608 - the registry's names


def findings(rows: list[Row], features: Mapping[str, Limit]) -> list[Finding]:
    """What is wrong with the slate's features. Pure; nothing is wrong with a slate that has no players."""
    slate = next((row for row in rows if row["period"] == 1), None)
    before = next((row for row in rows if row["period"] == 0), None)
    if slate is None:
        return []
    found = []
    for name, limit in features.items():
        figures, earlier = _figures(slate, name), {} if before is None else _figures(before, name)
        problems = (
            _nulls(figures, slate["players"], limit),
            _constant(figures, earlier, slate["players"], limit),
            _range(figures, limit),
            _drift(figures, earlier, 0 if before is None else before["players"]),
        )
        found += [Finding(name, problem) for problem in problems if problem is not None]
    return found


def _figures(row: Row, feature: str) -> Row:
    """The figures of one feature by name."""
    return {key.removeprefix(f"{feature}__"): value for key, value in row.items() if key.startswith(f"{feature}__")}


async def check(warehouse: Warehouse, game_date: date, mode: Mode) -> list[Finding]:
    """The findings of a slate as it was served."""
    features = limits()
    rows = await warehouse.query(health_query(features), {"game_date": game_date, "mode": mode.value})
    return findings(rows, features)


async def announce(run: Run, ports: Ports) -> None:
    """Raise or resolve the alert about a run's features."""
    found = await check(ports.warehouse, run.game_date, run.mode)
    text = "; ".join(f"{finding.feature}: {finding.problem}" for finding in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    await set_alert(ports, "feature_health", run.key, text + more if found else None)


def _nulls(figures: Mapping[str, Any], players: int, limit: Limit) -> str | None:
    share = figures["nulls"] / players
    return f"null for {share:.0%} of players, allowed {limit.nulls:.0%}" if share > limit.nulls else None


def _constant(figures: Mapping[str, Any], earlier: Mapping[str, Any], players: int, limit: Limit) -> str | None:
    there, value = players - figures["nulls"], figures["low"]
    if there < ENOUGH or value != figures["high"]:
        return None
    if limit.coarse and not value == earlier.get("low") == earlier.get("high"):
        return None
    return f"the same for all {there} players who have it: {value}"


def _range(figures: Mapping[str, Any], limit: Limit) -> str | None:
    low, high = figures["low"], figures["high"]
    if low is not None and limit.low is not None and low < limit.low:
        return f"{low:g} is below {limit.low:g}"
    if high is not None and limit.high is not None and high > limit.high:
        return f"{high:g} is above {limit.high:g}"
    return None


def _drift(figures: Mapping[str, Any], earlier: Mapping[str, Any], rows: int) -> str | None:
    mean, usual, spread = figures["mean"], earlier.get("mean"), earlier.get("spread")
    if rows < USUAL or mean is None or usual is None or not spread:
        return None
    off = abs(mean - usual) / spread
    return f"mean {mean:.3g} is {off:.1f} standard deviations off the last weeks' {usual:.3g}" if off > DRIFT else None
