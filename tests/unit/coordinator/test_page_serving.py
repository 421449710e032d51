"""What holds for every page and every form: headers, roles, public pages, failures, nothing lost."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus

import pytest

from services.coordinator.page import declared, mounting
from services.coordinator.page.assets import FOLDER
from services.coordinator.page.page import Page, Visit
from services.coordinator.runs.engine import RUNS
from services.coordinator.runs.run import Run, RunStatus, StepState, StepStatus
from services.coordinator.sessions import COLLECTION
from shared.basketball.slate import Mode
from shared.ports import Ports
from shared.registries.keys import Role
from shared.registries.pipeline import STEPS
from tests.unit.coordinator.pages import Browser, browsing
from tests.unit.shared.places import API_KEY, VIEWER_KEY

pytestmark = pytest.mark.network
DAY = date(2024, 3, 4)
NIGHT = "/nights/2024-03-04.overnight"
NOON = datetime(2024, 3, 4, 17, tzinfo=UTC)


async def put(ports: Ports, failed: str = "lines") -> Run:
    """A run in which one step has failed."""
    done = StepState(status=StepStatus.DONE, attempt=1, seconds=1.0, started_at=NOON, ended_at=NOON)
    steps = dict.fromkeys(STEPS, done)
    if failed:
        steps[failed] = done.model_copy(update={"status": StepStatus.FAILED, "reason": "<b>no</b> & never"})
    run = Run(
        game_date=DAY, mode=Mode.OVERNIGHT, generation=1, source="tests", retrospective=False, targets=("export",),
        steps=steps, status=RunStatus.FAILED if failed else RunStatus.COMPLETE, created_at=NOON, finished_at=NOON,
    )  # fmt: skip
    await ports.state.create(RUNS, run.key, run.model_dump(mode="json"))
    return run


@pytest.fixture
async def browser(ports: Ports) -> AsyncIterator[Browser]:
    async with browsing(ports) as browser:
        yield browser


async def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_of_its_text(browser: Browser) -> None:
    """The policy, and that no page needs more than it allows."""
    shown = await browser.get("/sign-in")
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert shown.headers["Cache-Control"] == "no-store"
    assert (shown.headers["X-Content-Type-Options"], shown.headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert re.findall(r'(?:src|href)="((?:https?:)?//[^"]*)"', shown.text) == []


def test_no_template_has_a_script_or_a_style_within() -> None:
    """They would be blocked. What stands alone, as the report in a mail, is served as no page."""
    for path in (FOLDER.parent / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text), path.name


async def test_what_anybody_wrote_is_shown_as_text(browser: Browser, ports: Ports) -> None:
    """A reason with tags in it is no HTML."""
    await put(ports)
    await browser.sign_in()
    assert "&lt;b&gt;no&lt;/b&gt; &amp; never" in (await browser.get(NIGHT)).text


async def test_what_is_not_there_is_a_page_with_a_remedy(browser: Browser) -> None:
    """404, in words."""
    await browser.sign_in()
    shown = await browser.get("/nights/2024-03-04.overnight")
    assert (shown.status, "no run 2024-03-04.overnight" in shown.text) == (HTTPStatus.NOT_FOUND, True)


@pytest.mark.parametrize(
    ("path", "accepts", "kind"),
    [("/nowhere", "text/html,*/*", "text/html"), ("/nowhere", "*/*", "application/json"),
     ("/v1/nowhere", "text/html", "application/json")],
    ids=["browser", "program", "api"],
)  # fmt: skip
async def test_a_path_that_leads_nowhere_is_a_page_for_browsers(
    browser: Browser, path: str, accepts: str, kind: str
) -> None:
    """And JSON for whoever does not ask for HTML, and of the API."""
    shown = await browser.get(path, Accept=accepts)
    assert (shown.status, shown.headers["Content-Type"].split(";")[0]) == (HTTPStatus.NOT_FOUND, kind)


@pytest.mark.parametrize(
    "path",
    ["/nights?last=yesterday", "/grid?mode=nightly", "/nights?nonsense=1", "/nights?last=2024-03-04&last=2024-03-05"],
    ids=["date", "mode", "field", "twice"],
)  # fmt: skip
async def test_a_query_that_does_not_fit_is_refused_in_words(browser: Browser, path: str) -> None:
    """400, and a page."""
    await browser.sign_in()
    shown = await browser.get(path)
    assert (shown.status, shown.headers["Content-Type"]) == (HTTPStatus.BAD_REQUEST, "text/html; charset=utf-8")


async def test_a_field_left_empty_is_as_good_as_none(browser: Browser) -> None:
    """As forms send them."""
    await browser.sign_in()
    assert (await browser.get("/nights?last=")).status == HTTPStatus.OK


async def test_a_viewer_sees_no_actions_and_may_not_take_them(browser: Browser, ports: Ports) -> None:
    """Neither the page that asks nor the form behind it is for him."""
    run = await put(ports)
    shown = await browser.sign_in(VIEWER_KEY, NIGHT)
    assert "/retry" not in shown.text
    assert (await browser.get(f"{NIGHT}/retry")).status == HTTPStatus.FORBIDDEN
    fields = {"csrf": shown.form("/sign-out")["csrf"], "once": "1"}
    assert (await browser.post(f"{NIGHT}/retry", fields)).status == HTTPStatus.FORBIDDEN
    assert await _run(ports) == run


async def test_a_confirmed_action_is_taken_once(browser: Browser, ports: Ports) -> None:
    """The page says what would be done and does nothing; its form does it, and sent twice no more."""
    run = await put(ports)
    await browser.sign_in()
    asked = await browser.get(f"{NIGHT}/redo?step=publish")
    assert "<li>export</li>" in asked.text
    assert await _run(ports) == run
    form = asked.form(f"{NIGHT}/redo")
    done = await browser.post(f"{NIGHT}/redo", form)
    assert (done.status, done.path) == (HTTPStatus.OK, f"{NIGHT}?asked=redo&step=publish")
    again = await _run(ports)
    assert (again.generation, again.source) == (2, "tests")
    await browser.post(f"{NIGHT}/redo", form)
    assert (await _run(ports)).generation == 2


@pytest.mark.parametrize("action", ["retry", "force"])
async def test_retry_and_force_ask_for_the_run(browser: Browser, ports: Ports, action: str) -> None:
    """A retry stays in its generation, force begins another."""
    await put(ports)
    await browser.sign_in()
    form = (await browser.get(f"{NIGHT}/{action}")).form(f"{NIGHT}/{action}")
    await browser.post(f"{NIGHT}/{action}", form)
    run = await _run(ports)
    assert (run.status, run.generation) == (RunStatus.RUNNING, 1 if action == "retry" else 2)


@pytest.mark.parametrize("path", [f"{NIGHT}/destroy", f"{NIGHT}/redo?step=nonsense", f"{NIGHT}/redo"])
async def test_what_cannot_be_asked_for_is_refused_in_words(browser: Browser, ports: Ports, path: str) -> None:
    """An action or a step that is none."""
    await put(ports)
    await browser.sign_in()
    assert (await browser.get(path)).status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)


async def test_a_form_from_another_site_does_nothing(browser: Browser, ports: Ports) -> None:
    """Whatever it knows: the browser says where it comes from."""
    run = await put(ports)
    await browser.sign_in()
    form = (await browser.get(f"{NIGHT}/retry")).form(f"{NIGHT}/retry")
    shown = await browser.post(f"{NIGHT}/retry", form, **{"Sec-Fetch-Site": "cross-site"})
    assert (shown.status, await _run(ports)) == (HTTPStatus.FORBIDDEN, run)


async def test_a_form_of_an_earlier_session_is_asked_about_again(browser: Browser, ports: Ports) -> None:
    """Its token is another's: nothing is done, what was entered is kept, and one click does it."""
    run = await put(ports)
    await browser.sign_in()
    form = (await browser.get(f"{NIGHT}/redo?step=publish")).form(f"{NIGHT}/redo")
    shown = await browser.post(f"{NIGHT}/redo", form | {"csrf": "old"})
    assert (shown.status, await _run(ports)) == (HTTPStatus.FORBIDDEN, run)
    kept = shown.form(f"{NIGHT}/redo")
    assert kept | {"csrf": ""} == form | {"csrf": ""}
    await browser.post(f"{NIGHT}/redo", kept)
    assert (await _run(ports)).generation == 2


