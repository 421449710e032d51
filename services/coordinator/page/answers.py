"""How the page answers: HTML under a strict policy, never kept by anybody."""

from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from services.coordinator.page.page import File

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Nothing is loaded from elsewhere, and nothing written into a page runs: https://www.w3.org/TR/CSP3/."""
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    hdrs.CACHE_CONTROL: "no-store",
}
_COMPRESSED: Final = 1000
"""Shorter pages are sent as they are."""


def page(text: str, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """A page of HTML."""
    given = {**HEADERS, hdrs.VARY: hdrs.ACCEPT_ENCODING, **(headers or {})}
    response = web.Response(text=text, status=status, content_type="text/html", headers=given)
    if len(text) > _COMPRESSED:
        response.enable_compression()
    return response


def elsewhere(path: str) -> web.Response:
    """Go to another page of ours."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**HEADERS, hdrs.LOCATION: path})


def to_sign_in(request: web.Request) -> web.Response:
    """Sign in first, and come back."""
    return elsewhere(str(request.rel_url.with_path("/sign-in").with_query(next=str(request.rel_url))))


def attachment(file: File) -> web.StreamResponse:
    """A file that the browser stores."""
    kind = f"{file.kind}; charset=utf-8" if file.kind.startswith("text/") else file.kind
    headers = {**HEADERS, hdrs.CONTENT_TYPE: kind, hdrs.CONTENT_DISPOSITION: f'attachment; filename="{file.name}"'}
    response = web.StreamResponse(headers=headers)
    if file.kind.startswith("text/"):
        response.enable_compression()
    return response


def stream() -> web.StreamResponse:
    """A stream of server-sent events that no proxy holds back."""
    headers = {**HEADERS, hdrs.CONTENT_TYPE: "text/event-stream", "X-Accel-Buffering": "no"}
    return web.StreamResponse(headers=headers)
