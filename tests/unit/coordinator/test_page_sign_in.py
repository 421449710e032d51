"""Signing in and out, sessions, and forms that nobody else can send."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest

from shared.ports import Ports
from tests.unit.coordinator.pages import Browser, browsing
from tests.unit.shared.places import API_KEY

pytestmark = pytest.mark.network


@pytest.fixture
async def browser(ports: Ports) -> AsyncIterator[Browser]:
    async with browsing(ports) as browser:
        yield browser


async def test_who_has_not_signed_in_is_asked_to_and_led_back(browser: Browser) -> None:
    """A page leads to the form, and the form back to the page with its query."""
    asked = await browser.get("/nights?last=2024-03-04")
    form = asked.form("/sign-in")
    assert (asked.status, form["next"]) == (HTTPStatus.OK, "/nights?last=2024-03-04")
    shown = await browser.post("/sign-in", form | {"key": API_KEY})
    assert (shown.status, shown.path) == (HTTPStatus.OK, "/nights?last=2024-03-04")
    assert "Sign out" in shown.text
