"""Somebody at a browser, and what must not happen while he looks."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Page
from playwright.sync_api import Request as Asked

from devstack.daemon import RunningStack

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
"""Not in git."""
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_GRAVE = ("serious", "critical")
_CSP = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));"""


@dataclass
class World:
    """A stack on a replayed world."""

    stack: RunningStack
    first: date
    last: date
    _keys: dict[str, str] = field(default_factory=dict)

    def key(self, role: str) -> str:
        """An API key of a role."""
        if role not in self._keys:
            self._keys[role] = self.post("keys", {"name": f"ui-{role}", "role": role})["key"]
        return self._keys[role]

    def link(self, role: str) -> str:
        """A link that signs a browser in."""
        path: str = self.post("sign-in-links", {}, self.key(role))["path"]
        return path

    def post(self, path: str, body: dict[str, object], key: str = "") -> Any:  # noqa: ANN401 - JSON
        """The answer of POST /v1/<path>."""
        return self._ask(f"{self.stack.url}/v1/{path}", body, key)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The answer of GET /v1/<path>."""
        return self._ask(f"{self.stack.url}/v1/{path}")

    def fail(self, faults: str) -> None:
        """What the upstreams do from now on: the name of a fault profile."""
        self._ask(f"{self.stack.upstream}/_devstack/faults", {"profile": faults})

    def _ask(self, url: str, body: dict[str, object] | None = None, key: str = "") -> Any:  # noqa: ANN401 - JSON
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": key if key != "" else self.stack.api_key, "Content-Type": "application/json"}
        with urlopen(Request(url, data, headers), timeout=30) as answer:  # noqa: S310 - loopback
            return json.load(answer)


class Looked:
    """A browser's window, signed in unless the role is empty."""

    def __init__(self, browser: Browser, world: World, role: str, width: int, **context: Any) -> None:  # noqa: ANN401 - Playwright's own
        self.world = world
        self.context = browser.new_context(
            base_url=world.stack.url, viewport={"width": width, "height": 900}, **context
        )
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.expected: tuple[str, ...] = ()
        """Parts of console errors that the test has provoked, such as the status of a refusal."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)
        self.page.add_init_script(_CSP)
        if role != "":
            self.page.goto(f"{world.link(role)}&next=/nights")
            self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def goto(self, path: str) -> Page:
        """Open a page; it must be answered."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def sign_out(self) -> None:
        """End the session behind the page's back, as time would."""
        token = self.page.locator('form[action="/sign-out"] input').first.get_attribute("value")
        assert token is not None
        self.context.request.post("/sign-out", form={"csrf": token})

    def check(self, shot: str = "") -> None:
        """What holds for every page: no side-scrolling, and nothing that keeps people out."""
        width = self.page.evaluate("window.innerWidth")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than a window of {width} px"
        if shot:
            SHOTS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=SHOTS / f"{shot}-{width}.png", full_page=True)
        self.page.evaluate(_AXE)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        grave = [
            f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in found
            if each["impact"] in _GRAVE
        ]
        assert grave == [], f"{self.page.url}: {grave}"

    def close(self) -> None:
        """Close the window; nothing has gone wrong in it."""
        self.context.close()
        unexpected = [each for each in self.errors if not any(part in each for part in self.expected)]
        assert unexpected == [], unexpected
        assert self.foreign == [], f"requests that leave the machine: {self.foreign}"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _asked(self, request: Asked) -> None:
        if not request.url.startswith((self.world.stack.url, "data:")):
            self.foreign.append(request.url)
