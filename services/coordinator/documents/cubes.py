"""A month of the record as arrays: any cut of it is a slice, and a sum along some axes.

numpy is imported on first use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_AXES: Final = ("game_date", "market", "system", "tier")
ROWS: Final = "rows"
"""A column more: how many rows of the document there are."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Numbers by date, market, system, tier and perhaps one axis more; 0 where the document has no row."""

    labels: Mapping[str, Sequence[str]]
    """Axis -> its labels, in order; the dates come first."""
    columns: Sequence[str]
    """Of the last axis."""
    numbers: "Floats"

    def by_date(self, wanted: Mapping[str, str], first: str, last: str, *, last_axis: bool = False) -> "Floats":
        """(dates, columns) of what is wanted; axis -> label, without one everything is added up.

        With `last_axis` the last one is not: (dates, its labels, columns).
        """
        import numpy as np  # noqa: PLC0415 - see above

        places: list[int | slice] = [slice(None)] * (len(self.labels) + 1)
        for place, (axis, labels) in enumerate(self.labels.items()):
            label = wanted.get(axis, "")
            if place and label:
                if label not in labels:
                    return np.zeros((0, *self.numbers.shape[-2 if last_axis else -1 :]))
                places[place] = labels.index(label)
        found = self.numbers[tuple(places)]
        days = np.array([first <= day <= last for day in self.labels["game_date"]], dtype=np.bool_)
        added = tuple(range(1, found.ndim - (2 if last_axis else 1)))
        of_days: Floats = found[days].sum(axis=added)
        return of_days


@dataclass(frozen=True, slots=True)
class Month:
    """A document of the record, ready to be added up."""

    mode: str
    name: str
    recorded_at: str
    sums: Cube
    bins: Cube
    edges: Cube
    slates: Mapping[str, Mapping[str, str]]


def month(document: Mapping[str, Any]) -> Month:
    """A document as arrays."""
    return Month(
        document["mode"],
        document["month"],
        document["recorded_at"],
        _cube(document["sums"]),
        _cube(document["bins"], "bin"),
        _cube(document["edges"], "edge_size"),
        document["slates"],
    )


def _cube(columns: Mapping[str, list[Any]], more: str = "") -> Cube:
    import numpy as np  # noqa: PLC0415 - see above

    axes = (*_AXES, more) if more else _AXES
    rows = len(columns["game_date"])
    labels, places = {}, []
    for axis in axes:
        names = [str(value) for value in columns.get(axis, [])]
        labels[axis] = sorted(set(names))
        known = {label: number for number, label in enumerate(labels[axis])}
        places.append([known[name] for name in names])
    numbers = [name for name in columns if name not in axes]
    values = np.zeros((*(len(labels[axis]) for axis in axes), len(numbers) + 1))
    if rows:
        table = [np.array(columns[name], dtype=np.float64) for name in numbers]
        values[tuple(places)] = np.nan_to_num(np.column_stack([*table, np.ones(rows)]))
    return Cube(labels, (*numbers, ROWS), values)
