"""Roles, and what an API key looks like. Set-up makes the first ones with nothing but the standard library.

A key is `tipoff_<id>_<secret>`. Its secret has 256 random bits, so that a fast hash is enough: nothing can be guessed.
"""

import hashlib
import re
import secrets
from enum import StrEnum

ID = "[0-9a-f]{16}"
KEY = re.compile(rf"tipoff_({ID})_([A-Za-z0-9_-]{{43}})")
"""Id and secret."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SCHEDULES = "schedules"
"""The name of the schedules' own credential: it alone may say which schedule a request is of."""
RESERVED = (SCHEDULES, "reconciler")
"""Sources of runs that are no keys."""
CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
"""What identity tokens are verified with: Google's certificates, JSON, PEM by key id."""


class Role(StrEnum):
    """What a caller may do; each may do what those before it may."""

    VIEWER = "viewer"
    """Read."""
    OPERATOR = "operator"
    """Ask for runs, resolve alerts."""
    ADMIN = "admin"
    """Make and revoke keys."""

    def covers(self, needed: "Role") -> bool:
        """Whether it may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def made(name: str, role: Role) -> tuple[dict[str, str], str]:
    """A new key as it is kept, and as its owner gets it, once."""
    id_, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    return {"id": id_, "name": name, "role": role, "hash": hashed(secret)}, f"tipoff_{id_}_{secret}"


def hashed(secret: str) -> str:
    """What is kept of a secret: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()
