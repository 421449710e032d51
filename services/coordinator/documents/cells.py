"""The record added up: months of sums into the cells of one cut. The measures are those of `shared.accuracy`.

numpy is imported on first use.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.coordinator.documents.record_shapes import Against, Bin, Measured, RecordCell, Share
from shared.accuracy import REFERENCES, Sums, wilson
from shared.registries.markets import MARKETS
from shared.registries.systems import BEST_FIRST, SYSTEMS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Texts = npt.NDArray[np.str_]
    Floats = npt.NDArray[np.float64]

TEXTS: Final = ("game_date", "market", "system", "tier", "edge_size")
_TIERS: Final = ("regular", "bench", "new")
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by column: what they are of as text, the rest as numbers, 0 where there is nothing to add."""

    texts: Mapping[str, "Texts"]
    numbers: Mapping[str, "Floats"]

    def where(self, mask: "npt.NDArray[np.bool_]") -> "Table":
        """The rows that the mask picks."""
        return Table(
            {name: column[mask] for name, column in self.texts.items()},
            {name: column[mask] for name, column in self.numbers.items()},
        )

    def __len__(self) -> int:
        return len(self.texts["game_date"])


@dataclass(frozen=True, slots=True)
class Month:
    """A document of the record, ready to be added up."""

    mode: str
    recorded_at: str
    sums: Table
    bins: Table
    edges: Table
    slates: Mapping[str, Mapping[str, str]]


def month(document: Mapping[str, Any]) -> Month:
    """A document as arrays."""
    mode, name = document["mode"], document["month"]
    return Month(
        mode,
        document["recorded_at"],
        _table(document["sums"], mode, name),
        _table(document["bins"], mode, name),
        _table(document["edges"], mode, name),
        document["slates"],
    )


def _table(columns: Mapping[str, list[Any]], mode: str, month_: str) -> Table:
    import numpy as np  # noqa: PLC0415 - see above

    texts = {name: np.array(column, dtype=np.str_) for name, column in columns.items() if name in TEXTS}
    rows = len(texts["game_date"])
    texts |= {"mode": np.full(rows, mode), "month": np.full(rows, month_)}
    numbers = {
        name: np.nan_to_num(np.array(column, dtype=np.float64)) for name, column in columns.items() if name not in TEXTS
    }
    return Table(texts, numbers)


def joined(tables: Sequence[Table]) -> Table:
    """One below the other; those without rows are left out."""
    import numpy as np  # noqa: PLC0415 - see above

    filled = [table for table in tables if len(table)] or list(tables[:1])
    return Table(
        {name: np.concatenate([table.texts[name] for table in filled]) for name in filled[0].texts},
        {name: np.concatenate([table.numbers[name] for table in filled]) for name in filled[0].numbers},
    )


def chosen(table: Table, wanted: Mapping[str, str], first: str, last: str) -> Table:
    """The rows of these dates, and of what is wanted: column -> value, an empty one is any."""
    days = table.texts["game_date"]
    mask = (days >= first) & (days <= last)
    for name, value in wanted.items():
        if value and name in table.texts:
            mask &= table.texts[name] == value
    return table.where(mask)


def best(table: Table) -> str:
    """The best system that has graded anything; empty if none has."""
    there = set(table.texts["system"].tolist())
    return next((name for name in BEST_FIRST if name in there), "")


def cells(sums: Table, bins: Table | None, by: Sequence[str]) -> list[RecordCell]:
    """A cell for each group, in the order of the registries."""
    groups = sorted(set(_groups(sums, by)), key=lambda group: [_place(*pair) for pair in zip(by, group, strict=True)])
    return [
        _cell(dict(zip(by, group, strict=True)), _of(sums, by, group), None if bins is None else _of(bins, by, group))
        for group in groups
    ]


def _groups(table: Table, by: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(table.texts[name].tolist() for name in by), strict=True)) if by else [()] * min(len(table), 1)


def _of(table: Table, by: Sequence[str], group: Sequence[str]) -> Table:
    import numpy as np  # noqa: PLC0415 - see above

    mask = np.ones(len(table), dtype=np.bool_)
    for name, value in zip(by, group, strict=True):
        mask &= table.texts[name] == value
    return table.where(mask)


def _place(name: str, value: str) -> tuple[int, str]:
    order: Mapping[str, Sequence[str]] = {
        "system": (*BEST_FIRST, *SYSTEMS), "market": (*MARKETS,), "tier": _TIERS,
        "edge_size": ("0-2 %", "2-4 %", "4-6 %", "6-10 %", "10 % and more", "no price"),
    }  # fmt: skip
    known = order.get(name, ())
    return (known.index(value) if value in known else len(known), value)


def _by_date(table: Table) -> Sums:
    """The columns added up by date."""
    import numpy as np  # noqa: PLC0415 - see above

    days, places = np.unique(table.texts["game_date"], return_inverse=True)
    added = {name: np.bincount(places, column, len(days)) for name, column in table.numbers.items()}
    return Sums.of_columns({name: column.astype(np.float64) for name, column in added.items()}, len(days))


def _cell(key: dict[str, str], table: Table, bins: Table | None) -> RecordCell:
    sums = _by_date(table)
    pooled = len(set(table.texts["market"].tolist())) > 1

    def measured(name: str, n: str) -> Measured:
        low, high = sums.interval(name, n) or (None, None)
        return Measured(n=sums.count(n), value=sums.mean(name, n), low=low, high=high)

    def in_units(name: str, n: str) -> Measured:
        return Measured(n=sums.count(n), value=None, low=None, high=None) if pooled else measured(name, n)

    picks, won = sums.count("picks"), sums.count("picks_won")
    low, high = wilson(won, picks) or (None, None)
    return RecordCell(
        key=key,
        label=", ".join(key.values()) if key else "all",
        n=sums.count("n"),
        voided=sums.count("voided"),
        dates=len(set(table.texts["game_date"].tolist())),
        shadow=bool(sums.count("shadow")),
        picks=picks,
        returned=sums.count("picks_returned"),
        hit_rate=Share(n=picks, hits=won, value=sums.mean("picks_won", "picks"), low=low, high=high),
        units=measured("units", "units_n"),
        units_total=sums.total("units"),
        clv=in_units("clv", "clv_n"),
        clv_price=measured("clv_price", "clv_price_n"),
        mae=in_units("error", "n"),
        against=[] if pooled else _against(sums, measured),
        brier=measured("brier", "brier_n"),
        brier_market=measured("brier_difference", "market_n"),
        bins=[] if bins is None else _bins(bins),
    )


def _against(sums: Sums, measured: Callable[[str, str], Measured]) -> list[Against]:
    return [
        Against(reference=name, error=error, difference=measured(f"{name}_difference", f"{name}_n"))
        for name in REFERENCES
        if (error := sums.mean(f"{name}_error", f"{name}_n")) is not None
    ]


def _bins(table: Table) -> list[Bin]:
    import numpy as np  # noqa: PLC0415 - see above

    places = table.numbers["bin"].astype(np.int64)
    n, said, overs = (
        np.bincount(places, table.numbers[name], minlength=_BINS).tolist() for name in ("n", "p_over", "overs")
    )
    found = []
    for count, share, came in zip(n, said, overs, strict=True):
        if count:
            low, high = wilson(round(came), round(count)) or (None, None)
            found.append(Bin(n=round(count), p_over=share / count, over_rate=came / count, low=low, high=high))
    return found
