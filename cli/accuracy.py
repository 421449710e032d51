"""`tipoff accuracy`: the ledger. What the published predictions were worth, with N and intervals; plots on request."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from cli import common, show
from cli.common import Day, err, out
from cli.paged import Paged
from cli.suggest import Choice
from shared.accuracy import report
from shared.registries.markets import MARKETS
from shared.registries.systems import SYSTEMS

CUTS = ("system", "market", "tier", "mode", "edge", "month")
_KEYS = ("market", "mode", "system")
"""Every line of the ledger is of one of each: what is good in one must not hide what is bad in another."""

_NAIVE = ("season", "ewma", "rate")
_ORDER = (*MARKETS, "regular", "bench", "new", "0-2 %", "2-4 %", "4-6 %", "6-10 %", "10 % and more", "no price")
"""What has an order that is not the alphabet's."""


@click.command()
@click.option("--from", "first", type=Day(), help="First slate; default: 400 days before the last.")
@click.option("--to", "last", type=Day(), help="Last slate; default: today.")
@click.option("--by", type=click.Choice(CUTS), default="market", show_default=True, help="How to cut and order it.")
@click.option("--market", type=Choice(tuple(MARKETS)), help="Only this market.")
@click.option("--system", type=Choice(tuple(SYSTEMS)), help="Only this prediction system.")
@common.mode_option(None)
@click.option("--tier", type=click.Choice(("regular", "bench", "new")), help="Only these players.")
@click.option("--lined", is_flag=True, help="Only predictions with a line.")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Write the plots into this folder.")
@common.coordinator_options
def accuracy(by: str, plots: Path | None, *, lined: bool, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click's
    """How good the graded predictions were: errors, calibration, the market, naive baselines.

    A regular has ten earlier games of the season and fifteen minutes a game; who has fewer games is new, the others are
    bench. Intervals are 95 %, over resampled dates; differences are paired, negative is better. docs/accuracy.md has it
    all.
    """
    query = {name: str(value) for name, value in asked.items() if value is not None}
    query |= {"lined": str(lined).lower(), "by": by if by in ("tier", "edge", "month") else "all"}
    answer = common.ask(lambda client: client.get("accuracy", **query))
    groups = report(answer["sums"], answer["bins"])
    order = ("bucket", *_KEYS) if query["by"] != "all" else (by, *(key for key in _KEYS if key != by))
    groups.sort(key=lambda group: tuple(_place(group[name]) for name in order))
    written = [] if plots is None else _plots(groups, answer, plots, by)
    if as_json:
        common.print_json(_document(answer, groups, written, by))
    elif not groups:
        out.print("nothing graded in this window: `tipoff replay` and every morning's run grade")
    else:
        _show(answer, groups, [name for name in order if name == by or len({g[name] for g in groups}) > 1])
        for path in written:
            out.print(f"wrote {path}")
    for suspect in answer["suspects"]:
        err.print(f"warning: {suspect['system']} ({suspect['mode']}): {suspect['reason']}", style="bold red")


def _show(answer: dict[str, Any], groups: list[dict[str, Any]], order: Sequence[str]) -> None:
    """The tables under one heading; what is alike in all groups is said there."""
    alike = [groups[0][name] for name in ("mode", "system", "market") if name not in order]
    graded = sum(group["n"] for group in groups)
    about = f"{answer['first']} to {answer['last']} {' '.join(alike)}".rstrip()
    shown = Paged(f"{about}: {graded:,} graded forecasts in {len(groups)} groups")
    for table in (table(groups, order) for table in (errors_table, naive_table, market_table, picks_table)):
        if table.row_count:
            shown.add("")
            shown.add(table)
    shown.show()


def _document(answer: dict[str, Any], groups: list[dict[str, Any]], written: Sequence[Path], by: str) -> dict[str, Any]:
    asked = {name: value for name, value in answer.items() if name not in ("sums", "bins", "suspects")}
    return {**asked, "by": by, "groups": groups, "warnings": answer["suspects"], "plots": [str(p) for p in written]}


def _plots(groups: Sequence[dict[str, Any]], answer: dict[str, Any], folder: Path, by: str) -> list[Path]:
    from cli.plots import write  # noqa: PLC0415 - matplotlib takes a second to import

    return write(groups, answer["sums"], folder, cut=by in ("tier", "edge", "month"))


def _place(name: str) -> tuple[int, str]:
    """Where a name comes in its column: edges and tiers in their own order, the rest by name."""
    return (_ORDER.index(name), "") if name in _ORDER else (len(_ORDER), name)


def errors_table(groups: Sequence[dict[str, Any]], order: Sequence[str]) -> Table:
    """Errors, and how well the intervals and quantiles are calibrated."""
    table = _table("errors", (*order, "N", "MAE", "bias", "CRPS", "80 %", "ECE"), order)
    for group in groups:
        if group["n"]:
            table.add_row(
                *_names(group, order),
                f"{group['n']:,}",
                _with(group["mae"], group["mae_interval"], 3),
                show.number(group["bias"], 2, "+"),
                show.number(group["crps"], 3),
                show.percent(group["coverage_80"], 1),
                show.number(group["quantile_ece"], 3),
            )
    return table


def naive_table(groups: Sequence[dict[str, Any]], order: Sequence[str]) -> Table:
    """Paired differences of the error against the naive baselines: negative is better."""
    table = _table("error less that of the naive forecasts", (*order, *_NAIVE), order)
    for group in groups:
        if group["n"]:
            table.add_row(*_names(group, order), *(_difference(group["against"].get(name), 3) for name in _NAIVE))
    return table


def market_table(groups: Sequence[dict[str, Any]], order: Sequence[str]) -> Table:
    """The predictions that had a line: against it, and against its price."""
    names = ("N", "MAE - line", "Brier", "ECE", "- market")
    table = _table("against the market", (*order, *names), order)
    for group in groups:
        given = group["p_over"]
        if given is not None:
            table.add_row(
                *_names(group, order),
                f"{given['n']:,}",
                _difference(group["against"].get("line"), 3),
                show.number(given["brier"], 4),
                show.number(given["ece"], 3),
                _difference(given["market"], 4),
            )
    return table


def picks_table(groups: Sequence[dict[str, Any]], order: Sequence[str]) -> Table:
    """How often the line's right side was the likelier one, and what was recommended: won, and closing line value."""
    table = _table("sides of the line", (*order, "N", "right", "picks", "won", "CLV"), order)
    for group in groups:
        given, picks = group["p_over"], group["picks"]
        if given is not None:
            right = _share(given["hits"], given["n"], given["wilson"])
            won = ("", "", "") if picks is None else (
                f"{picks['n']:,}", _share(picks["won"], picks["n"], picks["wilson"]), show.number(picks["clv"], 2, "+")
            )  # fmt: skip
            table.add_row(*_names(group, order), f"{given['n']:,}", right, *won)
    return table


def _table(title: str, columns: Sequence[str], order: Sequence[str]) -> Table:
    shown = ["" if name == "bucket" else name for name in columns]
    return common.table(*shown, left=("", *order), gap=1, title=title)


def _names(group: dict[str, Any], order: Sequence[str]) -> list[str]:
    return [group[name] + (" (shadow)" if name == "system" and group["shadow"] else "") for name in order]


def _with(value: float | None, interval: Sequence[float] | None, digits: int, sign: str = "") -> str:
    """Like "4.92 ±.05": half the interval's width, which a table has room for; `--json` has both ends."""
    if value is None:
        return ""
    text = f"{value:{sign}.{digits}f}"
    return text if interval is None else f"{text} ±{(interval[1] - interval[0]) / 2:.{digits}f}".replace("±0.", "±.")


def _difference(found: dict[str, Any] | None, digits: int) -> str:
    return "" if found is None else _with(found["difference"], found["interval"], digits, "+")


def _share(hits: int, n: int, interval: Sequence[float] | None) -> str:
    """Like "54.2 % [45-63]"."""
    if not n or interval is None:
        return ""
    return f"{100 * hits / n:.1f} % [{100 * interval[0]:.0f}-{100 * interval[1]:.0f}]"
