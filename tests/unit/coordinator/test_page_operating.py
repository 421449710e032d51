"""The grid with its backfill, alerts, dead letters, sources and runbooks."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from services.coordinator.alerts import ALERTS, alerts, raise_alert
from services.coordinator.handlers import DEAD_LETTERS
from services.coordinator.page import grid, runbooks
from services.coordinator.runs.engine import RUNS
from services.coordinator.runs.run import Evidence, Run, StepStatus
from shared.ports import Params, Ports, Row
from tests.clock import FakeClock
from tests.unit.coordinator.pages import Browser, browsing
from tests.unit.coordinator.test_page_serving import DAY, NIGHT, NOON, put
from tests.unit.shared.rows import game, load, row

pytestmark = pytest.mark.network
OTHER = DAY - timedelta(days=1)


@pytest.fixture
async def browser(ports: Ports) -> AsyncIterator[Browser]:
    async with browsing(ports) as browser:
        await browser.sign_in()
        yield browser


async def runs(ports: Ports) -> dict[str, Run]:
    """Every run there is."""
    return {each.id: Run.model_validate(each.data) for each in await ports.state.list(RUNS)}


@pytest.mark.parametrize("summer", [timedelta(), timedelta(days=100)])
async def test_the_latest_nights_are_shown_in_summer_too(ports: Ports, summer: timedelta) -> None:
    """Two weeks until tomorrow, else until the latest slate; of others what is asked for."""
    await put(ports)
    async with browsing(replace(ports, clock=FakeClock(NOON + summer))) as browser:
        await browser.sign_in()
        assert f'href="/nights/{DAY}.overnight"' in (await browser.get("/nights")).text
        earlier = (await browser.get(f"/nights?last={OTHER}")).text
        assert "No run from" in earlier
        assert f'href="/nights/{DAY}.overnight"' not in earlier


async def test_the_grid_shows_every_slate_and_step(browser: Browser, ports: Ports) -> None:
    """Of the window that is asked for, in the mode that was run last."""
    await put(ports)
    shown = await browser.get(f"/grid?first={OTHER}&last={DAY}")
    assert shown.status == HTTPStatus.OK
    assert shown.text.count('<td class="cell') == 2 * 24
    assert "lines, 2024-03-04: failed" in shown.text
    assert '<option value="overnight" selected>' in shown.text


@pytest.mark.parametrize("window", ["first=2023-01-01&last=2024-03-04", "first=2024-03-05&last=2024-03-04"])
async def test_a_window_that_is_none_is_refused_in_words(browser: Browser, window: str) -> None:
    """Too long, or backwards."""
    assert (await browser.get(f"/grid?{window}")).status == HTTPStatus.BAD_REQUEST


async def test_a_backfill_is_previewed_then_done_slate_by_slate(browser: Browser, ports: Ports) -> None:
    """Nothing is written before it is confirmed; each slate is asked for once, of the past retrospectively."""
    path = f"/grid/backfill?mode=backfill&target=rosters&day={DAY}&day={OTHER}"
    asked = await browser.get(path)
    assert ("Backfill 2 slates?" in asked.text, await runs(ports)) == (True, {})
    form = asked.form("/grid/backfill")
    fields = [*((name, value) for name, value in form.items() if name != "day"), ("day", str(DAY)), ("day", str(OTHER))]
    for _ in range(2):
        async with browser.client.post("/grid/backfill", data=fields) as answer:
            assert (answer.status, answer.url.query["asked"]) == (HTTPStatus.OK, "2")
    made = await runs(ports)
    assert set(made) == {f"{DAY}.backfill", f"{OTHER}.backfill"}
    assert {run.generation for run in made.values()} == {1}
    assert (made[f"{OTHER}.backfill"].retrospective, made[f"{DAY}.backfill"].retrospective) == (True, False)
    assert set(made[f"{DAY}.backfill"].steps) == {"schedule", "box_scores", "rosters"}


async def test_what_is_gone_is_done_again(browser: Browser, ports: Ports) -> None:
    """Its run says done, and the warehouse has nothing of it."""
    await load(ports.warehouse, raw__games=[game("0022300904", DAY)])
    await put(ports, failed="")
    shown = await browser.get(f"/grid/backfill?mode=overnight&day={DAY}")
    assert "upcoming team game context (again)" in shown.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("mode=overnight", "no slate is selected"),
        ("mode=overnight&day=2024-03-04&target=nonsense", "is no step"),
        ("mode=overnight&day=2024-03-04&day=2023-03-04", "days apart"),
    ],
    ids=["none", "step", "apart"],
)
async def test_a_backfill_that_cannot_be_is_refused_in_words(browser: Browser, query: str, words: str) -> None:
    """With what to do."""
    shown = await browser.get(f"/grid/backfill?{query}")
    assert (shown.status, words in shown.text) == (HTTPStatus.BAD_REQUEST, True)


async def test_no_more_slates_are_asked_for_than_runs_may_be_at_work(ports: Ports) -> None:
    """The rest is named, and asked for again later."""
    async with browsing(ports, active_runs=1) as browser:
        await browser.sign_in()
        form = (await browser.get(f"/grid/backfill?mode=backfill&target=schedule&day={DAY}")).form("/grid/backfill")
        fields = [*form.items(), ("day", str(OTHER))]
        async with browser.client.post("/grid/backfill", data=fields) as answer:
            assert (answer.url.query["asked"], answer.url.query["left"]) == ("1", "1")
            assert "1 are left" in await answer.text()


def test_every_status_has_a_sign() -> None:
    """Of cells and of steps."""
    assert set(grid.SIGNS) >= {status.value for status in StepStatus}


async def test_an_alert_names_its_night_and_its_runbook_and_is_resolved(browser: Browser, ports: Ports) -> None:
    """After one more question."""
    await raise_alert(ports, "run_failed", "2024-03-04.overnight", "lines: refused")
    shown = await browser.get("/alerts")
    assert f'href="{NIGHT}"' in shown.text
    assert 'href="/runbooks/run_failed"' in shown.text
    asked = await browser.get("/alerts/resolve?name=run_failed&scope=2024-03-04.overnight")
    done = await browser.post("/alerts/resolve", asked.form("/alerts/resolve"))
    assert (done.status, "Resolved: run_failed" in done.text, await alerts(ports.state)) == (HTTPStatus.OK, True, [])
    assert "run failed" in (await browser.get("/alerts?resolved=true")).text


async def test_without_alerts_nothing_needs_a_hand(browser: Browser) -> None:
    """And that is said."""
    assert "Nothing needs a hand" in (await browser.get("/alerts")).text


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ({"data": "{}", "attributes": {"key": "2024-03-04.overnight.1/lines/2"}}, f'href="{NIGHT}?step=lines"'),
        ({"data": "<no json>", "attributes": {}}, "&lt;no json&gt;"),
        ({"data": None, "archived": "dead/abc", "attributes": {}}, "dead/abc"),
    ],
    ids=["of a step", "no JSON", "too long"],
)  # fmt: skip
async def test_a_dead_letter_is_shown_with_its_reason(
    browser: Browser, ports: Ports, letter: dict[str, Any], words: str
) -> None:
    """Whatever the message was."""
    await ports.state.create(DEAD_LETTERS, "0" * 64, letter | {"reason": "refused", "at": NOON.isoformat()})
    shown = await browser.get("/dead-letters")
    assert (words in shown.text, "refused" in shown.text) == (True, True)


async def test_sources_say_how_fresh_they_are_and_what_is_left(browser: Browser, ports: Ports) -> None:
    """Each of them, and the credits as the latest step that heard of them has them."""
    run = await put(ports)
    step = run.steps["lines"].model_copy(update={"counts": {"credits_left": 700, "credits_needed": 70}})
    document = await ports.state.get(RUNS, run.key)
    assert document is not None
    changed = run.model_copy(update={"steps": {**run.steps, "lines": step}}).model_dump(mode="json")
    await ports.state.compare_and_set(RUNS, run.key, changed, version=document.version)
    shown = await browser.get("/sources")
    assert "700 credits were left" in shown.text
    assert "enough for 10 more" in shown.text
    assert shown.text.count("not asked") == 7


async def test_every_alert_has_a_runbook_that_is_a_page(browser: Browser) -> None:
    """Its links lead to other runbooks, or nowhere."""
    assert set(ALERTS) <= runbooks.names()
    for name in sorted(runbooks.names()):
        text = runbooks.html(name, runbooks._texts()[name])
        assert ".md" not in "".join(part.partition('"')[0] for part in text.split('href="')[1:])
    assert (await browser.get("/runbooks/dead_letter")).status == HTTPStatus.OK
    assert (await browser.get("/runbooks/emergency/leaked-key")).status == HTTPStatus.OK
    assert (await browser.get("/runbooks/nonsense")).status == HTTPStatus.NOT_FOUND


def test_html_in_a_runbook_is_text() -> None:
    """It is written in Markdown alone."""
    assert "<script>" not in runbooks.html("x", "a <script>alert(1)</script>")


async def test_an_opened_step_shows_what_it_refused(browser: Browser, ports: Ports) -> None:
    """On the page; the live part does not ask for it again and again."""
    run = await put(ports)
    found = Evidence(expected=2, verified=1, quarantined=1)
    step = run.steps["lines"].model_copy(update={"evidence": found})
    document = await ports.state.get(RUNS, run.key)
    assert document is not None
    changed = run.model_copy(update={"steps": {**run.steps, "lines": step}}).model_dump(mode="json")
    await ports.state.compare_and_set(RUNS, run.key, changed, version=document.version)
    refused = row("raw.quarantine", game_date=DAY, mode="overnight", step="lines", reason="no such player")
    await load(ports.warehouse, raw__quarantine=[refused])
    assert "no such player" in (await browser.get(f"{NIGHT}?step=lines")).text
    assert "no such player" not in (await browser.get(f"{NIGHT}?step=rosters")).text


@pytest.mark.parametrize(
    ("path", "statements"),
    [("/nights", 0), (NIGHT, 0), (f"{NIGHT}?step=lines", 0), ("/alerts", 0), ("/dead-letters", 0), ("/sources", 1),
     ("/grid", 6)],
)  # fmt: skip
async def test_a_page_makes_so_many_statements_at_most(
    browser: Browser, ports: Ports, monkeypatch: pytest.MonkeyPatch, path: str, statements: int
) -> None:
    """What a page costs is known."""
    await put(ports)
    await load(ports.warehouse, raw__games=[game("0022300904", DAY)])
    asked: list[str] = []
    query: Callable[..., Any] = ports.warehouse.query

    async def counted(sql: str, params: Params | None = None, job: object = None) -> list[Row]:
        asked.append(sql)
        rows: list[Row] = await query(sql, params, job)
        return rows

    monkeypatch.setattr(ports.warehouse, "query", counted)
    assert (await browser.get(path)).status == HTTPStatus.OK
    assert len(asked) <= statements
