"""README's picture: Tonight of the demo's night. `make screenshot`, after the page has changed."""

import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from devstack import daemon
from tests.e2e.command import DONE, tipoff
from tests.ui.conftest import FLAGS
from tests.ui.looking import World

WIDTH, HEIGHT = 1100, 760
"""CSS pixels: what README shows without a scroll bar."""


def shoot(home: Path, target: Path, browser: str) -> None:
    """Serve the world of `home`, which has a demo in it, and take the picture."""
    up = tipoff(home, "dev", "up", "--port", "0")
    stack = daemon.running_stack(home)
    if up.code != DONE or stack is None:
        raise SystemExit(up.err)
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
            world = World(stack, date.min, date.max)
            context = chromium.new_context(
                base_url=stack.url, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light"
            )
            page = context.new_page()
            page.goto(f"{world.link('viewer')}&next=/")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            page.goto("/?game_date=2024-11-21&mode=overnight")
            page.screenshot(path=target)
            chromium.close()
    finally:
        daemon.stop(home)


def main() -> None:
    """The file to write, and the browser; a home with a demo in it may follow."""
    target, browser = Path(sys.argv[1]), sys.argv[2]
    if len(sys.argv) > 3:
        shoot(Path(sys.argv[3]), target, browser)
        return
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        done = tipoff(home, "demo")
        if done.code != DONE:
            raise SystemExit(done.err)
        shoot(home, target, browser)


if __name__ == "__main__":
    main()
