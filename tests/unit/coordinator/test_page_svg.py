"""The laws of what the page draws: finite, inside its box, escaped, named, and monotone."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from services.coordinator.page import charts, record_charts
from services.coordinator.page.charts import Chance, Game, Span
from services.coordinator.page.record_charts import Bin
from services.coordinator.page.svg import (
    Scale,
    axis_below,
    axis_left,
    drawing,
    number,
    tag,
    ticks,
)

counts = st.floats(0, 150, allow_nan=False)
maybe = st.none() | counts
shares = st.floats(0, 1, allow_nan=False)
words = st.text(st.characters(exclude_categories=["C"]), max_size=20)
games = st.builds(Game, words, maybe, maybe, maybe, maybe, maybe)
chances = st.tuples(st.integers(0, 60), st.lists(shares, max_size=70)).map(
    lambda drawn: [Chance(drawn[0] + i, p) for i, p in enumerate(drawn[1])]
)
bins = st.builds(Bin, shares, shares, st.integers(1, 100_000), shares, shares)
spans = st.tuples(words, st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3).map(sorted)).map(
    lambda drawn: Span(drawn[0], drawn[1][1], drawn[1][0], drawn[1][2])
)
_COORDINATES = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy"}
_FORBIDDEN = {"script", "style", "foreignObject", "image", "use", "a"}


def box(markup: Markup) -> ET.Element:
    """A drawing, read; its laws are asserted: named, everything finite and inside, nothing a strict policy forbids."""
    root = ET.fromstring(markup)  # noqa: S314 - made here
    _, _, width, height = (float(each) for each in root.attrib["viewBox"].split())
    assert root.attrib["role"] == "img"
    assert (root[0].tag, root[1].tag) == ("title", "desc")
    for element in root.iter():
        assert element.tag not in _FORBIDDEN
        assert not any(name == "style" or name.startswith("on") for name in element.attrib)
        for name in _COORDINATES & element.attrib.keys():
            limit = width if "x" in name else height
            assert 0 <= float(element.attrib[name]) <= limit, (element.tag, name)
        if element.tag == "rect":
            assert float(element.attrib["x"]) + float(element.attrib["width"]) <= width + 0.02
            assert float(element.attrib["y"]) + float(element.attrib["height"]) <= height + 0.02
        for pair in element.attrib.get("d", "").replace("M", " ").replace("L", " ").split():
            assert math.isfinite(float(pair))
    return root


@given(st.lists(counts, min_size=2, max_size=2).map(sorted), st.lists(st.floats(-200, 400), max_size=20).map(sorted))
def test_a_scale_is_monotone_and_stays_between_its_ends(ends: list[float], values: list[float]) -> None:
    """A larger value never lies further left, and none outside."""
    scale = Scale(ends[0], ends[1], 10.0, 90.0)
    places = [scale(each) for each in values]
    assert places == sorted(places)
    assert all(10 <= each <= 90 for each in places)


def test_a_scale_maps_its_ends_on_its_ends_and_reverses() -> None:
    """Coordinates may fall while values rise, as heights do."""
    scale = Scale(0.0, 4.0, 100.0, 20.0)
    assert [scale(each) for each in (0.0, 1.0, 4.0)] == [100.0, 80.0, 20.0]


def test_a_scale_refuses_what_is_no_number() -> None:
    """A gap in the data is the drawing's to leave out."""
    with pytest.raises(ValueError, match="NaN"):
        Scale(0.0, 1.0, 0.0, 1.0)(math.nan)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(1, 12))
def test_ticks_lie_inside_rise_and_are_few(low: float, length: float, count: int) -> None:
    """They are those of an axis, whatever its range."""
    made = ticks(low, low + length, count)
    assert all(low <= each <= low + length for each in made)
    assert all(a < b for a, b in pairwise(made))
    assert len(made) <= count + 1


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 10.0, [0, 2, 4, 6, 8, 10]), (3.0, 9.0, [4, 6, 8]), (7.0, 7.0, [7]), (0.0, 0.3, [0, 0.1, 0.2, 0.3])],
    ids=["zero-to-ten", "inside", "no-range", "small"],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    """People read them."""
    assert ticks(low, high, 5 if high > 1 else 3) == pytest.approx(expected)


@given(words, words)
def test_whatever_is_said_in_a_drawing_is_escaped(name: str, said: str) -> None:
    """A name from an upstream is text, never markup."""
    root = ET.fromstring(drawing(name, said, (10, 10), tag("g", said, data_name=name)))  # noqa: S314 - made here
    assert (root[0].text or "", root[1].text or "") == (name, said)
    assert (root[2].text or "", root[2].attrib["data-name"]) == (said, name)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (0.125, "0.12"), (-0.001, "0"), (10.0, "10"), (22.5, "22.5")],
    ids=["whole", "rounded", "no-minus-zero", "ten", "half"],
)
def test_numbers_are_short(value: float, written: str) -> None:
    """Weight is measured, and people read them."""
    assert number(value) == written


