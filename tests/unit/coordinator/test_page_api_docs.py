"""The API's documentation as pages."""

from collections.abc import AsyncIterator
from html import unescape

import pytest

from shared.ports import Ports
from tests.unit.coordinator.pages import Browser, browsing
from tests.unit.coordinator.test_page_serving import put
from tests.unit.shared.places import VIEWER_KEY

pytestmark = pytest.mark.network


@pytest.fixture
async def browser(ports: Ports) -> AsyncIterator[Browser]:
    async with browsing(ports) as browser:
        await browser.sign_in(VIEWER_KEY)
        yield browser


async def test_every_operation_has_a_page(browser: Browser) -> None:
    """That the list leads to; readings alone have a form."""
    document = await (await browser.client.get("/v1/openapi.json", headers={"X-API-Key": VIEWER_KEY})).json()
    listed = (await browser.get("/api-docs")).text
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            assert f'href="/api-docs/{name}"' in listed
            shown = await browser.get(f"/api-docs/{name}")
            assert (shown.status, unescape(operation["summary"]) in unescape(shown.text)) == (200, True), path
            assert (f'action="/api-docs/{name}"' in shown.text) == (method == "get")
            assert all(f'<th scope="row">{status}</th>' in shown.text for status in operation["responses"])


async def test_the_form_asks_the_api(browser: Browser, ports: Ports) -> None:
    """Without a field that is left empty; the same with curl beside it."""
    await put(ports)
    page = await browser.get("/api-docs/get_v1_runs")
    form = page.form("/api-docs/get_v1_runs")
    assert "<option>overnight</option>" in page.text
    assert form == {"ask": "true", "first": "", "last": "", "limit": "5", "offset": ""}
    shown = unescape((await browser.get("/api-docs/get_v1_runs?ask=true&mode=overnight&limit=5&first=")).text)
    assert '"run_id": "2024-03-04.overnight.1"' in shown
    assert '"$TIPOFF_URL/v1/runs?mode=overnight&limit=5"' in shown
    one = unescape((await browser.get("/api-docs/get_v1_runs_key?ask=true&key=2024-03-04.overnight")).text)
    assert '"$TIPOFF_URL/v1/runs/2024-03-04.overnight"' in one
    assert '"run_id": "2024-03-04.overnight.1"' in one


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ("get_v1_models?ask=true&mode=nightly", 400, "mode: Input should be"),
        ("get_v1_models?ask=true&nonsense=1", 400, "nonsense: Extra inputs are not permitted"),
        ("get_v1_runs_key?ask=true&key=a/../b", 404, "no run a%2F..%2Fb"),
        ("get_v1_keys?ask=true", 403, "viewer is viewer, this takes admin"),
    ],
    ids=["value", "name", "path", "role"],
)
async def test_what_the_api_refuses_is_shown_beside_the_form(
    browser: Browser, asked: str, status: int, words: str
) -> None:
    """By the route's own rules, and under the role of whoever asks; what was entered stays."""
    shown = await browser.get(f"/api-docs/{asked}")
    assert (shown.status, f"Refused: {status}" in shown.text, words in unescape(shown.text)) == (200, True, True)


async def test_the_form_changes_nothing(browser: Browser, ports: Ports) -> None:
    """An operation that does is described, and not performed."""
    run = await put(ports)
    shown = await browser.get("/api-docs/post_v1_runs?ask=true&force=true")
    assert (shown.status, "Refused" in shown.text, "<h2>Answer</h2>" in shown.text) == (200, False, False)
    known = await ports.state.get("runs", run.key)
    assert known is not None
    assert known.data == run.model_dump(mode="json")


async def test_an_operation_that_there_is_not_is_not_found(browser: Browser) -> None:
    """404."""
    shown = await browser.get("/api-docs/get_nothing")
    assert (shown.status, "the API has no operation get_nothing" in shown.text) == (404, True)
