"""How every route answers: JSON, and of a failure one object that names the thing and the remedy."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError
from pydantic_core import to_json

from shared.errors import TipoffError, Transient
from shared.runtime.access import Untrusted
from shared.runtime.boundary import classify

_REMEDY = "send a key that has the role as X-API-Key, or one identity token of an account that has it"


def json_response(data: object, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """Data as JSON; dates and instants as ISO text, what is no finite number as null."""
    return web.Response(body=to_json(data), status=status, content_type="application/json", headers=headers)


def refuse(status: HTTPStatus, message: str, remedy: str = "", headers: dict[str, str] | None = None) -> web.Response:
    """An error as every route answers it."""
    return json_response({"error": message, "remedy": remedy}, status, headers)


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Map failures to statuses: 401 and 403 for who may not ask, 503 if asking again may help, else 400."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        status = HTTPStatus(error.status)
        return refuse(status, f"{request.method} {request.path}: {error.reason}", "see docs/coordinator.md")
    except Untrusted as untrusted:
        return refuse(untrusted.status, str(untrusted), _REMEDY)
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
