"""Tokens whose signature Cloud Run's IAM has checked and removed."""

import base64
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import pytest

from shared.cloud.tokens import REMOVED, Certificates, Door, TokenVerifier
from shared.embedded.clock import VirtualClock
from shared.errors import Transient
from shared.runtime.access import Untrusted
from tests.tokens import put_together, segment

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)
AUDIENCE, EMAIL = "https://coordinator.example", "invoker@example.iam.gserviceaccount.com"
CLAIMS = {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "email": EMAIL,
    "email_verified": True,
    "iat": int(NOW.timestamp()) - 60,
    "exp": int(NOW.timestamp()) + 3540,
}


def token(claims: dict[str, Any], signature: str = REMOVED) -> str:
    """A token as the service gets it."""
    return put_together({"alg": "RS256"}, claims, signature)


class Closed(Door):
    """A door that IAM keeps, or whatever else is said of it."""

    def __init__(self, verdict: Exception | None = None) -> None:
        self.verdict = verdict

    async def require_closed(self) -> None:
        """As the verdict has it."""
        if self.verdict is not None:
            raise self.verdict


async def verify(*given: str, behind_iam: bool, door: Door | None = None) -> tuple[str, str]:
    """What the verifier says; without a network there are no certificates."""
    clock = VirtualClock(NOW)
    async with aiohttp.ClientSession() as session:
        certificates = Certificates("http://127.0.0.1:1/certs", session, clock)
        behind = (door or Closed()) if behind_iam else None
        verifier = TokenVerifier(certificates, {AUDIENCE: frozenset({EMAIL})}, clock, door=behind)
        return await verifier.verify(*(f"Bearer {each}" for each in given))


async def test_a_token_checked_by_iam_is_its_accounts() -> None:
    """Behind IAM the marker stands for the signature."""
    assert await verify(token(CLAIMS), behind_iam=True) == (AUDIENCE, EMAIL)


@pytest.mark.network
async def test_f35_the_marker_alone_is_no_signature() -> None:
    """A service that is not behind IAM trusts nobody who writes the marker himself."""
    with pytest.raises((Untrusted, Transient), match=r"certificates|token refused"):
        await verify(token(CLAIMS), behind_iam=False)


@pytest.mark.parametrize(
    "change",
    [
        {"exp": int(NOW.timestamp()) - 3600},
        {"iat": int(NOW.timestamp()) + 3600},
        {"exp": "soon"},
        {"aud": "https://worker.example"},
        {"iss": "https://evil.example"},
        {"email": "stranger@example.com"},
        {"email_verified": False},
        {"email_verified": "true"},
        {"nbf": int(NOW.timestamp()) + 60},
        {"exp": int(NOW.timestamp()) + 3600, "iat": int(NOW.timestamp()) - 3600},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"aud": [AUDIENCE]},
        {"email": [EMAIL]},
    ],
)
async def test_f35_behind_iam_everything_else_is_checked_all_the_same(change: dict[str, Any]) -> None:
    """Validity, audience, issuer, verified e-mail on the list."""
    with pytest.raises(Untrusted):
        await verify(token(CLAIMS | change), behind_iam=True)


@pytest.mark.network
async def test_f35_another_signature_is_not_the_marker() -> None:
    """Something else in the signature's place is verified as a signature."""
    with pytest.raises((Untrusted, Transient), match=r"certificates|token refused"):
        await verify(token(CLAIMS, "forged"), behind_iam=True)


@pytest.mark.parametrize("part", [[], 7, None, "text"], ids=repr)
@pytest.mark.parametrize("behind_iam", [False, True])
async def test_f35_json_that_is_no_tokens_is_refused(part: object, *, behind_iam: bool) -> None:
    """As header or as claims; nothing it makes of google-auth is an error of ours."""
    text = segment(part)
    for given in (f"{text}.{text}.{REMOVED}", f"{text}.{text}.AAAA"):
        with pytest.raises(Untrusted):
            await verify(given, behind_iam=behind_iam)


@pytest.mark.parametrize("behind_iam", [False, True])
async def test_f35_ten_thousand_brackets_are_no_token(*, behind_iam: bool) -> None:
    """Refused, whatever Python's limit of nesting is."""
    deep = base64.urlsafe_b64encode(b"[" * 10_000 + b"]" * 10_000).decode()
    with pytest.raises(Untrusted):
        await verify(f"{deep}.{deep}.{REMOVED}", behind_iam=behind_iam)


async def test_f35_of_two_tokens_neither_is_believed() -> None:
    """Cloud Run's IAM has checked one of them, and not said which."""
    with pytest.raises(Untrusted, match="two tokens"):
        await verify(token(CLAIMS), token(CLAIMS), behind_iam=True)


@pytest.mark.parametrize("verdict", [Untrusted(HTTPStatus.UNAUTHORIZED, "open to strangers"), Transient("no answer")])
async def test_f35_an_open_door_vouches_for_nothing(verdict: Exception) -> None:
    """Where a stranger's request comes through, or nobody knows, the marker may be anybody's."""
    with pytest.raises(type(verdict), match=str(verdict)):
        await verify(token(CLAIMS), behind_iam=True, door=Closed(verdict))