async def test_htmx_may_send_the_token_as_a_header(browser: Browser, ports: Ports) -> None:
    """As the body of each page tells it to."""
    await put(ports)
    await browser.sign_in()
    page = await browser.get(f"{NIGHT}/retry")
    form = page.form(f"{NIGHT}/retry")
    token = form.pop("csrf")
    assert f'hx-headers=\'{{"X-CSRF-Token": "{token}"}}\'' in page.text
    assert (await browser.post(f"{NIGHT}/retry", form, **{"X-CSRF-Token": token})).status == HTTPStatus.OK


async def test_a_session_that_ends_in_mid_action_loses_nothing(browser: Browser, ports: Ports) -> None:
    """The form leads to sign-in, says so, and after that shows what was entered; one click does it."""
    run = await put(ports)
    await browser.sign_in()
    form = (await browser.get(f"{NIGHT}/redo?step=lines")).form(f"{NIGHT}/redo") | {"archive": "true"}
    for session in await ports.state.list(COLLECTION):
        await ports.state.delete(COLLECTION, session.id)
    ended = await browser.post(f"{NIGHT}/redo", form)
    assert (ended.status, "session has ended" in ended.text) == (HTTPStatus.UNAUTHORIZED, True)
    wrong = await browser.post("/sign-in", ended.form("/sign-in") | {"key": "wrong"})
    shown = await browser.post("/sign-in", wrong.form("/sign-in") | {"key": API_KEY})
    kept = shown.form(f"{NIGHT}/redo")
    assert (kept["step"], kept["archive"], await _run(ports)) == ("lines", "true", run)
    await browser.post(f"{NIGHT}/redo", kept)
    again = await _run(ports)
    assert (again.generation, again.from_archive) == (2, True)


