"""The route that makes a link into the page: whoever has a key and a terminal needs not copy the key into a browser."""

from functools import partial
from http import HTTPStatus

from typing_extensions import TypedDict

from services.coordinator.api.route import Asked, Route
from services.coordinator.sessions import CODE_LIFE, Sessions
from shared.errors import Permanent
from shared.registries.keys import Role


class SignInLink(TypedDict):
    """A way into the page, once."""

    path: str
    expires_in_seconds: int


def routes(sessions: Sessions) -> list[Route]:
    """The one."""
    made = HTTPStatus.CREATED
    handler = partial(link, sessions)
    return [Route("POST", "/v1/sign-in-links", Role.VIEWER, handler, SignInLink, status=made, once=False)]


async def link(sessions: Sessions, asked: Asked) -> SignInLink:
    """A link that signs a browser in as the caller, once and soon."""
    if asked.caller.key_id == "":
        raise Permanent("only an API key has sessions", remedy="ask with X-API-Key")
    code = await sessions.new_code(asked.caller)
    return SignInLink(path=f"/sign-in?code={code}", expires_in_seconds=int(CODE_LIFE.total_seconds()))
