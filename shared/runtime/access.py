"""Who may ask: a caller is known by an API key or by an identity token of Google's, and has a role."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

import aiohttp
from aiohttp import hdrs, web

from shared.errors import TipoffError, Transient
from shared.registries.keys import SCHEDULES, Role
from shared.runtime.clock import WallClock
from shared.runtime.logs import get_logger
from shared.runtime.settings import CommonSettings, accounts

if TYPE_CHECKING:
    from shared.cloud.tokens import TokenVerifier

KEY_HEADER = "X-API-Key"
ACTOR = web.RequestKey("actor", str)
"""Who asks, once that is known."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    actor: str
    """The name of a key, the address of an account, `schedules`."""
    role: Role
    key_id: str = field(default="", compare=False)
    """Of the API key; empty without one."""


class Untrusted(Exception):  # noqa: N818 - a verdict on a request
    """The request is not from an allowed sender."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Keys(Protocol):
    """API keys."""

    async def caller(self, given: str) -> Caller:
        """Whose key it is.

        Raises:
            Untrusted: it is no key, or one no longer.
            Transient: that cannot be found out at present.
        """
        ...


class Access:
    """Says who asks. Lives as long as the app."""

    def __init__(self, settings: CommonSettings, keys: Keys | None = None) -> None:
        self._settings = settings
        self._keys = keys
        self._people = _people(settings)
        self._pushes: TokenVerifier | None = None
        self._callers: TokenVerifier | None = None

    @property
    def behind_front_end(self) -> bool:
        """Whether Google's front end stands between the callers and this service."""
        return bool(self._settings.door)

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """What it needs while the app runs; nothing where no audience is configured."""
        settings = self._settings
        if not self._people and not settings.push_audience:
            yield
            return
        from shared.cloud.tokens import Certificates, Door, TokenVerifier  # noqa: PLC0415 - only who gets tokens needs it

        clock = WallClock()  # tokens are of the real world, also in a replay
        async with aiohttp.ClientSession() as session:
            certificates = Certificates(settings.token_certs_url, session, clock)
            door = Door(settings.door, session, clock) if settings.door else None
            pushers = {settings.push_audience: accounts(settings.push_emails)}
            callers = {audience: frozenset(known) for audience, known in self._people.items()}
            if settings.push_audience:
                self._pushes = TokenVerifier(certificates, pushers, clock, door=door)
            if callers:
                self._callers = TokenVerifier(certificates, callers, clock, door=door)
            yield
            await certificates.close()
            if door is not None:
                await door.close()

    async def require_push(self, request: web.Request) -> None:
        """Raises `Untrusted` if it is not Pub/Sub that asks for us, `Transient` if that cannot be found out."""
        if self._pushes is None:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "this service takes no pushes")
        await self._pushes.verify(*given_tokens(request))

    async def caller(self, request: web.Request) -> Caller:
        """Who asks.

        Raises:
            Untrusted: nobody who may.
            Transient: that cannot be found out at present; why is logged, and nothing for strangers.
        """
        try:
            return await self._caller(request)
        except TipoffError as error:
            get_logger("http").error("caller_unknown", path=request.path, reason=str(error))
            raise Transient("who asks cannot be found out at present") from error

    async def _caller(self, request: web.Request) -> Caller:
        keys, tokens = request.headers.getall(KEY_HEADER, []), given_tokens(request)
        if len(keys) > 1 or len(tokens) > 1:  # each of them might be the one that was checked before us
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "two credentials of one kind")
        if keys and self._keys is not None:  # a token beside it is for the door
            return await self._keys.caller(keys[0])
        if tokens and self._callers is not None:
            audience, email = await self._callers.verify(*tokens)
            return self._people[audience][email]
        if not keys and not tokens and self._keys is None and self._callers is None and _is_near(request):
            return Caller("this machine", Role.VIEWER)
        raise Untrusted(HTTPStatus.UNAUTHORIZED, f"credentials are {'wrong' if keys or tokens else 'missing'}")

    async def require(self, request: web.Request, role: Role) -> Caller:
        """The caller, if he has the role; else raises as `caller`."""
        caller = await self.caller(request)
        request[ACTOR] = caller.actor
        if not caller.role.covers(role):
            raise Untrusted(HTTPStatus.FORBIDDEN, f"{caller.actor} is {caller.role}, this takes {role}")
        return caller


ACCESS: web.AppKey[Access] = web.AppKey("access", Access)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def only(role: Role) -> Callable[[_Handler], _Handler]:
    """For a handler that answers nobody below a role."""

    def decorate(handler: _Handler) -> _Handler:
        @wraps(handler)
        async def checked(request: web.Request) -> web.StreamResponse:
            await request.app[ACCESS].require(request, role)
            return await handler(request)

        return checked

    return decorate


def given_tokens(request: web.Request) -> list[str]:
    """The headers that hold a token. Where the first is there, Cloud Run's IAM checks it and leaves the other as it is.

    https://cloud.google.com/run/docs/authenticating/service-to-service
    """
    return [
        value
        for name in ("X-Serverless-Authorization", hdrs.AUTHORIZATION)
        for value in request.headers.getall(name, [])
    ]


def _people(settings: CommonSettings) -> Mapping[str, Mapping[str, Caller]]:
    """Audience -> address -> caller: people by the lists of their roles, and the schedules."""
    found: dict[str, Mapping[str, Caller]] = {}
    if settings.people_audience:
        lists = ((Role.VIEWER, settings.viewers), (Role.OPERATOR, settings.operators), (Role.ADMIN, settings.admins))
        found[settings.people_audience] = {
            email: Caller(email, role) for role, emails in lists for email in accounts(emails)
        }
    if settings.schedule_audience:
        caller = Caller(SCHEDULES, Role.OPERATOR)
        known = found.get(settings.schedule_audience, {})
        found[settings.schedule_audience] = {**known, **dict.fromkeys(accounts(settings.schedule_emails), caller)}
    return found


def _is_near(request: web.Request) -> bool:
    """Whether it is this machine that asks, and no proxy on it for somebody else."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(str(request.remote)).is_loopback
    except ValueError:
        return False
