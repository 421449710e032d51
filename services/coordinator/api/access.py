"""Who may ask: every route under /v1 takes a caller with a role."""

from aiohttp import web
from aiohttp.typedefs import Handler

from shared.registries.keys import Role
from shared.runtime.access import ACCESS


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let /v1 be used only by callers that are known."""
    if request.path.startswith("/v1/"):
        await request.app[ACCESS].require(request, Role.VIEWER if request.method == "GET" else Role.OPERATOR)
    return await handler(request)
