"""The ledger as pictures: four files, each with its finding as the title. matplotlib's Agg, no display needed.

Colours are Okabe & Ito's (2008), told apart also by colour-blind eyes; shadow systems are drawn dashed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cli.common import writing
from shared.accuracy import REFERENCES
from shared.registries.markets import MARKETS
from shared.tables import QUANTILES

Group = dict[str, Any]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLE: Any = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.titlesize": 10.0,
    "legend.frameon": False,
    "savefig.dpi": 140,
}
_WINDOW = 7
"""Slates in the moving mean of the error over time."""
_TWO_BY_TWO = 4
"""Panels that look best in a square."""
_LEAST = 20
"""Fewer outcomes than this say nothing about a tenth of the probabilities."""


def write(groups: Sequence[Group], sums: Sequence[dict[str, Any]], folder: Path, *, cut: bool) -> list[Path]:
    """Draw what there is to draw, one folder per call; returns the files, in reading order.

    Args:
        groups: of `shared.accuracy.report`.
        sums: the rows they were made of.
        folder: made if it is not there.
        cut: by tier, edge or month, rather than only by market, mode and system.

    Raises:
        Permanent: the folder cannot be written.
    """
    drawn = [group for group in groups if group["n"]]
    if not drawn:
        return []
    plots: dict[str, Callable[[], Figure | None]] = {
        "coverage": lambda: coverage(drawn, cut=cut),
        "reliability": lambda: reliability(drawn, cut=cut),
        "error_over_time": lambda: error_over_time(sums),
        "differences": lambda: differences(drawn, cut=cut),
    }
    written = []
    with mpl.rc_context(_STYLE):
        for name, draw in plots.items():
            figure = draw()
            if figure is not None:
                written.append(_save(figure, folder / f"{name}.png"))
    return written


def coverage(groups: Sequence[Group], *, cut: bool) -> Figure:
    """How often the outcome lay below each quantile, minus the level it should be: flat at zero is calibrated."""
    figure, axes = _grid([group["market"] for group in groups], "level of the quantile", "share below it minus level")
    levels = np.array(QUANTILES)
    for (market, axis), share in zip(axes, _sharing(groups), strict=True):
        axis.axhline(0.0, color="black", linewidth=0.8)
        reach = 1.96 * np.sqrt(levels * (1 - levels) / min(group["n"] for group in share))
        axis.fill_between(levels, -reach, reach, color="black", alpha=0.07, linewidth=0, label="95 % of pure chance")
        for group, look in _looks(share, cut=cut):
            away = [group["quantile_hit"][f"{level:g}"] - level for level in QUANTILES]
            axis.plot(QUANTILES, away, marker="o", markersize=3.5, **look)
        axis.set_title(f"{market} (N = {_ns(share)})")
        axis.set_xlim(0.0, 1.0)
    worst = max(groups, key=lambda group: group["quantile_ece"])
    _finish(
        figure,
        f"Calibration of the quantiles: the furthest off is {_label(worst, cut=cut)} in {worst['market']}, "
        f"by {worst['quantile_ece']:.3f} on average",
        axes,
    )
    return figure


def reliability(groups: Sequence[Group], *, cut: bool) -> Figure | None:
    """How often the over came in, by the probability given for it; None where nothing had a line."""
    lined = [group for group in groups if group["p_over"] is not None]
    if not lined:
        return None
    figure, axes = _grid([group["market"] for group in lined], "P(over) given", "share of overs")
    for (market, axis), share in zip(axes, _sharing(lined), strict=True):
        axis.plot([0, 1], [0, 1], color="black", linewidth=0.8)
        for group, look in _looks(share, cut=cut):
            tenths = [tenth for tenth in group["p_over"]["reliability"] if tenth["n"] >= _LEAST]
            given = np.array([tenth["p_over"] for tenth in tenths])
            came = np.array([tenth["over_rate"] for tenth in tenths])
            reach = np.array([tenth["wilson"] for tenth in tenths]).reshape(-1, 2).T
            spread = np.abs(reach - came) if tenths else None
            axis.errorbar(given, came, yerr=spread, marker="o", markersize=3.5, capsize=2, **look)
        axis.set_title(f"{market} (N = {_ns(share, 'p_over')})")
        axis.set_xlim(0.0, 1.0)
        axis.set_ylim(0.0, 1.0)
    worst = max(lined, key=lambda group: group["p_over"]["ece"])
    _finish(
        figure,
        f"Reliability of P(over): the furthest off is {_label(worst, cut=cut)} in {worst['market']}, "
        f"by {worst['p_over']['ece']:.3f} on average",
        axes,
        f"bars: Wilson's 95 %; tenths with fewer than {_LEAST} outcomes are left out",
    )
    return figure


def error_over_time(sums: Sequence[dict[str, Any]]) -> Figure:
    """The error of the median by slate: a moving mean over slates with 95 % of its nights' spread."""
    days: defaultdict[tuple[str, str, str], defaultdict[date, list[float]]] = defaultdict(
        lambda: defaultdict(lambda: [0.0, 0.0])
    )
    for row in sums:
        if row["n"]:
            there = days[row["market"], row["mode"], row["system"]][date.fromisoformat(str(row["game_date"]))]
            there[0] += row["error"]
            there[1] += row["n"]
    figure, axes = _grid([key[0] for key in days], "", "", same=False)
    ends = []
    for market, axis in axes:
        lines = {key[1:]: found for key, found in days.items() if key[0] == market}
        for ((mode, system), found), colour in zip(sorted(lines.items()), cycle(_COLOURS), strict=False):
            when = sorted(found)
            middle, reach = _moving(np.array([found[day] for day in when]))
            slates = np.array(when, dtype="datetime64[D]")[-len(middle) :]
            axis.plot(slates, middle, color=colour, label=f"{system}, {mode}")
            axis.fill_between(slates, middle - reach, middle + reach, color=colour, alpha=0.15, linewidth=0)
            ends.append(f"{system} {middle[0]:.2f} at first, {middle[-1]:.2f} at last")
        axis.set_title(f"{market} (N = {sum(int(n) for found in lines.values() for _, n in found.values())})")
        axis.set_ylabel(f"mean absolute error, {market}")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))  # whole days
        axis.xaxis.set_major_formatter(DateFormatter("%d %b %y"))  # type: ignore[no-untyped-call]  # of matplotlib
    _finish(
        figure,
        f"Error of the median, mean of {_WINDOW} slates: {axes[0][0]}, {ends[0]}",
        axes,
        "band: 95 %, from the spread of the slates in the window",
    )
    return figure


