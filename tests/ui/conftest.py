"""A replayed small world, and a browser that looks at its page. `make test-ui` installs what is needed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from benchmarks.paint import BROWSERS
from devstack import daemon
from devstack.league.season import OPENING_NIGHT
from tests.e2e.command import DONE, tipoff
from tests.e2e.leagues import small

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.ui.looking import Looked, World

pytest.register_assert_rewrite("tests.ui.looking")

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
FIRST, LAST = OPENING_NIGHT + timedelta(days=20), OPENING_NIGHT + timedelta(days=49)
"""The nights that are replayed: a month."""
WARMUP, TRAINING = 15, 10
"""Slates before it whose features are made, and how many the learned systems wait for."""


def _browser() -> str:
    """The browser that is there, or a reason to skip."""
    if find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        pytest.skip("no Playwright: `make test-ui` installs it")
    named = os.environ.get("TIPOFF_CHROMIUM")
    found = named if named is not None else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium: install Debian's package `chromium`, or set TIPOFF_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    path = _browser()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is installed

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A month of a small league, replayed with learned systems; the stack that serves it, with a key of each role."""
    assert browser.is_connected()  # without a browser nothing is replayed
    from tests.ui.looking import World  # noqa: PLC0415 - as above

    home, history = tmp_path_factory.mktemp("page") / "home", tmp_path_factory.mktemp("league")
    small(history, OPENING_NIGHT, (LAST - OPENING_NIGHT).days + 2)
    learning = {"TIPOFF_TRAINING_SLATES": str(TRAINING)}
    nights = ("--from", str(FIRST), "--to", str(LAST), "--warmup", str(WARMUP))
    done = tipoff(home, "replay", "--history", history, *nights, **learning)
    assert done.code == DONE, done
    done = tipoff(home, "dev", "up", "--port", "0", **learning)
    assert done.code == DONE, done
    stack = daemon.running_stack(home)
    assert stack is not None
    try:
        yield World(stack, FIRST, LAST)
    finally:
        daemon.stop(home)


@pytest.fixture
def look(browser: Browser, world: World) -> Iterator[Callable[..., Looked]]:
    """Opens a page as somebody with a role, at a width; when the test ends, nothing must have gone wrong in it."""
    from tests.ui.looking import Looked  # noqa: PLC0415 - as above

    opened: list[Looked] = []

    def open_(role: str = "operator", width: int = 1440, **context: object) -> Looked:
        looked = Looked(browser, world, role, width, **context)
        opened.append(looked)
        return looked

    yield open_
    for looked in opened:
        looked.close()


@pytest.fixture(scope="session")
def last_night(world: World) -> date:
    """The newest slate that was replayed."""
    return world.last