def test_no_drawing_has_an_infinite_coordinate() -> None:
    """It is an error where it is made, not a hole in the page."""
    with pytest.raises(ValueError, match="inf"):
        tag("rect", x=math.inf)


@given(chances, maybe, st.none() | st.lists(counts, min_size=2, max_size=2).map(lambda pair: (min(pair), max(pair))))
def test_a_distribution_is_well_drawn(made: list[Chance], at: float | None, band: tuple[float, float] | None) -> None:
    """Whatever is stored, with a line anywhere or nowhere."""
    root = box(charts.distribution(made, at, band=band))
    bars = [each for each in root.iter("rect") if "data-count" in each.attrib]
    assert len(bars) == len(made)


def test_a_distribution_tells_over_under_and_push_apart() -> None:
    """Each bar is on its side of the line."""
    root = box(charts.distribution([Chance(k, 0.25) for k in range(4)], 2.0))
    kinds = [each.attrib["class"] for each in root.iter("rect") if "data-count" in each.attrib]
    assert kinds == ["bar under", "bar under", "bar push", "bar over"]


def test_the_more_probable_count_has_the_higher_bar() -> None:
    """Heights are probabilities."""
    root = box(charts.distribution([Chance(0, 0.1), Chance(1, 0.6), Chance(2, 0.3)], None))
    heights = [float(each.attrib["height"]) for each in root.iter("rect")]
    assert heights[1] == pytest.approx(2 * heights[2], abs=0.02)
    assert heights[2] == pytest.approx(3 * heights[0], abs=0.02)


@given(st.lists(games, max_size=20), maybe)
def test_the_last_games_are_well_drawn(made: list[Game], at: float | None) -> None:
    """Those he missed, those nobody forecast, and none at all."""
    root = box(charts.last_games(made, at))
    bars = [each for each in root.iter("rect") if "data-count" in each.attrib]
    assert len(bars) == sum(game.value is not None for game in made)


def test_the_last_games_count_the_overs() -> None:
    """The description has what the drawing shows."""
    root = box(charts.last_games([Game("a", 3.0), Game("b", None), Game("c", 5.0)], 3.0))
    assert root[1].text == "2 games. Over 3 in 1 of them."


@given(st.lists(maybe, max_size=40))
def test_a_sparkline_is_well_drawn_and_breaks_at_gaps(values: list[float | None]) -> None:
    """A missing value is no zero."""
    root = box(charts.sparkline(values, "form"))
    path = next((each.attrib["d"] for each in root.iter("path")), "")
    assert path.count("M") + path.count("L") == sum(each is not None for each in values)
    after_gap = sum(b is not None and a is None for a, b in pairwise([None, *values]))
    assert path.count("M") == after_gap


@given(st.lists(bins, max_size=12))
def test_a_calibration_plot_is_well_drawn(made: list[Bin]) -> None:
    """With any bins, and before anything is graded."""
    root = box(record_charts.calibration(made))
    assert len(list(root.iter("circle"))) == len(made)


def test_calibration_says_by_how_much_it_is_off() -> None:
    """Weighted by what is in the bins."""
    root = box(record_charts.calibration([Bin(0.5, 0.6, 30, 0.4, 0.8), Bin(0.8, 0.8, 10, 0.5, 0.9)]))
    assert root[1].text == "2 bins of 40 predictions; said and came true differ by 7.5% on average."


@given(st.lists(spans, max_size=20), st.none() | st.floats(-1e4, 1e4))
def test_intervals_are_well_drawn(made: list[Span], reference: float | None) -> None:
    """Wide, narrow, far from the reference, and none."""
    root = box(record_charts.intervals(made, reference=reference))
    assert len(list(root.iter("circle"))) == len(made)


@given(spans, st.floats(-1e4, 1e4), st.lists(counts, min_size=2, max_size=2).map(sorted))
def test_a_forecast_in_a_row_of_text_is_well_drawn(made: Span, at: float, ends: list[float]) -> None:
    """What lies outside is drawn at the end."""
    box(charts.span(made, at, (ends[0], ends[1]), name="forecast"))


@given(st.lists(counts, min_size=2, max_size=2).map(sorted))
def test_axes_are_well_drawn(ends: list[float]) -> None:
    """Below and at the left, of any range."""
    low, high = ends
    below, left = Scale(low, high, 30.0, 90.0), Scale(low, high, 60.0, 10.0)
    labels = [(each, number(each)) for each in ticks(low, high)]
    box(drawing("a", "b", (100, 80), axis_below(below, 64.0, labels), axis_left(left, 28.0, 90.0, labels)))
