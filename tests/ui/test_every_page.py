"""What holds for every page at every width, in both themes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ui.looking import Looked

pytestmark = pytest.mark.network

WIDTHS = (360, 768, 1440)
"""CSS pixels: a phone, a tablet, a desk."""
PAGES = {
    "tonight": "/?game_date={last}&mode=same_day",
    "looking-back": "/?game_date={last}&mode=same_day&as_of={last}T23:30",
    "players": "/players?game_date={last}&mode=same_day&query=a",
    "nobody": "/players?game_date={last}&mode=same_day&query=qqqq",
    "record": "/record?mode=same_day&market=points",
    "record-by-market": "/record?mode=same_day&by=market",
    "picks": "/record/picks?mode=same_day",
    "sign-in": "/sign-in",
    "nights": "/nights",
    "night": "/nights/{last}.same_day",
    "step": "/nights/{last}.same_day?step=publish",
    "redo": "/nights/{last}.same_day/redo?step=lines",
    "grid": "/grid",
    "backfill": "/grid/backfill?mode=same_day&day={first}&day={last}",
    "alerts": "/alerts?resolved=true",
    "resolve": "/alerts/resolve?name=run_failed&scope=2024-10-30.same_day",
    "dead-letters": "/dead-letters",
    "sources": "/sources",
    "runbook": "/runbooks/dead_letter",
    "api": "/api-docs",
    "api-operation": "/api-docs/get_v1_predictions?ask=true&limit=2",
}
"""Name -> path; `{first}` and `{last}` are the slates that were replayed."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(look: Callable[..., "Looked"], name: str) -> None:
    """No console error, no request to elsewhere, no CSP violation, nothing serious for axe, no side-scrolling."""
    looked = look()
    page = looked.goto(PAGES[name].format(first=looked.world.first, last=looked.world.last))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            looked.check(f"{name}-{scheme}")
