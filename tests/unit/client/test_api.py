"""`client.api`: what is sent, and what becomes of every kind of answer."""

import shlex
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from urllib.parse import urlencode

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from client.answers import File
from client.api import Client, Endpoint, connect, connect_briefly
from shared.errors import Permanent, Transient
from shared.registries.api import API_VERSION, CSV

pytestmark = pytest.mark.network

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True, params=[connect, connect_briefly], ids=["pooled", "plain"])
def both(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each claim holds of both ways to a coordinator."""
    monkeypatch.setitem(globals(), "connect", request.param)


async def welcome(_: web.Request) -> web.Response:
    """A coordinator of this contract."""
    return web.json_response({"service": "coordinator", "contract": API_VERSION})


ANSWERS = {
    "bad": (400, '{"error": "mode \'x\' is unknown", "remedy": "one of a, b"}'),
    "whole": (400, '{"error": "no such step: one of a, b", "remedy": "one of a, b"}'),
    "busy": (503, '{"error": "the archive is full", "remedy": "try again shortly"}'),
    "odd": (500, '["whoever this is"]'),
    "broken": (200, "{"),
    "html": (502, "<html>"),
}


async def answer(request: web.Request) -> web.Response:
    """What was sent, or the answer of the path's name."""
    name = request.match_info["name"]
    if name in ANSWERS:
        return said(*ANSWERS[name])
    if name == "rows":
        counted = {} if "uncounted" in request.query else {"X-Rows": request.query.get("count", "2")}
        return web.Response(body=b"a,b\r\n", content_type=request.headers["Accept"], headers=counted)
    if name == "parts":
        following = {"Link": f'</v1/parts?{urlencode({**request.query, "offset": "1"})}>; rel="next"'}
        return web.json_response([1], headers={} if "offset" in request.query else following)
    if name == "moved":
        raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
    if request.method == "GET":
        return web.json_response([dict(request.query)])
    return web.json_response({"key": request.headers["X-API-Key"], **await request.json()})


def said(status: int, body: str) -> web.Response:
    """An answer in JSON, or in what is plainly none."""
    return web.Response(
        text=body, status=status, content_type="text/html" if body.startswith("<") else "application/json"
    )


@asynccontextmanager
async def serving(root: Handler = welcome) -> AsyncIterator[str]:
    """The URL of an API with `root` as its first answer."""
    app = web.Application()
    app.router.add_get("/v1/", root)
    app.router.add_route("*", "/v1/{name}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving() as url, connect(Endpoint(url, "secret")) as client:
        yield client


async def test_runs_are_asked_for_with_key_and_date(client: Client) -> None:
    """The body has the date as ISO text, the mode and whatever else is given; the key is in its header."""
    sent = {"game_date": "2024-11-16", "mode": "overnight", "source": "test", "force": True}
    asked = await client.start_run(date(2024, 11, 16), "overnight", source="test", force=True)
    assert dict(asked) == {"key": "secret", **sent}
    assert dict(await client.start_run(None, "overnight")) == {"key": "secret", "mode": "overnight"}
    assert (await client.would_start(None, "overnight"))["dry_run"] is True
    assert dict(await client.reconcile(days=2)) == {"key": "secret", "days": 2}


async def test_keys_are_asked_for_by_path() -> None:
    """Listed, made and revoked; an id is one part of a path, whatever is in it."""
    asked: list[tuple[str, str, str]] = []

    async def answering(request: web.Request) -> web.Response:
        asked.append((request.method, request.raw_path, await request.text()))
        return web.json_response({"contract": API_VERSION})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answering)
    async with (
        TestServer(app, host="127.0.0.1") as server,
        connect(Endpoint(str(server.make_url("")).rstrip("/"), "secret")) as client,
    ):
        await client.keys()
        await client.create_key(name="ann", role="viewer")
        await client.revoke_key("a/../b?c")
    assert asked == [
        ("GET", "/v1/", ""),
        ("GET", "/v1/keys", ""),
        ("POST", "/v1/keys", '{"name": "ann", "role": "viewer"}'),
        ("DELETE", "/v1/keys/a%2F..%2Fb%3Fc", ""),
    ]


async def test_queries_are_sent_as_they_are(client: Client) -> None:
    """Reading asks for what the caller named."""
    for read in (client.grid, client.alerts):
        assert [dict(row) for row in await read(first="2024-11-16", last="")] == [{"first": "2024-11-16", "last": ""}]
    assert [dict(row) for row in await client.runs(mode="manual")] == [{"mode": "manual"}]


async def test_a_long_window_of_runs_is_asked_for_in_parts(client: Client) -> None:
    """400 days at once, with whatever else was asked."""
    assert [dict(row) for row in await client.runs(first="2023-01-01", last="2024-02-06", mode="manual")] == [
        {"first": "2023-01-01", "last": "2024-02-04", "mode": "manual"},
        {"first": "2024-02-05", "last": "2024-02-06", "mode": "manual"},
    ]


async def test_parts_of_a_list_are_put_together_unless_one_is_asked_for(client: Client) -> None:
    """By its `limit`."""
    assert await client.get("parts", mode="overnight") == [1, 1]
    assert await client.get("parts", limit="1") == [1]


async def test_a_file_comes_as_it_is_with_the_number_of_its_rows(client: Client) -> None:
    """Whoever does not say how many there are is no coordinator; a refusal is one as ever."""
    assert await client.file("rows", CSV) == File(b"a,b\r\n", 2)
    with pytest.raises(Permanent, match="is no coordinator: it does not say how many rows"):
        await client.file("rows", CSV, uncounted="1")
    with pytest.raises(Transient, match="does not answer"):
        await client.file("rows", CSV, count="many")
    with pytest.raises(Permanent, match="mode 'x' is unknown: one of a, b"):
        await client.file("bad", CSV)


async def test_refusal_is_permanent_in_the_apis_own_words(client: Client) -> None:
    """A 400 raises error and remedy in one line, the remedy once."""
    with pytest.raises(Permanent, match=r"^mode 'x' is unknown: one of a, b$"):
        await client.get("bad")
    with pytest.raises(Permanent, match=r"^no such step: one of a, b$"):
        await client.get("whole")


async def test_unavailable_is_transient(client: Client) -> None:
    """A 503 may pass; so may a 500 that says nothing."""
    with pytest.raises(Transient, match=r"^the archive is full: try again shortly$"):
        await client.get("busy")
    with pytest.raises(Transient, match=r"^the coordinator answers HTTP 500$"):
        await client.get("odd")


@pytest.mark.parametrize("path", ["html", "broken"])
async def test_what_is_no_answer_of_the_api_names_its_address(client: Client, path: str) -> None:
    """A proxy's HTML, and JSON that ends too early, are told with the address and what to do."""
    with pytest.raises(Transient, match=r"the coordinator at http://127\.0\.0\.1:\d+ does not answer .*: start it, or"):
        await client.get(path)


async def test_a_redirect_is_not_followed(client: Client) -> None:
    """The key would go along with it."""
    with pytest.raises(Permanent, match=r"is no coordinator: it refers to http://127\.0\.0\.1:9/elsewhere: give the"):
        await client.get("moved")


async def test_nobody_there_is_told_with_the_endpoints_remedy() -> None:
    """Before anything is asked for."""
    endpoint = Endpoint("http://127.0.0.1:9", remedy="start it, or correct --url")
    with pytest.raises(
        Transient,
        match=r"127\.0\.0\.1:9 does not answer \((?:ClientConnector|ConnectionRefused)Error\): .*correct --url$",
    ):
        async with connect(endpoint):
            pass


@pytest.mark.parametrize(
    ("status", "body", "version"),
    [
        (200, f'{{"contract": {API_VERSION + 1}}}', API_VERSION + 1),
        (200, "[]", "unknown"),
        (404, '{"error": "GET /v1/: Not Found"}', "unknown"),
    ],
)
async def test_another_contract_is_refused_before_anything_is_asked_for(
    status: int, body: str, version: object
) -> None:
    """One line with both versions; a coordinator too old to have the question (404) is one of another version."""
    words = rf"has version {version} of the contract, this command line has {API_VERSION}: use the release"
    with pytest.raises(Permanent, match=words):
        await refused(status, body)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(401, '{"error": "API key is wrong"}', "API key is wrong"), (403, "<html>", "HTTP 403"), (401, "[]", "HTTP 401")],
)
async def test_a_refused_credential_names_coordinator_and_remedy(status: int, body: str, words: str) -> None:
    """In the coordinator's words, or with the status of whatever stands before it."""
    with pytest.raises(Permanent, match=rf"^the coordinator at http://\S+ refuses: {words}: give one .*TIPOFF_API_KEY"):
        await refused(status, body)


