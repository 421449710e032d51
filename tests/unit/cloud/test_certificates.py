"""What a service asks the network before it believes a token: the issuer's certificates, and its own door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import pytest

from devstack.pubsub_server.keys import Keys
from shared.cloud.tokens import AGE, CLOSED_AGE, MAX_AGE, OPEN_AGE, Certificates, Door, TokenVerifier
from shared.errors import Transient
from shared.runtime.access import Untrusted
from shared.runtime.cached import MIN_BACKOFF
from shared.runtime.clock import WallClock
from tests.clock import FakeClock
from tests.tokens import segment

CERTIFICATES = {"key-1": "PEM"}
CERTS_URL, DOOR_URL = "https://issuer.example/certs", "https://coordinator.example/healthz/"


@dataclass
class Answer:
    """An HTTP answer."""

    status: int = 200
    body: object = field(default_factory=lambda: CERTIFICATES)
    headers: dict[str, str] = field(default_factory=dict)

    async def json(self) -> object:
        """The body, or what is wrong with it."""
        if isinstance(self.body, Exception):
            raise self.body
        return self.body


class Session:
    """Answers as it is told, and notes what was asked."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @asynccontextmanager
    async def get(self, url: str, **options: Any) -> AsyncIterator[Answer]:  # noqa: ANN401 - aiohttp's
        """As aiohttp's."""
        self.asked.append((url, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        if options.get("raise_for_status") and self.answer.status >= 400:
            raise aiohttp.ClientError(str(self.answer.status))
        yield self.answer


class World:
    """Certificates and a door on a network of one."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.session, self.clock = Session(answer), FakeClock()
        session = cast("aiohttp.ClientSession", self.session)
        self.certificates = Certificates(CERTS_URL, session, self.clock)
        self.door = Door(DOOR_URL, session, self.clock)

    async def certificates_at(self, elapsed: float) -> int:
        """How often they have been fetched, once they were asked for at that time."""
        self.clock.elapsed = elapsed
        assert await self.certificates.current() == CERTIFICATES
        return len(self.session.asked)

    async def door_at(self, elapsed: float) -> tuple[str, int]:
        """What the door is, and how often it has been looked at, once it was asked for at that time."""
        self.clock.elapsed = elapsed
        try:
            await self.door.require_closed()
        except (Untrusted, Transient) as error:
            return type(error).__name__, len(self.session.asked)
        return "closed", len(self.session.asked)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("public, max-age=19845, must-revalidate, no-transform", 19845),
        ("max-age=60", 60),
        ("max-age=999999999", MAX_AGE),
        ("no-store", AGE),
        ("max-age=soon", AGE),
        (None, AGE),
    ],
)
async def test_certificates_are_kept_for_as_long_as_the_issuer_says(header: str | None, seconds: float) -> None:
    """An hour where it does not say, a day at most."""
    world = World(Answer(headers={} if header is None else {"Cache-Control": header}))
    assert await world.certificates_at(0) == 1
    assert await world.certificates_at(seconds - 1) == 1
    assert await world.certificates_at(seconds) == 2
    assert world.session.asked[0][0] == CERTS_URL


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(503),
        Answer(body=ValueError("no JSON")),
        Answer(body=aiohttp.ClientPayloadError("cut short")),
        Answer(body={}),
        Answer(body=["key-1"]),
        Answer(body={"key-1": 7}),
        aiohttp.ClientError("no network"),
        TimeoutError(),
    ],
    ids=repr,
)
async def test_what_are_no_certificates_may_pass(answer: Answer | Exception) -> None:
    """No network, an error, or something else in their place: `Transient`, and a pause before the next fetch."""
    world = World(answer)
    with pytest.raises(Transient, match=f"certificates of tokens from {CERTS_URL}"):
        await world.certificates.current()
    world.session.answer = Answer()
    with pytest.raises(Transient, match="a moment ago"):
        await world.certificates.current()
    assert await world.certificates_at(MIN_BACKOFF) == 2


async def test_f35_forged_key_ids_fetch_nothing() -> None:
    """A thousand tokens of unknown keys cost the one fetch that the first token of the hour costs."""
    keys = Keys()
    world = World(Answer(body=keys.certificates))
    verifier = TokenVerifier(world.certificates, {"us": frozenset({"ann@demo"})}, WallClock())
    _, claims, signature = keys.token("ann@demo", "us").split(".")
    for number in range(1000):
        header = segment({"alg": "RS256", "typ": "JWT", "kid": f"forged-{number}"})
        with pytest.raises(Untrusted, match="cannot be verified"):
            await verifier.verify(f"Bearer {header}.{claims}.{signature}")
    assert len(world.session.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_closed_door_counts_for_a_minute(status: int) -> None:
    """IAM refuses a stranger: not looked at again before the minute is over."""
    world = World(Answer(status))
    assert await world.door_at(0) == ("closed", 1)
    world.session.answer = Answer(200)
    assert await world.door_at(CLOSED_AGE - 0.1) == ("closed", 1)
    assert await world.door_at(CLOSED_AGE) == ("Untrusted", 2)
    assert world.session.asked[0] == (DOOR_URL, {"allow_redirects": False})


async def test_an_open_door_is_soon_looked_at_again() -> None:
    """A stranger comes through: `Untrusted`; forged tokens do not multiply into looks."""
    world = World(Answer(200))
    assert await world.door_at(0) == ("Untrusted", 1)
    world.session.answer = Answer(403)
    assert await world.door_at(OPEN_AGE - 0.1) == ("Untrusted", 1)
    assert await world.door_at(OPEN_AGE) == ("closed", 2)


@pytest.mark.parametrize(
    "answer",
    [*(Answer(status) for status in (204, 301, 302, 307, 404, 429, 500, 503)), aiohttp.ClientError(), TimeoutError()],
    ids=repr,
)
async def test_a_door_that_says_nothing_may_be_either(answer: Answer | Exception) -> None:
    """`Transient`: neither believed nor refused, and looked at again after a pause."""
    world = World(answer)
    assert await world.door_at(0) == ("Transient", 1)
    assert await world.door_at(MIN_BACKOFF / 2) == ("Transient", 1)
    assert await world.door_at(MIN_BACKOFF) == ("Transient", 2)
