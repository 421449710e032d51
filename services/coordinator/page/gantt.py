"""A run as a Gantt chart: where each bar lies, and how steps stand on each other. Pure: a template draws it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.coordinator.page.rendering import clock, duration
from shared.registries.pipeline import STEPS

LABELS: Final = 235.0
"""Width of the names, in units of the drawing."""
BARS: Final = 620.0
AFTER: Final = 75.0
"""Width of what stands behind the longest bar."""
ROW: Final = 24.0
TOP: Final = 26.0
_BAR: Final = 14.0
_THINNEST: Final = 3.0
_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A step."""

    step: str
    status: str
    middle: float
    """Of its row."""
    top: float
    left: float
    width: float
    height: float
    text: str
    """What stands behind it."""
    drawn: bool
    """Whether it has begun."""


@dataclass(frozen=True, slots=True)
class Link:
    """One step stands on another."""

    path: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the time axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """The chart."""

    bars: Sequence[Bar]
    links: Sequence[Link]
    ticks: Sequence[Tick]
    width: float
    height: float
    by_clock: bool
    """Whether the axis is the clock; else it is work, each step as early as what it stands on allows."""


def gantt(run: Mapping[str, Any], now: datetime, chosen: str = "") -> Gantt:
    """The chart of a run as the API shows it.

    Args:
        run: the run.
        now: where bars of steps that are under way end.
        chosen: the step whose dependencies are brought out.
    """
    steps: Mapping[str, Mapping[str, Any]] = run["steps"]
    begun = _instant(run["created_at"])
    spans = {name: _span(step, begun, now) for name, step in steps.items()}
    end = max((span[1] for span in spans.values() if span is not None), default=0.0)
    by_clock = _ran(steps, spans, begun)
    if not by_clock:
        spans = _by_work(steps)
        end = max((span[1] for span in spans.values() if span is not None), default=0.0)
    end = end if end > 0 else 1.0
    bars = {name: _bar(row, name, step["status"], spans[name], end) for row, (name, step) in enumerate(steps.items())}
    links = [
        Link(_path(bars[need], bars[name]), chosen in (need, name))
        for name in steps
        for need in STEPS[name].needs
        if need in bars and bars[need].drawn and bars[name].drawn
    ]
    ticks = [_tick(run, at, end, by_clock=by_clock) for at in _marks(end)]
    links.sort(key=lambda link: link.chosen)
    return Gantt(list(bars.values()), links, ticks, LABELS + BARS + AFTER, TOP + ROW * len(bars) + 4, by_clock)


def _span(step: Mapping[str, Any], begun: datetime, now: datetime) -> tuple[float, float] | None:
    """Seconds from the run's begin to the step's begin and end; None: it has not begun."""
    if step["started_at"] is None:
        return None
    start = max(0.0, (_instant(step["started_at"]) - begun).total_seconds())
    ended = now if step["ended_at"] is None or step["status"] == "running" else _instant(step["ended_at"])
    return start, max(start, (ended - begun).total_seconds())


def _ran(
    steps: Mapping[str, Mapping[str, Any]], spans: Mapping[str, tuple[float, float] | None], begun: datetime
) -> bool:
    """Whether the clock ran while the steps of this generation worked: a virtual one stands still."""
    passed = worked = 0.0
    for name, step in steps.items():
        span = spans[name]
        if span is not None and _instant(step["started_at"]) >= begun:
            passed += span[1] - span[0]
            worked += step["seconds"]
    return passed >= worked / 2


def _by_work(steps: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[float, float] | None]:
    """Each step of the seconds that it worked, as soon as all it stands on have ended."""
    ends: dict[str, float] = {}
    spans: dict[str, tuple[float, float] | None] = {}
    for name, step in steps.items():
        start = max((ends[need] for need in STEPS[name].needs if need in ends), default=0.0)
        ends[name] = start + step["seconds"]
        spans[name] = None if step["started_at"] is None else (start, ends[name])
    return spans


def _bar(row: int, name: str, status: str, span: tuple[float, float] | None, end: float) -> Bar:
    top = TOP + row * ROW
    height = top + (ROW - _BAR) / 2
    if span is None:
        return Bar(name, status, top + ROW / 2, height, LABELS, 0.0, _BAR, status, drawn=False)
    start, ended = span
    width = max(_THINNEST, BARS * (ended - start) / end)
    left = min(LABELS + BARS * start / end, LABELS + BARS - _THINNEST)
    return Bar(
        name, status, top + ROW / 2, height, _round(left), _round(width), _BAR, duration(ended - start), drawn=True
    )


def _path(need: Bar, bar: Bar) -> str:
    """From the end of what is needed down to the begin of what needs it."""
    start, end = need.left + need.width, bar.left
    turn = _round(max(start, end - 6.0))
    return f"M{_round(start)} {need.middle}H{turn}V{bar.middle}H{_round(end)}"


def _marks(end: float) -> list[float]:
    """Round seconds between 0 and the end, a handful."""
    rough = end / _TICKS
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    if step >= 10:  # noqa: PLR2004 - above that, people count in parts of a minute and of an hour
        step = next((each for each in (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200) if each >= rough), step)
    return [step * index for index in range(int(end / step) + 1)]


def _tick(run: Mapping[str, Any], at: float, end: float, *, by_clock: bool) -> Tick:
    where = _round(LABELS + BARS * at / end)
    if at == 0 and by_clock:
        return Tick(where, clock(run["created_at"]))
    return Tick(where, f"+{duration(at)}" if by_clock else duration(at))


def _instant(given: str) -> datetime:
    return datetime.fromisoformat(given)


def _round(value: float) -> float:
    return round(value, 1)
