"""Accuracy: from sums by date to measures with their N and intervals. docs/accuracy.md has the formulas.

Every measure is a ratio of sums over graded predictions, so the sums by date (`accuracy.sql`) are all it takes, also
for the intervals: dates are resampled with replacement, since the games of a night share what made them odd (Cameron,
Gelbach & Miller 2008 on the cluster bootstrap). Differences are paired: both errors on the same rows. numpy is imported
on first use.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from shared.tables import QUANTILE_COLUMNS, QUANTILES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

REFERENCES: Final[Mapping[str, str]] = {
    "season": "season-to-date mean",
    "ewma": "weighted mean (alpha 0.1)",
    "rate": "rate times minutes",
    "line": "the market's line",
}
"""What a system's error is compared with, by the prefix of its columns."""
KEY = ("mode", "market", "system", "bucket")
RESAMPLES = 500
_SEED = 0
_WILSON_Z = 1.96
_MIN_DATES = 2
"""One night has no spread over nights: no interval."""

Row = Mapping[str, Any]
Group = tuple[str, str, str, str]


def report(sums: Sequence[Row], bins: Sequence[Row]) -> list[dict[str, Any]]:
    """The measures of every (mode, market, system, bucket), in that order.

    Args:
        sums: rows of `accuracy.sql`, any order.
        bins: rows of `accuracy_bins.sql` over the same grades.
    """
    groups: defaultdict[Group, list[Row]] = defaultdict(list)
    tenths: defaultdict[Group, list[Row]] = defaultdict(list)
    for row in sums:
        groups[_group(row)].append(row)
    for row in bins:
        tenths[_group(row)].append(row)
    return [
        dict(zip(KEY, group, strict=True)) | _measures(Sums(rows), tenths[group])
        for group, rows in sorted(groups.items())
        if any(row["n"] or row["voided"] for row in rows)
    ]


class Sums:
    """Columns of sums by date of one group."""

    def __init__(self, rows: Sequence[Row]) -> None:
        import numpy as np  # noqa: PLC0415 - only `tipoff accuracy` needs it

        self.rows = sorted(rows, key=lambda row: str(row["game_date"]))
        self._np = np
        self._columns: dict[str, Floats] = {}

    @classmethod
    def of_columns(cls, columns: "Mapping[str, Floats]", dates: int) -> "Sums":
        """The same of columns that are added up by date, each (dates,); one that is left out is 0 throughout."""
        found = cls([])
        found._columns = defaultdict(lambda: found._np.zeros(dates), columns)
        return found

    def by_date(self, name: str) -> "Floats":
        """(dates,) the column, 0 where there was nothing to add."""
        if name not in self._columns and self.rows:
            values = [0.0 if row[name] is None else float(row[name]) for row in self.rows]
            self._columns[name] = self._np.array(values)
        return self._columns[name]

    def total(self, name: str) -> float:
        """The column's sum."""
        return float(self.by_date(name).sum())

    def count(self, name: str) -> int:
        """The column's sum, of a count."""
        return round(self.total(name))

    def mean(self, name: str, n: str = "n") -> float | None:
        """The ratio of two columns' sums; None over nothing."""
        count = self.total(n)
        return self.total(name) / count if count else None

    def interval(self, name: str, n: str = "n") -> list[float] | None:
        """95 % of that ratio over resampled dates; None where fewer than two dates have any."""
        counts = self.by_date(n)
        there = counts > 0
        dates = int(there.sum())
        if dates < _MIN_DATES:
            return None
        weights = _weights(dates)
        means = (weights @ self.by_date(name)[there]) / (weights @ counts[there])
        return [float(bound) for bound in self._np.percentile(means, [2.5, 97.5])]


@cache
def _weights(dates: int) -> "Floats":
    """(RESAMPLES, dates): how often each date was drawn, always the same."""
    import numpy as np  # noqa: PLC0415 - only `tipoff accuracy` needs it

    dice = np.random.default_rng(_SEED)
    return dice.multinomial(dates, np.full(dates, 1.0 / dates), size=RESAMPLES).astype(np.float64)


def _group(row: Row) -> Group:
    return (row["mode"], row["market"], row["system"], row["bucket"])