def differences(groups: Sequence[Group], *, cut: bool) -> Figure | None:
    """Paired differences in MAE to the baselines and the line, with intervals clustered by date; None without any."""
    compared = [group for group in groups if group["against"]]
    if not compared:
        return None
    figure, axes = _grid([group["market"] for group in compared], "MAE minus reference (< 0: better)", "")
    better = total = 0
    for (market, axis), share in zip(axes, _sharing(compared), strict=True):
        axis.axvline(0.0, color="black", linewidth=0.8)
        width = 0.8 / len(share)
        for number, (group, look) in enumerate(_looks(share, cut=cut)):
            for place, name in enumerate(REFERENCES):
                found = group["against"].get(name)
                if found is None:
                    continue
                low, high = found["interval"] if found["interval"] is not None else (found["difference"],) * 2
                total, better = total + (low < high), better + (low < high < 0)
                axis.errorbar(
                    found["difference"],
                    place + (number - (len(share) - 1) / 2) * width,
                    xerr=[[max(found["difference"] - low, 0.0)], [max(high - found["difference"], 0.0)]],
                    marker="o", markersize=4, capsize=2, **(look | {"label": look["label"] if place == 0 else None}),
                )  # fmt: skip
        axis.locator_params(axis="x", nbins=5)
        axis.set_yticks(range(len(REFERENCES)), REFERENCES.values())
        axis.set_ylim(len(REFERENCES) - 0.5, -0.5)
        counts = [found["n"] for group in share for found in group["against"].values()]
        axis.set_title(f"{market} (N = {_range(counts)})")
    _finish(
        figure,
        "Against naive baselines and the line: "
        + (f"the interval lies below zero in {better} of {total} comparisons" if total else "one slate, no intervals"),
        axes,
        "bars: 95 % over resampled dates; each on the rows where the reference says anything",
    )
    return figure


def _moving(days: "np.ndarray[Any, np.dtype[np.float64]]") -> tuple[Any, Any]:
    """From (slates, 2) sums and counts: the mean over each `_WINDOW` slates (all, if there are fewer); 1.96 errors."""
    window = min(_WINDOW, len(days))
    middle, reach = np.empty(len(days) - window + 1), np.zeros(len(days) - window + 1)
    for first in range(len(middle)):
        total, n = days[first : first + window].T
        middle[first] = total.sum() / n.sum()
        if window > 1:  # the ratio's linearised variance over clusters (Cochran 1977, 6.4)
            residual = total - middle[first] * n
            reach[first] = 1.96 * np.sqrt(window / (window - 1) * (residual**2).sum()) / n.sum()
    return middle, reach


def _grid(markets: Sequence[str], x: str, y: str, *, same: bool = True) -> tuple[Figure, list[tuple[str, Axes]]]:
    """A panel per market, at most three in a row, on the same vertical scale unless the units differ."""
    names = [name for name in MARKETS if name in set(markets)]
    across = 2 if len(names) == _TWO_BY_TWO else min(3, len(names))
    down = -(-len(names) // across)
    figure = Figure(figsize=(1.5 + 3.7 * across, 1.6 + 3.2 * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharey=same).flatten()
    for spare in panels[len(names) :]:
        spare.set_visible(False)
    for number, panel in enumerate(panels[: len(names)]):
        panel.set_xlabel(x)
        if number % across == 0:  # the others share it
            panel.set_ylabel(y)
    return figure, list(zip(names, panels, strict=False))


def _sharing(groups: Sequence[Group]) -> list[list[Group]]:
    """The groups of each market, markets in order."""
    found = {group["market"] for group in groups}
    return [[group for group in groups if group["market"] == name] for name in MARKETS if name in found]


def _looks(groups: Sequence[Group], *, cut: bool) -> Iterator[tuple[Group, dict[str, Any]]]:
    for group, colour in zip(groups, cycle(_COLOURS), strict=False):
        style = "--" if group["shadow"] else "-"
        yield group, {"color": colour, "linestyle": style, "linewidth": 1.2, "label": _label(group, cut=cut)}


def _label(group: Group, *, cut: bool) -> str:
    name = f"{group['system']}, {group['mode']}" + (" (shadow)" if group["shadow"] else "")
    return f"{name}, {group['bucket']}" if cut else name


def _ns(groups: Sequence[Group], part: str | None = None) -> str:
    """The least and the most N of the lines in a panel."""
    return _range([group["n"] if part is None else group[part]["n"] for group in groups])


def _range(counts: Sequence[int]) -> str:
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def _finish(figure: Figure, title: str, axes: Sequence[tuple[str, Axes]], note: str = "") -> None:
    """Title, one legend for all panels, and how to read the bars."""
    handles: dict[str, Any] = {}
    for _, axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=min(3, len(handles)))
    figure.suptitle(title + (f"\n{note}" if note else ""), fontsize=11)


def _save(figure: Figure, path: Path) -> Path:
    with writing(path, "folder"):
        figure.savefig(path)
    return path
