"""Tonight, Player and Record on a replayed world: the way through them, looking back, bad input, weight."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.ui.looking import Looked

pytestmark = pytest.mark.network

COLD, WARM = 200_000, 30_000
"""Bytes that a page may transfer: at the first look, and when what is shared is in the browser's cache."""
MODE = "same_day"


def tonight(looked: "Looked") -> str:
    """The address of the newest slate."""
    return f"/?game_date={looked.world.last}&mode={MODE}"


def a_player(looked: "Looked") -> str:
    """The address of a player of the newest slate."""
    page = looked.goto(tonight(looked))
    return page.locator("a[href^='/players/']").first.get_attribute("href") or ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_a_player_is_sound(look: Callable[..., "Looked"], width: int, scheme: str) -> None:
    """As every page is; the others are in `test_every_page`."""
    looked = look(width=width, color_scheme=scheme)
    looked.goto(a_player(looked))
    looked.check(f"player-{scheme}")


def test_from_tonight_to_a_player_and_his_line(look: Callable[..., "Looked"]) -> None:
    """A name leads to his page; an arrow key moves the line, and the address keeps it."""
    looked = look("viewer")
    page = looked.goto(a_player(looked))
    before = float(page.input_value("#line"))
    over = float(page.get_attribute(".odds [data-out=p_over]", "value") or "")
    page.focus("#line")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert float(page.input_value("#line")) == before + 0.5
    assert float(page.get_attribute(".odds [data-out=p_over]", "value") or "") <= over
    assert f"line={before + 0.5:g}" in page.url
    page.reload()
    assert float(page.input_value("#line")) == before + 0.5


def test_the_line_is_dragged(look: Callable[..., "Looked"]) -> None:
    """With the mouse in the drawing; the chances follow, and the address keeps it."""
    looked = look("viewer")
    page = looked.goto(a_player(looked))
    page.locator("svg.distribution").scroll_into_view_if_needed()
    box = page.locator("svg.distribution").bounding_box()
    assert box is not None
    seen = []
    for share in (0.8, 0.3):
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.4, steps=4)
        page.mouse.up()
        seen.append((float(page.input_value("#line")), page.get_attribute(".odds [data-out=p_over]", "value")))
    (far, unlikely), (near, likely) = seen
    assert far > near
    assert float(unlikely or "") < float(likely or "")
    assert f"line={near:g}" in page.url


def test_without_javascript_the_line_is_asked_of_the_server(look: Callable[..., "Looked"]) -> None:
    """The same numbers, by a plain form."""
    with_script = look("viewer")
    where = a_player(with_script)
    page = with_script.goto(where)
    page.focus("#line")
    page.keyboard.press("ArrowRight")
    said = page.inner_text(".odds")
    line = page.input_value("#line")
    plain = look("viewer", java_script_enabled=False).goto(where)
    plain.fill("#line", line)
    plain.click("[data-without-script]")
    assert plain.inner_text(".odds") == said


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [360, 1440])
def test_a_player_is_found_by_name(look: Callable[..., "Looked"], width: int, *, with_script: bool) -> None:
    """With the keyboard alone, as of the instant that is looked at; a name that is only near is suggested."""
    looked = look("viewer", width, java_script_enabled=with_script)
    back = f"as_of={looked.world.last}T23:30"
    page = looked.goto(f"{tonight(looked)}&{back}")
    name = page.locator("a[href^='/players/']").first.inner_text()
    field = page.get_by_role("search").get_by_role("searchbox", name="Find a player")
    field.focus()
    page.keyboard.type(name.upper())
    page.keyboard.press("Enter")
    page.wait_for_url("**/players/*")
    assert name in page.inner_text("h1")
    assert page.is_visible(".then")
    field.fill(f"{name[:-1]}q")
    page.get_by_role("search").get_by_role("button", name="Find").click()
    assert "Nobody is called" in page.inner_text("h1")
    assert field.input_value() == f"{name[:-1]}q"
    page.get_by_role("link", name=name).click()
    assert name in page.inner_text("h1")
    assert page.is_visible(".then")