def _measures(sums: Sums, bins: Sequence[Row]) -> dict[str, Any]:
    hit = {level: sums.mean(f"below_{column}") for level, column in zip(QUANTILES, QUANTILE_COLUMNS, strict=True)}
    days = [str(row["game_date"]) for row in sums.rows if row["n"]]
    return {
        "shadow": any(row["shadow"] for row in sums.rows),
        "n": sums.count("n"),
        "voided": sums.count("voided"),
        "dates": len(days),
        "first": min(days, default=None),
        "last": max(days, default=None),
        "mae": sums.mean("error"),
        "mae_interval": sums.interval("error"),
        "bias": sums.mean("bias"),
        "bias_interval": sums.interval("bias"),
        "crps": sums.mean("crps"),
        "crps_interval": sums.interval("crps"),
        "coverage_80": sums.mean("inside_80"),
        "coverage_90": sums.mean("inside_90"),
        "quantile_ece": _quantile_ece(hit),
        "quantile_hit": {f"{level:g}": share for level, share in hit.items()},
        "against": {name: _paired(sums, name) for name in REFERENCES if sums.count(f"{name}_n")},
        "p_over": _probability(sums, bins),
        "picks": _picks(sums),
    }


def _quantile_ece(hit: Mapping[float, float | None]) -> float | None:
    """Mean distance of how often the outcome lay below a quantile from its level."""
    shares = [abs(share - level) for level, share in hit.items() if share is not None]
    return sum(shares) / len(shares) if shares else None


def _paired(sums: Sums, name: str) -> dict[str, Any]:
    """The system's error minus the reference's, on the rows where the reference says anything."""
    n = f"{name}_n"
    return {
        "n": sums.count(n),
        "mae": sums.mean(f"{name}_error", n),
        "difference": sums.mean(f"{name}_difference", n),
        "interval": sums.interval(f"{name}_difference", n),
    }


def _probability(sums: Sums, bins: Sequence[Row]) -> dict[str, Any] | None:
    """What P(over) was worth, pushes left out; None without a line."""
    n = sums.count("brier_n")
    if not n:
        return None
    found: dict[str, Any] = {
        "n": n,
        "over_rate": sums.mean("overs", "brier_n"),
        "brier": sums.mean("brier", "brier_n"),
        "brier_interval": sums.interval("brier", "brier_n"),
        "ece": sum(abs(row["p_over"] - row["overs"]) for row in bins) / n,
        "reliability": [
            {"n": row["n"], "p_over": row["p_over"] / row["n"], "over_rate": row["overs"] / row["n"],
             "wilson": wilson(row["overs"], row["n"])}
            for row in bins
        ],
        "hits": sums.count("hits"),
        "hit_rate": sums.mean("hits", "brier_n"),
        "wilson": wilson(sums.count("hits"), n),
        "market": None,
    }  # fmt: skip
    if sums.count("market_n"):
        found["market"] = {
            "n": sums.count("market_n"),
            "brier": sums.mean("priced_brier", "market_n"),
            "market_brier": sums.mean("market_brier", "market_n"),
            "difference": sums.mean("brier_difference", "market_n"),
            "interval": sums.interval("brier_difference", "market_n"),
        }
    return found


def _picks(sums: Sums) -> dict[str, Any] | None:
    """What was recommended and decided; None where nothing was recommended."""
    n, won = sums.count("picks"), sums.count("picks_won")
    if not n and not sums.count("picks_returned"):
        return None
    return {
        "n": n,
        "won": won,
        "returned": sums.count("picks_returned"),
        "hit_rate": sums.mean("picks_won", "picks"),
        "wilson": wilson(won, n),
        "clv_n": sums.count("clv_n"),
        "clv": sums.mean("clv", "clv_n"),
        "clv_interval": sums.interval("clv", "clv_n"),
        "clv_price_n": sums.count("clv_price_n"),
        "clv_price": sums.mean("clv_price", "clv_price_n"),
    }


def wilson(hits: int, n: int) -> list[float] | None:
    """95 % score interval of a share (Wilson 1927); None of nothing."""
    if not n:
        return None
    share, z2 = hits / n, _WILSON_Z**2
    middle = share + z2 / (2 * n)
    reach = _WILSON_Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return [(middle - reach) / (1 + z2 / n), (middle + reach) / (1 + z2 / n)]
