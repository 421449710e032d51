"""The trace of a request: Cloud Run names it in its headers, and the logs of one request are found by it."""

import re
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler
from structlog.contextvars import bind_contextvars, clear_contextvars

from shared.runtime.logs import SAMPLED, SPAN, TRACE

_W3C = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
_GOOGLE = re.compile(r"([0-9a-f]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]))?", re.ASCII)
"""https://cloud.google.com/trace/docs/trace-context#legacy-http-header: the span is a decimal number."""
_SPANS = 2**64


def trace_of(headers: Mapping[str, str]) -> dict[str, str | bool]:
    """Trace (32 hexadecimal digits), span (16) and whether it is sampled, of `traceparent` or `X-Cloud-Trace-Context`.

    Empty where neither is there or well-formed: the headers are anybody's.
    """
    found = _W3C.fullmatch(headers.get("traceparent", ""))
    if found is not None and found[1].strip("0"):
        return {TRACE: found[1], SPAN: found[2], SAMPLED: bool(int(found[3], 16) & 1)}
    found = _GOOGLE.fullmatch(headers.get("X-Cloud-Trace-Context", ""))
    if found is None:
        return {}
    trace: dict[str, str | bool] = {TRACE: found[1], SAMPLED: found[3] == "1"}
    if found[2] is not None and 0 < int(found[2]) < _SPANS:
        trace[SPAN] = f"{int(found[2]):016x}"
    return trace


@web.middleware
async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bind the request's trace to whatever is logged for it.

    Until the connection's next request, so that aiohttp's own words about one that failed have it too.
    """
    clear_contextvars()
    bind_contextvars(**trace_of(request.headers))
    return await handler(request)