def test_looking_back_is_kept_from_page_to_page(look: Callable[..., "Looked"]) -> None:
    """Tonight, a player and the record, and back to now."""
    looked = look("viewer")
    page = looked.goto(f"{tonight(looked)}&as_of={looked.world.last}T23:30")
    assert page.is_visible(".then")
    page.locator("a[href^='/players/']").first.click()
    assert page.is_visible(".then")
    page.click("nav[aria-label=Pages] a:has-text('Record')")
    assert page.is_visible(".then")
    page.click(".then a")
    assert not page.is_visible(".then")


def test_before_anything_was_published_nothing_is_shown(look: Callable[..., "Looked"]) -> None:
    """Nothing that was known only later, but a way there."""
    looked = look("viewer")
    looked.expected = ("status of 404",)
    where = tonight(looked)
    page = looked.page
    page.goto(f"{where}&as_of={looked.world.first}T00:00")
    assert page.locator("a[href^='/players/']").count() == 0
    assert "was published by" in page.inner_text("main")
    page.get_by_role("link", name="what is known now").click()
    assert page.locator("a[href^='/players/']").count() > 0


def test_the_record_is_filtered(look: Callable[..., "Looked"]) -> None:
    """By the form, and cut by market: every measure with its N."""
    looked = look("viewer")
    page = looked.goto(f"/record?mode={MODE}")
    page.select_option("#market", "points")
    page.select_option("#by", "system")
    page.click("form.filters button")
    assert "market=points" in page.url
    assert re.search(r"N [\d,]+", page.inner_text(".measures"))
    looked.check("record-by-system")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/players/999999999", 404, "999999999"),
        ("/players/nobody-of-this-name", 404, "nobody-of-this-name"),
        ("/?game_date=2026-02-30", 400, "2026-02-30 is not a date: write it as YYYY-MM-DD"),
        ("/?as_of=yesterday", 400, "yesterday is no instant: write it as"),
        ("/record?market=goals", 400, "goals is unknown: one of points"),
        ("/record?month=march", 400, "march is no month: write it as YYYY-MM"),
        ("{player}&line=-5", 400, "line"),
        ("{player}&line=nan", 400, "line"),
    ],
    ids=["player", "name", "date", "instant", "market", "month", "line", "nan"],
)
def test_what_is_not_there_is_said_clearly(look: Callable[..., "Looked"], path: str, status: int, said: str) -> None:
    """With the right status, the thing, and what to do."""
    looked = look("viewer")
    looked.expected = (f"status of {status}",)
    where = path.format(player=a_player(looked)) if "{" in path else path
    answer = looked.page.goto(where)
    assert answer is not None
    assert answer.status == status
    assert said in looked.page.inner_text("main")
    looked.check()


@pytest.mark.parametrize("name", ["tonight", "player", "record"])
def test_a_page_is_light(look: Callable[..., "Looked"], name: str) -> None:
    """What is transferred, compressed: at the first look, and at the next."""
    looked = look("viewer")
    where = {"tonight": tonight(looked), "player": a_player(looked), "record": f"/record?mode={MODE}"}[name]
    session = looked.context.new_cdp_session(looked.page)
    session.send("Network.enable")
    got: list[float] = []
    session.on("Network.loadingFinished", lambda event: got.append(event["encodedDataLength"]))
    session.send("Network.clearBrowserCache")
    for most in (COLD, WARM):
        got.clear()
        looked.goto(where).wait_for_load_state("load")
        assert 0 < sum(got) <= most, (name, sum(got))


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_the_record_is_taken_home(look: Callable[..., "Looked"], kind: str) -> None:
    """As a file, by whoever has signed in."""
    looked = look("viewer")
    page = looked.goto(f"/record?mode={MODE}&market=points")
    with page.expect_download() as downloading:
        page.click(f"a[download]:has-text('{kind}')")
    path = downloading.value.path()
    assert downloading.value.suggested_filename.endswith(f".{kind.lower()}")
    rows = pq.read_table(path).num_rows if kind == "Parquet" else path.read_text("utf-8").count("\n") - 1
    assert rows > 100
