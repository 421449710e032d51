"""The line of a player's page: the script's numbers are the server's, by mouse, touch and keyboard, and without it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.coordinator.api.any_line import against
from services.coordinator.page import assets, player
from services.coordinator.page.assets import Assets
from services.coordinator.page.player import PlayerQuery
from services.coordinator.page.rendering import Renderer
from tests.unit.coordinator import documents

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CASES = {
    "points": (15.1, 3.4, 0.9),
    "threes": (1.6, 0.42, 0.5),
    "blocks": (1.02, 0.35, 0.4),
    "a-point": (3.0, 0.02, 0.65),
    "far": (60.0, 1.5, 0.95),
    "below-all": (-0.5, 0.4, 0.5),
}
"""Centre, scale and power."""
_SET = """([line]) => {
  const input = document.getElementById("line");
  input.max = 150;
  input.value = line;
  input.dispatchEvent(new Event("input"));
  const found = {};
  for (const each of document.querySelectorAll(".odds [data-out]")) found[each.dataset.out] = each.value;
  return found;
}"""
_SIDES = """() => [...document.querySelectorAll(".distribution [data-count]")]
  .map((bar) => [+bar.dataset.count, bar.getAttribute("class")])"""


def html(centre: float, scale: float, power: float) -> str:
    """A player's page with one distribution, without the scripts that need a server."""
    who = documents.player(forecasts=[documents.forecast(centre=centre, scale=scale, power=power, line=20.5)])
    around: dict[str, object] = {
        "caller": None, "session": None, "navigation": [], "search": None, "here": "/", "theme": "auto",
        "themes": ("auto", "light"), "form_token": "t", "new_id": str, "version": "1",
        "now": datetime(2024, 3, 5, tzinfo=UTC),
    }  # fmt: skip
    values = player.view(documents.shown(player=who), PlayerQuery())
    text = Renderer(Assets()).render("player.html", {**around, **values})
    return re.sub(r"<script.*?</script>|<link[^>]*stylesheet[^>]*>", "", text)


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A window in which any error fails the test."""
    context = browser.new_context(viewport={"width": 768, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def opened(page: "Page", case: str = "points", *, script: bool = True) -> "Page":
    """The page of a case."""
    page.set_content(html(*CASES[case]))
    page.add_style_tag(path=Path(assets.FOLDER) / "tipoff.css")
    if script:
        page.add_script_tag(path=Path(assets.FOLDER) / "line.js")
    return page


@pytest.mark.parametrize("case", CASES)
def test_the_script_says_what_the_server_says(page: "Page", case: str) -> None:
    """Over, push, under and both fair prices, of every line there is, to a millionth of a millionth."""
    centre, scale, power = CASES[case]
    opened(page, case)
    for half in range(301):
        line = half / 2
        said = page.evaluate(_SET, [line])
        answer = against(line, centre=centre, scale=scale, power=power)
        for name in ("p_over", "p_push", "p_under"):
            assert float(said[name]) == pytest.approx(getattr(answer, name), abs=1e-12), (name, line)
        for name, share in (("fair_over", answer.p_over), ("fair_under", answer.p_under)):
            if share > 1e-9:  # of what hardly ever happens a price has no digits left
                price = getattr(answer, name)
                assert (said[name] == "") == (price is None), (name, line)
                assert price is None or float(said[name]) == pytest.approx(price, rel=1e-6), (name, line)


def test_the_line_is_moved_by_keyboard(page: "Page") -> None:
    """An arrow is a half; numbers, bars and the count of overs follow."""
    opened(page)
    page.focus("#line")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#line-shown") == "21"
    assert [kind for count, kind in page.evaluate(_SIDES) if count == 21] == ["bar push"]
    assert page.inner_text(".odds .push dd") != "0.0 %"
    values = [each["values"]["points"] for each in documents.player()["past"]]
    assert page.inner_text("[data-out='overs']") == f"{sum(value > 21 for value in values)} of 20"


def test_the_line_is_dragged_in_the_drawing(page: "Page") -> None:
    """From one count to another, to the nearest half."""
    opened(page)
    box = page.locator("svg.distribution").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.4, steps=4)
    page.mouse.up()
    line = float(page.inner_text("#line-shown"))
    assert line * 2 == int(line * 2)
    assert line < 20.5
    for count, kind in page.evaluate(_SIDES):
        assert kind == f"bar {'over' if count > line else 'under' if count < line else 'push'}"


def test_the_line_is_dragged_in_the_last_games(page: "Page") -> None:
    """Upwards is more."""
    opened(page)
    page.locator("svg.last-games").scroll_into_view_if_needed()
    box = page.locator("svg.last-games").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1)
    assert float(page.inner_text("#line-shown")) > 25


def test_without_the_script_a_plain_form_asks(page: "Page") -> None:
    """Its button is there only then."""
    opened(page, script=False)
    assert page.is_visible("[data-without-script]")
    opened(page)
    assert not page.is_visible("[data-without-script]")
