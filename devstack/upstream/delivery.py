"""How an answer, or a fault instead of it, goes over the wire."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from aiohttp import web

from devstack.upstream.distortions import emptied, poisoned, poisoned_pdf, renamed, renamed_pdf
from devstack.upstream.faults import HELD, RETRY_AFTER, Fault, Verdict
from devstack.upstream.wire import JSON_TYPE, Answer
from shared.ports import Clock

_HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
_BLOCKED = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>You don't have permission to access "
    b"this resource on this server.</BODY></HTML>"
)
_SERVER_ERRORS = (500, 502, 503)
_BEHIND = timedelta(days=1)


def respond(answer: Answer, request: web.Request) -> web.Response:
    """The truth; 304 where it is what the request says its sender has already."""
    headers = {**answer.headers, "Content-Type": answer.content_type}
    response = web.Response(body=answer.body, status=answer.status, headers=headers)
    if answer.status == HTTPStatus.OK:
        etag = sha256(answer.body).hexdigest()[:16]
        if _is_known(request, etag, answer.headers.get("Last-Modified")):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=answer.headers)
        response.etag = etag
    return response


def _is_known(request: web.Request, etag: str, modified: str | None) -> bool:
    """By its tag, and by its time where the request names no tag."""
    if request.if_none_match is not None:
        return any(known.value == etag for known in request.if_none_match)
    since = request.if_modified_since
    return since is not None and modified is not None and parsedate_to_datetime(modified) <= since


async def deliver(
    verdict: Verdict, truth: Callable[[datetime], Answer], request: web.Request, clock: Clock
) -> web.StreamResponse:
    """The fault of `verdict` in place of the truth, which `truth` tells as of an instant."""
    match verdict.fault:
        case Fault.TRUNCATED:
            return await _truncated(truth(clock.now()), request, cut_off=bool(verdict.draw % 2))
        case Fault.EMPTY:
            return respond(_distorted(truth(clock.now()), emptied), request)
        case Fault.RENAMED:
            return respond(_distorted(truth(clock.now()), renamed, renamed_pdf), request)
        case Fault.POISONED:
            of_json, of_pdf = partial(poisoned, draw=verdict.draw), partial(poisoned_pdf, draw=verdict.draw)
            return respond(_distorted(truth(clock.now()), of_json, of_pdf), request)
        case Fault.STALE:
            return respond(truth(clock.now() - _BEHIND), request)
        case Fault.HUNG:
            await clock.sleep(HELD)
        case Fault.REFUSED if request.transport is not None:
            request.transport.abort()
        case _:
            pass
    return respond(_refusal(verdict), request)


def _refusal(verdict: Verdict) -> Answer:
    match verdict.fault:
        case Fault.RATE_LIMITED:
            return Answer.json({"message": "too many requests"}, status=429, headers={"Retry-After": str(RETRY_AFTER)})
        case Fault.HTML:
            return Answer(_HTML, content_type="text/html; charset=utf-8")
        case Fault.BLOCKED:
            return Answer(_BLOCKED, 403, "text/html")
        case Fault.HUNG:
            return Answer(b"timed out", 504, "text/plain")
        case Fault.FLAKY:
            return Answer(b"upstream trouble", _SERVER_ERRORS[verdict.draw % len(_SERVER_ERRORS)], "text/plain")
        case _:
            return Answer(b"unreachable", 503, "text/plain")


def _distorted(
    answer: Answer, of_json: Callable[[Any], object], of_pdf: Callable[[bytes], bytes] | None = None
) -> Answer:
    """An answer of the same shape, distorted; a refusal stays the truth, and so does what there is no distortion of."""
    if answer.status != HTTPStatus.OK:
        return answer
    if answer.content_type != JSON_TYPE:
        return answer if of_pdf is None else replace(answer, body=of_pdf(answer.body))
    # In ASCII, for nonsense that is no text in UTF-8.
    body = json.dumps(of_json(json.loads(answer.body)), separators=(",", ":")).encode()
    return replace(answer, body=body)


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
