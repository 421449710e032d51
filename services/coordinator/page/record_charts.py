"""The drawings of the record, and of several systems side by side. Pure, as those of a player are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from services.coordinator.page.charts import Span
from services.coordinator.page.svg import (
    WIDTH,
    Scale,
    axis_below,
    axis_left,
    drawing,
    line,
    nothing,
    number,
    rect,
    tag,
    text,
    ticks,
)


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of about one probability: what was said, and how often it came true."""

    p: float
    share: float
    n: int
    low: float
    high: float


def calibration(bins: Sequence[Bin], *, name: str = "Calibration") -> Markup:
    """What was said against what came true: a dot a bin, larger with its number, and its interval."""
    if not bins:
        return nothing(name, "Nothing graded yet.", (280.0, 120.0))
    size, left, top = 280.0, 40.0, 10.0
    x, y = Scale(0.0, 1.0, left, size - 10.0), Scale(0.0, 1.0, size - 34.0, top)
    largest = max(each.n for each in bins)
    dots = (
        tag(
            "g",
            tag("title", f"said {each.p:.0%}: came true {each.share:.1%}, N {each.n}"),
            line(x(each.p), y(each.low), x(each.p), y(each.high), "whisker"),
            tag("circle", cx=x(each.p), cy=y(each.share), r=2.0 + 4.0 * math.sqrt(each.n / largest), class_="dot"),
        )
        for each in bins
    )
    quarters = [(each / 4, f"{each * 25} %") for each in range(5)]
    total = sum(each.n for each in bins)
    gap = sum(abs(each.share - each.p) * each.n for each in bins) / total if total else 0.0
    return drawing(
        name,
        f"{len(bins)} bins of {total} predictions; said and came true differ by {gap:.1%} on average.",
        (size, size),
        axis_left(y, left, x.end, quarters),
        axis_below(x, y.start, quarters),
        line(x(0.0), y(0.0), x(1.0), y(1.0), "ideal"),
        *dots,
        text((x.start + x.end) / 2, size - 4, "said", "label axis-name", text_anchor="middle"),
        class_="chart calibration",
    )


def intervals(spans: Sequence[Span], *, reference: float | None = None, name: str = "Intervals") -> Markup:
    """A row for each number: its interval as a bar, itself as a dot; a reference as a line through all of them."""
    if not spans:
        return nothing(name, "Nothing to show yet.")
    ends = [each for span in spans for each in (span.low, span.value, span.high) if each is not None]
    ends += [] if reference is None else [reference]
    margin = (max(ends) - min(ends)) * 0.04
    row, left, right = 22.0, 110.0, 54.0
    x = Scale(min(ends) - margin, max(ends) + margin, left, WIDTH - right)
    floor = row * len(spans) + 4.0
    rows = (_span(each, row * i + row / 2 + 2, x) for i, each in enumerate(spans))
    through = [] if reference is None else [line(x(reference), 2.0, x(reference), floor, "line")]
    described = "; ".join(f"{each.label} {_words(each)}" for each in spans) + "."
    return drawing(
        name,
        described,
        (WIDTH, floor + 20.0),
        *through,
        *rows,
        axis_below(x, floor, [(each, number(each)) for each in ticks(x.low, x.high, 5)]),
        class_="chart intervals",
        **x.movable("x"),
    )


def _span(span: Span, y: float, x: Scale) -> Markup:
    parts = [text(x.start - 8, y + 4, span.label, text_anchor="end")]
    if span.low is not None and span.high is not None:
        parts.append(rect(x(span.low), y - 3, (x(span.high) - x(span.low), 6.0), "band", rx=3.0))
    parts.append(tag("circle", cx=x(span.value), cy=y, r=4.0, class_="dot"))
    parts.append(text(WIDTH - 2, y + 4, span.words or number(span.value), text_anchor="end"))
    return tag("g", *parts)


def _words(span: Span) -> str:
    value = number(span.value)
    return value if span.low is None or span.high is None else f"{value} ({number(span.low)} to {number(span.high)})"
