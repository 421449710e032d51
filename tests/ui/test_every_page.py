"""What holds for every page at every width, in both themes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ui.looking import Looked

pytestmark = pytest.mark.network

PAGES = {"nights": "/nights", "sign-in": "/sign-in"}
"""Name -> path; `{last}` is the newest slate."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(look: Callable[..., "Looked"], name: str, width: int, scheme: str) -> None:
    """No console error, no request to elsewhere, no CSP violation, nothing serious for axe, no side-scrolling."""
    looked = look(width=width, color_scheme=scheme)
    looked.goto(PAGES[name].format(last=looked.world.last))
    looked.check(f"{name}-{scheme}")
