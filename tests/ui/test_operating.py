"""An operator at work in a browser: watching, redoing, backfilling, and a session that ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from devstack.upstream.hosts import HOSTS

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.ui.looking import Looked, World

pytestmark = pytest.mark.network
Look = Callable[..., "Looked"]


_HIDDEN = """Object.defineProperty(document, "hidden", {{ value: {}, configurable: true }});
  document.dispatchEvent(new Event("visibilitychange"))"""


def until(page: "Page", expression: str, value: object) -> None:
    """Wait for it from outside: what Playwright would poll with in the page, the policy forbids."""
    for _ in range(600):
        if page.evaluate(expression) == value:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{expression} is {page.evaluate(expression)}")


def night_of(world: "World") -> str:
    """The path of the newest slate's run."""
    return f"/nights/{world.last}.same_day"


def test_signing_in_with_a_key_leads_to_the_page_that_was_asked_for(look: Look, world: "World") -> None:
    """As a person does it, with the keyboard alone."""
    looked = look(role="")
    page = looked.goto(night_of(world))
    page.keyboard.type(world.key("viewer"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"


def test_a_redone_step_is_watched_by_two_without_a_reload(look: Look, world: "World") -> None:
    """One confirms it, and both see the run begin and end."""
    operator, viewer = look(), look(role="viewer")
    path = f"{night_of(world)}?step=publish"
    page, other = operator.goto(path), viewer.goto(path)
    assert other.get_by_role("link", name="Do this step again").count() == 0
    before = world.get(f"runs/{world.last}.same_day")["generation"]
    page.get_by_role("link", name="Do this step again").click()
    page.get_by_role("button", name="Yes, redo").click()
    page.wait_for_url("**asked=redo**")
    for each in (page, other):
        each.get_by_text(f"{world.last}.same_day.{before + 1} complete").wait_for(timeout=60_000)


def test_a_failed_step_is_retried_while_another_looks_on(look: Look, world: "World") -> None:
    """Every upstream refuses; once they answer again, what failed is tried again, and the night is whole."""
    day = world.last + timedelta(days=1)
    run, path = f"{day}.overnight", f"/nights/{day}.overnight?step=schedule"
    world.fail(",".join(f"blocked:{host}" for host in HOSTS))
    world.post("runs", {"game_date": str(day), "mode": "overnight"})
    operator, viewer = look(), look(role="viewer")
    page, other = operator.goto(path), viewer.goto(path)
    for each in (page, other):
        each.get_by_text(f"{run}.1 failed").wait_for(timeout=60_000)
        assert "HTTP 403" in each.inner_text("#opened ~ .notice")
    assert other.get_by_role("link", name="Retry what failed").count() == 0
    assert run in viewer.goto("/alerts").inner_text("main")
    viewer.goto(path)
    world.fail("none")
    page.get_by_role("link", name="Retry what failed").click()
    page.get_by_role("button", name="Yes, retry").click()
    page.wait_for_url("**asked=retry**")
    for each in (page, other):
        each.get_by_text(f"{run}.1 complete").wait_for(timeout=120_000)
    assert run not in viewer.goto("/alerts").inner_text("main")


def test_the_log_of_a_step_is_on_its_page(look: Look, world: "World") -> None:
    """Its lines, and no other step's; without JavaScript, too."""
    world.post("runs", {"game_date": str(world.last), "mode": "same_day", "redo": ["export"]})
    plain, path = look("viewer", java_script_enabled=False), f"{night_of(world)}?step=export"
    page = plain.page
    for _ in range(600):
        plain.goto(path)
        page.get_by_text("Log of export").click()
        if "step_settled" in page.inner_text("#log"):
            break
        page.wait_for_timeout(50)
    lines = page.inner_text("#log pre").splitlines()
    assert lines
    assert all(f"run_id={world.last}.same_day." in line for line in lines)
    assert not any("step=publish" in line for line in lines)
    narrow = look("viewer", 360)
    narrow.goto(path).get_by_role("link", name="Its log").click()
    narrow.page.get_by_text("Log of export").click()
    narrow.check("step-log")


def test_everything_works_without_javascript(look: Look, world: "World") -> None:
    """Reading, and an action by plain forms."""
    looked = look(java_script_enabled=False)
    page = looked.goto(f"{night_of(world)}?step=export")
    page.get_by_role("link", name="Do this step again").click()
    page.get_by_role("button", name="Yes, redo").click()
    assert "Asked for: redo" in page.inner_text("main")
    page.get_by_role("button", name="Theme: auto").click()
    assert page.get_attribute("html", "data-theme") == "light"


def test_slates_are_selected_in_the_grid_and_backfilled(look: Look, world: "World") -> None:
    """The preview says what would be done; once it is confirmed, the runs are there."""
    looked = look()
    day = world.first - timedelta(days=2)
    page = looked.goto(f"/grid?first={day}&last={world.first}&mode=backfill")
    page.get_by_label("Select").first.focus()
    page.locator(f"#day-{day}").check()
    page.get_by_label("Up to step").select_option("box_scores")
    page.get_by_role("button", name="Preview").click()
    assert "Backfill 1 slates?" in page.inner_text("h1")
    page.get_by_role("button", name="Yes, backfill").click()
    page.get_by_text("Asked for 1 slates").wait_for()
    assert world.get(f"runs/{day}.backfill")["source"] == "ui-operator"


def test_all_slates_are_selected_at_once(look: Look, world: "World") -> None:
    """With one box."""
    page = look().goto(f"/grid?first={world.first}&last={world.last}&mode=same_day")
    page.get_by_label("All slates below").check()
    assert page.locator('input[name="day"]:checked').count() == (world.last - world.first).days + 1


def test_a_session_that_ends_in_mid_action_loses_nothing(look: Look, world: "World") -> None:
    """It says so, and after signing in shows what was entered."""
    looked = look()
    looked.expected = ("401",)
    page = looked.goto(f"{night_of(world)}/redo?step=lines")
    page.get_by_label("Read the archive again").check()
    looked.sign_out()
    page.get_by_role("button", name="Yes, redo").click()
    assert "Your session has ended" in page.inner_text("main")
    page.get_by_label("API key").fill(world.key("operator"))
    page.get_by_role("button", name="Sign in").click()
    assert "lines" in page.inner_text("dl")
    assert page.locator('input[name="archive"]').get_attribute("value") == "true"


def test_a_tab_left_open_says_what_to_do(look: Look, world: "World") -> None:
    """The session has ended in the meantime, and the connection is lost."""
    looked = look()
    looked.expected = ("401", "sse", "net::ERR", "Failed to load")
    page = looked.goto(night_of(world))
    looked.sign_out()
    looked.context.set_offline(True)
    page.evaluate("htmx.trigger(document.body, 'htmx:sseError')")
    page.get_by_text("No connection to Tipoff").wait_for()
    looked.context.set_offline(False)
    page.evaluate("htmx.trigger(document.body, 'htmx:sseError')")
    page.get_by_role("link", name="Sign in to go on").click()
    assert "/sign-in?next=" in page.url


def test_a_tab_that_nobody_looks_at_rests_and_catches_up(look: Look, world: "World") -> None:
    """It gives its connection back; looked at again, it shows what is, and is live."""
    looked = look()
    page = looked.page
    page.clock.install()
    with page.expect_event("request", lambda request: "/live/" in request.url):
        looked.goto(f"{night_of(world)}?step=export")
    state = "document.getElementById('live')['htmx-internal-data'].sseEventSource?.readyState"
    until(page, state, 1)
    page.evaluate(_HIDDEN.format("true"))
    page.clock.fast_forward(31_000)
    assert page.evaluate(state) == 2
    with page.expect_event("request", lambda request: "/live/" in request.url):
        page.evaluate(_HIDDEN.format("false"))
    until(page, state, 1)


def test_what_is_selected_outlasts_an_update(look: Look, world: "World") -> None:
    """The grid is exchanged while somebody selects slates in it."""
    page = look().goto(f"/grid?first={world.first}&last={world.last}&mode=same_day")
    page.locator(f"#day-{world.first}").check()
    page.evaluate("htmx.ajax('GET', location.href, {target: '#live', select: '#live', swap: 'outerHTML'})")
    page.wait_for_event("request", lambda request: "/live/" in request.url)
    assert page.locator('input[name="day"]:checked').get_attribute("value") == str(world.first)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_is_chosen_and_kept(look: Look, theme: str) -> None:
    """Whatever the machine prefers."""
    looked = look(color_scheme="dark" if theme == "light" else "light")
    page = looked.goto("/nights")
    for _ in range(("light", "dark").index(theme) + 1):
        page.get_by_role("button", name="Theme").click()
    grounds = [page.evaluate("getComputedStyle(document.body).backgroundColor")]
    page.reload()
    grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(246, 247, 249)" if theme == "light" else "rgb(13, 17, 23)"] * 2