async def test_what_was_kept_leads_nowhere_but_to_a_form_of_ours(browser: Browser) -> None:
    """The hidden fields of sign-in are anybody's to write."""
    form = (await browser.get("/sign-in")).form("/sign-in")
    made_up = {"action": "https://elsewhere.example/nights/x/redo", "kept": '[["a","b"]]', "key": API_KEY}
    shown = await browser.post("/sign-in", form | made_up | {"next": "/nights"})
    assert (shown.path, "elsewhere" in shown.text) == ("/nights", False)


async def _run(ports: Ports) -> Run:
    document = await ports.state.get(RUNS, "2024-03-04.overnight")
    assert document is not None
    return Run.model_validate(document.data)


async def _nothing(_: Visit) -> Mapping[str, object]:
    return {"name": "open", "text": "for everybody"}


@pytest.mark.parametrize("public", [False, True], ids=["closed", "public"])
async def test_a_public_page_is_open_where_the_setting_says_so(
    ports: Ports, monkeypatch: pytest.MonkeyPatch, *, public: bool
) -> None:
    """Only those that are declared so; all others lead to sign-in."""
    pages = (*declared.PAGES, Page("/open", Role.VIEWER, _nothing, "runbook.html", public=True))
    monkeypatch.setattr(mounting, "PAGES", pages)
    async with browsing(ports, public_pages=public) as browser:
        shown = await browser.get("/open")
        assert ("for everybody" in shown.text) == public
        assert (await browser.get("/nights")).path.startswith("/sign-in")
        assert 'href="/nights"' not in shown.text
