"""Who gets in: every bad credential on every route of the coordinator as it is deployed."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.coordinator.app import build
from services.coordinator.keys import KeyStore
from services.coordinator.settings import CoordinatorSettings
from shared.runtime.settings import load
from tests.integration.credentials import ADMIN, API, SETTINGS, Bad, Credentials, Headers, bearer
from tests.unit.shared.places import embedded_ports

pytestmark = pytest.mark.network

FILLED = {"key": "2024-03-04.overnight", "subscription": "coordinator-events", "id": "0000000000000000"}
FILLED |= {
    "name": "tipoff.css",
    "action": "retry",
    "player_id": "1628369",
    "folder": "emergency",
    "seq": "1",
    "step": "lines",
    "operation": "get_v1_runs",
}
PUBLIC = "public"
PAGE, WAY_IN = "page", "way in"
WAYS_IN = ("/sign-in", "/sign-out", "/theme", "/session", "/static/")
"""Paths of the page that who has not signed in needs."""
REFUSED_UNREAD = (400, 431)
"""aiohttp hangs up on what it cannot parse."""


@dataclass
class Wire:
    """One connection, on which anything can be sent."""

    port: int
    _open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def status(self, method: str, path: str, headers: Headers) -> int:
        """The status of a request with a body that no route takes."""
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._open
        lines = [("Host", "coordinator"), ("Content-Type", "application/json"), ("Content-Length", "2"), *headers]
        sent = b"".join(
            name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
            for name, value in lines
        )
        writer.write(f"{method} {path} HTTP/1.1\r\n".encode() + sent + b"\r\n[]")
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if length is not None and method != "HEAD":
            await reader.readexactly(int(length[1]))
        status = int(head.split(b" ", 2)[1])
        if status in REFUSED_UNREAD or re.search(rb"(?i)connection: close", head):
            await self.close()
        return status

    async def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open[1].close()
            await self._open[1].wait_closed()
            self._open = None


@dataclass
class World:
    """The coordinator, its issuer and the door before it."""

    credentials: Credentials
    app: web.Application
    wire: Wire

    def routes(self) -> Iterator[tuple[str, str, str]]:
        """(method, path, what it needs of its caller) of each."""
        for route in self.app.router.routes():
            assert route.resource is not None
            pattern = route.resource.canonical
            yield route.method, pattern.format(**FILLED), needed(route.method, pattern)


def needed(method: str, pattern: str) -> str:  # noqa: PLR0911 - a table
    """A viewer, an operator or an admin, a push, a session of the page, or nothing."""
    if pattern.startswith(WAYS_IN):
        return WAY_IN
    if not pattern.startswith(("/v1/", "/push/", "/healthz", "/readyz", "/metrics")):
        return PAGE
    if pattern == "/v1/sign-in-links":
        return "viewer"
    if pattern.startswith("/healthz"):
        return PUBLIC
    if pattern.startswith("/push/"):
        return "push"
    if pattern.startswith("/v1/keys"):
        return "admin"
    return "viewer" if method in ("GET", "HEAD") else "operator"


@asynccontextmanager
async def deployed(folder: Path, door: int | None) -> AsyncIterator[World]:
    """The coordinator with a door that answers strangers so; None: without one."""
    credentials = Credentials()
    issuer = web.Application()

    async def certificates(_: web.Request) -> web.Response:
        return web.json_response(credentials.ours.certificates)

    async def before(_: web.Request) -> web.Response:
        assert door is not None
        return web.Response(status=door)

    issuer.router.add_get("/certs", certificates)
    issuer.router.add_get("/door", before)
    async with TestServer(issuer, host="127.0.0.1") as google, embedded_ports(folder) as ports:
        settings = load(
            CoordinatorSettings,
            **SETTINGS,
            token_certs_url=str(google.make_url("/certs")),
            door="" if door is None else str(google.make_url("/door")),
        )
        await credentials.make_keys(KeyStore(ports.state, ports.secrets, ports.clock))
        app = build(settings, ports)
        async with TestServer(app, host="127.0.0.1") as server:
            assert server.port is not None
            wire = Wire(server.port)
            yield World(credentials, app, wire)
            await wire.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with deployed(tmp_path, door=200) as world:
        yield world


async def let_in(world: World, bad: Iterable[Bad], *methods: str) -> dict[str, int]:
    """Which of the requests that should be refused are answered with something else."""
    return {
        f"{each.name}: {method} {path}": status
        for each in bad
        for method, path, needs in world.routes()
        if method in methods and needs in each.of
        for status in [await world.wire.status(method, path, each.headers)]
        if status not in each.refused
    }


async def test_f35_no_bad_credential_gets_in_anywhere(world: World) -> None:
    """Well over a hundred of them on every route: each is refused, and none is an error of ours."""
    bad = list(world.credentials.bad())
    methods = {method for method, _, _ in world.routes()} - {"HEAD"}
    assert len({each.name for each in bad}) == len(bad) > 100
    assert await let_in(world, bad, *methods) == {}


async def test_f35_head_is_no_way_around(world: World) -> None:
    """Whatever is answered to GET is answered to HEAD, without its body: to nobody else."""
    assert await let_in(world, world.credentials.few(), "HEAD") == {}


async def test_each_good_credential_gets_in_where_it_may(world: World) -> None:
    """The same requests with a credential that suffices: so the refusals are the bad ones' doing."""
    refused = {
        f"{name}: {method} {path}": status
        for name, headers, suffices in world.credentials.good()
        for method, path, needs in world.routes()
        if needs in suffices and method != "HEAD"
        for status in [await world.wire.status(method, path, headers)]
        if status in (401, 403) or status >= 500
    }
    assert refused == {}


async def test_only_liveness_is_for_strangers(world: World) -> None:
    """By its answer the door is told to be open; it says nothing but who runs."""
    public = {path for _, path, needs in world.routes() if needs == PUBLIC}
    assert public == {"/healthz", "/healthz/"}
    for path in public:
        assert await world.wire.status("GET", path, []) == 200


async def test_no_bad_credential_sees_a_page_or_sends_a_form(world: World) -> None:
    """Whoever is not known is led to sign-in from each page, and each form and live part is refused."""
    bad = [each for each in world.credentials.bad() if "viewer" in each.of]
    answers = {
        (method, status)
        for each in bad
        for method, path, needs in world.routes()
        if needs == PAGE and method != "HEAD"
        for status in [await world.wire.status(method, path, each.headers)]
    }
    assert answers <= {
        ("GET", 303),
        ("POST", 401),
        ("GET", 401),
        ("GET", 400),
        ("POST", 400),
        ("GET", 431),
        ("POST", 431),
    }
    assert ("GET", 303) in answers


@pytest.mark.parametrize(("door", "statuses"), [(None, {401}), (200, {401}), (403, {200, 400, 404}), (404, {503})])
async def test_f35_an_unsigned_token_counts_behind_a_closed_door(
    tmp_path: Path, door: int | None, statuses: set[int]
) -> None:
    """Nowhere else: without a door, with an open one, and with one of which nobody can say."""
    async with deployed(tmp_path, door) as world:
        answers = {
            await world.wire.status(method, path, bearer(world.credentials.unsigned))
            for method, path, needs in world.routes()
            if needs in API and method != "HEAD"
        }
    assert answers == statuses
    assert world.credentials.claims()["email"] == ADMIN
