"""Around every route: who may ask, and how a failure is answered. Every error is one JSON object: thing and remedy."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from services.coordinator.api.web import json_response
from shared.errors import TipoffError, Transient
from shared.ports import Ports
from shared.registries.secrets import API_KEYS
from shared.runtime.boundary import classify
from shared.runtime.push import PUSH, given_tokens

_REMEDY = "use a token of the schedules' account, or a key"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refuse(status: HTTPStatus, message: str, remedy: str = "") -> web.Response:
    """An error as every route answers it."""
    return json_response({"error": message, "remedy": remedy}, status)


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Map failures to statuses: 503 if asking again may help, else 400."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return refuse(
            HTTPStatus(error.status), f"{request.method} {request.path}: {error.reason}", "see docs/coordinator.md"
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        return refuse(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']}")
    except TipoffError as error:
        return _refused(error)
    except ExceptionGroup as group:  # of queries that ran at once, as those of the grid do
        if group.split(TipoffError)[1] is not None:
            raise
        return _refused(classify(group))


def _refused(error: TipoffError) -> web.Response:
    if isinstance(error, Transient):
        return refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error), "try again shortly")
    return refuse(HTTPStatus.BAD_REQUEST, str(error), error.remedy)


def authenticate(ports: Ports) -> Any:  # noqa: ANN401 - aiohttp's middlewares are decorated callables
    """A middleware that lets /v1 be used only with a key of the secret `api-keys`, or a schedule's token."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/v1/"):
            return await handler(request)
        push = request.app.get(PUSH)
        if push is not None and "X-API-Key" not in request.headers and given_tokens(request):
            refusal = await push.refusal(request, "schedule")  # the schedules' own token: no key lies in a job
            if refusal is not None:
                return refuse(HTTPStatus(refusal.status), str(refusal.text), _REMEDY)
            return await handler(request)
        given = request.headers.get("X-API-Key", "")
        known = (await ports.secrets.get(API_KEYS)).get_secret_value() if given else ""  # no key: nothing to ask for
        allowed = known.split(",")
        offered = given.encode(errors="surrogateescape")
        if not any(hmac.compare_digest(offered, key.strip().encode()) for key in allowed if key.strip()):
            what = "API key is wrong" if given else "API key is missing"
            return refuse(HTTPStatus.UNAUTHORIZED, what, "send a key of the secret `api-keys` as X-API-Key")
        return await handler(request)

    return middleware
