"""OIDC tokens of push requests: who really sent them (failure 35: any `Bearer` header was trusted).

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
"""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from google.auth import jwt

from shared.errors import Transient
from shared.ports import Clock

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
SKEW = 10
"""Seconds that the issuer's clock may be off."""
FETCH_TIMEOUT = 10.0
MAX_AGE, MIN_AGE = 3600.0, 60.0
"""Seconds after which certificates are fetched again: without a Cache-Control, and for a key id not among them."""


REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What Cloud Run leaves of a signature that its IAM has checked."""


_NO_TOKEN = (TypeError, AttributeError, LookupError, RecursionError)
"""What google-auth makes of JSON that is no token's: a list, a number, ten thousand brackets."""


class Untrusted(Exception):  # noqa: N818 - a verdict on a request
    """The request is not from an allowed sender."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Certificates:
    """The issuer's public certificates, PEM by key id, kept for as long as the issuer says."""

    def __init__(self, url: str, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._url = url
        self._session = session
        self._clock = clock
        self._known: Mapping[str, str] = {}
        self._fetched = self._expires = -MAX_AGE
        self._lock = asyncio.Lock()

    async def holding(self, key_id: str | None) -> Mapping[str, str]:
        """Current certificates; fetched again for an unknown key, but not on every forged token's behalf.

        Raises:
            Transient: they cannot be fetched.
        """
        async with self._lock:
            now = self._clock.monotonic()
            if now >= self._expires or (key_id not in self._known and now - self._fetched >= MIN_AGE):
                self._known, age = await self._fetch()
                self._fetched, self._expires = now, now + age
            return self._known

    async def _fetch(self) -> tuple[Mapping[str, str], float]:
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT),
                self._session.get(self._url, raise_for_status=True) as response,
            ):
                certificates = await response.json()
                said = re.search(r"max-age=(\d+)", response.headers.get("Cache-Control", ""))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Transient(f"certificates of push tokens from {self._url}: {type(error).__name__}: {error}") from error
        return certificates, float(said[1]) if said is not None else MAX_AGE


class TokenVerifier:
    """Lets pass only fresh tokens of the issuer, made for this audience and an e-mail address on the list."""

    def __init__(
        self, certificates: Certificates, audience: str, emails: frozenset[str], *, behind_iam: Clock | None = None
    ) -> None:
        # With a clock, `behind_iam` says that Cloud Run's IAM lets nobody else through: it has checked the signature
        # and put a marker in its place. Everything else is checked here all the same.
        self._certificates = certificates
        self._audience = audience
        self._emails = emails
        self._behind_iam = behind_iam

    async def verify(self, *given: str) -> str:
        """The sender's e-mail address, by the one Authorization header that was given.

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
            if self._behind_iam is not None and token.endswith(f".{REMOVED}"):
                return self._checked(_current(token, self._behind_iam))
            key_id = jwt.decode_header(token).get("kid")  # type: ignore[no-untyped-call]  # google-auth
            certificates = await self._certificates.holding(key_id)
            claims = jwt.decode(token, certs=certificates, clock_skew_in_seconds=SKEW)  # type: ignore[no-untyped-call]  # google-auth
        except (ValueError, *_NO_TOKEN) as error:
            raise Untrusted(HTTPStatus.UNAUTHORIZED, f"token refused: {error}") from error
        return self._checked(claims)

    def _checked(self, claims: Mapping[str, object]) -> str:
        email = claims.get("email")
        for claim, trusted in (
            ("iss", claims.get("iss") in ISSUERS),
            ("aud", claims.get("aud") == self._audience),
            ("email_verified", claims.get("email_verified") is True),
            ("email", email in self._emails),
        ):
            if not trusted:
                raise Untrusted(HTTPStatus.FORBIDDEN, f"token's {claim} is {claims.get(claim)!r}")
        return str(email)


def _current(token: str, clock: Clock) -> Mapping[str, object]:
    """The claims of a token whose signature was checked before us, if it is valid now.

    Raises:
        ValueError: it is not, or cannot be read.
    """
    claims: Mapping[str, object] = jwt.decode(token, verify=False)  # type: ignore[no-untyped-call]  # google-auth
    issued, expires, now = claims.get("iat"), claims.get("exp"), clock.now().timestamp()
    if not isinstance(issued, int) or not isinstance(expires, int) or not issued - SKEW <= now < expires + SKEW:
        raise ValueError("it is not valid now")
    return claims
