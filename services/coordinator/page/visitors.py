"""Who looks at a page: a session, else a credential in the headers, else nobody; and the cookies that say so."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.coordinator.sessions import Session, Sessions, form_token
from shared.runtime.access import ACCESS, ACTOR, KEY_HEADER, Caller, Untrusted, given_tokens

THEME: Final = "tipoff-theme"
THEMES: Final = ("auto", "light", "dark")
TOKEN_HEADER: Final = "X-CSRF-Token"  # noqa: S105 - the name of a header
_FOREIGN: Final = ("cross-site", "same-site")
_YEAR: Final = 31_536_000


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody, perhaps unknown."""

    caller: Caller | None
    cookie: str
    """What his forms are bound to: the session's token, without a session one of their own."""
    session: bool = False
    fresh: bool = False
    """The cookie is new, and goes out with the answer."""

    @property
    def form_token(self) -> str:
        """What his forms must send along."""
        return form_token(self.cookie)


class Visitors:
    """Knows who sends a request."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def who(self, request: web.Request, *, used: bool = True) -> Who:
        """Who sends it. Looking at what is live is no use of a session: a tab left open does not keep it alive.

        Raises:
            Transient: that cannot be found out at present.
        """
        session = await self._sessions.find(request.cookies.get(_name(request, "session"), ""), used=used)
        if session is not None:
            request[ACTOR] = session.caller.actor
            return Who(session.caller, session.token, session=True)
        caller = await _by_headers(request)
        kept = request.cookies.get(_name(request, "form"), "")
        return Who(caller, kept if kept != "" else secrets.token_urlsafe(32), fresh=kept == "")


async def _by_headers(request: web.Request) -> Caller | None:
    if KEY_HEADER not in request.headers and not given_tokens(request):
        return None
    try:
        caller = await request.app[ACCESS].caller(request)
    except Untrusted:  # such as a token that is for the platform's door only
        return None
    request[ACTOR] = caller.actor
    return caller


def is_ours(request: web.Request, who: Who, given: str) -> bool:
    """Whether a form was sent from a page that was made for him."""
    return hmac.compare_digest(request.headers.get(TOKEN_HEADER, given).encode(), who.form_token.encode())


def is_foreign(request: web.Request) -> bool:
    """Whether the browser says that another site has sent it."""
    return request.headers.get("Sec-Fetch-Site") in _FOREIGN


def begin_session(request: web.Request, response: web.Response, session: Session) -> None:
    """Send the cookie of a session. It has no limit of time of its own: the server knows when the session ends."""
    _set(request, response, _name(request, "session"), session.token)


def keep_form_cookie(request: web.Request, response: web.Response, who: Who) -> None:
    """Send the cookie that his forms are bound to, where he has none."""
    if who.fresh:
        _set(request, response, _name(request, "form"), who.cookie)


def end_session(request: web.Request, response: web.Response) -> str:
    """Take the cookie of a session back; the token it held."""
    name = _name(request, "session")
    response.del_cookie(name, httponly=True, samesite="Strict", secure=_is_secure(request))
    return request.cookies.get(name, "")


def theme_of(request: web.Request) -> str:
    """The theme he has chosen."""
    given = request.cookies.get(THEME, "")
    return given if given in THEMES else THEMES[0]


def keep_theme(request: web.Request, response: web.Response, theme: str) -> None:
    """Remember a theme."""
    response.set_cookie(THEME, theme, max_age=_YEAR, samesite="Strict", secure=_is_secure(request))


def _set(request: web.Request, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(name, value, httponly=True, samesite="Strict", secure=_is_secure(request))


def _name(request: web.Request, kind: str) -> str:
    """Browsers do not tell ports apart: two products on one machine would sign each other out."""
    return f"tipoff-{kind}-{request.url.port}"


def _is_secure(request: web.Request) -> bool:
    return request.secure or request.headers.get("X-Forwarded-Proto") == "https"
