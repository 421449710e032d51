"""Progress of runs, live on a terminal and silent elsewhere."""

from collections import defaultdict
from datetime import datetime

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
from rich.table import Column

from cli import common
from cli.common import err
from client.answers import Run, Step
from shared.basketball.slate import EASTERN
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
