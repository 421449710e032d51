"""Google's identity tokens: who really sent a request (failure 35: any `Bearer` header was trusted).

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
https://cloud.google.com/run/docs/authenticating/service-to-service
"""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import aiohttp
from google.auth import jwt
from pydantic import Field, TypeAdapter

from shared.errors import Transient
from shared.ports import Clock
from shared.runtime.access import Untrusted
from shared.runtime.cached import Cached

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
SKEW = 10
"""Seconds that the issuer's clock may be off."""
LIFETIME = 3600
"""Seconds that a token of Google's is valid; what claims to be valid for longer is none."""
FETCH_TIMEOUT = 10.0
AGE, MAX_AGE = 3600.0, 86_400.0
"""Seconds after which certificates are fetched again: where the issuer does not say, and whatever it says."""
CLOSED_AGE, OPEN_AGE = 60.0, 5.0
"""Seconds that a look at the door counts: an open one is soon looked at again, but not for every forged token."""
REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run leaves of a signature that its IAM has checked."""

_CERTIFICATES = TypeAdapter(Annotated[dict[str, str], Field(min_length=1)])
_NO_TOKEN = (TypeError, AttributeError, LookupError, RecursionError, OverflowError)
"""What google-auth makes of JSON that is no token's: a list, a number, ten thousand brackets."""


class Certificates:
    """The issuer's public certificates, PEM by key id, kept for as long as the issuer says.

    A key id that is not among them fetches nothing: Google publishes a key long before it signs with it.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._url = url
        self._session = session
        self._what = f"certificates of tokens from {url}"
        self._cached = Cached(self._what, self._fetch, clock)

    async def current(self) -> Mapping[str, str]:
        """Those that are valid now.

        Raises:
            Transient: they cannot be fetched.
        """
        return await self._cached.current()

    async def close(self) -> None:
        """End a fetch that is under way."""
        await self._cached.close()

    async def _fetch(self) -> tuple[Mapping[str, str], float]:
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT),
                self._session.get(self._url, raise_for_status=True) as response,
            ):
                certificates = _CERTIFICATES.validate_python(await response.json())
                said = re.search(r"max-age=(\d{1,9})", response.headers.get("Cache-Control", ""))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise Transient(f"{self._what}: {type(error).__name__}") from error
        return certificates, min(float(said[1]), MAX_AGE) if said is not None else AGE


class Door:
    """Whether Cloud Run's IAM really stands before this service: a stranger's request must not come through.

    Where it does not (somebody has opened the service to all), anybody could write the marker of a checked signature.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._url = url
        self._session = session
        self._cached = Cached("the service's own door", self._look, clock)

    async def require_closed(self) -> None:
        """Raises `Untrusted` where a stranger comes through, `Transient` where that cannot be found out."""
        if not await self._cached.current():
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "the service is open to strangers: no signature was checked")

    async def close(self) -> None:
        """End a look that is under way."""
        await self._cached.close()

    async def _look(self) -> tuple[bool, float]:
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT),
                self._session.get(self._url, allow_redirects=False) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(f"the service's own door cannot be looked at: {type(error).__name__}") from error
        if status == HTTPStatus.OK:
            return False, OPEN_AGE
        if status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Transient(f"the service's own door answers {status}")
        return True, CLOSED_AGE


class TokenVerifier:
    """Lets pass only fresh tokens of the issuer, made for a known audience and an e-mail address on its list."""

    def __init__(
        self,
        certificates: Certificates,
        allowed: Mapping[str, frozenset[str]],
        clock: Clock,
        *,
        door: Door | None = None,
    ) -> None:
        """`allowed`: audience -> e-mail addresses. A `door`: the service is behind Cloud Run's IAM.

        IAM has checked the signature and put a marker in its place; everything else is checked here all the same.
        """
        self._certificates = certificates
        self._allowed = allowed
        self._clock = clock
        self._door = door

    async def verify(self, *given: str) -> tuple[str, str]:
        """The sender's audience and e-mail address, by the one header with a token that was given.

        Raises:
            Untrusted: 401 if there is no genuine, current token; 403 if it is somebody else's or for something else.
            Transient: the issuer's certificates cannot be fetched.
        """
        if len(given) > 1:  # IAM has looked at one of them only
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "two tokens")
        scheme, _, token = "".join(given).partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "no Bearer token")
        try:
            claims = await self._claims(token)
            current = _is_current(claims, self._clock)
        except (ValueError, *_NO_TOKEN) as error:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "token refused: it cannot be verified") from error
        if not current:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, "token refused: it is not valid now")
        return self._checked(claims)

    async def _claims(self, token: str) -> Mapping[str, object]:
        claims: Mapping[str, object]
        if self._door is not None and token.endswith(f".{REMOVED}"):
            await self._door.require_closed()
            claims = jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]  # google-auth
            return claims
        header = jwt.decode_header(token)  # type: ignore[no-untyped-call]  # google-auth
        certificates = await self._certificates.current()
        if header.get("alg") != "RS256" or header.get("kid") not in certificates:
            raise ValueError("no key of the issuer's")
        claims = jwt.decode(token, certs=certificates, clock_skew_in_seconds=SKEW)  # type: ignore[no-untyped-call]  # google-auth
        return claims

    def _checked(self, claims: Mapping[str, object]) -> tuple[str, str]:
        audience, email = (claim if isinstance(claim, str) else "" for claim in map(claims.get, ("aud", "email")))
        for claim, trusted in (
            ("iss", claims.get("iss") in ISSUERS),
            ("aud", audience in self._allowed),
            ("email_verified", claims.get("email_verified") is True),
            ("email", email in self._allowed.get(audience, ())),
        ):
            if not trusted:
                raise Untrusted(HTTPStatus.FORBIDDEN, f"token's {claim} is not one that may call")
        return audience, email


def _is_current(claims: Mapping[str, object], clock: Clock) -> bool:
    """Whether a token is valid now, and for no longer than Google's are."""
    issued, expires, now = claims["iat"], claims["exp"], clock.now().timestamp()
    begins = claims.get("nbf", issued)
    if not isinstance(issued, int) or not isinstance(expires, int) or not isinstance(begins, int):
        return False
    return max(issued, begins) - SKEW <= now < expires + SKEW and expires - issued <= LIFETIME + SKEW
