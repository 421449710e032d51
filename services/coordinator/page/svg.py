"""What every drawing of the page is made of: escaped elements, scales and ticks. Pure; colours are the stylesheet's.

Strings of markup, no library: what there is (`svg.py` 1.10) does not escape text, and takes twice as long.
"""

import math
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

WIDTH = 400.0
"""Of the view box of every larger drawing, in units that are pixels on a small phone."""
STEPS = (1.0, 2.0, 5.0, 10.0)
"""Distances of ticks, times a power of ten."""
_NO_RANGE = 1e-9
"""Shares of a value that no axis tells apart."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from `low` to `high` linearly on coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate of a value: of one outside the range that of its nearer end, the middle if there is no range.

        Raises:
            ValueError: the value is no number.
        """
        if math.isnan(value):
            raise ValueError("no coordinate for NaN: leave out what is missing")
        if not self.high > self.low:
            return (self.start + self.end) / 2
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def movable(self, direction: Literal["x", "y"]) -> dict[str, str | float]:
        """Attributes of a drawing whose line the script may move: the scale, and along which axis it lies."""
        return {
            "data_moves": direction,
            "data_low": number(self.low),
            "data_high": number(self.high),
            "data_start": number(self.start),
            "data_end": number(self.end),
        }


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them; one where there is no range."""
    if not high - low > _NO_RANGE * max(1.0, abs(low), abs(high)):
        return [low]
    rough = (high - low) / max(count, 1)
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(ten * each for each in STEPS if ten * each >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [min(max(n * step, low), high) for n in range(first, last + 1)]


def tag(name: str, *inside: str, **attributes: str | float | None) -> Markup:
    """An element, everything in it escaped that is not markup; `class_` is `class`, `_` is `-`, None is left out.

    Raises:
        ValueError: a coordinate that is not finite.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    content = "".join(escape(each) for each in inside)
    return Markup(f"<{name}{written}>{content}</{name}>" if inside else f"<{name}{written}/>")  # noqa: S704 - escaped


def drawing(name: str, described: str, size: tuple[float, float], *inside: str, **attributes: str | float) -> Markup:
    """A whole drawing: its name and description are what a screen reader says instead of it.

    Args:
        name: what it shows.
        described: the same in a sentence, with the numbers that matter.
        size: width and height of the view box; the stylesheet lets it grow and shrink with its place.
        inside: its elements.
        attributes: of the root; `class_` says which drawing it is.
    """
    width, height = size
    attributes = {"class_": "chart", "role": "img", **attributes}
    return tag(
        "svg",
        tag("title", name),
        tag("desc", described),
        *inside,
        viewBox=f"0 0 {number(width)} {number(height)}",
        **attributes,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str, **attributes: str | float) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_, **attributes)


def text(x: float, y: float, words: str, class_: str = "label", **attributes: str | float) -> Markup:
    """Words at a place; `text_anchor` says which end of them is there."""
    return tag("text", words, x=x, y=y, class_=class_, **attributes)


def rect(x: float, y: float, size: tuple[float, float], class_: str, *inside: str, **attributes: str | float) -> Markup:
    """A rectangle of some width and height, never less than nothing; a `title` inside is its tooltip."""
    width, height = (max(each, 0.0) for each in size)
    return tag("rect", *inside, x=x, y=y, width=width, height=height, class_=class_, **attributes)


def axis_below(scale: Scale, y: float, at: list[tuple[float, str]]) -> Markup:
    """An axis at the bottom: a rule, and below it the labels of (value, words)."""
    ends = {scale.start: "start", scale.end: "end"}
    return tag(
        "g",
        line(scale.start, y, scale.end, y, "axis"),
        *(text(x, y + 14, words, text_anchor=ends.get(x, "middle")) for value, words in at for x in [scale(value)]),
        class_="axis-below",
    )


def axis_left(scale: Scale, x: float, right: float, at: list[tuple[float, str]]) -> Markup:
    """An axis at the left: labels of (value, words), and from each a faint rule to the right."""
    return tag(
        "g",
        *(
            line(x, y, right, y, "rule") + text(x - 4, y + 4, words, text_anchor="end")
            for value, words in at
            for y in [scale(value)]
        ),
        class_="axis-left",
    )


def nothing(name: str, words: str, size: tuple[float, float] = (WIDTH, 60.0)) -> Markup:
    """A drawing of nothing, which says why."""
    width, height = size
    said = text(width / 2, height / 2 + 4, words, text_anchor="middle") if width > len(words) * 5 else ""
    return drawing(name, words, size, said, class_="chart empty")


def number(value: float) -> str:
    """A number as drawings and labels have it: at most two decimals, none that say nothing.

    Raises:
        ValueError: it is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no coordinate: leave out what is missing")
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _value(value: str | float) -> str:
    return str(escape(value)) if isinstance(value, str) else number(value)
