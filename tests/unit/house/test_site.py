"""The built documentation: `make docs` runs this; where it was not run there is nothing to look at."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.house.test_house import ROOT

SITE = ROOT / "build" / "docs"
pytestmark = pytest.mark.skipif(not SITE.is_dir(), reason="the site is not built: `make docs` builds it")


class _Asked(HTMLParser):
    """What a browser would ask for while it shows a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.classes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.classes.append(f"{given.get('class')} {given.get('data-md-component')}")
        for name in ("src", "href") if tag == "link" else ("src", "data", "poster"):
            self.addresses.append(given.get(name) or "")


@pytest.mark.parametrize("page", sorted(SITE.rglob("*.html")), ids=lambda page: str(page.relative_to(SITE)))
def test_a_page_asks_no_other_host(page: Path) -> None:
    """Neither by its markup nor by what the theme's script does where it finds certain elements."""
    asked = _Asked(page.read_text("utf-8"))
    assert [each for each in asked.addresses if re.match(r"(?:https?:)?//", each)] == []
    assert [each for each in asked.classes if re.search(r"mermaid|glightbox|pyodide|\bsource\b", each)] == []


def test_stylesheets_ask_no_other_host() -> None:
    """No font, no image from elsewhere."""
    for sheet in SITE.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", sheet.read_text("utf-8")) == [], sheet
