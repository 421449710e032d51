"""The record added up: months of sums into the cells of one cut. The measures are those of `shared.accuracy`.

numpy is imported on first use.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.coordinator.documents.cubes import ROWS, Cube, Month
from services.coordinator.documents.record_shapes import Against, Bin, Measured, RecordCell, Share
from shared.accuracy import REFERENCES, Sums, wilson
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST_FIRST, SYSTEMS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_ORDER: Final[Mapping[str, Sequence[str]]] = {
    "system": tuple(dict.fromkeys((*BEST_FIRST, *SYSTEMS))),
    "market": (*MARKETS,),
    "tier": ("regular", "bench", "new"),
    "edge": ("0-2 %", "2-4 %", "4-6 %", "6-10 %", "10 % and more", "no price"),
}
"""The order of a cut's cells; others are in the order of the alphabet."""
_AXES: Final = {"edge": "edge_size"}
"""What a cut's axis is called where it is called otherwise."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Months, and what of them is wanted: axis -> label, an empty one is everything; both ends included."""

    months: Sequence[Month]
    wanted: Mapping[str, str]
    first: str
    last: str

    def of(self, by: str, label: str) -> "Chosen":
        """What of it is in one cell."""
        if by in ("mode", "month"):
            months = [each for each in self.months if label == (each.mode if by == "mode" else each.name)]
            return Chosen(months, self.wanted, self.first, self.last)
        return Chosen(self.months, {**self.wanted, _AXES.get(by, by): label}, self.first, self.last)

    def columns(self, cube: Callable[[Month], Cube]) -> "dict[str, Floats]":
        """(dates,) of each column, of the months one after another."""
        import numpy as np  # noqa: PLC0415 - see above

        tables = [(cube(each).columns, cube(each).by_date(self.wanted, self.first, self.last)) for each in self.months]
        filled = [(columns, table) for columns, table in tables if len(table)]
        if not filled:
            return {}
        whole = np.concatenate([table for _, table in filled])
        return {name: whole[:, place] for place, name in enumerate(filled[0][0])}

    def labels(self, axis: str, cube: Callable[[Month], Cube]) -> list[str]:
        """Those of an axis that have any row."""
        there = {label for each in self.months for label in cube(each).labels[axis]}
        return sorted(label for label in there if self._rows({**self.wanted, axis: label}, cube))

    def days(self, cube: Callable[[Month], Cube]) -> list[str]:
        """The dates that have any row."""
        found = []
        for each in self.months:
            whole = cube(each)
            table = whole.by_date(self.wanted, self.first, self.last)
            days = [day for day in whole.labels["game_date"] if self.first <= day <= self.last]
            found += [day for day, row in zip(days, table, strict=False) if row[-1]]
        return sorted(set(found))

    def _rows(self, wanted: Mapping[str, str], cube: Callable[[Month], Cube]) -> bool:
        chosen = Chosen(self.months, wanted, self.first, self.last)
        columns = chosen.columns(cube)
        return bool(columns) and bool(columns[ROWS].any())


def sums(each: Month) -> Cube:
    """Every measure's, of a month."""
    return each.sums


def edges(each: Month) -> Cube:
    """Those of picks, by the size of the edge."""
    return each.edges


def best(chosen: Chosen) -> str:
    """The best system that has graded anything; empty if none has."""
    there = chosen.labels("system", sums)
    return next((name for name in BEST_FIRST if name in there), "")


def cells(chosen: Chosen, by: str) -> list[RecordCell]:
    """A cell for each value of `by`, in the order of the registries; for "all" one, of all."""
    cube = edges if by == "edge" else sums
    if by == "all":
        found = [("all", chosen)] if chosen.days(cube) else []
    elif by in ("mode", "month"):
        names = sorted({each.mode if by == "mode" else each.name for each in chosen.months})
        found = [(name, part) for name in names if (part := chosen.of(by, name)).days(cube)]
    else:
        order = _ORDER[by]
        names = sorted(
            chosen.labels(_AXES.get(by, by), cube), key=lambda name: (name not in order, _place(order, name))
        )
        found = [(name, chosen.of(by, name)) for name in names]
    return [_cell({} if by == "all" else {by: label}, label, part, cube) for label, part in found]


def _place(order: Sequence[str], name: str) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)


def _cell(key: dict[str, str], label: str, chosen: Chosen, cube: Callable[[Month], Cube]) -> RecordCell:
    columns = chosen.columns(cube)
    sums_ = Sums.of_columns(columns, len(columns[ROWS]))
    pooled = not chosen.wanted.get("market") and len(chosen.labels("market", cube)) > 1

    def measured(name: str, n: str) -> Measured:
        low, high = sums_.interval(name, n) or (None, None)
        return Measured(n=sums_.count(n), value=sums_.mean(name, n), low=low, high=high)

    def in_units(name: str, n: str) -> Measured:
        return Measured(n=sums_.count(n), value=None, low=None, high=None) if pooled else measured(name, n)

    picks, won = sums_.count("picks"), sums_.count("picks_won")
    low, high = wilson(won, picks) or (None, None)
    return RecordCell(
        key=key,
        label=label,
        n=sums_.count("n"),
        voided=sums_.count("voided"),
        dates=int((columns[ROWS] > 0).sum()),
        shadow=bool(sums_.count("shadow")),
        picks=picks,
        returned=sums_.count("picks_returned"),
        hit_rate=Share(n=picks, hits=won, value=sums_.mean("picks_won", "picks"), low=low, high=high),
        units=measured("units", "units_n"),
        units_total=sums_.total("units"),
        clv=in_units("clv", "clv_n"),
        clv_price=measured("clv_price", "clv_price_n"),
        mae=in_units("error", "n"),
        against=[] if pooled else _against(sums_, measured),
        brier=measured("brier", "brier_n"),
        brier_market=measured("brier_difference", "market_n"),
        bins=[] if cube is edges else _bins(chosen),
    )


def _against(sums_: Sums, measured: Callable[[str, str], Measured]) -> list[Against]:
    return [
        Against(reference=name, error=error, difference=measured(f"{name}_difference", f"{name}_n"))
        for name in REFERENCES
        if (error := sums_.mean(f"{name}_error", f"{name}_n")) is not None
    ]


def _bins(chosen: Chosen) -> list[Bin]:
    found: dict[str, tuple[float, float, float]] = {}
    for each in chosen.months:
        cube = each.bins
        places = [cube.columns.index(name) for name in ("n", "p_over", "overs")] if cube.labels["bin"] else []
        tenths = cube.by_date(chosen.wanted, chosen.first, chosen.last, last_axis=True).sum(axis=0)[:, places]
        for tenth, (n, said, overs) in zip(cube.labels["bin"], tenths.tolist(), strict=False):
            n_, said_, overs_ = found.get(tenth, (0.0, 0.0, 0.0))
            found[tenth] = (n_ + n, said_ + said, overs_ + overs)
    return [_bin(*found[tenth]) for tenth in sorted(found) if found[tenth][0]]


def _bin(n: float, said: float, overs: float) -> Bin:
    low, high = wilson(round(overs), round(n)) or (None, None)
    return Bin(n=round(n), p_over=said / n, over_rate=overs / n, low=low, high=high)
