"""The server's own identity provider: signs push tokens, and publishes what they are verified with, as Google does."""

import time
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

ISSUER = "https://accounts.google.com"
LIFETIME = 3600
REUSE = 1800
"""Seconds a token lives, and for how long it is used again: signing costs about a millisecond."""


class Keys:
    """One RSA key, made when it is first needed."""

    def __init__(self) -> None:
        self.key_id = "pubsub-server-1"
        self._tokens: dict[tuple[str, str], tuple[int, str]] = {}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _signer(self) -> Any:  # noqa: ANN401 - google-auth is untyped here
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return crypt.RSASigner.from_string(pem, self.key_id)  # type: ignore[no-untyped-call]  # google-auth

    @cached_property
    def certificates(self) -> dict[str, str]:
        """PEM certificates by key id, as https://www.googleapis.com/oauth2/v1/certs."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pubsub-server")])
        today = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        return {self.key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()}

    def token(self, email: str, audience: str) -> str:
        """A token for the service account, used again while it is fresh."""
        now = int(time.time())
        issued, token = self._tokens.get((email, audience), (0, ""))
        if now - issued >= REUSE:
            token = self.sign(self.claims(email, audience, now))
            self._tokens[email, audience] = now, token
        return token

    def claims(self, email: str, audience: str, now: int) -> dict[str, Any]:
        """What a push token says."""
        return {
            "iss": ISSUER,
            "aud": audience,
            "azp": email,
            "sub": email,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + LIFETIME,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token with these claims (tests sign bad ones)."""
        token: bytes = jwt.encode(self._signer, claims)  # type: ignore[no-untyped-call]  # google-auth
        return token.decode()
