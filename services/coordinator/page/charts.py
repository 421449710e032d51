"""The drawings of a player. Pure: numbers in, markup out; what is missing is left out of the drawing.

Every drawing stands beside a table with the same numbers. What the small script moves has `data-` attributes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

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
    ticks,
)


@dataclass(frozen=True, slots=True)
class Chance:
    """How probable a count is."""

    count: int
    p: float


@dataclass(frozen=True, slots=True)
class Game:
    """A game of a player's, against what was forecast then."""

    label: str
    """Which game, for people."""
    value: float | None
    """His count; None if he did not play."""
    mean: float | None = None
    low: float | None = None
    """10 % quantile of the forecast."""
    high: float | None = None
    """90 % quantile."""
    line: float | None = None
    """What was posted then."""


@dataclass(frozen=True, slots=True)
class Span:
    """A number with an interval."""

    label: str
    value: float
    low: float | None
    high: float | None
    words: str = ""
    """Said beside it; by itself the number."""


_FEW = 10
"""Bars are no broader than those of so many games."""


def side(count: float, against: float) -> str:
    """On which side of a line a count lies: over, under or push."""
    return "push" if count == against else "over" if count > against else "under"


def distribution(
    chances: Sequence[Chance], at: float | None, *, band: tuple[float, float] | None = None, name: str = "Distribution"
) -> Markup:
    """A bar for each count, a line through them that can be moved, and the band that holds four of five outcomes.

    Args:
        chances: of successive counts, rising.
        at: the line; None draws none.
        band: quantiles of 10 and 90 %.
        name: what it is of.
    """
    if not chances:
        return nothing(name, "No forecast.")
    top, floor, height = 14.0, 140.0, 172.0
    x = Scale(chances[0].count - 0.5, chances[-1].count + 0.5, 8.0, WIDTH - 8.0)
    y = Scale(0.0, max(each.p for each in chances), floor, top)
    step = (x.end - x.start) / len(chances)
    gap = 1.0 if step > 3 else 0.0  # noqa: PLR2004 - narrower bars touch
    bars = (
        rect(
            x(each.count) - step / 2 + gap / 2,
            y(each.p),
            (step - gap, floor - y(each.p)),
            "bar" if at is None else f"bar {side(each.count, at)}",
            tag("title", f"{each.count}: {each.p:.1%}"),
            data_count=number(each.count),
        )
        for each in chances
    )
    marks = [] if band is None else [rect(x(band[0]), floor + 3, (x(band[1]) - x(band[0]), 4.0), "band")]
    if at is not None:
        marks.append(line(x(at), top - 6, x(at), floor + 8, "line"))
        marks.append(tag("circle", cx=x(at), cy=top - 7, r=5.0, class_="grip"))
    most = max(chances, key=lambda each: each.p)
    described = f"Most probable: {most.count}."
    if band is not None:
        described += f" Four of five outcomes lie from {number(band[0])} to {number(band[1])}."
    labels = [(each, number(each)) for each in ticks(chances[0].count, chances[-1].count, 8) if each == int(each)]
    return drawing(
        name,
        described,
        (WIDTH, height),
        *bars,
        *marks,
        axis_below(x, floor + 12, labels),
        class_="chart distribution",
        **x.movable("x"),
    )


def last_games(games: Sequence[Game], at: float | None, *, name: str = "Last games") -> Markup:
    """A bar for each game, oldest first, a line across them, and what was forecast then as a tick with its band."""
    if not any(each.value is not None or each.mean is not None for each in games):
        return nothing(name, "No games yet.")
    left, top, floor, height = 26.0, 8.0, 150.0, 158.0
    seen = [each for game in games for each in (game.value, game.mean, game.high) if each is not None]
    y = Scale(0.0, max([*seen, 1.0, *([] if at is None else [at])]) * 1.05, floor, top)
    x = Scale(0.0, 1.0, left, WIDTH - 4.0)
    step = (x.end - x.start) / max(len(games), _FEW)
    drawn = [_game(game, (x.start + i * step, step), y, at) for i, game in enumerate(games)]
    across = [] if at is None else [line(x.start, y(at), x.end, y(at), "line")]
    values = [game.value for game in games if game.value is not None]
    described = f"{len(values)} games."
    if at is not None:
        described += f" Over {number(at)} in {sum(value > at for value in values)} of them."
    return drawing(
        name,
        described,
        (WIDTH, height),
        axis_left(y, left, x.end, [(each, number(each)) for each in ticks(0.0, y.high, 5)]),
        *drawn,
        *across,
        class_="chart last-games",
        **y.movable("y"),
    )


def _game(game: Game, place: tuple[float, float], y: Scale, at: float | None) -> Markup:
    start, step = place
    middle = start + step / 2
    parts = [tag("title", game.label)]
    if game.value is not None:
        kind = "bar" if at is None else f"bar {side(game.value, at)}"
        # Nothing scored is a thin bar, not a missing one.
        bar = max(y(0.0) - y(game.value), 1.5)
        parts.append(rect(start + step * 0.16, y(0.0) - bar, (step * 0.68, bar), kind, data_count=number(game.value)))
    if game.low is not None and game.high is not None:
        parts.append(line(middle, y(game.low), middle, y(game.high), "whisker"))
    if game.mean is not None:
        parts.append(line(start + step * 0.08, y(game.mean), start + step * 0.92, y(game.mean), "forecast"))
    return tag("g", *parts)


def sparkline(values: Sequence[float | None], name: str, *, size: tuple[float, float] = (96.0, 24.0)) -> Markup:
    """A small line of successive values, the newest as a dot; it breaks where one is missing."""
    known = [each for each in values if each is not None]
    if not known:
        return nothing(name, "No values yet.", size)
    x = Scale(0.0, float(len(values) - 1), 3.0, size[0] - 3.0)
    y = Scale(min(known), max(known), size[1] - 3.0, 3.0)
    path, pen = [], "M"
    for i, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{number(x(i))} {number(y(value))}")
        pen = "L"
    last = max(i for i, value in enumerate(values) if value is not None)
    described = (
        f"From {number(known[0])} to {number(known[-1])}, between {number(min(known))} and {number(max(known))}."
    )
    return drawing(
        name,
        described,
        size,
        tag("path", d=" ".join(path), class_="curve"),
        tag("circle", cx=x(last), cy=y(known[-1]), r=2.0, class_="dot"),
        class_="chart sparkline",
    )


def span(forecast: Span, at: float, ends: tuple[float, float], *, name: str) -> Markup:
    """One forecast in a row of text: its interval as a bar, itself as a dot, and a line."""
    x = Scale(*ends, 4.0, 116.0)
    low, high = (forecast.value if each is None else each for each in (forecast.low, forecast.high))
    return drawing(
        name,
        name,
        (120.0, 20.0),
        line(x.start, 10.0, x.end, 10.0, "rule"),
        rect(x(low), 7.0, (x(high) - x(low), 6.0), "band", rx=3.0),
        line(x(at), 1.0, x(at), 19.0, "line"),
        tag("circle", cx=x(forecast.value), cy=10.0, r=3.5, class_="dot"),
        class_="chart span",
    )
