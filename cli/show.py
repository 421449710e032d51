"""How results look on a terminal."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table

from cli import common
from cli.common import err, out
from client.answers import Run, Step
from shared.basketball.slate import EASTERN
from shared.registries.markets import MARKETS
from shared.registries.pipeline import PHASES, STEPS

_BAR = 24
"""Characters of a bar, on a terminal that is not narrow."""


def _one_line(ratio: int | None = None) -> Column:
    """A column that is cut where the terminal ends: a bar that wraps cannot be drawn again in its place."""
    return Column(no_wrap=True, overflow="ellipsis", ratio=ratio)


class NightProgress(Progress):
    """A line per phase, live on a terminal and silent elsewhere; `done` counts settled steps."""

    def __init__(self, title: str, *more: ProgressColumn) -> None:
        super().__init__(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description}", table_column=_one_line()),
            BarColumn(_BAR if err.width >= common.WIDTH else _BAR // 4),
            TextColumn("{task.fields[note]}", table_column=_one_line(ratio=1)),
            TimeElapsedColumn(),
            *more,
            console=err,
            disable=not err.is_terminal,
            expand=True,
        )
        self._title = title
        self._bars: dict[tuple[str, str], TaskID] = {}

    def __call__(self, run: Run) -> None:
        """Take in the run as it stands."""
        phases: defaultdict[str, dict[str, Step]] = defaultdict(dict)
        for name, step in run["steps"].items():
            phases[PHASES[STEPS[name].phase]][name] = step
        for phase, steps in phases.items():
            settled = {name: step for name, step in steps.items() if step["status"] not in ("pending", "running")}
            note = "; ".join(f"{name}: {step['reason']}" for name, step in settled.items() if step["reason"])
            key = (run["run_id"], phase)
            if key not in self._bars:
                title = f"{self._title} {run['game_date']}  {phase}"
                self._bars[key] = self.add_task(title, total=len(steps), note="")
            self.update(self._bars[key], completed=len(settled), note=note)


class SeasonProgress(NightProgress):
    """One bar over many nights with the time left."""

    def __init__(self, title: str, nights: int) -> None:
        super().__init__(title, TextColumn("left"), TimeRemainingColumn())
        self._total = nights
        self._ended: set[str] = set()

    def __call__(self, run: Run) -> None:
        """Count ended runs."""
        if not self._bars:
            self._bars["all", ""] = self.add_task(self._title, total=self._total, note="")
        if run["status"] == "running":  # a run may go on: it is published first, and graded when others are
            self._ended.discard(run["id"])
        else:
            self._ended.add(run["id"])
        note = f"{run['game_date']} {run['status']}"
        self.update(self._bars["all", ""], completed=len(self._ended), note=note)


class TimeProgress(Progress):
    """One bar over a span of virtual time, with the time left."""

    def __init__(self, title: str, start: datetime, end: datetime) -> None:
        super().__init__(
            TextColumn("{task.description}", table_column=_one_line()),
            BarColumn(_BAR if err.width >= common.WIDTH else _BAR // 4),
            TextColumn("{task.fields[note]}", table_column=_one_line(ratio=1)), TextColumn("left"),
            TimeRemainingColumn(), console=common.err, disable=not common.err.is_terminal, expand=True,
        )  # fmt: skip
        self._start = start
        self._bar = self.add_task(title, total=(end - start).total_seconds(), note="")

    def __call__(self, now: datetime) -> None:
        """It is this time now."""
        note = f"{now.astimezone(EASTERN):%Y-%m-%d %H:%M} ET"
        self.update(self._bar, completed=(now - self._start).total_seconds(), note=note)


def predictions_table(rows: Sequence[dict[str, Any]], market: str) -> Table:
    """A market's predictions by game, the best first; the system where there is more than one."""
    several = len({row["system"] for row in rows}) > 1
    measures = ("mean", "80 % interval", "line", "P(over)", "market", "edge", "pick", "actual")
    columns = ("player", "game", *(("system",) if several else ()), *measures)
    table = common.table(*columns, left=("player", "game", "system", "pick"), title=market)
    game = None
    for row in rows:
        if game not in (None, row["game_id"]):
            table.add_section()
        game = row["game_id"]
        table.add_row(
            row["player_name"] + (f" ({row['injury_status']})" if row["injury_status"] else ""),
            matchup(row),
            *([system_name(row)] if several else []),
            f"{row['mean']:.1f}",
            f"{max(row['q10'], 0.0):.0f} - {row['q90']:.0f}",
            "" if row["line"] is None else f"{row['line']:g}",
            percent(row["p_over"]),
            percent(row["p_market"]),
            percent(row["edge"], 0, "+"),
            pick(row),
            "did not play" if row["voided"] else "" if row["actual"] is None else f"{row['actual']:.0f}",
        )
    return table


