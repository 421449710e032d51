"""Credentials nobody may be let in with, by what is wrong with them."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from devstack.pubsub_server.keys import Keys
from services.coordinator.keys import KeyStore, new_key
from shared.registries.keys import Role
from tests.tokens import encoded, put_together, segment
from tests.unit.shared.places import MORNING

PEOPLE, SCHEDULE, PUSH = "people", "schedule", "push"
"""Audiences."""
VIEWER, OPERATOR, ADMIN = "vic@demo", "ola@demo", "ann@demo"
SCHEDULER, PUSHER = "schedule@demo", "push@demo"
SETTINGS = {
    "delivery": "push", "push_audience": PUSH, "push_emails": PUSHER, "people_audience": PEOPLE,
    "viewers": VIEWER, "operators": OPERATOR, "admins": ADMIN, "schedule_audience": SCHEDULE,
    "schedule_emails": SCHEDULER,
}  # fmt: skip
API = frozenset({"viewer", "operator", "admin"})
EVERYWHERE = API | {"push"}
"""What a route may need of its caller, but for those that need nothing."""

Headers = list[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Bad:
    """A credential, and the routes on which it is one too few."""

    name: str
    headers: Headers
    of: frozenset[str] = EVERYWHERE
    """What those routes need."""
    refused: frozenset[int] = frozenset({401, 403})


@dataclass
class Credentials:
    """An issuer's keys, a stranger's, and API keys of every kind."""

    ours: Keys = field(default_factory=Keys)
    theirs: Keys = field(default_factory=Keys)
    keys: dict[str, str] = field(default_factory=dict)
    """Name -> API key."""

    async def make_keys(self, store: KeyStore) -> None:
        """One of each role, and some that count no longer."""
        for name, role, expires in (
            *((role.value, role, None) for role in Role),
            ("revoked", Role.ADMIN, None),
            ("expired", Role.ADMIN, MORNING),
        ):
            key, self.keys[name] = new_key(name, role, expires_at=expires)
            await store.create(key)
            if name == "revoked":
                await store.end(key.id, revoke=True, at=MORNING - timedelta(days=1))

    def claims(self, **changes: object) -> dict[str, Any]:
        """What an admin's token says, but for some claims; None: not a word of it."""
        known = self.ours.claims(ADMIN, PEOPLE, int(time.time())) | changes
        return {name: claim for name, claim in known.items() if claim is not None}

    def token(self, **changes: object) -> str:
        """A genuine token."""
        return self.ours.sign(self.claims(**changes))

    def signed(self, by: Keys, claims: object | None = None, **header: object) -> str:
        """A token with another header; None: not a word of it."""
        known = {"typ": "JWT", "alg": "RS256", "kid": self.ours.key_id} | header
        text = put_together(
            {name: value for name, value in known.items() if value is not None},
            claims if claims is not None else self.claims(),
        )[:-1]
        return f"{text}.{encoded(by._signer.sign(text.encode()))}"

    @cached_property
    def unsigned(self) -> str:
        """As Cloud Run's IAM hands it on."""
        return put_together({"alg": "RS256"}, self.claims(), "SIGNATURE_REMOVED_BY_GOOGLE")

    def good(self) -> Iterator[tuple[str, Headers, frozenset[str]]]:
        """(name, headers, what it suffices for): so that a refusal is the bad credential's doing."""
        reading, asking = frozenset({"viewer"}), frozenset({"viewer", "operator"})
        for name, email, suffices in (
            ("viewer", VIEWER, reading),
            ("operator", OPERATOR, asking),
            ("admin", ADMIN, API),
        ):
            yield f"key of {name}", [("X-API-Key", self.keys[name])], suffices
            yield f"token of {name}", bearer(self.token(email=email)), suffices
        yield "token in the other header", [("X-Serverless-Authorization", f"BEARER {self.token()}")], API
        yield "key beside a token", [("X-API-Key", self.keys["admin"]), *bearer(self.token(email="any@demo"))], API
        yield "schedule's", bearer(self.token(aud=SCHEDULE, email=SCHEDULER)), asking
        yield "push's", bearer(self.token(aud=PUSH, email=PUSHER)), frozenset({"push"})

    def bad(self) -> Iterator[Bad]:
        """Every one."""
        yield from self._none()
        yield from self._keys()
        yield from self._claims()
        yield from self._forged()
        yield from self._several()
        yield from self._of_others()

    def few(self) -> Iterator[Bad]:
        """Some that are refused on other grounds each."""
        yield Bad("nothing", [])
        yield from self._keys()
        yield from self._of_others()

    def _none(self) -> Iterator[Bad]:
        good, key = self.token(), self.keys["admin"]
        cases: dict[str, Headers] = {
            "nothing": [],
            "says it is near": [("X-Forwarded-For", "127.0.0.1")],
            "says who it is": [("X-Goog-Authenticated-User-Email", f"accounts.google.com:{ADMIN}")],
            "token in a cookie": [("Cookie", f"token={good}; X-API-Key={key}")],
            "no token": [("Authorization", "")],
            "scheme only": [("Authorization", "Bearer")],
            "scheme and a blank": [("Authorization", "Bearer ")],
            "token without a scheme": [("Authorization", good)],
            "Basic": [("Authorization", f"Basic {base64.b64encode(f'{ADMIN}:{key}'.encode()).decode()}")],
            "token as Basic": [("Authorization", f"Basic {good}")],
            "token as a key": [("X-API-Key", good)],
            "bytes": [("Authorization", b"Bearer \x80\xff\xfe.\xc3\x28.\xa0")],
            "word": bearer("x"),
            "8 kB": bearer("x" * 8000),
            "8 kB of points": bearer("." * 8000),
        }
        for name, headers in cases.items():
            yield Bad(name, headers)
        yield Bad("9 kB", bearer("x" * 9000), refused=frozenset({400, 401, 431}))

    def _keys(self) -> Iterator[Bad]:
        key, other = self.keys["admin"], self.keys["viewer"]
        cases: dict[str, str | bytes] = {
            "empty": "",
            "cut short": key[:-1],
            "too long": f"{key}x",
            "id only": key[:24],
            "secret only": key[24:],
            "wrong secret": f"{key[:24]}{'x' * 43}",
            "another's secret": f"{key[:24]}{other[24:]}",
            "unknown id": f"tipoff_{'0' * 16}_{key[24:]}",
            "hash for a secret": f"{key[:24]}{hashlib.sha256(key[24:].encode()).hexdigest()[:43]}",
            "capitals": key.upper(),
            "two in one": f"{key},{other}",
            "quoted": f'"{key}"',
            "bytes": b"tipoff_\xff\xfe_\x80",
            "8 kB": "x" * 8000,
            "revoked": self.keys["revoked"],
            "expired": self.keys["expired"],
        }
        for name, given in cases.items():
            yield Bad(f"key: {name}", [("X-API-Key", given)])
        yield Bad("key: as a token", bearer(key))
        yield Bad("key: as Authorization", [("Authorization", key)])

    def _claims(self) -> Iterator[Bad]:
        now = int(time.time())
        cases: dict[str, dict[str, object]] = {
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "issued in the future": {"iat": now + 1800, "exp": now + 3600},
            "not yet valid": {"nbf": now + 1800},
            "not yet valid, in words": {"nbf": "soon"},
            "for a day": {"exp": now + 86_400},
            "for ever": {"exp": 10**4000},
            "issued before time began": {"iat": -(10**300), "exp": now + 60},
            "without an end": {"exp": None},
            "without a beginning": {"iat": None},
            "end is NaN": {"exp": float("nan")},
            "end is infinite": {"exp": float("inf")},
            "end is a fraction": {"exp": now + 1000.5},
            "end is text": {"exp": str(now + 1000)},
            "end is a list": {"exp": [now + 1000]},
            "wrong audience": {"aud": "another-app"},
            "audience in a list": {"aud": [PEOPLE]},
            "audience empty": {"aud": ""},
            "no audience": {"aud": None},
            "wrong issuer": {"iss": "https://evil.example"},
            "issuer's look-alike": {"iss": "https://accounts.google.com.evil.example"},
            "no issuer": {"iss": None},
            "issuer is a list": {"iss": ["accounts.google.com"]},
            "e-mail not verified": {"email_verified": False},
            "e-mail verified in words": {"email_verified": "true"},
            "e-mail verified by 1": {"email_verified": 1},
            "nothing about verification": {"email_verified": None},
            "no e-mail": {"email": None},
            "a stranger's": {"email": "eve@demo"},
            "e-mail in a list": {"email": [ADMIN]},
            "e-mail in capitals": {"email": ADMIN.upper()},
            "e-mail and more": {"email": f"{ADMIN}.evil.example"},
            "another service's account": {"email": "tipoff-worker@demo"},
            "schedule's account for people": {"email": SCHEDULER},
            "person's account for schedules": {"aud": SCHEDULE},
            "push's account for people": {"email": PUSHER},
            "person's account for pushes": {"aud": PUSH},
        }
        for name, changes in cases.items():
            yield Bad(f"claims: {name}", bearer(self.token(**changes)))

    def _forged(self) -> Iterator[Bad]:
        head, claims, signature = self.token().split(".")
        certificate = self.ours.certificates[self.ours.key_id]
        text = put_together({"typ": "JWT", "alg": "HS256", "kid": self.ours.key_id}, self.claims())[:-1]
        with_public_key = encoded(hmac.digest(certificate.encode(), text.encode(), "sha256"))
        deep = encoded(b"[" * 2900)
        for name, token in {
            "alg none": put_together({"alg": "none", "typ": "JWT"}, self.claims()),
            "alg none with a signature": f"{segment({'alg': 'none'})}.{claims}.{signature}",
            "alg none, key id": put_together({"alg": "None", "kid": self.ours.key_id}, self.claims(), "AAAA"),
            "HS256 with the public key": f"{text}.{with_public_key}",
            "says HS256": self.signed(self.ours, alg="HS256"),
            "says ES256": self.signed(self.ours, alg="ES256"),
            "no alg": self.signed(self.ours, alg=None),
            "alg is a list": self.signed(self.ours, alg=["RS256"]),
            "another's key": self.signed(self.theirs),
            "another's key by its id": self.signed(self.theirs, kid="theirs"),
            "no key id": self.signed(self.ours, kid=None),
            "key id is a list": self.signed(self.ours, kid=[self.ours.key_id]),
            "key id is a path": self.signed(self.theirs, kid="../../../dev/null"),
            "jku": self.signed(self.theirs, kid="theirs", jku="https://evil.example/certs"),
            "jwk": self.signed(
                self.theirs, kid="theirs", jwk={"kty": "RSA", "kid": "theirs", "n": "AQAB", "e": "AQAB"}
            ),
            "x5u": self.signed(self.theirs, x5u="https://evil.example/certs"),
            "x5c": self.signed(self.theirs, x5c=[self.theirs.certificates[self.theirs.key_id]]),
            "other claims": f"{head}.{segment(self.claims(sub='me'))}.{signature}",
            "signature cut": f"{head}.{claims}.{signature[:-8]}",
            "signature empty": f"{head}.{claims}.",
            "no signature": f"{head}.{claims}",
            "four parts": f"{head}.{claims}.{signature}.{signature}",
            "no parts": "..",
            "no base64": "%.%.%",
            "no JSON": f"{encoded(b'x')}.{encoded(b'x')}.{signature}",
            "no text": f"{encoded(bytes([255, 254]))}.{claims}.{signature}",
            "header is a list": f"{segment([])}.{claims}.{signature}",
            "header is null": f"{segment(None)}.{claims}.{signature}",
            "claims are a list": self.signed(self.ours, []),
            "claims are a number": self.signed(self.ours, 7),
            "deep header": f"{deep}.{claims}.{signature}",
            "deep claims": f"{head}.{deep}.{signature}",
            "unsigned": self.unsigned,
            "unsigned, marker twice": f"{self.unsigned}.SIGNATURE_REMOVED_BY_GOOGLE",
        }.items():
            yield Bad(f"forged: {name}", bearer(token))
        yield Bad(
            "forged: unsigned, where IAM looks first", [("X-Serverless-Authorization", f"Bearer {self.unsigned}")]
        )

    def _several(self) -> Iterator[Bad]:
        admin, viewer, key = (f"Bearer {self.token()}", f"Bearer {self.token(email=VIEWER)}", self.keys["admin"])
        push = f"Bearer {self.token(aud=PUSH, email=PUSHER)}"
        serverless, plain = "X-Serverless-Authorization", "Authorization"
        cases: dict[str, Headers] = {
            "both headers": [(serverless, admin), (plain, admin)],
            "both headers, pushes": [(serverless, push), (plain, push)],
            "checked viewer, unchecked admin": [(serverless, viewer), (plain, f"Bearer {self.unsigned}")],
            "both headers, one empty": [(serverless, ""), (plain, admin)],
            "two tokens": [(plain, admin), (plain, admin)],
            "two tokens in one": [(plain, f"{admin}, {admin}")],
            "two tokens in the other": [(serverless, admin), (serverless, push)],
            "two keys": [("X-API-Key", key), ("X-API-Key", key)],
            "a key and an empty one": [("X-API-Key", key), ("X-API-Key", "")],
            "a key and two tokens": [("X-API-Key", key), (serverless, admin), (plain, push)],
            "a revoked key and a token": [("X-API-Key", self.keys["revoked"]), (plain, admin)],
            "an empty key and a token": [("X-API-Key", ""), (plain, admin)],
        }
        for name, headers in cases.items():
            yield Bad(f"several: {name}", headers)

    def _of_others(self) -> Iterator[Bad]:
        """Good elsewhere."""
        for name, headers, suffices in self.good():
            yield Bad(f"too little: {name}", headers, EVERYWHERE - suffices)


def bearer(token: str) -> Headers:
    """A token where it usually is."""
    return [("Authorization", f"Bearer {token}")]
