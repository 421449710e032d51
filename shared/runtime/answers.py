"""How every route answers: JSON, and of a failure one object that names the thing and the remedy."""

from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from pydantic_core import to_json

from shared.errors import TipoffError, Transient
from shared.runtime.access import Untrusted
from shared.runtime.boundary import classify
from shared.runtime.redaction import redacted

_REMEDY = "send a key that has the role as X-API-Key, or one identity token of an account that has it"


class Refusal(Exception):  # noqa: N818 - an answer, no fault of ours
    """A request that is refused for a reason of its own: the route's handler raises it."""

    def __init__(
        self, status: HTTPStatus, message: str, remedy: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.remedy = remedy
        self.headers = headers


def json_response(data: object, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """Data as JSON; dates and instants as ISO text, what is no finite number as null."""
    return web.Response(body=to_json(data), status=status, content_type="application/json", headers=headers)


def refuse(status: HTTPStatus, message: str, remedy: str = "", headers: dict[str, str] | None = None) -> web.Response:
    """An error as every route answers it; no credential that the message may quote."""
    return json_response({"error": redacted(message), "remedy": redacted(remedy)}, status, headers)


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Map failures to statuses: 401 and 403 for who may not ask, 503 if asking again may help, else 400."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        status, allowed = HTTPStatus(error.status), error.headers.get(hdrs.ALLOW)
        headers = None if allowed is None else {str(hdrs.ALLOW): allowed}
        return refuse(status, f"{request.method} {request.path}: {error.reason}", "see docs/coordinator.md", headers)
    except (Refusal, Untrusted, TipoffError) as error:
        return _refused(error)
    except ExceptionGroup as group:  # of queries that ran at once, as those of the grid do
        if group.split(TipoffError)[1] is not None:
            raise
        return _refused(classify(group))


def _refused(error: Refusal | Untrusted | TipoffError) -> web.Response:
    match error:
        case Refusal():
            return refuse(error.status, str(error), error.remedy, error.headers)
        case Untrusted():
            return refuse(error.status, str(error), _REMEDY)
        case Transient():
            return refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error), "try again shortly")
        case _:
            return refuse(HTTPStatus.BAD_REQUEST, str(error), error.remedy)
