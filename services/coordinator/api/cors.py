"""Which web pages of other origins may read the API in a browser: those of a setting, and only read (Fetch, CORS)."""

import aiohttp_cors
from aiohttp import hdrs, web

from shared.registries.api import ROWS
from shared.runtime.access import KEY_HEADER

_HEADERS = (KEY_HEADER, hdrs.AUTHORIZATION, hdrs.IF_NONE_MATCH)
"""What such a page may send beside what every page may."""
_EXPOSED = ("ETag", "Link", "Retry-After", ROWS, "X-Request-Id")
_SECONDS = 600
"""For which a browser need not ask again whether it may."""


def allow(app: web.Application, allowed: tuple[str, ...]) -> None:
    """Let pages of these origins read every reading below /v1; no cookie counts, and nothing else is opened."""
    if not allowed:
        return
    options = aiohttp_cors.ResourceOptions(  # type: ignore[no-untyped-call]  # its arguments have no types
        allow_credentials=False, expose_headers=_EXPOSED, allow_headers=_HEADERS, max_age=_SECONDS
    )
    cors = aiohttp_cors.setup(app, defaults=dict.fromkeys(allowed, options))
    for route in [*app.router.routes()]:
        if route.method == hdrs.METH_GET and route.resource is not None and route.resource.canonical.startswith("/v1/"):
            cors.add(route)
