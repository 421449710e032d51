"""How an answer, or a fault instead of it, goes over the wire."""

import json
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from devstack.upstream.faults import HELD, RETRY_AFTER, Fault, Verdict, emptied
from devstack.upstream.wire import Answer, dumps
from shared.ports import Clock

_HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
_SERVER_ERRORS = (500, 502, 503)


def respond(answer: Answer, request: web.Request) -> web.Response:
    """The truth; 304 where it is what the request says its sender has already."""
    headers = {**answer.headers, "Content-Type": answer.content_type}
    response = web.Response(body=answer.body, status=answer.status, headers=headers)
    if answer.status == HTTPStatus.OK:
        etag = sha256(answer.body).hexdigest()[:16]
        if any(known.value == etag for known in request.if_none_match or ()):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=answer.headers)
        response.etag = etag
    return response


async def deliver(
    verdict: Verdict, truth: Callable[[], Answer], request: web.Request, clock: Clock
) -> web.StreamResponse:
    """The fault of `verdict` in place of the truth."""
    if verdict.fault is Fault.TRUNCATED:
        return await _truncated(truth(), request, cut_off=bool(verdict.draw % 2))
    if verdict.fault is Fault.EMPTY:
        return respond(_without_records(truth()), request)
    if verdict.fault is Fault.HUNG:
        await clock.sleep(HELD)
    return respond(_refusal(verdict), request)


def _refusal(verdict: Verdict) -> Answer:
    match verdict.fault:
        case Fault.RATE_LIMITED:
            return Answer.json({"message": "too many requests"}, status=429, headers={"Retry-After": str(RETRY_AFTER)})
        case Fault.HTML:
            return Answer(_HTML, content_type="text/html; charset=utf-8")
        case Fault.HUNG:
            return Answer(b"timed out", 504, "text/plain")
        case Fault.FLAKY:
            return Answer(b"upstream trouble", _SERVER_ERRORS[verdict.draw % len(_SERVER_ERRORS)], "text/plain")
        case _:
            return Answer(b"unreachable", 503, "text/plain")


def _without_records(answer: Answer) -> Answer:
    """An answer of the same shape that lists nothing; what is no JSON list of things stays the truth."""
    if answer.status != 200:  # noqa: PLR2004 - HTTP OK
        return answer
    body = dumps(emptied(json.loads(answer.body)))
    return Answer(body, answer.status, answer.content_type, answer.headers)


async def _truncated(answer: Answer, request: web.Request, *, cut_off: bool) -> web.StreamResponse:
    """Half of the body: the connection drops before the promised length, or the JSON simply ends."""
    half = answer.body[: len(answer.body) // 2]
    headers = {**answer.headers, "Content-Type": answer.content_type}
    if not cut_off:
        return web.Response(body=half, status=answer.status, headers=headers)
    response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Length": str(len(answer.body))})
    await response.prepare(request)
    await response.write(half)
    if request.transport is not None:
        request.transport.close()
    return response