def system_name(row: dict[str, Any]) -> str:
    """The system; one on trial is marked."""
    return f"{row['system']} (shadow)" if row["shadow"] else str(row["system"])


def pick(row: dict[str, Any]) -> str:
    """Like "over +105 draftkings" or "pass: small edge"; nothing without a line, or from before there were any."""
    recommended = row["recommendation"]
    if recommended is None or recommended == "no_line":
        return ""
    if recommended == "pass":
        return f"pass: {row['pass_reason']}"
    return f"{recommended} {price(row[f'{recommended}_price'])} {row['book']}"


def price(american: float | None) -> str:
    """American odds as they are written: +105, -110."""
    return number(american, 0, "+")


def number(value: float | None, digits: int = 2, sign: str = "") -> str:
    """With so many decimals; nothing for none. With "+" for its sign also where it is positive."""
    return "" if value is None else f"{value:{sign}.{digits}f}"


def percent(share: float | None, digits: int = 0, sign: str = "") -> str:
    """A share in percent, likewise."""
    return "" if share is None else f"{100 * share:{sign}.{digits}f} %"


def matchup(row: dict[str, Any]) -> str:
    """Like "BOS @ NYK 19:30": the player's team first, Eastern tip-off."""
    tip = datetime.fromisoformat(row["tip_utc"]).astimezone(EASTERN)
    if row["team_abbr"] is None:  # he left the roster after he was predicted
        return f"{row['away_team']} @ {row['home_team']} {tip:%H:%M}"
    return f"{row['team_abbr']} {'vs' if row['is_home'] else '@'} {row['opponent_team_abbr']} {tip:%H:%M}"


def accuracy_table(accuracy: dict[str, dict[str, Any]]) -> Table:
    """Graded predictions beside the season-to-date mean, by market."""
    systems = ", ".join(sorted({a["system"] for a in accuracy.values()}))
    names = ("market", "N", "MAE", "season-to-date MAE", "80 % interval holds")
    table = common.table(*names, left=("market",), title=f"graded {systems}".rstrip())
    for market in MARKETS:
        if market in accuracy:
            a = accuracy[market]
            table.add_row(
                market,
                str(a["n"]),
                number(a["mae"]),
                number(a["season_to_date_mae"]),
                percent(a["coverage_80"]),
            )
    return table


def nights_table(nights: Sequence[dict[str, Any]]) -> Table:
    """A replay's nights, a line each."""
    counted = ("games", "predicted", "graded", "void", "points MAE", "baseline", "requests", "retries", "seconds")
    table = common.table("night", "status", *counted, left=("night", "status"))
    for night in nights:
        points = night["accuracy"].get("points", {})
        table.add_row(
            night["game_date"],
            night["status"],
            f"{night['games']['collected']}/{night['games']['expected']}",
            str(night["predictions"]),
            str(night["graded"]),
            str(night["voided"]),
            number(points.get("mae")),
            number(points.get("season_to_date_mae")),
            str(night["requests"]),
            str(night["retries"]),
            f"{night['wall_seconds']:.1f}",
        )
    return table


def failure(nights: Sequence[dict[str, Any]]) -> None:
    """The first thing that failed, as the one line on stderr that a failure gets."""
    for night in nights:
        if night["status"] == "failed":
            step, reason = next(iter(night["reasons"].items()), ("run", "failed"))
            err.print(f"error: {night['game_date']} {step}: {reason}", soft_wrap=True, markup=False)
            return


def reasons(nights: Sequence[dict[str, Any]]) -> None:
    """Why nights are not complete, a line each."""
    for night in nights:
        for step, reason in night["reasons"].items():
            out.print(f"[yellow]{night['game_date']} {step}[/]: {reason}")
