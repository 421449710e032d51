"""The runbooks as pages, where they are at hand: a checkout has them, and the images."""

import posixpath
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

from services.coordinator.page.page import Page, Visit
from shared.registries.keys import Role
from shared.runtime.answers import Refusal

FOLDER: Final = Path(__file__).parents[3] / "docs" / "runbooks"
_LINK: Final = re.compile(r'<a href="([^"]*)">(.*?)</a>')


@cache
def _texts() -> Mapping[str, str]:
    """Name (`dead_letter`, `emergency/leaked-key`) -> text."""
    found = {path.relative_to(FOLDER).with_suffix("").as_posix(): path for path in sorted(FOLDER.rglob("*.md"))}
    return {name: path.read_text("utf-8") for name, path in found.items() if path.stem != "README"}


def names() -> frozenset[str]:
    """Those there are."""
    return frozenset(_texts())


async def runbook(visit: Visit) -> Mapping[str, object]:
    """One runbook."""
    name = visit.path["name"] if "folder" not in visit.path else f"{visit.path['folder']}/{visit.path['name']}"
    text = _texts().get(name)
    if text is None:
        known = ", ".join(sorted(_texts())) if _texts() else "none: see docs/runbooks of a checkout"
        raise Refusal(HTTPStatus.NOT_FOUND, f"there is no runbook {name} here", f"there are {known}")
    return {"name": name, "text": html(name, text)}


def html(name: str, text: str) -> Markup:
    """A runbook as HTML: what it holds of HTML is shown as text, and links to other pages of the docs become words."""
    made = str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))

    def ours(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[1].partition("#")[0]))
        other = target.removesuffix(".md")
        return f'<a href="/runbooks/{other}">{link[2]}</a>' if other in _texts() else link[2]

    return Markup(_LINK.sub(ours, made))  # noqa: S704 - made from the docs of this release, with HTML escaped


PAGES: tuple[Page, ...] = (
    Page("/runbooks/{name}", Role.VIEWER, runbook, "runbook.html"),
    Page("/runbooks/{folder}/{name}", Role.VIEWER, runbook, "runbook.html"),
)
