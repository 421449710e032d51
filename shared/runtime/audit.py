"""The audit record: who asked for which change or was refused, from where, and what came of it.

It is a line of the log, so that it is kept where the service cannot change it.
"""

from secrets import token_hex

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from shared.runtime.access import ACCESS, ACTOR
from shared.runtime.logs import TRACE, get_unfiltered_logger
from shared.runtime.trace import trace_of

REQUEST_ID = "X-Request-Id"
_READS = (hdrs.METH_GET, hdrs.METH_HEAD)
_REFUSED = (401, 403, 429)
_log = get_unfiltered_logger("audit")


@web.middleware
async def audit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record every change and every refusal, but not what Pub/Sub delivers; every answer has the request's id."""
    status = 0  # where nobody waits for an answer any more, or a bug has none
    request_id = _id(request)
    try:
        response = await handler(request)
        status = response.status
        response.headers[REQUEST_ID] = request_id
    finally:
        delivered = request.path.startswith("/push/") and status not in _REFUSED
        if status in _REFUSED or (request.method not in _READS and not delivered):
            resource = request.match_info.route.resource
            _log.info(
                "audit",
                actor=request.get(ACTOR, "unknown"),
                address=_address(request),
                method=request.method,
                route=resource.canonical if resource is not None else "unknown",
                status=status,
                request_id=request_id,
            )
    return response


def _id(request: web.Request) -> str:
    """The trace's, where the platform has begun one."""
    return str(trace_of(request.headers).get(TRACE) or token_hex(16))


def _address(request: web.Request) -> str:
    """The last of the addresses that were forwarded is the one that Google's front end saw; others may be made up."""
    if not request.app[ACCESS].behind_front_end:
        return str(request.remote)
    return request.headers.get(hdrs.X_FORWARDED_FOR, "").rpartition(",")[2].strip()[:45]
