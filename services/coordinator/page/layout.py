"""What is around every page: navigation, who is signed in, the theme, the tokens of its forms."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from aiohttp import web

from services.coordinator.page import answers
from services.coordinator.page.assets import Assets
from services.coordinator.page.page import Download, Page
from services.coordinator.page.rendering import Renderer
from services.coordinator.page.time_machine import Links, Then
from services.coordinator.page.visitors import THEMES, Who, keep_form_cookie, theme_of
from shared.ports import Clock

NAVIGATION = (
    ("/", "Tonight"),
    ("/record", "Record"),
    ("/nights", "Nights"),
    ("/grid", "Grid"),
    ("/alerts", "Alerts"),
    ("/dead-letters", "Dead letters"),
    ("/sources", "Sources"),
    ("/api-docs", "API"),
)
"""Paths and names, in order; of pages that are declared, and that whoever looks may see."""
SEARCH = "/players"
"""Path of the page that finds players."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    path: str
    name: str
    current: bool


@dataclass(frozen=True, slots=True)
class Search:
    """The form that finds players."""

    links: Links
    """With the slate and the instant that are looked at."""
    words: str
    """What was looked for."""


class Frame:
    """Renders whole pages."""

    def __init__(self, assets: Assets, clock: Clock, pages: Sequence[Page], *, public: bool) -> None:
        self._renderer = Renderer(assets)
        self._clock = clock
        self._pages = {page.path: page for page in pages}
        self._public = public
        self.version = assets.version

    def opens(self, page: Page | Download) -> bool:
        """Whether whoever has not signed in may see a page."""
        return page.public and self._public

    def part(self, template: str, values: Mapping[str, object]) -> str:
        """A part of a page, by itself."""
        return self._renderer.render(template, {"now": self._clock.now(), **values})

    def answer(
        self,
        request: web.Request,
        who: Who,
        template: str,
        values: Mapping[str, object],
        status: int = HTTPStatus.OK,
    ) -> web.Response:
        """A whole page."""
        around = {
            "caller": who.caller,
            "session": who.session,
            "navigation": self._navigation(request, who),
            "search": self._search(request, who, status),
            "here": str(request.rel_url),
            "theme": theme_of(request),
            "themes": THEMES,
            "form_token": who.form_token,
            "new_id": lambda: secrets.token_hex(16),
            "version": self.version,
        }
        response = answers.page(self.part(template, {**around, **values}), status)
        keep_form_cookie(request, response, who)
        return response

    def _instant(self, page: Page, request: web.Request) -> str:
        """Who looks back to an instant goes on looking back, where a page can."""
        at = request.query.get("as_of", "")
        return f"?{urlencode({'as_of': at})}" if at and "as_of" in page.query.model_fields else ""

    def _navigation(self, request: web.Request, who: Who) -> list[Entry]:
        return [
            Entry(
                path + self._instant(page, request),
                name,
                request.path == path or (path != "/" and request.path.startswith(path)),
            )
            for path, name in NAVIGATION
            if (page := self._pages.get(path)) is not None and self._shows(page, who)
        ]

    def _search(self, request: web.Request, who: Who, status: int) -> Search | None:
        """The search for players; None: it is not for him."""
        search = self._pages.get(SEARCH)
        if search is None or not self._shows(search, who):
            return None
        resource = request.match_info.route.resource
        page = None if resource is None else self._pages.get(resource.canonical)
        if page is None or status == HTTPStatus.BAD_REQUEST:  # what was refused once would be refused again
            return Search(Links({}), "")
        # Another page's mode and dates are not those of a slate.
        names = Then.model_fields if issubclass(page.query, Then) else {"as_of"} & page.query.model_fields.keys()
        kept = {name: given for name in names if (given := request.query.get(name, ""))}
        return Search(Links(kept), request.query.get("query", "") if page.path == SEARCH else "")

    def _shows(self, page: Page, who: Who) -> bool:
        """Whether a page is for him."""
        return self.opens(page) if who.caller is None else who.caller.role.covers(page.role)