async def refused(status: int, body: str) -> None:
    """Connect to an API whose first answer is this."""

    async def root(_: web.Request) -> web.Response:
        return said(status, body)

    async with serving(root) as url, connect(Endpoint(url, "of another")):
        pass


async def gate(request: web.Request) -> web.Response:
    """Lets in who bears the token "fresh" and no key."""
    if request.headers.get("Authorization") == "Bearer fresh" and "X-API-Key" not in request.headers:
        return await welcome(request)
    return web.json_response({"error": "token is wrong"}, status=401)


def printing(text: str) -> str:
    """A command that prints."""
    return shlex.join((sys.executable, "-c", f"print({text!r})"))


async def test_a_token_is_sent_as_bearer() -> None:
    """One that is given, one that a command prints, and one that a command prints when the given one has expired."""
    async with serving(gate) as url:
        for endpoint in (
            Endpoint(url, token="fresh"),
            Endpoint(url, token_command=printing("fresh")),
            Endpoint(url, token="expired", token_command=printing("fresh")),
        ):
            async with connect(endpoint) as client:
                assert await client.get("") == {"service": "coordinator", "contract": API_VERSION}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/command", "cannot be run"),
        ("'", "cannot be run"),
        ("false", "prints no token"),
        (printing("stale"), "token is wrong"),
    ],
)
async def test_a_command_that_gives_no_token_is_named(command: str, words: str) -> None:
    """With what it is and what to do; a token that is refused is asked for once more and no more."""
    async with serving(gate) as url:
        with pytest.raises(Permanent, match=words):
            async with connect(Endpoint(url, token="expired", token_command=command)):
                pass


def test_an_endpoint_does_not_show_its_secrets() -> None:
    """Neither in a traceback nor in a log."""
    assert "hidden" not in repr(Endpoint("http://a", "hidden", "hidden"))
